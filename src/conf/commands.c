/* commands.c: the commands of a route, as the file says them. */

#include "base/mem.h"
#include "conf/pool.h"
#include "conf/read.h"
#include "conf/write.h"

#include <stdlib.h>

static void command_add(const struct loader *loader, const struct option *option,
                        const struct setting *setting, struct conf_commands *commands)
{
    struct conf_command command = {0};

    if (setting->kind == SETTING_GROUP) {
        char *what = mem_format("a command of '%s'", option->name);
        option_fill_group(loader, GROUP_command, setting, NULL, setting->origin, what, &command);
        free(what);
    } else if (setting->kind != SETTING_TEXT) {
        conf_problem(loader->problems, setting->origin, NULL,
                     "a command of '%s' must be a string or { when = ...; cmd = ...; }, not %s",
                     option->name, setting_kind_name(setting->kind));
    } else if (read_text(loader, setting, option->name, &command.cmd) && !command.cmd.text[0]) {
        conf_problem(loader->problems, setting->origin, NULL, "a command of '%s' is empty",
                     option->name);
        command.cmd.text = NULL;
    }
    if (command.cmd.text)
        commands->items[commands->count++] = command;
    else
        commands->refused = true;
}

/* A string, a group, or a list of either. */
void commands_read(const struct loader *loader, const struct option *option,
                   const struct setting *setting, void *field)
{
    bool list = setting->kind == SETTING_LIST;
    size_t count = list ? setting->count : 1;
    struct conf_commands commands = {pool_array(loader->conf->pool, count, sizeof(*commands.items)),
                                     0, false};

    if (list && count == 0)
        conf_problem(loader->problems, setting->origin, NULL, "'%s' is empty: it needs a command",
                     option->name);
    for (size_t i = 0; i < count; i++)
        command_add(loader, option, list ? &setting->children[i] : setting, &commands);
    *(struct conf_commands *)field = commands;
}

void commands_write(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const struct conf_commands *commands = field;

    (void)option;
    for (size_t i = 0; i < commands->count; i++) {
        const struct conf_command *command = &commands->items[i];
        fputs(i ? ", " : "", out);
        write_one(&command->cmd, secrets, out);
        if (command->when.text) {
            fputs(" when ", out);
            write_one(&command->when, secrets, out);
        }
    }
}
