/*
 * beginning.h: where a partition begins if the group has committed nothing of it.
 *
 * "start" speaks of what is there when the group begins. A partition, or a topic, that appears
 * later begins at its start, or records written before it was seen would be skipped.
 *
 *      the group has committed nothing at all          it begins now
 *      the topic had the partition when it began       it was there then
 *      the group began less than a minute ago          the same: its members come one by one
 *      else                                            it appeared later
 *
 * When the group began, and how many partitions the topic had, is noted with each commit.
 */
#pragma once
#include "conf/conf.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

struct offsets_item;

/** What the group knows of a topic; all zero: it was not asked. */
struct beginning {
    bool asked;
    bool began;         /* before now */
    int64_t began_ms;   /* by the wall clock; -1: not known */
    int32_t partitions; /* the topic had then; 0: not known */
};

enum beginning_kind { BEGINNING_NOW, BEGINNING_THEN, BEGINNING_LATER };

enum beginning_kind beginning_of(const struct beginning *beginning, int32_t number, int64_t now_ms);

/** The offset where @p start, which is not START_ERROR, lets the partition of @p item begin, and
 * the reason for it. */
int64_t beginning_offset(const struct conf_start *start, const struct offsets_item *item,
                         int64_t now_ms, const char **why);

/** Asks for those items that want it and of which nothing is committed; waits for Kafka. */
void beginnings_ask(rd_kafka_t *kafka, const char *group, struct offsets_item *items, size_t count,
                    int wait_ms);
