/* top_draw.c: a frame of "penstock top", in 80 columns and 24 lines or what there is. */
#include "base/mem.h"
#include "base/text.h"
#include "cli/figures.h"
#include "cli/top_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_BYTES = 1024, CURVE_BYTES = 256, CURVE_MOST = 40, NAME_COLUMNS = 34 };

/* Where the frame stands: lines that still fit. */
struct frame {
    const struct top_screen *screen;
    int left; /* lines; below zero: any number */
};

/* --- curves ----------------------------------------------------------------------------------- */

static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                     "\u2585", "\u2586", "\u2587", "\u2588"};
static const char *const marks[] = {"_", ".", "-", "~", "=", "*", "%", "#"};

enum { LEVELS = sizeof(blocks) / sizeof(blocks[0]) };

size_t top_curve(const struct top_history *history, size_t width, bool unicode, char *text,
                 size_t size)
{
    size_t count = history->count < width ? history->count : width, used = 0;
    const double *values = history->values + history->count - count;
    double most = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    for (size_t i = 0; i < count; i++) {
        size_t level = most > 0 ? (size_t)(values[i] / most * (LEVELS - 1) + 0.5) : 0;
        used += (size_t)snprintf(text + used, size - used, "%s",
                                 unicode ? blocks[level] : marks[level]);
        if (used + sizeof("\u2588") > size)
            break;
    }
    return count;
}

/* --- lines ------------------------------------------------------------------------------------ */

