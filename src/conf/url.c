/* url.c: the URL of a Redis server. No message holds a part of it: the '@' behind a password may be
 * what is missing. */
#include "conf/url.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/kind.h"
#include "conf/redact.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

static const char tcp_scheme[] = "redis://", tls_scheme[] = "rediss://", unix_scheme[] = "unix://";

/* The part of *rest before the first of @p stops; *rest goes on with the stop itself. */
static struct slice url_take(struct slice *rest, const char *stops)
{
    size_t length = 0;

    while (length < rest->length && !strchr(stops, rest->data[length]))
        length++;
    struct slice part = {rest->data, length};
    *rest = (struct slice){rest->data + length, rest->length - length};
    return part;
}

static bool url_skip(struct slice *rest, char sign)
{
    if (rest->length == 0 || rest->data[0] != sign)
        return false;
    *rest = (struct slice){rest->data + 1, rest->length - 1};
    return true;
}

/* "p%40ss" is "p@ss"; NULL if a '%' is not followed by two hexadecimal digits, or by "00". */
static char *url_decode(struct slice part)
{
    char *decoded = mem_copy(part.data, part.length), *out = decoded;

    for (const char *in = decoded; *in; in++) {
        char c = *in;
        if (c == '%') {
            if (!isxdigit((unsigned char)in[1]) || !isxdigit((unsigned char)in[2]) ||
                strncmp(in, "%00", 3) == 0) {
                explicit_bzero(decoded, part.length);
                free(decoded);
                return NULL;
            }
            c = (char)(text_hex_digit(in[1]) * 16 + text_hex_digit(in[2]));
            in += 2;
        }
        *out++ = c;
    }
    *out = '\0';
    return decoded;
}

/* "user:password", "user" or ":password". */
static bool url_user(struct url *url, struct slice part, struct err *err)
{
    struct slice user = url_take(&part, ":");

    url->decoded = part.length && memchr(part.data, '%', part.length);
    if (user.length && !(url->username = url_decode(user)))
        return err_set(
            err, ERR_CONFIG,
            "a '%%' in the user is not followed by two hexadecimal digits: write %%25 for the "
            "sign itself, or use the setting 'username'");
    if (url_skip(&part, ':') && part.length && !(url->password = url_decode(part)))
        return err_set(
            err, ERR_CONFIG,
            "a '%%' in the password is not followed by two hexadecimal digits: write %%25 for "
            "the sign itself, or use the setting 'password', which takes it as it is");
    return true;
}

static bool url_database(struct url *url, struct slice part, struct err *err)
{
    int64_t number;

    if (!text_integer(part, &number) || number < 0 || number > INT32_MAX)
        return err_set(err, ERR_CONFIG, "the database must be a number from 0 to %d", INT32_MAX);
    url->database = (int)number;
    return true;
}

static bool url_name(struct url_host *found, struct slice *rest, struct err *err)
{
    struct slice host;

    if (url_skip(rest, '[')) {
        host = url_take(rest, "]");
        if (!url_skip(rest, ']'))
            return err_set(err, ERR_CONFIG, "the '[' of the address has no ']'");
    } else {
        host = url_take(rest, ":,/?#");
    }
    if (host.length == 0)
        return err_set(err, ERR_CONFIG, "the host is missing");
    for (size_t i = 0; i < host.length; i++) {
        if (!isgraph((unsigned char)host.data[i]))
            return err_set(err, ERR_CONFIG, "the host holds a blank");
        if (host.data[i] == '$')
            return err_set(err, ERR_CONFIG, "the host holds a '$': a variable is written ${NAME}");
    }
    found->name = mem_copy(host.data, host.length);
    return true;
}

static bool url_port(struct url_host *found, struct slice *rest, struct err *err)
{
    int64_t port = URL_PORT_DEFAULT;

    if (url_skip(rest, ':')) {
        struct slice digits = url_take(rest, ",/?#");
        if (!text_integer(digits, &port) || port < 1 || port > 65535)
            return err_set(err, ERR_CONFIG, "the port must be a number from 1 to 65535");
    }
    found->port = (int)port;
    return true;
}

