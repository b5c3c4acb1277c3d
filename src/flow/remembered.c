/* remembered.c: the record by which a checkpoint knows its log. */
#include "flow/remembered.h"

struct witness remembered(const struct checkpoint *checkpoint)
{
    const struct checkpoint_witness *record = &checkpoint->witness;

    if (!record->known)
        return WITNESS_NONE;
    return (struct witness){checkpoint->next - 1, record->timestamp_ms, record->key_length,
                            record->value_length};
}
