/* mock.c: penstock mock: an in-memory Kafka for trying things out. */
#include "kafka/mock.h"
#include "app/cli.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "conf/topic.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_DEFAULT = 9092, PORT_MOST = 65535, PARTITIONS_MOST = 10000 };

struct mock_topic {
    char *name;
    int partitions;
};

struct mock_options {
    unsigned port;
    struct mock_topic *topics;
    size_t count, capacity;
    bool any_topic;
};

static const struct cli_option rows[] = {
    {'p', "port", "PORT", "listen on 127.0.0.1:PORT (default: 9092); 0: any free port"},
    {'t', "topic", "NAME:PARTITIONS", "make a topic; may be repeated"},
    {'a', "any-topic", NULL, "make each topic that a client asks for, with 4 partitions"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] =
    "Usage: penstock mock [OPTION]...\n"
    "Runs an in-memory Kafka on the loopback interface, for trying things out. It forgets\n"
    "everything when it ends.\n";

static const char notes[] = "\nOnly the topics of --topic exist, so a misspelt name is an error. A "
                            "partition keeps its newest\n"
                            "100000 batches or 5 MiB. There are no transactions, no compaction and "
                            "no offsets by time. A\n"
                            "group's first member waits 3 s for others, the next one up to 6 s "
                            "after another has left. After\n"
                            "a restart on the same port its clients find it again.\n"
                            "\nExamples:\n"
                            "  penstock mock --topic driver.location:4 --topic trip.completed:2\n";

/* The whole number in @p text, within bounds. */
static bool read_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
    return text_integer(slice_of(text), number) && *number >= least && *number <= most;
}

static bool read_topic(struct mock_options *options, const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');
    struct mock_topic topic;
    int64_t partitions;

    if (!colon || !read_number(colon + 1, 1, PARTITIONS_MOST, &partitions))
        return err_set(err, ERR_CONFIG, "--topic %.300s: not NAME:PARTITIONS (1 to %d)", text,
                       PARTITIONS_MOST);
    topic = (struct mock_topic){mem_copy(text, (size_t)(colon - text)), (int)partitions};
    options->topics =
        mem_grow(options->topics, options->count, &options->capacity, sizeof(*options->topics));
    options->topics[options->count++] = topic;
    return topic_check_name(topic.name, err) || err_wrap(err, "--topic %.300s", text);
}

static bool read_port(struct mock_options *options, const char *text, struct err *err)
{
    int64_t port;

    if (!read_number(text, 0, PORT_MOST, &port))
        return err_set(err, ERR_CONFIG, "--port %.300s: not a port", text);
    options->port = (unsigned)port;
    return true;
}

enum { READ_RUN = -1 };

/* READ_RUN, or the exit status. */
static int read_options(struct mock_options *options, int argc, char **argv)
{
    struct err err = {0};
    bool well = true;
    char *argument;
    int letter;

    while (well && (letter = cli_next(argc, argv, rows, &argument)) != CLI_END) {
        if (letter == 'h')
            return cli_print_help(usage, rows, notes);
        if (letter == CLI_WRONG)
            return cli_usage_error("mock");
        if (letter == 'a')
            options->any_topic = true;
        else
            well = letter == 'p' ? read_port(options, argument, &err)
                                 : read_topic(options, argument, &err);
    }
    if (well && cli_index() < argc)
        well = err_set(&err, ERR_CONFIG, "unexpected argument '%.300s'", argv[cli_index()]);
    if (well)
        return READ_RUN;
    fprintf(stderr, "penstock mock: %s\n", err.text);
    return cli_usage_error("mock");
}

static void mock_tell(const struct mock_options *options, unsigned port)
{
    const char *topic = options->count ? options->topics[0].name : "trial";

    printf("An in-memory Kafka listens on 127.0.0.1:%u. It forgets everything when it ends "
           "(Ctrl-C).\n",
           port);
    for (size_t i = 0; i < options->count; i++)
        printf("  topic %s, %d partition%s\n", options->topics[i].name,
               options->topics[i].partitions, options->topics[i].partitions == 1 ? "" : "s");
    printf("Try:\n"
           "  echo 'key:value' | kcat -b 127.0.0.1:%u -t %s -P -K :\n"
           "  kcat -b 127.0.0.1:%u -t %s -C -e\n",
           port, topic, port, topic);
    fflush(stdout);
}

static void mock_signalled(evutil_socket_t number, short what, void *context)
{
    (void)number, (void)what;
    event_base_loopbreak(context);
}

static bool mock_serve(struct event_base *base, const struct mock_options *options, struct err *err)
{
    struct event *interrupt = evsignal_new(base, SIGINT, mock_signalled, base);
    struct event *terminate = evsignal_new(base, SIGTERM, mock_signalled, base);
    struct mock *mock = mock_new(base, options->port, err);
    bool well = mock != NULL;

    event_add(interrupt, NULL);
    event_add(terminate, NULL);
    if (well && options->any_topic)
        mock_make_topics(mock);
    for (size_t i = 0; well && i < options->count; i++)
        well = mock_add_topic(mock, options->topics[i].name, options->topics[i].partitions, err);
    if (well) {
        mock_tell(options, mock_port(mock));
        event_base_dispatch(base);
    }
    mock_free(mock);
    event_free(interrupt);
    event_free(terminate);
    return well;
}

static void options_clear(struct mock_options *options)
{
    for (size_t i = 0; i < options->count; i++)
        free(options->topics[i].name);
    free(options->topics);
}

int cli_mock(int argc, char **argv)
{
    struct mock_options options = {.port = PORT_DEFAULT};
    int status = read_options(&options, argc, argv);
    struct event_base *base;
    struct err err = {0};

    if (status == READ_RUN) {
        base = event_base_new();
        status = EXIT_OK;
        if (!mock_serve(base, &options, &err)) {
            fprintf(stderr, "penstock mock: %s\n", err.text);
            status = err.kind == ERR_CONFIG ? EXIT_USAGE : EXIT_UNAVAILABLE;
        }
        event_base_free(base);
    }
    options_clear(&options);
    return status;
}