static void line(struct frame *frame, const char *style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One line, cut to the width; @p style: what ANSI calls it, or "". Names are another program's. */
static void line(struct frame *frame, const char *style, const char *format, ...)
{
    char said[LINE_BYTES], text[LINE_BYTES];
    va_list arguments;
    int columns = 0;
    size_t length = 0;

    if (!frame->left)
        return;
    frame->left--;
    va_start(arguments, format);
    vsnprintf(said, sizeof(said), format, arguments);
    va_end(arguments);
    text_show_in(text, sizeof(text), said);
    for (; text[length] && columns < frame->screen->width; columns++)
        do
            length++;
        while (((unsigned char)text[length] & 0xC0) == 0x80); /* the rest of a character */
    if (frame->screen->colour && *style)
        printf("\033[%sm", style);
    fwrite(text, 1, length, stdout);
    if (frame->screen->colour && *style)
        fputs("\033[0m", stdout);
    fputs(frame->screen->terminal ? "\033[K\n" : "\n", stdout);
}

#define BOLD   "1"
#define RED    "31"
#define YELLOW "33"

static const char *seconds(char text[FIGURE_BYTES], double value)
{
    if (value > 0 && value < 0.01)
        snprintf(text, FIGURE_BYTES, "%.1f ms", value * 1000);
    else
        figure_duration(text, value < 0 ? -1 : (int64_t)(value * 1000));
    return text;
}

/* A curve for the end of a line that has @p used columns before it. */
static const char *curve_behind(const struct frame *frame, size_t used,
                                const struct top_history *history, char curve[CURVE_BYTES])
{
    size_t width = (size_t)frame->screen->width;
    size_t room = width > used ? width - used : 0;

    top_curve(history, room < CURVE_MOST ? room : CURVE_MOST, frame->screen->unicode, curve,
              CURVE_BYTES);
    return curve;
}

/* --- the head --------------------------------------------------------------------------------- */

static void draw_verdict(const struct top *top, struct frame *frame)
{
    time_t now = (time_t)time(NULL);
    char clock[16];
    struct tm tm;

    strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
    if (top->trouble[0])
        line(frame, RED, "%s  no answer: %s", clock, top->trouble);
    else if (!top->ready || top->held || top->unknown)
        line(frame, top->ready ? YELLOW : RED,
             "%s  %s, %u held, %u paused, lag of %u unknown  penstock %s at %s", clock,
             top->ready ? "ready" : "not ready", top->held, top->paused, top->unknown, top->version,
             top->address);
    else
        line(frame, BOLD, "%s  ready, %u paused  penstock %s at %s", clock, top->paused,
             top->version, top->address);
}

static void draw_figures(const struct top *top, struct frame *frame)
{
    char rate[FIGURE_BYTES], lag[FIGURE_BYTES], behind[FIGURE_BYTES], p50[FIGURE_BYTES],
        p99[FIGURE_BYTES], inflight[FIGURE_BYTES], memory[FIGURE_BYTES];

    line(frame, "", "written %s/s  lag %s  behind %s  p50 %s  p99 %s",
         figure_count(rate, top->rate), figure_count(lag, top->lag),
         seconds(behind, top->lag_seconds), seconds(p50, top->p50), seconds(p99, top->p99));
    line(frame, "", "in flight %s  CPU %.0f %%  memory %sB", figure_count(inflight, top->inflight),
         top->cpu_part * 100, figure_count(memory, top->memory));
}

static void draw_curves(const struct top *top, struct frame *frame)
{
    char rate[LINE_BYTES / 2], lag[LINE_BYTES / 2];
    size_t width = frame->screen->width > 20 ? (size_t)frame->screen->width / 2 - 8 : 4;

    width = width < TOP_HISTORY ? width : TOP_HISTORY;
    size_t columns = top_curve(&top->rates, width, frame->screen->unicode, rate, sizeof(rate));
    top_curve(&top->lags, width, frame->screen->unicode, lag, sizeof(lag));
    line(frame, "", "rate %s%*s   lag %s", rate, (int)(width - columns), "", lag);
}

/* --- tables ----------------------------------------------------------------------------------- */

static void draw_routes(const struct top *top, struct frame *frame)
{
    line(frame, BOLD, "%-16s %7s %7s %7s %5s %5s %8s %8s", "ROUTE", "WRITE/s", "WRITTEN", "FILTER",
         "DROP", "DLQ", "P50", "P99");
    for (size_t i = 0; i < top->routes.count; i++) {
        const struct top_row *row = &top->routes.items[i];
        char rate[FIGURE_BYTES], written[FIGURE_BYTES], filtered[FIGURE_BYTES],
            dropped[FIGURE_BYTES], letters[FIGURE_BYTES], p50[FIGURE_BYTES], p99[FIGURE_BYTES],
            curve[CURVE_BYTES];
        line(frame, row->dropped + row->dead_lettered > 0 ? YELLOW : "",
             "%-16.16s %7s %7s %7s %5s %5s %8s %8s %s", row->name, figure_count(rate, row->rate),
             figure_count(written, row->total), figure_count(filtered, row->filtered),
             figure_count(dropped, row->dropped), figure_count(letters, row->dead_lettered),
             seconds(p50, row->p50), seconds(p99, row->p99),
             curve_behind(frame, 71, &row->history, curve));
    }
}

static void draw_sinks(const struct top *top, struct frame *frame)
{
    line(frame, BOLD, "%-18s %8s %8s %8s %8s %8s", "SINK", "CMD/s", "CONNECT", "RTT", "ERRORS",
         "LOST");
    for (size_t i = 0; i < top->sinks.count; i++) {
        const struct top_row *row = &top->sinks.items[i];
        char rate[FIGURE_BYTES], connections[FIGURE_BYTES], trip[FIGURE_BYTES],
            errors[FIGURE_BYTES], lost[FIGURE_BYTES], curve[CURVE_BYTES];
        line(frame, row->connections > 0 ? "" : RED, "%-18.18s %8s %8s %8s %8s %8s  %s", row->name,
             figure_count(rate, row->rate),
             row->connections > 0 ? figure_count(connections, row->connections) : "away",
             seconds(trip, row->round_trip_s), figure_count(errors, row->errors),
             figure_count(lost, row->reconnects), curve_behind(frame, 65, &row->history, curve));
    }
}

/* What needs a look first, then what is furthest behind. */
static int compare(const void *left, const void *right)
{
    const struct top_row *a = *(const struct top_row *const *)left;
    const struct top_row *b = *(const struct top_row *const *)right;

    if (a->held != b->held)
        return a->held ? -1 : 1;
    if (a->lag < b->lag || a->lag > b->lag)
        return a->lag > b->lag ? -1 : 1;
    return strcmp(a->topic, b->topic)
               ? strcmp(a->topic, b->topic)
               : (a->partition > b->partition) - (a->partition < b->partition);
}

static void draw_partition(const struct top_row *row, struct frame *frame)
{
    char number[FIGURE_BYTES], rate[FIGURE_BYTES], lag[FIGURE_BYTES], behind[FIGURE_BYTES],
        curve[CURVE_BYTES];
    const char *state = row->held ? "held" : row->paused ? "paused" : row->unknown ? "unknown" : "";
    const char *style = row->held ? RED : *state ? YELLOW : "";

    /* A long topic is cut, its partition's number is not. */
    snprintf(number, sizeof(number), "[%" PRId64 "]", row->partition);
    int room = NAME_COLUMNS - (int)strlen(number), topic = (int)strlen(row->topic);
    topic = topic < room ? topic : room;
    line(frame, style, "%.*s%-*s %8s %8s %8s  %-8s %s", topic, row->topic, NAME_COLUMNS - topic,
         number, figure_count(rate, row->rate), figure_count(lag, row->lag),
         seconds(behind, row->lag_seconds), state, curve_behind(frame, 72, &row->history, curve));
}

static void draw_partitions(const struct top *top, struct frame *frame)
{
    size_t count = top->partitions.count;
    const struct top_row **rows = mem_array(count, sizeof(*rows));

    for (size_t i = 0; i < count; i++)
        rows[i] = &top->partitions.items[i];
    qsort(rows, count, sizeof(*rows), compare);
    line(frame, BOLD, "%-*s %8s %8s %8s  %s", NAME_COLUMNS, "PARTITION", "READ/s", "LAG", "BEHIND",
         "STATE");
    for (size_t i = 0; i < count; i++) {
        if (frame->left == 1 && count - i > 1) {
            line(frame, "", "and %zu more", count - i);
            break;
        }
        draw_partition(rows[i], frame);
    }
    free(rows);
}

void top_draw(const struct top *top, const struct top_screen *screen)
{
    struct frame frame = {screen, screen->height > 1 ? screen->height - 1
                                                     : -1}; /* the last line would scroll */

    if (screen->terminal)
        fputs("\033[H", stdout);
    draw_verdict(top, &frame);
    draw_figures(top, &frame);
    draw_curves(top, &frame);
    draw_routes(top, &frame);
    draw_sinks(top, &frame);
    draw_partitions(top, &frame);
    fputs(screen->terminal ? "\033[J" : "\n", stdout);
    fflush(stdout);
}
