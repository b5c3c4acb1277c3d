/*
 * template.c: a command with placeholders, compiled at load, rendered for every record.
 *
 * Rendering does one pass over the value's members for all fields that the template reads, then one
 * step an argument. An argument that is a single placeholder is a slice of the record wherever the
 * record has the bytes as they are needed; one of several parts is joined in the arena.
 *
 * Out of scope: quoting and splitting (command_line.c), what stands in a placeholder
 * (placeholder.c).
 */
#include "expr/template.h"

#include "base/mem.h"
#include "expr/command_line.h"
#include "expr/spread.h"

#include <stdlib.h>
#include <string.h>

struct template *template_new(const char *text, bool split, struct err *err)
{
    struct template *template = mem_new(struct template);
    struct cursor cursor = cursor_of(text, err);

    if (split ? command_line_split(template, &cursor) : command_line_single(template, &cursor)) {
        for (size_t i = 0; i < template->count; i++)
            template->reads |= template->arguments[i].reads;
        return template;
    }
    template_free(template);
    return NULL;
}

void template_free(struct template *template)
{
    if (!template)
        return;
    for (size_t i = 0; i < template->count; i++)
        argument_clear(&template->arguments[i]);
    free(template->arguments);
    member_index_clear(&template->members);
    free(template);
}

unsigned template_reads(const struct template *template)
{
    return template->reads;
}

size_t template_least_arguments(const struct template *template, bool *open)
{
    *open = template->spreads > 0;
    return template->count + template->spreads;
}

void template_constant(const struct template *template, size_t index, struct slice *out)
{
    *out = index < template->count ? template->arguments[index].constant : (struct slice){0};
}

static bool part_is(const struct part *part, const char *name)
{
    return part->placeholder && strcmp(part->placeholder->reference.text, name) == 0;
}

char *template_argument_shape(const struct template *template, size_t index)
{
    const struct argument *argument = &template->arguments[index];
    char *shape = NULL;
    size_t length;

    if (index >= template->count)
        return NULL;
    if (argument->constant.data)
        return mem_copy(argument->constant.data, argument->constant.length);
    FILE *out = open_memstream(&shape, &length);
    for (size_t i = 0; i < argument->count; i++) {
        const struct part *part = &argument->parts[i];
        if (part->placeholder)
            fprintf(out, "%%{%s%s}", part->placeholder->reference.text,
                    part->placeholder->filter_count ? "|" : "");
        else
            fwrite(part->literal.data, 1, part->literal.length, out);
    }
    fclose(out);
    return shape;
}

bool template_argument_names(const struct template *template, size_t index, const char *name)
{
    const struct argument *argument = &template->arguments[index];

    if (index >= template->count || argument->constant.data)
        return false;
    for (size_t i = 0; i < argument->count; i++)
        if (part_is(&argument->parts[i], name))
            return true;
    return false;
}

void template_visit_argument(const struct template *template, size_t index, reference_visit *visit,
                             void *context)
{
    const struct argument *argument = &template->arguments[index];

    for (size_t i = 0; i < argument->count; i++)
        if (argument->parts[i].placeholder)
            visit(context, &argument->parts[i].placeholder->reference);
}

void template_visit(const struct template *template, reference_visit *visit, void *context)
{
    for (size_t i = 0; i < template->count; i++)
        template_visit_argument(template, i, visit, context);
}

/* The top-level fields that the template reads. */
static bool find_fields(const struct template *template, struct scope *scope,
                        const struct value ***found, struct err *err)
{
    const struct value *root;

    *found = NULL;
    if (!template->members.count)
        return true;
    if (!scope_value(scope, &root, err))
        return false;
    *found = arena_alloc(scope->arena, template->members.count * sizeof(struct value *));
    return member_index_find(&template->members, root, scope->arena, *found, err);
}

static bool render_part(const struct part *part, struct scope *scope,
                        const struct value *const *found, struct slice *out, struct err *err)
{
    if (part->placeholder)
        return placeholder_render(part->placeholder, scope, found, out, err);
    *out = part->literal;
    return true;
}

