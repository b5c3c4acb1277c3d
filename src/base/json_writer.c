/* json_writer.c: JSON by RFC 8259, piece by piece. */
#include "base/json_writer.h"

#include "base/base64.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>

enum { DELETE = 0x7f }; /* JSON allows it without an escape, but a terminal does not show it */

size_t json_escape(char out[JSON_ESCAPE_BYTES], unsigned char character)
{
    static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt",
                      hex[] = "0123456789abcdef";
    const char *letter = character ? strchr(letters, character) : NULL;

    out[0] = '\\';
    if (letter) {
        out[1] = names[letter - letters];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[character >> 4];
    out[5] = hex[character & 15];
    return JSON_ESCAPE_BYTES;
}

static void write_string(FILE *out, struct slice text)
{
    char escape[JSON_ESCAPE_BYTES];

    fputc('"', out);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < ' ' || byte == DELETE || byte == '"' || byte == '\\')
            fwrite(escape, 1, json_escape(escape, byte), out);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}

static FILE *begin_value(struct json_writer *writer, const char *name)
{
    if (writer->follows)
        fputc(',', writer->out);
    writer->follows = true;
    if (name) {
        write_string(writer->out, slice_of(name));
        fputc(':', writer->out);
    }
    return writer->out;
}

void json_write_open(struct json_writer *writer, const char *name, char bracket)
{
    fputc(bracket, begin_value(writer, name));
    writer->follows = false;
}

void json_write_close(struct json_writer *writer, char bracket)
{
    fputc(bracket, writer->out);
    writer->follows = true;
}

void json_write_bytes(struct json_writer *writer, const char *name, struct slice bytes)
{
    FILE *out = begin_value(writer, name);

    if (!bytes.data) {
        fputs("null", out);
    } else if (text_is_utf8(bytes)) {
        write_string(out, bytes);
    } else {
        fputs("{\"base64\":\"", out);
        base64_write(out, bytes);
        fputs("\"}", out);
    }
}

void json_write_text(struct json_writer *writer, const char *name, const char *text)
{
    json_write_bytes(writer, name, slice_of(text));
}

void json_write_bool(struct json_writer *writer, const char *name, bool truth)
{
    fputs(truth ? "true" : "false", begin_value(writer, name));
}

void json_write_integer(struct json_writer *writer, const char *name, int64_t number)
{
    fprintf(begin_value(writer, name), "%" PRId64, number);
}

void json_write_number(struct json_writer *writer, const char *name, double number)
{
    if (isfinite(number))
        fprintf(begin_value(writer, name), "%.*f", number == floor(number) ? 0 : 6, number);
    else
        json_write_null(writer, name);
}

void json_write_null(struct json_writer *writer, const char *name)
{
    fputs("null", begin_value(writer, name));
}

void json_write_raw(struct json_writer *writer, const char *name, struct slice json)
{
    fwrite(json.data, 1, json.length, begin_value(writer, name));
}
