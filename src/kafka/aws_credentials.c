/*
 * aws_credentials.c: AWS' keys, as its own tools find them: in the environment, or in a file.
 *
 *      [default]
 *      aws_access_key_id = AKIA...
 *      aws_secret_access_key = ...
 *
 * Out of scope: roles, single sign-on, and the endpoints of instances and containers; "command" of
 * a source's token runs a program that knows them.
 */
#include "kafka/aws_credentials.h"

#include "base/mem.h"
#include "conf/read_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 256 << 10 };

static char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? mem_text(value) : NULL;
}

static void text_clear(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void aws_credentials_clear(struct aws_credentials *credentials)
{
    text_clear(&credentials->id);
    text_clear(&credentials->secret);
    text_clear(&credentials->session);
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && strchr(" \t\r", end[-1]))
        *--end = '\0';
    return text + strspn(text, " \t");
}

/* "name = value" of the profile. */
static void line_take(struct aws_credentials *credentials, char *line)
{
    char *value = strchr(line, '=');
    const struct {
        const char *name;
        char **text;
    } rows[] = {
        {"aws_access_key_id", &credentials->id},
        {"aws_secret_access_key", &credentials->secret},
        {"aws_session_token", &credentials->session},
    };

    if (!value)
        return;
    *value++ = '\0';
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(trim(line), rows[i].name) == 0 && *trim(value)) {
            text_clear(rows[i].text);
            *rows[i].text = mem_text(trim(value));
        }
}

static void profile_take(struct aws_credentials *credentials, char *file, const char *profile)
{
    char *head = mem_format("[%s]", profile), *line, *rest;
    bool ours = false;

    for (; (line = strtok_r(file, "\n", &rest)); file = NULL) {
        line = trim(line);
        if (*line == '[')
            ours = strcmp(line, head) == 0;
        else if (ours && *line != '#' && *line != ';')
            line_take(credentials, line);
    }
    free(head);
}

static char *file_path(void)
{
    const char *path = getenv("AWS_SHARED_CREDENTIALS_FILE"), *home = getenv("HOME");

    return path && *path ? mem_text(path) : mem_format("%s/.aws/credentials", home ? home : "");
}

static bool credentials_read(struct aws_credentials *credentials, struct err *err)
{
    const char *profile = getenv("AWS_PROFILE");
    char *path = file_path();
    bool missing;
    size_t length;
    char *file = read_file(path, FILE_BYTES, &length, &missing, err);

    profile = profile && *profile ? profile : "default";
    if (!file) {
        err_wrap(err, "no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, and %s",
                 path);
    } else {
        profile_take(credentials, file, profile);
        explicit_bzero(file, length);
        if (!credentials->id || !credentials->secret)
            err_set(err, ERR_CONFIG,
                    "%s: profile [%s] has no aws_access_key_id with an aws_secret_access_key", path,
                    profile);
    }
    free(file);
    free(path);
    return credentials->id && credentials->secret;
}

bool aws_credentials_find(struct aws_credentials *credentials, struct err *err)
{
    *credentials =
        (struct aws_credentials){variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                                 variable("AWS_SESSION_TOKEN")};
    if (credentials->id && credentials->secret)
        return true;
    aws_credentials_clear(credentials);
    if (credentials_read(credentials, err))
        return true;
    aws_credentials_clear(credentials);
    return false;
}
