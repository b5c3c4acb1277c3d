/* fuzz_assignment.c: any bytes as what another member of the group was given. */
#include "kafka/assignment.h"

#include "conf/topic.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_a_name(void *context, const char *topic)
{
    (void)context;
    assert(strlen(topic) <= TOPIC_LENGTH_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assignment_visit(data, size, is_a_name, NULL);
    return 0;
}
