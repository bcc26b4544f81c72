/* synthetic.c - the table of generators, their presets, and what they share. */
#include "synthetic.h"

#include <stdbool.h>
#include <string.h>

#include "parts.h"
#include "strbuf.h"

/* A generator's preset values and the range that each number may have. */
typedef struct generator_preset {
    synthetic_fill *fill;
    bool images; /* GLYPH_SIDE x GLYPH_SIDE x 1 pixels, otherwise 1 x 1 x features */
    size_t train_count, test_count;
    size_t class_count, class_min, class_max;
    size_t feature_count, feature_min, feature_max;
    double noise;
} generator_preset;

enum { BLOBS, TWO_MOONS, RANDOM_RBF, GLYPHS, GENERATOR_COUNT };

static const data_generator_info g_infos[GENERATOR_COUNT] = {
    [BLOBS] = {"blobs", "Gaussian blobs on a lattice of spacing 1; noise: standard deviation"},
    [TWO_MOONS] = {"two-moons", "two half circles of radius 1; noise: standard deviation"},
    [RANDOM_RBF] = {"random-rbf", "50 random centroids, as MOA's RandomRBFGenerator (OpenML 156); "
                                  "noise: scales their standard deviations"},
    [GLYPHS] = {"glyphs", "28 x 28 distorted digits; noise: standard deviation, white is 1"},
};

static const generator_preset g_presets[GENERATOR_COUNT] = {
    [BLOBS] = {.fill = synthetic_blobs,
               .train_count = 1000, .test_count = 1000,
               .class_count = 4, .class_min = 2, .class_max = 1000,
               .feature_count = 2, .feature_min = 1, .feature_max = 65536,
               .noise = 0.25},
    [TWO_MOONS] = {.fill = synthetic_two_moons,
                   .train_count = 1000, .test_count = 1000,
                   .class_count = 2, .class_min = 2, .class_max = 2,
                   .feature_count = 2, .feature_min = 2, .feature_max = 2,
                   .noise = 0.15},
    [RANDOM_RBF] = {.fill = synthetic_random_rbf,
                    .train_count = 10000, .test_count = 5000,
                    .class_count = 5, .class_min = 2, .class_max = RANDOM_RBF_CENTROIDS,
                    .feature_count = 10, .feature_min = 1, .feature_max = 65536,
                    .noise = 1},
    [GLYPHS] = {.fill = synthetic_glyphs, .images = true,
                .train_count = 10000, .test_count = 2000,
                .class_count = GLYPH_CLASSES, .class_min = 2, .class_max = GLYPH_CLASSES,
                .feature_count = GLYPH_SIDE * GLYPH_SIDE, .feature_min = GLYPH_SIDE * GLYPH_SIDE,
                .feature_max = GLYPH_SIDE * GLYPH_SIDE,
                .noise = 0.1},
};

const data_generator_info *data_generators(size_t *ret_count)
{
    *ret_count = GENERATOR_COUNT;
    return g_infos;
}

static int find_generator(const char *name, size_t *ret_index, fb_error *err)
{
    for (size_t i = 0; i < GENERATOR_COUNT; i++) {
        if (name && strcmp(name, g_infos[i].name) == 0) {
            *ret_index = i;
            return FB_OK;
        }
    }
    fb_strbuf known = FB_STRBUF_INIT;
    for (size_t i = 0; i < GENERATOR_COUNT; i++)
        fb_strbuf_printf(&known, "%s%s", i ? ", " : "", g_infos[i].name);
    int rc = fb_fail(err, FB_ENOENT, "there is no generator of synthetic data '%s'; there are: %s",
                     name ? name : "", known.text);
    fb_strbuf_finish(&known);
    return rc;
}

/* The asked-for number, or the preset for 0. */
static int resolve(const char *name, const char *what, size_t asked, size_t preset, size_t min,
                   size_t max, size_t *ret_value, fb_error *err)
{
    size_t value = asked ? asked : preset;
    if (value < min || value > max)
        return fb_fail(err, FB_ERANGE, "synthetic data '%s': expected %zu to %zu %s, found %zu",
                       name, min, max, what, value);
    *ret_value = value;
    return FB_OK;
}

static int make_recipe(const data_spec *spec, size_t index, synthetic_recipe *ret_recipe,
                       fb_error *err)
{
    const generator_preset *preset = &g_presets[index];
    const char *name = g_infos[index].name;
    synthetic_recipe recipe = {.noise = spec->noise == 0 ? preset->noise : spec->noise};
    if (!(recipe.noise > 0 && recipe.noise <= 1e6))
        return fb_fail(err, FB_ERANGE,
                       "synthetic data '%s': expected a noise above 0 and up to 1e6 (0: the "
                       "preset), found %g",
                       name, spec->noise);
    int rc = resolve(name, "classes", spec->class_count, preset->class_count, preset->class_min,
                     preset->class_max, &recipe.class_count, err);
    if (!rc)
        rc = resolve(name, "features", spec->feature_count, preset->feature_count,
                     preset->feature_min, preset->feature_max, &recipe.feature_count, err);
    if (rc)
        return rc;
    *ret_recipe = recipe;
    return FB_OK;
}

static int make_part(const generator_preset *preset, const char *name,
                     const synthetic_recipe *recipe, fb_stream stream, size_t count,
                     data_part *ret_part, fb_error *err)
{
    size_t row = recipe->feature_count;
    int rc = part_check_size(name, count, row, preset->images ? 1 : sizeof(float), err);
    if (!rc)
        rc = part_init(ret_part, count, row, preset->images, err);
    if (!rc)
        preset->fill(recipe, stream, ret_part);
    return rc;
}

void synthetic_balanced_labels(const synthetic_recipe *recipe, fb_stream stream, data_part *part)
{
    enum { MAX = 1000 };
    uint32_t run[MAX];
    size_t classes = recipe->class_count;
    FB_CHECK(classes <= MAX);
    for (size_t i = 0; i < part->count; i++) {
        if (i % classes == 0)
            fb_stream_permutation(fb_stream_sub(stream, "labels", 0), i / classes, classes, run);
        part->labels[i] = run[i % classes];
    }
}

int synthetic_load(const data_spec *spec, dataset *ret_dataset, fb_error *err)
{
    size_t index = 0;
    synthetic_recipe recipe;
    int rc = find_generator(spec->name, &index, err);
    if (!rc)
        rc = make_recipe(spec, index, &recipe, err);
    if (rc)
        return rc;
    const generator_preset *preset = &g_presets[index];
    const fb_axis axis = {"generator", g_infos[index].name};
    fb_stream stream = fb_stream_make(spec->seed, FB_STREAM_SYNTHETIC, &axis, 1);
    recipe.world = fb_stream_sub(stream, "world", 0);
    dataset data = {.height = preset->images ? GLYPH_SIDE : 1,
                    .width = preset->images ? GLYPH_SIDE : 1,
                    .channels = preset->images ? 1 : recipe.feature_count,
                    .class_count = recipe.class_count};
    rc = make_part(preset, axis.value, &recipe, fb_stream_sub(stream, "part", 0),
                   spec->train_count ? spec->train_count : preset->train_count, &data.train, err);
    if (!rc)
        rc = make_part(preset, axis.value, &recipe, fb_stream_sub(stream, "part", 1),
                       spec->test_count ? spec->test_count : preset->test_count, &data.test, err);
    if (rc) {
        dataset_finish(&data);
        return rc;
    }
    *ret_dataset = data;
    return FB_OK;
}
