/* brokers.c: Kafka's bootstrap servers as a source names them: librdkafka would find out later, in
 * its log, or take a slip for a host's name. */
#include "conf/brokers.h"

#include "base/slice.h"
#include "base/text.h"
#include "conf/read.h"

#include <ctype.h>

static bool brokers_port(struct slice broker, struct slice port, struct err *err)
{
    int64_t number;

    if (port.length == 0)
        return err_set(err, ERR_CONFIG, "'%.*s' has a colon and no port behind it",
                       SLICE_ARGS(broker));
    if (!text_integer(port, &number) || number < 1 || number > 65535)
        return err_set(err, ERR_CONFIG, "the port of '%.*s' must be a number from 1 to 65535",
                       SLICE_ARGS(broker));
    return true;
}

/* A name or an address; what is behind it goes to *rest. */
static bool brokers_host(struct slice broker, struct slice *rest, struct err *err)
{
    bool bracket = broker.data[0] == '[';
    size_t length = bracket;

    while (length < broker.length &&
           (isalnum((unsigned char)broker.data[length]) || strchr("._-", broker.data[length]) ||
            (bracket && strchr(":%", broker.data[length]))))
        length++;
    if (length == (size_t)bracket)
        return err_set(err, ERR_CONFIG, "the host of '%.*s' is missing", SLICE_ARGS(broker));
    if (bracket && (length == broker.length || broker.data[length++] != ']'))
        return err_set(err, ERR_CONFIG, "the '[' of '%.*s' has no ']'", SLICE_ARGS(broker));
    *rest = (struct slice){broker.data + length, broker.length - length};
    if (rest->length == 0 || rest->data[0] == ':')
        return true;
    return err_set(err, ERR_CONFIG, "'%.*s': a host's name has no '%c'", SLICE_ARGS(broker),
                   rest->data[0]);
}

static bool brokers_check_one(struct slice broker, struct err *err)
{
    struct slice rest = {0};

    if (memmem(broker.data, broker.length, "://", 3))
        return err_set(err, ERR_CONFIG,
                       "'%.*s' names a protocol, which librdkafka = { security_protocol = ...; } "
                       "says for all brokers",
                       SLICE_ARGS(broker));
    if (memchr(broker.data, ';', broker.length))
        return err_set(err, ERR_CONFIG, "'%.*s' has a semicolon; between brokers stands a comma",
                       SLICE_ARGS(broker));
    if (!brokers_host(broker, &rest, err))
        return false;
    return rest.length == 0 ||
           brokers_port(broker, (struct slice){rest.data + 1, rest.length - 1}, err);
}

bool brokers_check(const char *text, struct err *err)
{
    for (const char *at = text;; at++) {
        at += strspn(at, " ");
        struct slice broker = {at, strcspn(at, ",")};
        at += broker.length;
        while (broker.length && broker.data[broker.length - 1] == ' ')
            broker.length--;
        if (broker.length == 0)
            return err_set(err, ERR_CONFIG,
                           *text ? "a broker is missing beside a comma" : "it is empty");
        if (!brokers_check_one(broker, err))
            return false;
        if (!*at)
            return true;
    }
}

void brokers_read(const struct loader *loader, const struct option *option,
                  const struct setting *setting, void *field)
{
    struct conf_text text;
    struct err err = {0};

    if (!read_text(loader, setting, option->name, &text))
        return;
    if (brokers_check(text.text, &err))
        *(struct conf_text *)field = text;
    else
        conf_problem(loader->problems, setting->origin,
                     "brokers = \"kafka-1:9092,kafka-2:9092\"; a port that is left out is 9092",
                     "'%s': %s", option->name, text.secret ? "it is no list of brokers" : err.text);
}
