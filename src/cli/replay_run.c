/* replay_run.c: a worker replays ranges; how far it is, and how to go on after a stop. */
#include "app/cli.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/figures.h"
#include "cli/interrupt.h"
#include "cli/replay_parts.h"
#include "flow/plan.h"
#include "flow/worker.h"
#include "kafka/library.h"
#include "redis/library.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 50, SHOW_MS = 500, LOG_MS = 5000 };

struct run {
    const struct replay_request *request;
    const struct loaded *loaded;
    struct source_range *ranges;
    size_t count;
    struct metrics *metrics;
    const char **names; /* of commands, for the metrics */
    struct plan plan;
    struct worker *worker;
    pthread_t thread;
    _Atomic bool ended;
    bool failed; /* read once ended */
    struct err err;
    struct worker_held held; /* what was told last; read once ended */
    bool terminal;
    int64_t began_ms, shown_ms, shown_done;
    double rate; /* offsets a second, of late */
};

/* --- the worker ------------------------------------------------------------------------------- */

/* Called on the worker's thread. */
static void run_status(void *context, unsigned worker, const struct worker_status *status)
{
    struct run *run = context;

    (void)worker;
    if (status->held.count)
        run->held = status->held;
}

static void *run_thread(void *context)
{
    struct run *run = context;

    run->failed = !worker_run(run->worker, &run->err);
    atomic_store(&run->ended, true);
    return NULL;
}

static void open_metrics(struct run *run)
{
    struct metrics_shape shape = {
        .workers = 1, .librdkafka = kafka_library_version(), .hiredis = redis_library_version()};
    const struct command *rows = command_all(&shape.command_count);

    shape.commands = run->names = mem_array(shape.command_count, sizeof(*run->names));
    for (size_t i = 0; i < shape.command_count; i++)
        run->names[i] = rows[i].name;
    run->metrics = metrics_new(&shape);
}

static bool run_start(struct run *run, const struct conf_source *source, struct err *err)
{
    const struct worker_options options = {.plan = &run->plan,
                                           .source = source,
                                           .metrics = run->metrics,
                                           .listener = {run, run_status},
                                           .ranges = run->ranges,
                                           .range_count = run->count,
                                           .per_second = run->request->per_second};

    run->worker = worker_new(&options, err);
    if (!run->worker)
        return false;
    return pthread_create(&run->thread, NULL, run_thread, run) == 0 ||
           err_set(err, ERR_FATAL, "a thread could not be started");
}

/* Those that are not empty. */
static void take_ranges(struct run *run, const struct ranges *ranges)
{
    size_t count;
    const struct range_found *all = ranges_all(ranges, &count);

    run->ranges = mem_array(count, sizeof(*run->ranges));
    for (size_t i = 0; i < count; i++) {
        struct source_range *range = &run->ranges[run->count];
        if (all[i].from >= all[i].to)
            continue;
        range->topic = all[i].topic;
        range->number = all[i].number;
        range->from = all[i].from;
        range->to = all[i].to;
        atomic_init(&range->next, all[i].from);
        run->count++;
    }
}

/* --- how far it is ---------------------------------------------------------------------------- */

static int64_t total_of(const struct run *run)
{
    int64_t total = 0;

    for (size_t i = 0; i < run->count; i++)
        total += run->ranges[i].to - run->ranges[i].from;
    return total;
}

static int64_t done_of(const struct run *run)
{
    int64_t done = 0;

    for (size_t i = 0; i < run->count; i++)
        done += run->ranges[i].next - run->ranges[i].from;
    return done;
}

static void measure(struct run *run, int64_t now_ms)
{
    int64_t done = done_of(run);
    double since = (double)(now_ms - run->shown_ms) / 1000;
    double rate = (double)(done - run->shown_done) / since;

    run->rate = run->shown_ms == run->began_ms ? rate : 0.7 * run->rate + 0.3 * rate;
    run->shown_ms = now_ms;
    run->shown_done = done;
}

/* The cursor stays at the beginning of the line, so that a line of the log takes its place. */
static void show_line(const struct run *run)
{
    char done[FIGURE_BYTES], total[FIGURE_BYTES], rate[FIGURE_BYTES], left[FIGURE_BYTES];
    int64_t all = total_of(run), rest = all - run->shown_done;
    int64_t left_ms = run->rate > 0 ? (int64_t)((double)rest / run->rate * 1000) : -1;

    fprintf(stderr, "\r\033[K%3d %%  %s of %s offsets  %s/s  %s left\r",
            (int)(run->shown_done * 100 / all), figure_count(done, (double)run->shown_done),
            figure_count(total, (double)all), figure_count(rate, run->rate),
            figure_duration(left, left_ms));
    fflush(stderr);
}

static void log_line(const struct run *run)
{
    int64_t all = total_of(run);
    int64_t left_s = run->rate > 0 ? (int64_t)((double)(all - run->shown_done) / run->rate) : -1;

    log_info("replaying", LOG_INT("percent", run->shown_done * 100 / all),
             LOG_INT("done", run->shown_done), LOG_INT("offsets", all),
             LOG_INT("per_second", (int64_t)run->rate), LOG_INT("left_seconds", left_s));
}

