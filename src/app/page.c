/*
 * page.c: the page at /, with its style and scripts: the files of src/app/page/, in the program.
 *
 * The assembler takes them in as they are, so that they need no tool, and no file at run time.
 */
#include "app/endpoints.h"

/* PAGE_FOLDER comes from CMake. The labels are local to this file. */
#define FILES(FILE)                                                                                \
    FILE(index, "index.html", "text/html; charset=utf-8")                                          \
    FILE(style, "page.css", "text/css; charset=utf-8")                                             \
    FILE(page, "page.js", "text/javascript; charset=utf-8")                                        \
    FILE(plots, "plots.js", "text/javascript; charset=utf-8")                                      \
    FILE(tables, "tables.js", "text/javascript; charset=utf-8")                                    \
    FILE(words, "words.js", "text/javascript; charset=utf-8")

#define TAKE_IN(label, name, type)                                                                 \
    __asm__(".pushsection .rodata\n"                                                               \
            "page_" #label ":\n.incbin \"" PAGE_FOLDER "/" name "\"\n"                             \
            "page_" #label "_end:\n.popsection\n");                                                \
    extern const char page_##label[], page_##label##_end[];

FILES(TAKE_IN)

static const struct {
    const char *name, *type, *begin, *end;
} files[] = {
#define ROW(label, name, type) {name, type, page_##label, page_##label##_end},
    FILES(ROW)};

static bool answer_file(const char *name, struct http_answer *answer)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strcmp(files[i].name, name) == 0) {
            answer->type = files[i].type;
            fwrite(files[i].begin, 1, (size_t)(files[i].end - files[i].begin), answer->body);
            return true;
        }
    return false;
}

/* A browser says so; whoever accepts anything wants something plain. */
bool page_answer(const struct http_request *request, struct http_answer *answer)
{
    struct slice accept = request->head->accept;

    return accept.length && memmem(accept.data, accept.length, "text/html", 9) &&
           answer_file("index.html", answer);
}

void page_answer_file(void *context, const struct http_request *request, struct http_answer *answer)
{
    (void)context;
    if (!answer_file(request->arguments[0], answer))
        http_refuse(answer, 404, "The page has no file of this name.");
}
