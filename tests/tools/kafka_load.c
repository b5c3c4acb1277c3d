/*
 * kafka_load.c: produces to Kafka what stdin says, in order and once (an idempotent producer).
 *
 *      kafka_load BROKERS [PROPERTY=VALUE]...
 *
 * With acknowledged=FILE each record that Kafka acknowledged becomes a line of that file: "TOPIC
 * PARTITION OFFSET NUMBER CRC32", where NUMBER counts the records of the input from 0 and CRC32
 * (as zlib has it, in hexadecimal) is that of the value.
 *
 * Stdin is a row of frames, integers little-endian; a length of -1 is null:
 *
 *      'T' u16 length, name                          the topic of the records that follow
 *      'R' i32 partition, i64 timestamp in ms (0: now), i32 key length, i32 value length,
 *          u16 headers, key, value, headers times: u16 name length, i32 value length, name, value
 *      'F'                                           wait until all is acknowledged
 *      'B' 'C' 'A'                                   begin, commit, abort a transaction; they need
 *                                                    the property transactional.id
 *
 * Each 'F', and the end of the input, answers one line: "ok N" with the records acknowledged so
 * far, or "failed N REASON" with those that were not; the exit status is then 1.
 */
#include <librdkafka/rdkafka.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_MAX = 128 << 20, INPUT_BUFFER = 1 << 20, QUEUE_WAIT_MS = 100, HEADERS_MAX = 4096 };

struct load {
    rd_kafka_t *kafka;
    rd_kafka_topic_t *topic;
    FILE *acknowledged; /* NULL: not asked for */
    uint64_t records, good, bad;
    char reason[256];
};

/** A field of a frame: kept between records, so that they cost no allocation. */
struct field {
    uint8_t *bytes;
    size_t capacity;
    int32_t length; /* -1: null */
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "kafka_load: %s\n", what);
    exit(2);
}

static void read_exactly(void *into, size_t length)
{
    if (length && fread(into, 1, length, stdin) != length)
        give_up("the input ends inside a frame");
}

static uint16_t read_u16(void)
{
    uint8_t raw[2];

    read_exactly(raw, sizeof(raw));
    return (uint16_t)(raw[0] | raw[1] << 8);
}

static uint64_t read_u64(size_t bytes)
{
    uint8_t raw[8];
    uint64_t value = 0;

    read_exactly(raw, bytes);
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)raw[i] << (8 * i);
    return value;
}

static int32_t read_i32(void)
{
    return (int32_t)(uint32_t)read_u64(4);
}

static void read_field(struct field *field, int32_t length)
{
    if (length < -1 || length > FIELD_MAX)
        give_up("a field has no sensible length");
    field->length = length;
    if (length > 0 && (size_t)length > field->capacity) {
        free(field->bytes);
        field->capacity = (size_t)length;
        field->bytes = malloc(field->capacity);
        if (!field->bytes)
            give_up("out of memory");
    }
    if (length > 0)
        read_exactly(field->bytes, (size_t)length);
}

/** What librdkafka takes as the field: not NULL where it is empty, which is not null. */
static void *field_bytes(const struct field *field)
{
    static uint8_t nothing[1];

    if (field->length < 0)
        return NULL;
    return field->length == 0 ? nothing : field->bytes;
}

static size_t field_length(const struct field *field)
{
    return field->length < 0 ? 0 : (size_t)field->length;
}

static uint32_t crc32_of(const uint8_t *bytes, size_t length)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (UINT32_C(0xEDB88320) & (0 - (crc & 1)));
    }
    return ~crc;
}

static void note_acknowledged(FILE *file, const rd_kafka_message_t *message)
{
    fprintf(file, "%s %d %lld %llu %08x\n", rd_kafka_topic_name(message->rkt), message->partition,
            (long long)message->offset, (unsigned long long)(uintptr_t)message->_private,
            crc32_of(message->payload, message->len));
}

static void delivered(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque)
{
    struct load *load = opaque;

    (void)kafka;
    if (!message->err) {
        load->good++;
        if (load->acknowledged)
            note_acknowledged(load->acknowledged, message);
        return;
    }
    load->bad++;
    snprintf(load->reason, sizeof(load->reason), "%s", rd_kafka_err2str(message->err));
}

static void load_topic(struct load *load)
{
    char name[256] = "";
    uint16_t length = read_u16();

    if (length >= sizeof(name))
        give_up("a topic's name is too long");
    read_exactly(name, length);
    if (load->topic)
        rd_kafka_topic_destroy(load->topic);
    load->topic = rd_kafka_topic_new(load->kafka, name, NULL);
    if (!load->topic)
        give_up("no such topic");
}

static rd_kafka_headers_t *read_headers(uint16_t count)
{
    static struct field name, value;
    rd_kafka_headers_t *headers = count ? rd_kafka_headers_new(count) : NULL;

    if (count > HEADERS_MAX)
        give_up("too many headers");
    for (uint16_t i = 0; i < count; i++) {
        uint16_t name_length = read_u16();
        int32_t value_length = read_i32();
        read_field(&name, name_length);
        read_field(&value, value_length);
        rd_kafka_header_add(headers, field_bytes(&name), name.length, field_bytes(&value),
                            value.length);
    }
    return headers;
}

