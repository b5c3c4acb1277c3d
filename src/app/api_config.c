/* api_config.c: GET /api/v1/config: every setting that is in use. */
#include "app/api.h"
#include "conf/settings.h"

static void write_setting(void *context, const struct setting_value *setting)
{
    struct json_writer *json = context;
    const char *standard = setting->option->default_text;

    json_write_open(json, NULL, '{');
    json_write_text(json, "name", setting->name);
    json_write_text(json, "value", setting->value[0] ? setting->value : NULL);
    json_write_text(json, "default", standard == option_required ? NULL : standard);
    json_write_text(json, "change", option_changes[setting->option->change].word);
    json_write_close(json, '}');
}

void api_answer_config(void *context, const struct http_request *request,
                       struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct json_writer json = api_begin(answer);

    (void)request;
    json_write_text(&json, "file", parts->conf->file);
    json_write_open(&json, "settings", '[');
    settings_visit(parts->conf, write_setting, &json);
    json_write_close(&json, ']');
    json_write_close(&json, '}');
}
