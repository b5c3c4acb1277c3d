/* assignment.h: what a member of a group was given, as Kafka's clients write it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/**
 * Visits the topics of an assignment (ConsumerProtocolAssignment of Apache Kafka: a version, then
 * topics with their partitions, whole numbers big-endian) of which the member has a partition. The
 * name lives for the call. False: the bytes are none; what was visited before stands.
 */
bool assignment_visit(const void *bytes, size_t size,
                      void (*visit)(void *context, const char *topic), void *context);
