/* endpoints.h: every page of the admin port: the functions that answer. */
#pragma once
#include "app/http.h"
#include "app/steering.h"

struct conf;
struct health;
struct history;
struct metrics;
struct plan;
struct reload;

/** What they work with: their context. Borrowed. */
struct admin_parts {
    const struct conf
        *conf; /* the one of the start, or, between enter and leave, the running one */
    struct metrics *metrics;
    struct health *health;
    struct steering steering;
    struct reload *reload;             /* NULL: nobody reads the configuration again */
    struct plan *plan;                 /* between enter and leave: what keeps conf */
    struct history *history;           /* the admin port's own */
    const struct endpoints *endpoints; /* and all of its pages */
};

#define ENDPOINT(method, path, access, takes, gives, function, help)                               \
    void function(void *parts, const struct http_request *request, struct http_answer *answer);
#include "app/endpoints.def"

/** The same with the configuration that runs, which stays until parts_leave(). */
struct admin_parts parts_enter(const struct admin_parts *parts);
void parts_leave(const struct admin_parts *parts);

/** Answers with the page, if a browser asks; false: another client does. */
bool page_answer(const struct http_request *request, struct http_answer *answer);

/** The metrics say from now on what the probes would say. */
void probes_note(const struct admin_parts *parts);

/** As Kafka Connect's root: which server this is. */
void connect_answer_server(const struct http_request *request, struct http_answer *answer);

extern const struct endpoints endpoints_all;

/** Writes the reference page of the endpoints (docs/reference/http.md). */
void endpoints_write_reference(FILE *out);
