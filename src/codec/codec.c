/* codec.c: the formats, and the trees of a record's key and value, decoded once. */
#include "codec/codec.h"

#include "codec/json.h"

#define CODEC(name, open, decode, close, help)                                                     \
    static const struct codec codec_##name = {#name, help, open, decode, close};
#include "codec/codecs.def"
#undef CODEC

static const struct codec *const codecs[] = {
#define CODEC(name, open, decode, close, help) &codec_##name,
#include "codec/codecs.def"
#undef CODEC
};

enum { CODECS = sizeof(codecs) / sizeof(codecs[0]) };

const struct codec *codec_find(const char *name)
{
    for (size_t i = 0; i < CODECS; i++)
        if (strcmp(codecs[i]->name, name) == 0)
            return codecs[i];
    return NULL;
}

const struct codec *const *codec_all(size_t *count)
{
    *count = CODECS;
    return codecs;
}

void codec_write_reference(FILE *out)
{
    fputs("# Formats\n\n"
          "Generated from `src/codec/codecs.def`; a test fails when this page is stale.\n\n"
          "`format` of a route is the format of its records' values, `key_format` that of their "
          "keys. penstock decodes a value\nor a key only if a route reads a field of it.\n\n"
          "| format | what it is | fields |\n|---|---|---|\n",
          out);
    for (size_t i = 0; i < CODECS; i++)
        fprintf(out, "| `%s` | %s | %s |\n", codecs[i]->name, codecs[i]->help,
                codecs[i]->decode ? "`%{path.to[0].field}`"
                                  : "none; reading one is an error of the file");
    fputs("\n[JSON](json.md) describes what penstock accepts as JSON, and how you write paths.\n",
          out);
}

bool decoder_open(struct decoder *decoder, const struct codec *codec,
                  const struct conf_route *route, struct err *err)
{
    void *state = codec->open ? codec->open(route, err) : NULL;

    if (codec->open && !state)
        return err_wrap(err, "%s", codec->name);
    *decoder = (struct decoder){codec, state};
    return true;
}

void decoder_close(struct decoder *decoder)
{
    if (decoder->state)
        decoder->codec->close(decoder->state);
    *decoder = (struct decoder){0};
}

/* Decodes key or value, whichever @p part names. */
static const struct value *decode(const char *part, struct slice bytes,
                                  const struct decoder *decoder, struct arena *arena,
                                  struct err *err)
{
    const struct codec *codec = decoder->codec;
    const struct value *tree = NULL;

    if (!bytes.data)
        err_set(err, ERR_RECORD, "null, which has no fields");
    else if (!codec->decode)
        err_set(err, ERR_RECORD, "the format %s has no fields", codec->name);
    else
        tree = codec->decode(decoder->state, bytes, arena, err);
    if (!tree)
        err_wrap(err, "%s", part);
    return tree;
}

/* Routes whose format has no state share a record's tree. */
static inline bool decode_alike(const struct decoder *one, const struct decoder *other)
{
    return one == other || (one->codec == other->codec && one->state == other->state);
}

const struct value *codec_value_tree(struct record *record, const struct decoder *decoder,
                                     struct arena *arena, struct err *err)
{
    if (!record->value_tree || !decode_alike(record->value_decoder, decoder)) {
        record->value_tree = decode("value", record->value, decoder, arena, err);
        record->value_decoder = decoder;
    }
    return record->value_tree;
}

const struct value *codec_key_tree(struct record *record, const struct decoder *decoder,
                                   struct arena *arena, struct err *err)
{
    if (!record->key_tree || !decode_alike(record->key_decoder, decoder)) {
        record->key_tree = decode("key", record->key, decoder, arena, err);
        record->key_decoder = decoder;
    }
    return record->key_tree;
}
