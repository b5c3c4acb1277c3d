/* admin_place.c: where a running bridge is asked, by the command line or its configuration. */
#include "cli/admin_place.h"

#include "app/cli.h"
#include "app/load.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool admin_choice_take(struct admin_choice *choice, int letter, const char *argument)
{
    const char **text = letter == 'c'   ? &choice->config
                        : letter == 'a' ? &choice->admin
                        : letter == 't' ? &choice->token_file
                                        : NULL;

    if (text)
        *text = argument;
    return text;
}

/* "http://host:port/" is "host:port", too; what has neither slash nor colon is a file here. */
static char *read_address(const char *text)
{
    static const char scheme[] = "http://";

    if (strncmp(text, scheme, sizeof(scheme) - 1) == 0) {
        text += sizeof(scheme) - 1;
        return mem_copy(text, strcspn(text, "/"));
    }
    return strpbrk(text, "/:") ? mem_text(text) : mem_format("./%s", text);
}

/* Without the end of its line. */
static char *read_token(const char *path)
{
    char *token = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "r");
    ssize_t length = file ? getline(&token, &room, file) : -1;

    if (length < 0) {
        fprintf(stderr, "penstock: %s: %s\n", path, file ? "no token in it" : strerror(errno));
        free(token);
        token = NULL;
    } else {
        token[strcspn(token, "\r\n")] = '\0';
    }
    if (file)
        fclose(file);
    return token;
}

static char *copy_of(const struct conf_text *text)
{
    return text->text && *text->text ? mem_text(text->text) : NULL;
}

/* Mistakes of the file do not matter, as long as it names the socket or the port. */
static int place_of_file(const char *path, struct admin_place *place)
{
    struct loaded loaded;
    int status = load_silently(path, &loaded);
    const struct conf_admin *admin = loaded.conf ? &loaded.conf->admin : NULL;

    if (status == EXIT_NOINPUT) {
        fprintf(stderr, "penstock: %s: %s\n", path, strerror(errno));
        load_free(&loaded);
        return status;
    }
    if (admin && !place->address)
        place->address = copy_of(&admin->socket);
    if (admin && !place->address)
        place->address = copy_of(&admin->listen);
    if (admin)
        place->token = copy_of(&admin->token);
    if (!place->address && status == EXIT_CONFIG)
        conf_problems_write(loaded.problems, CONF_ERROR, stderr);
    else if (!place->address)
        fprintf(stderr, "penstock: %s has neither admin.socket nor admin.listen\n", path);
    load_free(&loaded);
    return place->address ? EXIT_OK : EXIT_CONFIG;
}

/* As the command line says, or the environment; NULL: neither does, or a configuration counts. */
static char *address_of(const struct admin_choice *choice)
{
    const char *variable = choice->config ? NULL : getenv("PENSTOCK_SOCKET");

    if (choice->admin)
        return read_address(choice->admin);
    return variable && *variable ? mem_text(variable) : NULL;
}

int admin_place_find(const struct admin_choice *choice, struct admin_place *place)
{
    const char *path = load_path(choice->config);
    int status = EXIT_OK;

    *place = (struct admin_place){.address = address_of(choice)};
    if (choice->config ||
        (!place->address && (getenv("PENSTOCK_CONFIG") || access(path, F_OK) == 0)))
        status = place_of_file(path, place);
    if (!place->address && status == EXIT_OK)
        place->address = mem_text(ADMIN_DEFAULT);
    if (choice->token_file && status == EXIT_OK) {
        free(place->token);
        place->token = read_token(choice->token_file);
        status = place->token ? EXIT_OK : EXIT_NOINPUT;
    }
    return status;
}

void admin_place_free(struct admin_place *place)
{
    free(place->address);
    free(place->token);
    *place = (struct admin_place){0};
}
