/*
 * expiry.c: which keys a ttl ends, and whose they are.
 *
 * A time to live is a key's. If many records write members of one key, "ttl" of a record is
 * that of all of them: HSET orders:%{customer} %{order} ... with a ttl that comes from the record,
 * or from "defaults", ends all orders of the customer.
 */
#include "flow/expiry.h"

#include "flow/hints.h"
#include "flow/written.h"

#include <stdlib.h>
#include <strings.h>

/* --- which commands take it --------------------------------------------------------------------
 */

/* "SET k v EX 10" with a ttl beside it would say two things. */
static bool command_has_expiry(const struct route_command *command)
{
    static const char *const words[] = {"EX", "PX", "EXAT", "PXAT", "KEEPTTL"};
    bool open;
    size_t count = template_least_arguments(command->template, &open);

    for (size_t i = 3; i < count; i++) {
        struct slice word = {0};
        template_constant(command->template, i, &word);
        for (size_t j = 0; word.data && j < sizeof(words) / sizeof(words[0]); j++)
            if (strlen(words[j]) == word.length &&
                strncasecmp(words[j], word.data, word.length) == 0)
                return true;
    }
    return false;
}

static void refuse_ttl_of_unknown(const struct route_command *command, const struct conf_text *ttl,
                                  struct conf_problems *problems)
{
    char *hint = hints_command(command->name);

    conf_problem(
        problems, ttl->origin,
        hint ? hint : "leave out the ttl, and give the expiry by a command of its own",
        "ttl: penstock does not know the command '%.*s', nor which of its arguments are keys",
        SLICE_ARGS(command->name));
    free(hint);
}

/* Whether the route's ttl applies to one command; what stands against it is a problem, unless it is
 * inherited. */
static bool check_command_ttl(const struct route_command *command, const struct conf_text *cmd,
                              const struct conf_text *ttl, struct conf_problems *problems)
{
    const struct command *row = command->command;

    if (!row && !ttl->inherited)
        refuse_ttl_of_unknown(command, ttl, problems);
    if (!row || !command_takes_ttl(row))
        return false;
    if (!(row->flags & COMMAND_TTL_PX) || !command_has_expiry(command))
        return true;
    if (!ttl->inherited)
        conf_problem(problems, cmd->origin, NULL,
                     "the command sets an expiry and the route has a ttl: keep one of them");
    return false;
}

void expiry_apply(struct route *route, struct conf_problems *problems)
{
    const struct conf_text *text = &route->conf->ttl;
    size_t before = conf_problems_count(problems);
    bool taken = route->conf->do_.refused;

    for (size_t i = 0; i < route->writes.count; i++) {
        struct route_command *command = &route->writes.items[i];
        if (!command->name.data)
            return; /* reported already */
        command->expires =
            check_command_ttl(command, &route->conf->do_.items[i].cmd, text, problems);
        taken |= command->expires;
    }
    if (!taken && !text->inherited && conf_problems_count(problems) == before)
        conf_problem(problems, text->origin, NULL,
                     "ttl: no command of route '%s' writes a key that could expire",
                     route->conf->name);
}

/* --- whose keys they are ---------------------------------------------------------------------- */

/* Whether records choose which member they write. */
static bool chooses_member(const struct written *written)
{
    const char *undo = written->command->command->undo;
    struct slice word = written_undo_word(&undo);

    while ((word = written_undo_word(&undo)).length)
        for (size_t i = 1; i < written_count(written); i++)
            if (!slice_is(word, "key") && written_is(written, i, word) &&
                !written_argument(written, i)->constant.data &&
                !written_argument(written, i)->spread)
                return true;
    return false;
}

static bool is_shared(const struct written *written)
{
    const struct argument *key = written_key(written);

    return key && chooses_member(written) && !written_made_of(key).key;
}

static void check_command(const struct route *route, size_t index, struct conf_problems *problems)
{
    struct written written = written_of(route, index);

    if (is_shared(&written))
        conf_note(problems, written.text->origin,
                  "give each record a key of its own, or say the ttl in the route itself as one "
                  "duration where it is meant for the whole key",
                  "route '%s': ttl ends the whole key that %s writes to, with what other records "
                  "put there",
                  route->conf->name, written.command->command->name);
    written_clear(&written);
}

void expiry_check(const struct route *route, struct conf_problems *problems)
{
    if (!route->ttl.template && !route->conf->ttl.inherited)
        return;
    for (size_t i = 0; i < route->writes.count; i++) {
        const struct route_command *command = &route->writes.items[i];
        if (command->template && command->expires && command->command->undo)
            check_command(route, i, problems);
    }
}