static void run_show(struct run *run)
{
    int64_t now_ms = clock_ms();

    if (now_ms - run->shown_ms < (run->terminal ? SHOW_MS : LOG_MS))
        return;
    measure(run, now_ms);
    if (run->terminal)
        show_line(run);
    else
        log_line(run);
}

static void run_wait(struct run *run)
{
    const struct timespec tick = {0, TICK_MS * 1000000};
    bool stopping = false;

    while (!atomic_load(&run->ended)) {
        if (interrupt_asked() && !stopping) {
            stopping = true;
            worker_stop(run->worker, clock_ms() + run->loaded->conf->routes[0].from->drain_timeout);
        }
        nanosleep(&tick, NULL);
        log_sum_up();
        run_show(run);
    }
    pthread_join(run->thread, NULL);
    log_finish();
    if (run->terminal)
        fputs("\r\033[K", stderr);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* As a shell takes it for one word. */
static void print_word(const char *option, const char *word)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_./-:@%+=,";

    if (!word)
        return;
    printf(" %s ", option);
    if (*word && word[strspn(word, bare)] == '\0') {
        fputs(word, stdout);
        return;
    }
    putchar('\'');
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*word);
    putchar('\'');
}

/* The command that replays what is left. */
static void print_command(const struct run *run)
{
    const struct replay_request *request = run->request;

    fputs("penstock replay", stdout);
    print_word("--config", run->loaded->path);
    print_word("--route", request->route);
    if (request->per_second)
        printf(" --rate %" PRId64, request->per_second);
    if (request->may_repeat)
        fputs(" --allow-repeats", stdout);
    for (size_t i = 0; i < run->count; i++) {
        const struct source_range *range = &run->ranges[i];
        if (range->next < range->to)
            printf(" --range %s:%" PRId32 ":%" PRId64 "-%" PRId64, range->topic, range->number,
                   range->next, range->to);
    }
    putchar('\n');
    fflush(stdout);
}

static void print_outcomes(const struct run *run)
{
    struct metrics_worker *worker = metrics_worker(run->metrics, 0);
    uint64_t sums[OUTCOME_COUNT] = {0};

    for (size_t i = 0; i < run->loaded->conf->route_count; i++)
        for (size_t j = 0; j < OUTCOME_COUNT; j++)
            sums[j] += metrics_route(worker, run->loaded->conf->routes[i].name)->outcomes[j];
    fprintf(stderr,
            ": %" PRIu64 " written, %" PRIu64 " filtered, %" PRIu64 " dropped, %" PRIu64
            " dead letters\n",
            sums[OUTCOME_WRITTEN], sums[OUTCOME_FILTERED], sums[OUTCOME_DROPPED],
            sums[OUTCOME_DEAD_LETTERED]);
}

static int run_sum_up(const struct run *run)
{
    int64_t done = done_of(run), total = total_of(run);
    char took[FIGURE_BYTES];
    int status = run->failed ? EXIT_SOFTWARE : done < total ? EXIT_NEGATIVE : EXIT_OK;

    fprintf(stderr, "penstock: replayed %" PRId64 " of %" PRId64 " offsets in %s", done, total,
            figure_duration(took, clock_ms() - run->began_ms));
    print_outcomes(run);
    for (size_t i = 0; done < total && i < run->held.count && i < WORKER_HELD_SHOWN; i++)
        fprintf(stderr, "penstock: held: %s\n", run->held.items[i].text);
    if (run->failed)
        fprintf(stderr, "penstock: %s\n", run->err.text);
    if (done < total) {
        fputs("penstock: this goes on from there:\n", stderr);
        print_command(run);
    }
    return status;
}

static void run_close(struct run *run)
{
    worker_free(run->worker);
    tolerances_free(run->plan.tolerances);
    if (run->metrics)
        metrics_free(run->metrics);
    free(run->names);
    free(run->ranges);
}

static void run_configure_log(const struct run *run)
{
    const struct conf_log *log = &run->loaded->conf->log;
    bool quiet = run->terminal && log->level == LOG_INFO;

    log_configure(quiet ? LOG_WARN : log->level, log->format);
}

int replay_run(const struct replay_request *request, const struct loaded *loaded,
               const struct conf_source *source, const struct ranges *ranges)
{
    struct run run = {.request = request,
                      .loaded = loaded,
                      .terminal = isatty(STDERR_FILENO),
                      .began_ms = clock_ms()};
    struct err err;
    int status;

    take_ranges(&run, ranges);
    if (!run.count) {
        fputs("penstock: there is nothing to replay\n", stderr);
        run_close(&run);
        return EXIT_OK;
    }
    run.shown_ms = run.began_ms;
    run_configure_log(&run);
    open_metrics(&run);
    run.plan = (struct plan){
        .conf = loaded->conf, .routes = loaded->routes, .tolerances = tolerances_new(loaded->conf)};
    interrupt_watch();
    if (run_start(&run, source, &err)) {
        run_wait(&run);
        status = run_sum_up(&run);
    } else {
        fprintf(stderr, "penstock: %s\n", err.text);
        status = err.kind == ERR_CONFIG ? EXIT_CONFIG : EXIT_UNAVAILABLE;
    }
    run_close(&run);
    return status;
}