static bool url_has(const struct url *url, const struct url_host *wanted)
{
    for (size_t i = 0; i < url->host_count; i++)
        if (strcasecmp(url->hosts[i].name, wanted->name) == 0 && url->hosts[i].port == wanted->port)
            return true;
    return false;
}

/* "host:port", or several. */
static bool url_hosts(struct url *url, struct slice *rest, struct err *err)
{
    do {
        if (url->host_count == URL_HOSTS)
            return err_set(err, ERR_CONFIG, "at most %d hosts are possible", URL_HOSTS);
        struct url_host *found = &url->hosts[url->host_count];
        if (!url_name(found, rest, err) || !url_port(found, rest, err))
            return false;
        if (url_has(url, found))
            return err_set(err, ERR_CONFIG, "host %zu is the same as one before it",
                           url->host_count + 1);
        url->host_count++;
    } while (url_skip(rest, ','));
    return true;
}

static bool url_tcp(struct url *url, struct slice rest, struct err *err)
{
    const char *at = rest.length ? memrchr(rest.data, '@', rest.length) : NULL;

    if (at) {
        size_t length = (size_t)(at - rest.data);
        if (!url_user(url, (struct slice){rest.data, length}, err))
            return false;
        rest = (struct slice){at + 1, rest.length - length - 1};
    }
    if (!url_hosts(url, &rest, err))
        return false;
    if (url_skip(&rest, '/') && rest.length && !url_database(url, url_take(&rest, "?#"), err))
        return false;
    if (rest.length)
        return err_set(err, ERR_CONFIG, "nothing may follow the database");
    return true;
}

static bool url_unix(struct url *url, struct slice rest, struct err *err)
{
    struct slice path = url_take(&rest, "?"), db = SLICE("?db=");

    if (path.length < 2 || path.data[0] != '/')
        return err_set(err, ERR_CONFIG, "the path of a socket begins with '/'");
    if (path.length > 107)
        return err_set(err, ERR_CONFIG, "the path of a socket has at most 107 characters");
    url->socket_path = mem_copy(path.data, path.length);
    if (rest.length == 0)
        return true;
    if (rest.length < db.length || memcmp(rest.data, db.data, db.length) != 0)
        return err_set(err, ERR_CONFIG, "only '?db=N' may follow the path of a socket");
    return url_database(url, (struct slice){rest.data + db.length, rest.length - db.length}, err);
}

/* Whether @p rest begins with @p scheme, which it then goes on behind. */
static bool url_skip_scheme(struct slice *rest, const char *scheme)
{
    size_t length = strlen(scheme);

    if (rest->length < length || memcmp(rest->data, scheme, length) != 0)
        return false;
    *rest = (struct slice){rest->data + length, rest->length - length};
    return true;
}

static bool url_read(const char *text, struct url *url, struct err *err)
{
    struct slice rest = slice_of(text);

    if (url_skip_scheme(&rest, tcp_scheme))
        return url_tcp(url, rest, err);
    if (url_skip_scheme(&rest, unix_scheme))
        return url_unix(url, rest, err);
    url->tls = url_skip_scheme(&rest, tls_scheme);
    if (url->tls)
        return url_tcp(url, rest, err);
    return err_set(err, ERR_CONFIG, "it begins with none of redis://, rediss:// and unix://");
}

bool url_parse(const char *text, struct url *url, struct err *err)
{
    struct url parts = {0};

    if (!url_read(text, &parts, err)) {
        url_free(&parts);
        return false;
    }
    *url = parts;
    return true;
}

static void url_wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void url_free(struct url *url)
{
    for (size_t i = 0; i < URL_HOSTS; i++)
        free(url->hosts[i].name);
    free(url->socket_path);
    url_wipe(url->username);
    url_wipe(url->password);
}

/* A literal URL is shown without its password, one with a part from elsewhere not at all. */
void url_write(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const struct conf_text *url = field;

    if (!url->text || secrets || !url->secret || !url->literal || strpbrk(url->text, "\"\\")) {
        write_text(option, field, secrets, out);
        return;
    }
    char *quoted = mem_format("\"%s\"", url->text), *shown = redact_text(quoted);
    fwrite(shown + 1, 1, strlen(shown) - 2, out);
    explicit_bzero(quoted, strlen(quoted));
    free(quoted);
    free(shown);
}
