/* check.h: the mistakes in a sink's settings that show without connecting. */
#pragma once
struct conf_problems;
struct conf_sink;

/** Reads the certificate files of @p sink as a start would; tells of bad ones. */
void sink_check(const struct conf_sink *sink, struct conf_problems *problems);
