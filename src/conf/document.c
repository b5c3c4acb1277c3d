/* document.c: a configuration file with its includes put in place, as one text. */
#include "conf/document.h"

#include "base/mem.h"
#include "conf/inputs.h"
#include "conf/lexer.h"
#include "conf/read_file.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    struct document *document;
    struct conf_problems *problems;
    struct inputs *inputs;
    unsigned depth;
    bool failed;
};

static void reading_file(struct reading *reading, const char *path, struct conf_origin from);

static void reading_fail(struct reading *reading, struct conf_origin origin, const char *hint,
                         const char *text)
{
    conf_problem(reading->problems, origin, hint, "%s", text);
    reading->failed = true;
}

/* Adds @p text, which begins in line *line of @p file, and counts its lines; false if there is
 * no room. */
static bool document_append(struct document *document, const char *file, unsigned *line,
                            struct slice text)
{
    if (text.length > DOCUMENT_BYTES_MAX - document->length)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (document->length == 0 || document->text[document->length - 1] == '\n') {
            document->lines = mem_grow(document->lines, document->line_count,
                                       &document->line_capacity, sizeof(*document->lines));
            document->lines[document->line_count++] = (struct conf_origin){file, *line};
        }
        document->text[document->length++] = text.data[i];
        *line += text.data[i] == '\n';
    }
    return true;
}

static char *document_keep(struct document *document, const char *file)
{
    document->files = mem_grow(document->files, document->file_count, &document->file_capacity,
                               sizeof(*document->files));
    document->files[document->file_count] = mem_text(file);
    return document->files[document->file_count++];
}

/* The path in an '@include "path"' token, as seen from the folder of @p from; free() it. */
static char *include_path(struct slice token, const char *from)
{
    const char *quote = memchr(token.data, '"', token.length), *slash = strrchr(from, '/');
    char *name = mem_copy(quote + 1, (size_t)(token.data + token.length - quote - 2));
    char *path;

    for (char *in = name, *out = name;; in++) {
        if (*in == '\\' && (in[1] == '\\' || in[1] == '"'))
            in++;
        if ((*out++ = *in) == '\0')
            break;
    }
    if (name[0] == '/' || !slash)
        return name;
    path = mem_format("%.*s/%s", (int)(slash - from), from, name);
    free(name);
    return path;
}

static void reading_include(struct reading *reading, const struct token *token, const char *file)
{
    char *path = include_path(token->text, file);

    reading_file(reading, path, (struct conf_origin){file, token->line});
    free(path);
}

static void reading_append(struct reading *reading, const char *file, unsigned *line,
                           struct slice text)
{
    if (!document_append(reading->document, file, line, text))
        reading_fail(reading, (struct conf_origin){file, *line}, NULL,
                     "the configuration is longer than 4 MiB");
}

/* Tells of what runs to the end of the file, where it began: of strings, the first one that goes
 * over several lines (@p long_string, 0: none) is likely the one that lacks its quote. */
static void reading_open_end(struct reading *reading, const struct token *token, const char *file,
                             unsigned long_string)
{
    struct conf_origin origin = {file, token->line};

    if (token->kind == TOKEN_OPEN_STRING && long_string) {
        origin.line = long_string;
        reading_fail(reading, origin, "its closing quote (\") is probably missing",
                     "the string that begins here goes over several lines, and the last string of "
                     "the file is never closed");
    } else if (token->kind == TOKEN_OPEN_STRING) {
        reading_fail(reading, origin, "its closing quote (\") is missing",
                     "the string that begins here is never closed");
    }
    if (token->kind == TOKEN_OPEN_COMMENT)
        reading_fail(reading, origin, "\"*/\" is missing",
                     "the comment that begins here is never closed");
}

/* Puts @p text in place, its includes where they stand. */
static void reading_text(struct reading *reading, const char *file, struct slice text)
{
    const struct document *document = reading->document;
    struct lexer lexer = lexer_new(text);
    const char *from = text.data;
    struct token token;
    unsigned line = 1, long_string = 0;

    do {
        token = lexer_next(&lexer);
        if (token.kind == TOKEN_STRING && long_string == 0 && lexer.line > token.line)
            long_string = token.line;
        reading_open_end(reading, &token, file, long_string);
        if (token.kind != TOKEN_END && token.kind != TOKEN_INCLUDE)
            continue;
        reading_append(reading, file, &line,
                       (struct slice){from, (size_t)(token.text.data - from)});
        from = token.text.data + token.text.length;
        if (token.kind == TOKEN_INCLUDE)
            reading_include(reading, &token, file);
    } while (token.kind != TOKEN_END);
    if (document->length && document->text[document->length - 1] != '\n')
        reading_append(reading, file, &line, SLICE("\n"));
}

/* A file of Windows' editors may begin with a byte order mark, which libconfig does not know. */
static struct slice without_mark(char *text, size_t length)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t skip = strncmp(text, mark, 3) == 0 ? 3 : 0;

    return (struct slice){text + skip, length - skip};
}

static void reading_file(struct reading *reading, const char *path, struct conf_origin from)
{
    size_t length, left = DOCUMENT_BYTES_MAX - reading->document->length;
    bool missing;
    struct err err = {0};

    if (reading->depth == DOCUMENT_DEPTH_MAX) {
        reading_fail(reading, from, NULL,
                     "includes go more than 10 deep: does a file include itself?");
        return;
    }
    inputs_add(reading->inputs, path);
    char *text = read_file(path, left, &length, &missing, &err);
    if (!text) {
        conf_problem(reading->problems, from, NULL, "cannot read %s%s: %s",
                     reading->depth ? "the included file " : "the file ", path, err.text);
        reading->failed = true;
        return;
    }
    const char *file = document_keep(reading->document, path);
    conf_problems_source(reading->problems, file, text);
    reading->depth++;
    reading_text(reading, file, without_mark(text, length));
    reading->depth--;
    explicit_bzero(text, length);
    free(text);
}

/* It may be kept for as long as penstock runs. */
static void document_fit(struct document *document)
{
    char *roomy = document->text;

    document->text = mem_copy(roomy, document->length);
    explicit_bzero(roomy, document->length);
    free(roomy);
}

bool document_read(struct document *document, const char *path, struct conf_problems *problems,
                   struct inputs *inputs)
{
    struct reading reading = {.document = document, .problems = problems, .inputs = inputs};

    *document = (struct document){.text = mem_alloc(DOCUMENT_BYTES_MAX + 1)};
    reading_file(&reading, path, (struct conf_origin){path, 0});
    document_fit(document);
    return !reading.failed;
}

struct conf_origin document_origin(const struct document *document, unsigned line)
{
    const char *file = document->file_count ? document->files[0] : NULL;

    if (line > document->line_count) /* libconfig counts the end as one more line */
        line = (unsigned)document->line_count;
    return line > 0 ? document->lines[line - 1] : (struct conf_origin){file, 0};
}

void document_free(struct document *document)
{
    if (document->text)
        explicit_bzero(document->text, document->length);
    for (size_t i = 0; i < document->file_count; i++)
        free(document->files[i]);
    free(document->text);
    free(document->lines);
    free(document->files);
    *document = (struct document){0};
}

struct document *document_share(struct document *document)
{
    document->users++;
    return document;
}

void document_release(struct document *document)
{
    if (!document || document->users--)
        return;
    document_free(document);
    free(document);
}
