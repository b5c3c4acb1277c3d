/* sink.c: the settings of one sink: its rows, its URL, its TLS. */
#include "conf/sink.h"

#include "base/mem.h"
#include "conf/inputs.h"
#include "conf/pool.h"
#include "conf/url.h"

#include <stdlib.h>
#include <string.h>

static const char url_hint[] = "a URL is redis://[user[:password]@]host[:port][,host...][/db], the "
                               "same with rediss:// for TLS, or unix:///path/of/socket[?db=N]";

static void sink_take_host(const struct conf *conf, const struct url_host *host,
                           struct conf_sink *sink)
{
    char *name = pool_copy(conf->pool, host->name, strlen(host->name));

    if (sink->host) {
        sink->others[sink->other_count++] = (struct conf_address){name, host->port};
        return;
    }
    sink->host = name;
    sink->port = host->port;
}

/* The credentials of the URL hold if there are none beside it. */
static void sink_take_url(const struct conf *conf, const struct url *url, struct conf_sink *sink)
{
    if (url->password)
        sink->url.secret = true;
    if (url->username && !sink->username.text)
        sink->username =
            (struct conf_text){.text = pool_copy(conf->pool, url->username, strlen(url->username)),
                               .origin = sink->url.origin};
    sink->password_decoded = url->decoded && !sink->password.text;
    if (url->password && !sink->password.text)
        sink->password =
            (struct conf_text){.text = pool_copy(conf->pool, url->password, strlen(url->password)),
                               .origin = sink->url.origin,
                               .secret = true};
    for (size_t i = 0; i < url->host_count; i++)
        sink_take_host(conf, &url->hosts[i], sink);
    if (url->socket_path)
        sink->socket_path = pool_copy(conf->pool, url->socket_path, strlen(url->socket_path));
    sink->database = url->database;
    sink->tls.on = url->tls;
}

/* False if there is no URL, or a wrong one. */
static bool sink_fill_url(const struct loader *loader, struct conf_sink *sink)
{
    struct url url = {0};
    struct err err = {0};

    if (!sink->url.text)
        return false;
    bool good = url_parse(sink->url.text, &url, &err);
    if (good)
        sink_take_url(loader->conf, &url, sink);
    else
        conf_problem(loader->problems, sink->url.origin, url_hint, "'url': %s", err.text);
    url_free(&url);
    return good;
}

/* A certificate is nothing without its key, and a key nothing without its certificate. */
static void sink_check_pair(const struct loader *loader, const struct conf_tls *tls,
                            const char *what)
{
    if (tls->cert.text && !tls->key.text)
        conf_problem(loader->problems, tls->cert.origin, NULL, "%s has 'cert' and no 'key'", what);
    if (tls->key.text && !tls->cert.text)
        conf_problem(loader->problems, tls->key.origin, NULL, "%s has 'key' and no 'cert'", what);
}

static void sink_fill_tls(const struct loader *loader, const struct setting *sink_setting,
                          struct conf_sink *sink, bool has_url)
{
    const struct setting *setting = setting_find(sink_setting, "tls");
    char *what = mem_format("'tls' of sink '%s'", sink->name);

    if (setting && setting->kind != SETTING_GROUP) {
        conf_problem(loader->problems, setting->origin, NULL, "%s must be a group { ... }, not %s",
                     what, setting_kind_name(setting->kind));
        setting = NULL;
    }
    option_fill_group(loader, GROUP_tls, setting, NULL, sink->origin, what, &sink->tls);
    sink_check_pair(loader, &sink->tls, what);
    inputs_add(loader->inputs, sink->tls.ca.text);
    inputs_add(loader->inputs, sink->tls.cert.text);
    inputs_add(loader->inputs, sink->tls.key.text);
    if (setting && has_url && !sink->tls.on)
        conf_problem(loader->problems, setting->origin, "url = \"rediss://...\";",
                     "%s is set, but its 'url' is not rediss://", what);
    free(what);
}

void conf_sink_fill(const struct loader *loader, const struct setting *setting, const char *what,
                    struct conf_sink *sink)
{
    option_fill_group(loader, GROUP_sink, setting, NULL, setting->origin, what, sink);
    sink->username = sink->said.username;
    sink->password = sink->said.password;
    bool has_url = sink_fill_url(loader, sink);
    sink_fill_tls(loader, setting, sink, has_url);
}
