/* resp.c: commands as bytes, and where a reply ends (RESP2). */
#include "redis/resp.h"

#include "redis/reply.h"

enum {
    HEADER_BYTES = 1 + 20 + 2, /* '*' or '$', a number, CRLF */
    SMALL_BYTES = 32,          /* copied in place, without a call of memcpy() */
    LENGTH_DIGITS = 18         /* more cannot be a length */
};

size_t resp_bound(const struct slice *arguments, size_t count)
{
    size_t bound = HEADER_BYTES + count * (HEADER_BYTES + 2);

    for (size_t i = 0; i < count; i++)
        bound += arguments[i].length;
    return bound;
}

static char *resp_put_long_number(char *out, size_t number)
{
    char digits[20];
    size_t used = 0;

    for (; number; number /= 10)
        digits[used++] = (char)('0' + number % 10);
    while (used)
        *out++ = digits[--used];
    return out;
}

/* Most lengths have one to three digits. */
static inline char *resp_put_header(char *out, char type, size_t number)
{
    *out++ = type;
    if (number >= 1000) {
        out = resp_put_long_number(out, number);
    } else {
        unsigned small = (unsigned)number;
        if (small >= 100)
            *out++ = (char)('0' + small / 100);
        if (small >= 10)
            *out++ = (char)('0' + small / 10 % 10);
        *out++ = (char)('0' + small % 10);
    }
    memcpy(out, "\r\n", 2);
    return out + 2;
}

/* Two copies of a fixed size that overlap are cheaper than a call for a short argument. */
static inline char *resp_put_bytes(char *out, const char *data, size_t length)
{
    if (length > SMALL_BYTES) {
        memcpy(out, data, length);
    } else if (length >= 16) {
        memcpy(out, data, 16);
        memcpy(out + length - 16, data + length - 16, 16);
    } else if (length >= 8) {
        memcpy(out, data, 8);
        memcpy(out + length - 8, data + length - 8, 8);
    } else if (length >= 4) {
        memcpy(out, data, 4);
        memcpy(out + length - 4, data + length - 4, 4);
    } else {
        for (size_t i = 0; i < length; i++)
            out[i] = data[i];
    }
    return out + length;
}

char *resp_encode(char *out, const struct slice *arguments, size_t count)
{
    out = resp_put_header(out, '*', count);
    for (size_t i = 0; i < count; i++) {
        out = resp_put_header(out, '$', arguments[i].length);
        out = resp_put_bytes(out, arguments[i].data, arguments[i].length);
        memcpy(out, "\r\n", 2);
        out += 2;
    }
    return out;
}

static inline void resp_advance(struct slice *input, size_t length)
{
    input->data += length;
    input->length -= length;
}

/* An element ended: is it the last one of everything that is open? */
static bool resp_is_last(struct resp_scanner *scanner)
{
    while (scanner->depth) {
        if (--scanner->left[scanner->depth - 1])
            return false;
        scanner->depth--;
    }
    return true;
}

static void resp_keep_error(struct resp_scanner *scanner, struct slice line)
{
    if (scanner->failed)
        return;
    scanner->failed = true;
    scanner->nested = scanner->depth > 0;
    scanner->text_length =
        line.length < RESP_ERROR_BYTES ? line.length : (size_t)RESP_ERROR_BYTES - 1;
    memcpy(scanner->text, line.data, scanner->text_length);
    scanner->text[scanner->text_length] = '\0';
    scanner->text_length = reply_hide(scanner->text);
}

/* Whether these bytes can be of "[null]" or "[null,null]", as far as they go. */
static bool resp_is_nulls(struct slice text)
{
    size_t i = 0;

    while (i < text.length && memchr("[nul,]", text.data[i], 6))
        i++;
    return i == text.length;
}

static unsigned resp_integer_kind(struct slice line)
{
    if (line.data[0] == '-')
        return RESP_NEGATIVE;
    return slice_equal(line, SLICE("0")) ? RESP_ZERO : RESP_VALUE;
}

/* A number of a header line: digits, or "-1" for null, which becomes @p number = -1. */
static bool resp_read_length(struct slice line, int64_t *number)
{
    int64_t value = 0;

    if (slice_equal(line, SLICE("-1"))) {
        *number = -1;
        return true;
    }
    if (line.length == 0 || line.length > LENGTH_DIGITS)
        return false;
    for (size_t i = 0; i < line.length; i++) {
        if (line.data[i] < '0' || line.data[i] > '9')
            return false;
        value = value * 10 + (line.data[i] - '0');
    }
    *number = value;
    return true;
}

static bool resp_is_integer(struct slice line)
{
    size_t sign = line.length > 0 && (line.data[0] == '-' || line.data[0] == '+');

    if (line.length == sign || line.length > sign + 19)
        return false;
    for (size_t i = sign; i < line.length; i++)
        if (line.data[i] < '0' || line.data[i] > '9')
            return false;
    return true;
}

