/*
 * inputs.h: the files that a configuration was read from, as they were just before: the file
 * itself, what it includes, "${file:...}" and "${cred:...}", certificates.
 */
#pragma once
#include <stdint.h>

struct inputs;

struct inputs *inputs_new(void);

/** Takes NULL. */
void inputs_free(struct inputs *inputs);

/** Call before @p path is read. One that does not exist counts, too: it may come. Takes NULL
 * @p inputs (nobody wants to know) and NULL @p path. */
void inputs_add(struct inputs *inputs, const char *path);

/** A number for the state in which all of them were. */
uint64_t inputs_before(const struct inputs *inputs);

/** The same for the state in which they are. A symbolic link stands for what it leads to. */
uint64_t inputs_now(const struct inputs *inputs);
