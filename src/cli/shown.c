/* shown.c: commands as one types them in redis-cli. */
#include "cli/shown.h"

#include "base/text.h"

#include <stdio.h>

static bool commands_hold_secret(const struct conf_commands *commands)
{
    for (size_t i = 0; i < commands->count; i++)
        if (commands->items[i].cmd.secret)
            return true;
    return false;
}

bool shown_is_secret(const struct conf_route *conf)
{
    return commands_hold_secret(&conf->do_) || commands_hold_secret(&conf->del);
}

void shown_command(const char *lead, const struct rendered *rendered, bool secret)
{
    fputs(lead, stdout);
    text_quote(stdout, rendered->arguments[0]);
    for (size_t i = 1; i < rendered->count && !secret; i++) {
        putchar(' ');
        text_quote(stdout, rendered->arguments[i]);
    }
    puts(secret ? " (the rest is not shown: the route's text holds a secret)" : "");
}