/* Opens an array of @p count elements; RESP_REPLY if it has none. */
static enum resp_result resp_open_array(struct resp_scanner *scanner, int64_t count)
{
    scanner->kinds |= count < 0 ? RESP_NIL : RESP_ARRAY;
    if (count <= 0)
        return RESP_REPLY;
    if (scanner->depth == RESP_DEPTH || count > UINT32_MAX)
        return RESP_BROKEN;
    scanner->left[scanner->depth++] = (uint32_t)count;
    return RESP_MORE;
}

/* What one line means: RESP_REPLY: an element that ends with it; RESP_MORE: more of it follows. */
static enum resp_result resp_take_line(struct resp_scanner *scanner, char type, struct slice line)
{
    int64_t number;

    switch (type) {
    case '+':
        scanner->kinds |= RESP_VALUE;
        return RESP_REPLY;
    case '-':
        scanner->kinds |= RESP_VALUE;
        resp_keep_error(scanner, line);
        return RESP_REPLY;
    case ':':
        if (!resp_is_integer(line))
            return RESP_BROKEN;
        scanner->kinds |= resp_integer_kind(line);
        return RESP_REPLY;
    case '$':
        if (!resp_read_length(line, &number))
            return RESP_BROKEN;
        scanner->kinds |= number < 0 ? RESP_NIL : 0;
        scanner->nulls = number >= 2;
        scanner->bulk = number < 0 ? 0 : (uint64_t)number + 2;
        return number < 0 ? RESP_REPLY : RESP_MORE;
    case '*':
        return resp_read_length(line, &number) ? resp_open_array(scanner, number) : RESP_BROKEN;
    default:
        return RESP_BROKEN;
    }
}

/* RESP_REPLY: the bulk string ended; RESP_MORE: wait. */
static enum resp_result resp_pass_bulk(struct resp_scanner *scanner, struct slice *input)
{
    uint64_t payload = scanner->bulk - 2;
    size_t pass = payload < input->length ? (size_t)payload : input->length;

    scanner->nulls = scanner->nulls && resp_is_nulls((struct slice){input->data, pass});
    resp_advance(input, pass);
    scanner->bulk -= pass;
    if (input->length < 2) /* all of it was payload, or the CRLF is cut */
        return RESP_MORE;
    if (memcmp(input->data, "\r\n", 2) != 0)
        return RESP_BROKEN;
    resp_advance(input, 2);
    scanner->bulk = 0;
    scanner->kinds |= scanner->nulls ? RESP_ARRAY | RESP_NIL : RESP_VALUE;
    return RESP_REPLY;
}

/* Takes the next line; RESP_MORE with @p waiting set: it has not come whole. */
static enum resp_result resp_pass_line(struct resp_scanner *scanner, struct slice *input,
                                       bool *waiting)
{
    const char *feed = input->length ? memchr(input->data, '\n', input->length) : NULL;

    if (!feed) {
        *waiting = true;
        return input->length < RESP_LINE_BYTES ? RESP_MORE : RESP_BROKEN;
    }
    size_t length = (size_t)(feed - input->data) + 1;
    if (length < 3 || length > RESP_LINE_BYTES || feed[-1] != '\r')
        return RESP_BROKEN;
    struct slice line = {input->data + 1, length - 3};
    char type = input->data[0];
    resp_advance(input, length);
    return resp_take_line(scanner, type, line);
}

/* The length of one of the replies that nearly all commands get, "+OK", an integer or a short text,
 * if it is there as a whole; 0: look closer. *kinds is RESP_VALUE, and stays so but for 0. */
static inline size_t resp_measure_usual(const struct slice *input, unsigned *kinds)
{
    const char *data = input->data;
    size_t number = 0, end = 1;

    if (input->length < 5)
        return 0;
    if (data[0] == '+')
        return memcmp(data, "+OK\r\n", 5) == 0 ? 5 : 0;
    if (data[0] != ':' && data[0] != '$')
        return 0;
    for (; end < 10 && end < input->length && data[end] >= '0' && data[end] <= '9'; end++)
        number = number * 10 + (size_t)(data[end] - '0');
    if (end == 1 || input->length < end + 2 || memcmp(data + end, "\r\n", 2) != 0)
        return 0;
    if (data[0] == ':') {
        *kinds = number ? RESP_VALUE : RESP_ZERO;
        return end + 2;
    }
    const char *text = data + end + 2;
    end += 2 + number;
    if (input->length < end + 2 || memcmp(data + end, "\r\n", 2) != 0)
        return 0;
    return *text == '[' ? 0 : end + 2; /* perhaps nulls */
}

enum resp_result resp_scan(struct resp_scanner *scanner, struct slice *input)
{
    if (!scanner->depth && !scanner->bulk) {
        scanner->kinds = RESP_VALUE;
        scanner->failed = false;
        size_t length = resp_measure_usual(input, &scanner->kinds);
        resp_advance(input, length);
        if (length)
            return RESP_REPLY;
        scanner->kinds = 0;
    }
    for (;;) {
        bool waiting = scanner->bulk > 0;
        enum resp_result result = scanner->bulk ? resp_pass_bulk(scanner, input)
                                                : resp_pass_line(scanner, input, &waiting);
        if (result == RESP_BROKEN || (result == RESP_MORE && waiting))
            return result;
        if (result == RESP_REPLY && resp_is_last(scanner))
            return RESP_REPLY;
    }
}
