/* A plugin's descriptor, built from bytes: numbers as they come, texts and lists that may be
 * missing. One that is accepted can be described as JSON. */
#include <jansson.h>
#include <string.h>

#include "alloc.h"
#include "descriptor.h"
#include "fuzz.h"
#include "fuzz_json.h"
#include "plugin.h"

enum { TEXTS = 40, TEXT_SIZE = 80, PARAMS = 6, LIST = 4 };

/* What is left of the input, and the texts made of it. */
struct input {
    const uint8_t *data;
    size_t size, text_count;
    char texts[TEXTS][TEXT_SIZE];
};

static void take(struct input *in, void *to, size_t size)
{
    size_t count = size < in->size ? size : in->size;
    memset(to, 0, size);
    memcpy(to, in->data, count);
    in->data += count;
    in->size -= count;
}

static uint8_t take_byte(struct input *in)
{
    uint8_t byte;
    take(in, &byte, 1);
    return byte;
}

/* A text of its own length, or NULL. */
static const char *take_text(struct input *in)
{
    size_t length = take_byte(in);
    if (length == 0 || in->text_count == TEXTS)
        return NULL;
    char *text = in->texts[in->text_count++];
    take(in, text, (length - 1) % TEXT_SIZE);
    return text;
}

static const char *const *take_list(struct input *in, const char *list[LIST + 1])
{
    size_t count = take_byte(in);
    if (count == 0)
        return NULL;
    for (size_t i = 0; i < LIST; i++)
        list[i] = i + 1 < count ? take_text(in) : NULL;
    list[LIST] = NULL;
    return list;
}

static fb_value take_value(struct input *in, fb_param_type type)
{
    fb_value value = {0};
    if (type == FB_PARAM_TEXT)
        value.s = take_text(in);
    else
        take(in, &value.i, sizeof value.i);
    return value;
}

static int create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    (void)host;
    (void)values;
    (void)ret_instance;
    return FB_OK;
}

static int choose(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    (void)instance;
    (void)round;
    (void)ret_ids;
    return FB_OK;
}

static int score(void *instance, const fb_round *round, double *ret_scores)
{
    (void)instance;
    (void)round;
    (void)ret_scores;
    return FB_OK;
}

static void destroy(void *instance)
{
    (void)instance;
}

/* Everything that a descriptor points to. */
struct described {
    fb_strategy strategy;
    fb_param params[PARAMS];
    const fb_param *list[PARAMS];
    const char *choices[PARAMS][LIST + 1], *services[LIST + 1];
};

static void take_param(struct input *in, struct described *to, size_t index)
{
    uint8_t kind = take_byte(in);
    fb_param *param = &to->params[index];
    param->struct_size = kind & 0x80 ? kind & 0x7f : sizeof *param;
    param->type = (fb_param_type)(kind & 7);
    param->name = take_text(in);
    param->preset = take_value(in, param->type);
    if (param->type != FB_PARAM_TEXT) {
        param->minimum = take_value(in, param->type);
        param->maximum = take_value(in, param->type);
    } else {
        param->choices = take_list(in, to->choices[index]);
    }
    param->help = take_text(in);
    to->list[index] = kind == 0xff ? NULL : param;
}

static void take_strategy(struct input *in, struct described *to)
{
    uint8_t functions = take_byte(in), size = take_byte(in);
    fb_strategy *s = &to->strategy;
    s->struct_size = size & 0x80 ? size & 0x7f : sizeof *s;
    s->id = take_text(in);
    s->label = take_text(in);
    take(in, &s->algo_version, 1);
    take(in, &s->needs, 1);
    s->rule = take_text(in);
    s->citation = take_text(in);
    s->deviations = take_text(in);
    s->score_name = take_text(in);
    s->score_ascending = functions & 0x10;
    s->create = functions & 1 ? create : NULL;
    s->select = functions & 2 ? choose : NULL;
    s->scores = functions & 4 ? score : NULL;
    s->destroy = functions & 8 ? destroy : NULL;
    s->services = take_list(in, to->services);
    s->params = functions & 0x20 ? NULL : to->list;
    s->param_count = take_byte(in) % (PARAMS + 1);
    for (size_t i = 0; i < s->param_count; i++)
        take_param(in, to, i);
}

/* The presets are read back from what names and values are given as texts. */
static void use_values(const fb_strategy *s, const char *text)
{
    fb_value *values = NULL;
    fb_error err = {0};
    for (size_t i = 0; i < s->param_count; i++) {
        int rc = plugin_values(s, &s->params[i]->name, &text, 1, &values, &err);
        if (fuzz_status(rc, &err))
            fb_free(values);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.data = data, .size = size};
    struct described made = {0};
    fb_error err = {0};
    take_strategy(&in, &made);
    const char *text = take_text(&in);
    if (fuzz_status(descriptor_check(&made.strategy, &err), &err)) {
        json_t *json = descriptor_json(&made.strategy);
        if (!json)
            fuzz_short();
        fuzz_note_json(json);
        json_decref(json);
        if (text)
            use_values(&made.strategy, text);
    }
    return 0;
}
