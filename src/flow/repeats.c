/* repeats.c: what carrying out a command twice would do. */
#include "flow/repeats.h"

#include "flow/stream_ids.h"

#include <string.h>

/* Whether Redis takes it once, and stream_refusals.h knows a repeat. */
static bool is_taken_once(const struct route_command *command)
{
    return command->stream_id == STREAM_ID_OF_OFFSET || command->stream_id == STREAM_ID_OF_RECORD;
}

static void check_command(const struct route *route, const struct route_command *command,
                          struct conf_origin origin, struct conf_problems *problems)
{
    const struct command *row = command->command;
    bool may_repeat = route->conf->delivery == AT_LEAST_ONCE;

    stream_ids_check(route, command, origin, problems);
    if (is_taken_once(command) || !row || !may_repeat || row->flags & COMMAND_IDEMPOTENT)
        return;
    conf_warning(problems, origin, "delivery = \"exactly_once\" carries it out once",
                 "route '%s': after a crash %s may run twice for one record, and %s",
                 route->conf->name, row->name,
                 row->flags & COMMAND_REFUSED_TWICE
                     ? "Redis may refuse the second time: on_error then applies to a record that "
                       "was written"
                     : "give a wrong result");
}

static void check_commands(const struct route *route, const struct route_commands *commands,
                           const struct conf_commands *conf, struct conf_problems *problems)
{
    for (size_t i = 0; i < commands->count; i++)
        if (commands->items[i].name.data)
            check_command(route, &commands->items[i], conf->items[i].cmd.origin, problems);
}

void repeats_check(const struct route *route, struct conf_problems *problems)
{
    if (conf_problems_count(problems) > 0)
        return; /* among errors it would only distract */
    check_commands(route, &route->writes, &route->conf->do_, problems);
    check_commands(route, &route->deletes, &route->conf->del, problems);
}

static struct slice first_shown(const struct route_commands *commands)
{
    for (size_t i = 0; i < commands->count; i++) {
        const struct route_command *command = &commands->items[i];
        if (!is_taken_once(command) &&
            (!command->command || !(command->command->flags & COMMAND_IDEMPOTENT)))
            return command->name;
    }
    return (struct slice){NULL, 0};
}

struct slice repeats_shown(const struct route *route)
{
    struct slice name = first_shown(&route->writes);

    return name.data ? name : first_shown(&route->deletes);
}
