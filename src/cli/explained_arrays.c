/* explained_arrays.c: arrays that become one argument, though the command accepts many. */
#include "cli/explained_arrays.h"

#include "base/mem.h"
#include "flow/written.h"

static void array_add(struct explained *explained, const char *name, const char *command,
                      struct slice argument)
{
    explained->arrays = mem_grow(explained->arrays, explained->array_count, &explained->array_room,
                                 sizeof(*explained->arrays));
    explained->arrays[explained->array_count++] = (struct explained_array){
        name, command, arena_copy(&explained->arena, argument.data, argument.length)};
}

/* "SADD cart %{items}": an array is one member, its JSON text. */
static void arrays_of_write(struct explained *explained, struct scope *scope, size_t index)
{
    struct written written = written_of(explained->route, index);

    for (size_t i = 1; i < written_count(&written); i++) {
        const struct argument *argument = written_argument(&written, i);
        const struct placeholder *placeholder =
            argument->count == 1 ? argument->parts[0].placeholder : NULL;
        const struct value *found;
        struct value scratch;
        if (placeholder && !placeholder->filter_count && written.items[i] &&
            shape_repeats_one(written.shape, written.items[i]->text) &&
            reference_find(&placeholder->reference, scope, &scratch, &found, NULL) && found &&
            found->type == VALUE_ARRAY)
            array_add(explained, placeholder->reference.text, written.command->command->name,
                      written.items[i]->text);
    }
    written_clear(&written);
}

void explained_arrays(struct explained *explained, struct scope *scope)
{
    const struct route *route = explained->route;

    for (size_t i = 0; i < route->writes.count; i++)
        if (route->writes.items[i].command && !route->conf->do_.items[i].cmd.secret)
            arrays_of_write(explained, scope, i);
}