/* Several parts as one text: measured, then copied once. */
static bool render_joined(const struct argument *argument, struct scope *scope,
                          const struct value *const *found, struct slice *out, struct err *err)
{
    struct slice pieces[ARGUMENT_PARTS];
    size_t length = 0;
    char *text, *at;

    for (size_t i = 0; i < argument->count; i++) {
        if (!render_part(&argument->parts[i], scope, found, &pieces[i], err))
            return false;
        length += pieces[i].length;
    }
    text = at = arena_take(scope->arena, length, err);
    for (size_t i = 0; text && i < argument->count; i++) {
        memcpy(at, pieces[i].data, pieces[i].length);
        at += pieces[i].length;
    }
    *out = (struct slice){text, length};
    return text != NULL;
}

static bool render_argument(const struct argument *argument, struct scope *scope,
                            const struct value *const *found, struct slice *out, struct err *err)
{
    if (argument->count == 1)
        return render_part(&argument->parts[0], scope, found, out, err);
    return render_joined(argument, scope, found, out, err);
}

/* The "%{*}" of one record, the same for each place where it stands. */
struct spread {
    struct slice *pairs;
    size_t count;
};

static bool find_spread(const struct template *template, struct scope *scope, struct spread *spread,
                        struct err *err)
{
    *spread = (struct spread){0};
    return !template->spreads || spread_fields(scope, &spread->pairs, &spread->count, err);
}

bool template_render(const struct template *template, struct scope *scope, struct slice **arguments,
                     size_t *count, struct err *err)
{
    size_t total = template->count - template->spreads, used = 0;
    const struct value **found;
    struct spread spread;
    struct slice *made;

    if (!find_fields(template, scope, &found, err) || !find_spread(template, scope, &spread, err))
        return false;
    total += template->spreads * spread.count;
    made = arena_take(scope->arena, total * sizeof(*made), err);
    if (!made)
        return false;
    for (size_t i = 0; i < template->count; i++) {
        const struct argument *argument = &template->arguments[i];
        if (argument->constant.data) {
            made[used++] = argument->constant;
        } else if (argument->spread) {
            memcpy(made + used, spread.pairs, spread.count * sizeof(*made));
            used += spread.count;
        } else if (!render_argument(argument, scope, found, &made[used++], err)) {
            return false;
        }
    }
    *arguments = made;
    *count = total;
    return true;
}

bool template_render_argument(const struct template *template, size_t index, struct scope *scope,
                              struct slice *out, struct err *err)
{
    const struct argument *argument = &template->arguments[index];
    const struct value **found = NULL;

    if ((argument->reads & READS_VALUE_INSIDE) && !find_fields(template, scope, &found, err))
        return false;
    return render_argument(argument, scope, found, out, err);
}

static struct slice sample_argument(const struct argument *argument, struct arena *arena)
{
    size_t length = 0;
    char *text, *at;

    for (size_t i = 0; i < argument->count; i++)
        length += argument->parts[i].placeholder ? 1 : argument->parts[i].literal.length;
    text = at = arena_alloc(arena, length);
    for (size_t i = 0; i < argument->count; i++) {
        const struct part *part = &argument->parts[i];
        struct slice piece = part->placeholder ? SLICE("0") : part->literal;
        memcpy(at, piece.data, piece.length);
        at += piece.length;
    }
    return (struct slice){text, length};
}

size_t template_sample(const struct template *template, struct arena *arena,
                       struct slice **arguments)
{
    size_t total = template->count + template->spreads, used = 0;
    struct slice *made = arena_alloc(arena, total * sizeof(*made));

    for (size_t i = 0; i < template->count; i++) {
        const struct argument *argument = &template->arguments[i];
        made[used++] =
            argument->constant.data ? argument->constant : sample_argument(argument, arena);
        if (argument->spread)
            made[used++] = SLICE("0");
    }
    *arguments = made;
    return total;
}
