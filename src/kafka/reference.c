/* reference.c: the page of librdkafka's properties. */
#include "kafka/properties.h"

struct row {
    const char *name, *value, *why;
};

static const struct row presets[] = {
#define PRESET(name, value, protocol, why) {name, value, why},
#include "kafka/presets.def"
#undef PRESET
};

static const struct row producer[] = {
#define PRESET(name, value, protocol, why) {name, value, why},
#include "kafka/producer.def"
#undef PRESET
};

static const struct row owned[] = {
#define OWNED(name, why) {name, NULL, why},
#include "kafka/owned.def"
#undef OWNED
};

static const char head[] =
    "# Properties of librdkafka\n\n"
    "Generated from `src/kafka/presets.def`, `src/kafka/producer.def` and `src/kafka/owned.def`; a "
    "test fails when this page\nis stale.\n\n"
    "A source's `librdkafka` group sets any property of librdkafka's consumer, with `_` for the "
    "dots of its name:\n"
    "`librdkafka = { fetch_wait_max_ms = 50; security_protocol = \"sasl_ssl\"; };`. "
    "`penstock check` knows the names and values\nof the librdkafka that it runs with. You can "
    "check "
    "a file that you do not trust: only `penstock run` runs\n`sasl_kerberos_kinit_cmd`, asks "
    "`sasl_oauthbearer_token_endpoint_url` and loads `ssl_providers`.\n\n"
    "## Set unless the group sets another value\n\n"
    "| property | value | why |\n|---|---|---|\n";

static const char memory[] =
    "\n`queued.min.messages`, `queued.max.messages.kbytes`, `fetch.max.bytes`, "
    "`fetch.message.max.bytes` and\n`receive.message.max.bytes` follow from `memory`, "
    "`max_record` and the number of workers. A record larger than a\nfetch arrives alone.\n\n"
    "## Set for the producer of dead letters\n\n"
    "If `dlq` names the source, the producer uses the group's properties of producers; for example "
    "`message_max_bytes`\nlimits the size of a letter.\n\n"
    "| property | value | why |\n|---|---|---|\n";

static const char refused[] = "\n## Refused\n\n"
                              "| property | why |\n|---|---|\n";

void properties_write_reference(FILE *out)
{
    fputs(head, out);
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
        fprintf(out, "| `%s` | `%s` | %s |\n", presets[i].name, presets[i].value, presets[i].why);
    fputs(memory, out);
    for (size_t i = 0; i < sizeof(producer) / sizeof(producer[0]); i++)
        fprintf(out, "| `%s` | `%s` | %s |\n", producer[i].name, producer[i].value,
                producer[i].why);
    fputs(refused, out);
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        fprintf(out, "| `%s` | %s |\n", owned[i].name, owned[i].why);
    fputs("| `..._cb` | only a program can set it |\n", out);
}
