/* steering_pages.c: POST below /api/v1: what an operator asks of the workers. */
#include "app/endpoints.h"
#include "app/steering.h"
#include "base/arena.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "codec/json.h"
#include "conf/kind.h"

#include <inttypes.h>

/* --- what is asked ---------------------------------------------------------------------------- */

/* The number of a partition, from the path. */
static bool read_partition(const struct http_request *request, struct http_answer *answer,
                           int32_t *partition)
{
    int64_t number;

    if (text_integer(slice_of(request->arguments[1]), &number) && number >= 0 &&
        number <= INT32_MAX) {
        *partition = (int32_t)number;
        return true;
    }
    http_refuse(answer, 404, "There is no partition %.20s: it is a number.", request->arguments[1]);
    return false;
}

/* The text of a member of the body, which is an object; none if it has another type, or is not
 * there. */
static struct slice read_member(const struct http_request *request, const char *name,
                                enum value_type type, struct arena *arena)
{
    struct err err;
    const struct value *body = request->body.data ? json_decode(request->body, arena, &err) : NULL;
    const struct value *member =
        body && body->type == VALUE_OBJECT ? value_member(body, slice_of(name)) : NULL;

    return member && member->type == type ? value_text(member, arena, &err) : (struct slice){0};
}

static bool read_offset(const struct http_request *request, struct http_answer *answer,
                        int64_t *offset)
{
    struct arena arena = {0};
    struct slice text = read_member(request, "offset", VALUE_NUMBER, &arena);
    struct slice whole = request_cut(&text, "."); /* 7.0 is a whole number of JSON Schema, too */
    bool good = whole.length && text_integer(whole, offset) && *offset >= 0 &&
                (!text.length || slice_is(text, "0"));

    arena_free(&arena);
    if (!good)
        http_refuse(answer, 400,
                    "The body must be {\"offset\": N}, the offset of the record that holds the "
                    "partition.");
    return good;
}

static bool read_level(const struct http_request *request, struct http_answer *answer,
                       enum log_level *level)
{
    struct arena arena = {0};
    struct slice text = read_member(request, "level", VALUE_STRING, &arena);
    const char *const *words = kinds[KIND_LOG_LEVEL].words;
    unsigned i = 0;

    while (words[i] && !(text.length && slice_is(text, words[i])))
        i++;
    bool good = words[i];
    *level = (enum log_level)i;
    arena_free(&arena);
    if (!good)
        http_refuse(answer, 400,
                    "The body must be {\"level\": \"info\"}, or error, warn or debug.");
    return good;
}

/* --- what is answered ------------------------------------------------------------------------- */

static void answer_with(struct http_answer *answer, const struct steering_answer *said)
{
    static const int statuses[] = {[STEERING_DONE] = 200,
                                   [STEERING_UNKNOWN] = 404,
                                   [STEERING_REFUSED] = 409,
                                   [STEERING_LATE] = 503};
    struct json_writer json = {.out = answer->body};

    if (said->result != STEERING_DONE) {
        http_refuse(answer, statuses[said->result], "%s", said->text);
        return;
    }
    answer->type = HTTP_JSON;
    json_write_open(&json, NULL, '{');
    json_write_text(&json, "message", said->text);
    json_write_close(&json, '}');
    fputc('\n', answer->body);
}

static void pause_route(void *context, const struct http_request *request,
                        struct http_answer *answer, bool paused)
{
    const struct admin_parts *parts = context;
    struct steering_answer said;

    steering_pause_route(&parts->steering, request->arguments[0], paused, request->who, &said);
    answer_with(answer, &said);
}

void steering_answer_pause_route(void *context, const struct http_request *request,
                                 struct http_answer *answer)
{
    pause_route(context, request, answer, true);
}

void steering_answer_resume_route(void *context, const struct http_request *request,
                                  struct http_answer *answer)
{
    pause_route(context, request, answer, false);
}

static void pause_partition(void *context, const struct http_request *request,
                            struct http_answer *answer, bool paused)
{
    const struct admin_parts *parts = context;
    struct steering_answer said;
    int32_t partition;

    if (!read_partition(request, answer, &partition))
        return;
    steering_pause_partition(&parts->steering, request->arguments[0], partition, paused,
                             request->who, &said);
    answer_with(answer, &said);
}

void steering_answer_pause_partition(void *context, const struct http_request *request,
                                     struct http_answer *answer)
{
    pause_partition(context, request, answer, true);
}

void steering_answer_resume_partition(void *context, const struct http_request *request,
                                      struct http_answer *answer)
{
    pause_partition(context, request, answer, false);
}

void steering_answer_retry(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct steering_answer said;
    int32_t partition;

    if (!read_partition(request, answer, &partition))
        return;
    steering_retry(&parts->steering, request->arguments[0], partition, request->who, &said);
    answer_with(answer, &said);
}

void steering_answer_skip(void *context, const struct http_request *request,
                          struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct steering_answer said;
    int32_t partition;
    int64_t offset;

    if (!read_partition(request, answer, &partition) || !read_offset(request, answer, &offset))
        return;
    steering_skip(&parts->steering, request->arguments[0], partition, offset, request->who, &said);
    answer_with(answer, &said);
}

void steering_answer_log(void *context, const struct http_request *request,
                         struct http_answer *answer)
{
    struct steering_answer said;
    enum log_level level;

    (void)context;
    if (!read_level(request, answer, &level))
        return;
    steering_set_log_level(level, request->who, &said);
    answer_with(answer, &said);
}