/** One record into librdkafka's queue, waiting while it is full. */
static rd_kafka_resp_err_t produce(struct load *load, int32_t partition, int64_t timestamp,
                                   const struct field *key, const struct field *value,
                                   const rd_kafka_headers_t *headers)
{
    rd_kafka_resp_err_t failure;

    do {
        rd_kafka_headers_t *copy = headers ? rd_kafka_headers_copy(headers) : NULL;
        rd_kafka_vu_t record[] = {
            {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = load->topic},
            {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
            {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
            {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = timestamp},
            {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {field_bytes(key), field_length(key)}},
            {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {field_bytes(value), field_length(value)}},
            {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)load->records},
            {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = copy},
        };
        size_t count = sizeof(record) / sizeof(record[0]) - (copy ? 0 : 1);
        rd_kafka_error_t *error = rd_kafka_produceva(load->kafka, record, count);
        failure = rd_kafka_error_code(error);
        if (failure && copy)
            rd_kafka_headers_destroy(copy);
        rd_kafka_error_destroy(error);
        if (failure == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(load->kafka, QUEUE_WAIT_MS);
    } while (failure == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    return failure;
}

static void load_record(struct load *load)
{
    static struct field key, value;
    int32_t partition = read_i32();
    int64_t timestamp = (int64_t)read_u64(8);
    int32_t key_length = read_i32(), value_length = read_i32();
    uint16_t header_count = read_u16();

    read_field(&key, key_length);
    read_field(&value, value_length);
    rd_kafka_headers_t *headers = read_headers(header_count);
    if (!load->topic)
        give_up("a record before its topic");
    rd_kafka_resp_err_t failure = produce(load, partition, timestamp, &key, &value, headers);
    load->records++;
    if (failure) {
        load->bad++;
        snprintf(load->reason, sizeof(load->reason), "%s", rd_kafka_err2str(failure));
    }
    if (headers)
        rd_kafka_headers_destroy(headers);
    rd_kafka_poll(load->kafka, 0);
}

static bool load_flush(struct load *load)
{
    while (rd_kafka_outq_len(load->kafka) > 0)
        rd_kafka_flush(load->kafka, QUEUE_WAIT_MS);
    if (load->bad)
        printf("failed %llu %s\n", (unsigned long long)load->bad, load->reason);
    else
        printf("ok %llu\n", (unsigned long long)load->good);
    fflush(stdout);
    return load->bad == 0;
}

enum { TRANSACTION_MS = 20000 };

/** What a letter says about transactions; false where it says nothing about them. */
static bool load_transaction(struct load *load, int kind)
{
    rd_kafka_error_t *failure;

    if (kind == 'B')
        failure = rd_kafka_begin_transaction(load->kafka);
    else if (kind == 'C')
        failure = rd_kafka_commit_transaction(load->kafka, TRANSACTION_MS);
    else if (kind == 'A')
        failure = rd_kafka_abort_transaction(load->kafka, TRANSACTION_MS);
    else
        return false;
    if (failure)
        give_up(rd_kafka_error_string(failure));
    return true;
}

/** A producer that was given a transactional.id must say so to Kafka before it begins. */
static void init_transactions(rd_kafka_t *kafka, rd_kafka_conf_t *conf)
{
    char id[256] = "";
    size_t size = sizeof(id);

    if (rd_kafka_conf_get(conf, "transactional.id", id, &size) || !*id)
        return;
    rd_kafka_error_t *failure = rd_kafka_init_transactions(kafka, TRANSACTION_MS);
    if (failure)
        give_up(rd_kafka_error_string(failure));
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char problem[256];

    if (rd_kafka_conf_set(conf, name, value, problem, sizeof(problem)) != RD_KAFKA_CONF_OK)
        give_up(problem);
}

static FILE *open_line_by_line(const char *path)
{
    FILE *file = fopen(path, "a");

    if (!file)
        give_up("cannot open the file of acknowledged records");
    setvbuf(file, NULL, _IOLBF, 0);
    return file;
}

static rd_kafka_t *producer_new(struct load *load, char **arguments)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char problem[256];

    set(conf, "bootstrap.servers", arguments[0]);
    set(conf, "enable.idempotence", "true");
    set(conf, "compression.codec", "lz4");
    set(conf, "linger.ms", "5");
    set(conf, "batch.num.messages", "10000");
    set(conf, "queue.buffering.max.messages", "500000");
    set(conf, "message.max.bytes", "16000000");
    set(conf, "reconnect.backoff.max.ms", "500");
    set(conf, "log_level", "2"); /* a broker that is killed is no news here */
    for (char **property = arguments + 1; *property; property++) {
        char *value = strchr(*property, '=');
        if (!value)
            give_up("a property is NAME=VALUE");
        *value = '\0';
        if (strcmp(*property, "acknowledged") == 0)
            load->acknowledged = open_line_by_line(value + 1);
        else
            set(conf, *property, value + 1);
    }
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_opaque(conf, load);
    rd_kafka_conf_t *copy = rd_kafka_conf_dup(conf);
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, problem, sizeof(problem));
    if (!kafka)
        give_up(problem);
    init_transactions(kafka, copy);
    rd_kafka_conf_destroy(copy);
    return kafka;
}

int main(int argc, char **argv)
{
    struct load load = {0};
    bool good = true;
    int kind;

    if (argc < 2)
        give_up("usage: kafka_load BROKERS [PROPERTY=VALUE]... <FRAMES");
    setvbuf(stdin, NULL, _IOFBF, INPUT_BUFFER);
    load.kafka = producer_new(&load, argv + 1);
    while ((kind = getchar()) != EOF) {
        if (kind == 'T')
            load_topic(&load);
        else if (kind == 'R')
            load_record(&load);
        else if (kind == 'F')
            good = load_flush(&load) && good;
        else if (!load_transaction(&load, kind))
            give_up("an unknown frame");
    }
    good = load_flush(&load) && good;
    if (load.topic)
        rd_kafka_topic_destroy(load.topic);
    rd_kafka_destroy(load.kafka);
    if (load.acknowledged)
        fclose(load.acknowledged);
    return good ? 0 : 1;
}
