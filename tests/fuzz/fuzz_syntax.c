/*
 * fuzz_syntax.c: any bytes as a configuration; what syntax.c takes libconfig takes, and vice versa
 * but for what is refused on purpose (docs/decisions/libconfig.md).
 */
#include "base/mem.h"
#include "conf/lexer.h"
#include "conf/syntax.h"

#include <assert.h>
#include <libconfig.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

/* libconfig leaks memory if it refuses a text. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

enum { INPUT_MAX = 16 << 10 };

/* @p data as a document of one file. */
static void document_new(struct document *document, const uint8_t *data, size_t size)
{
    static char name[] = "fuzz.conf";
    static char *files[] = {name};

    *document = (struct document){.text = mem_alloc(size + 2), .files = files, .file_count = 1};
    memcpy(document->text, data, size);
    document->text[size] = '\n';
    document->length = size + 1;
    document->lines = mem_array(size + 1, sizeof(*document->lines));
    for (size_t i = 0; i <= size; i++)
        if (i == 0 || document->text[i - 1] == '\n') {
            document->lines[document->line_count].file = name;
            document->lines[document->line_count].line = (unsigned)document->line_count + 1;
            document->line_count++;
        }
}

/* What document.c refuses before. */
static bool is_open(const struct document *document)
{
    struct lexer lexer = lexer_new((struct slice){document->text, document->length});
    struct token token;

    while ((token = lexer_next(&lexer)).kind != TOKEN_END)
        if (token.kind == TOKEN_OPEN_STRING || token.kind == TOKEN_OPEN_COMMENT)
            return true;
    return false;
}

/* Whether syntax.c takes it, or refuses on purpose what libconfig takes. */
static bool is_taken(const struct document *document, bool *on_purpose)
{
    struct conf_problems *problems = conf_problems_new();
    struct syntax_strings strings = {0};
    bool taken = syntax_check(document, &strings, problems);
    char *told;
    size_t length;
    FILE *out = open_memstream(&told, &length);

    conf_problems_write(problems, CONF_NOTE, out);
    fclose(out);
    assert(taken == (conf_problems_count(problems) == 0));
    *on_purpose = strstr(told, "16 deep") || strstr(told, "is no number");
    free(told);
    free(strings.lines);
    conf_problems_free(problems);
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct document document;
    config_t config;
    bool on_purpose;

    if (size > INPUT_MAX || memchr(data, '\0', size) || memchr(data, '@', size))
        return 0;
    document_new(&document, data, size);
    if (!is_open(&document)) {
        bool taken = is_taken(&document, &on_purpose);
        config_init(&config);
        bool parsed = config_read_string(&config, document.text);
        assert(taken == parsed || (parsed && on_purpose));
        config_destroy(&config);
    }
    free(document.text);
    free(document.lines);
    return 0;
}
