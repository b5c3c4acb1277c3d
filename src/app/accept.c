/*
 * accept.c: which format of /metrics a client prefers.
 *
 *      Accept: application/openmetrics-text; version=1.0.0; q=0.5, text/plain; q=0.3
 *
 * The weight of a format is that of the most precise range that it fits. OpenMetrics is preferred
 * if its weight is the larger one, or the same and its name is in the list.
 */
#include "app/accept.h"

#include <ctype.h>
#include <stdbool.h>
#include <strings.h>

enum { WEIGHT_MOST = 1000 };

/* How precisely a range names a format. */
enum precision { MISSED, ANYTHING, TYPE, NAME, VERSION };

struct range {
    struct slice type, subtype;
    struct slice version; /* data NULL: none */
    int weight;           /* thousandths */
};

struct offer {
    const char *type, *subtype, *version;
    enum precision precision; /* of the best range so far */
    int weight;
};

static struct slice trim(struct slice text)
{
    while (text.length && strchr(" \t", text.data[0]))
        text = (struct slice){text.data + 1, text.length - 1};
    while (text.length && strchr(" \t", text.data[text.length - 1]))
        text.length--;
    return text;
}

/* Cuts the part before @p mark off @p text, trimmed; a mark in a quoted string is none. */
static struct slice cut(struct slice *text, char mark)
{
    struct slice part = {text->data, 0};
    bool quoted = false;

    while (part.length < text->length && (quoted || text->data[part.length] != mark)) {
        char letter = text->data[part.length++];
        if (letter == '"')
            quoted = !quoted;
        else if (quoted && letter == '\\' && part.length < text->length)
            part.length++;
    }
    size_t used = part.length + (part.length < text->length);
    *text = (struct slice){text->data + used, text->length - used};
    return trim(part);
}

static bool is_like(struct slice text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.data, word, text.length) == 0;
}

/* "0", "0.5", "1.000": at most three digits, and not more than 1. */
static bool weight_read(struct slice text, int *weight)
{
    int number = 0;

    if (!text.length || text.length > 5 || (text.length > 1 && text.data[1] != '.'))
        return false;
    for (size_t i = 0; i < 5; i++) {
        char digit = i < text.length ? text.data[i] : '0';
        if (i == 1)
            continue;
        if (!isdigit((unsigned char)digit))
            return false;
        number = number * 10 + (digit - '0');
    }
    *weight = number;
    return number <= WEIGHT_MOST;
}

static struct slice unquoted(struct slice text)
{
    bool quoted = text.length >= 2 && text.data[0] == '"' && text.data[text.length - 1] == '"';

    return quoted ? (struct slice){text.data + 1, text.length - 2} : text;
}

/* Parameters other than these do not matter: "charset", "escaping". */
static bool range_parameter(struct range *range, struct slice parameter)
{
    struct slice name = cut(&parameter, '=');

    parameter = trim(parameter);
    if (is_like(name, "version"))
        range->version = unquoted(parameter);
    return !is_like(name, "q") || weight_read(parameter, &range->weight);
}

/* False: it is malformed. */
static bool range_read(struct slice text, struct range *range)
{
    struct slice name = cut(&text, ';');

    *range = (struct range){.type = cut(&name, '/'), .subtype = trim(name), .weight = WEIGHT_MOST};
    if (!range->type.length || !range->subtype.length)
        return false;
    while (text.length)
        if (!range_parameter(range, cut(&text, ';')))
            return false;
    return true;
}

static enum precision range_fits(const struct range *range, const struct offer *offer)
{
    if (slice_is(range->subtype, "*")) {
        if (slice_is(range->type, "*"))
            return ANYTHING;
        return is_like(range->type, offer->type) ? TYPE : MISSED;
    }
    if (!is_like(range->type, offer->type) || !is_like(range->subtype, offer->subtype))
        return MISSED;
    if (!range->version.data)
        return NAME;
    return slice_is(range->version, offer->version) ? VERSION : MISSED;
}

static void offer_weigh(struct offer *offer, const struct range *range)
{
    enum precision precision = range_fits(range, offer);

    if (precision == MISSED || precision < offer->precision)
        return;
    offer->precision = precision;
    offer->weight = range->weight;
}

enum metrics_format accept_metrics(struct slice accept)
{
    struct offer open = {.type = "application", .subtype = "openmetrics-text", .version = "1.0.0"};
    struct offer text = {.type = "text", .subtype = "plain", .version = "0.0.4"};
    struct range range;

    while (accept.length)
        if (range_read(cut(&accept, ','), &range)) {
            offer_weigh(&open, &range);
            offer_weigh(&text, &range);
        }
    bool same = open.weight == text.weight && open.weight > 0 && open.precision >= NAME;
    return open.weight > text.weight || same ? METRICS_OPENMETRICS : METRICS_TEXT;
}
