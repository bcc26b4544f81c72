/* cmocka.h wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "nn_fixture.h"

fb_stream stream_of(const char *purpose, uint64_t seed)
{
    return fb_stream_make(seed, purpose, NULL, 0);
}

samples make_samples(nn_shape shape, size_t classes, size_t count, bool pixels,
                            uint64_t seed)
{
    size_t size = nn_shape_size(shape);
    fb_stream stream = stream_of(FB_STREAM_SYNTHETIC, seed);
    samples s = {.count = count,
                 .u8 = pixels ? calloc(count * size, 1) : NULL,
                 .f32 = pixels ? NULL : calloc(count * size, sizeof(float)),
                 .ids = calloc(count, sizeof *s.ids),
                 .labels = calloc(count, sizeof *s.labels)};
    for (size_t i = 0; i < count; i++) {
        s.ids[i] = (uint32_t)i;
        s.labels[i] = (uint32_t)fb_stream_below(stream, 0, i, classes);
        for (size_t j = 0; j < size; j++) {
            double value = fb_stream_uniform(stream, 1, i * size + j);
            double pattern = fb_stream_uniform(stream, 2, s.labels[i] * size + j);
            double mixed = 0.75 * value + 0.25 * pattern;
            if (pixels)
                s.u8[i * size + j] = (uint8_t)(mixed * 256.0);
            else
                s.f32[i * size + j] = (float)mixed;
        }
    }
    s.source = (nn_source){.shape = shape, .u8 = s.u8, .f32 = s.f32, .count = count};
    return s;
}

void free_samples(samples *s)
{
    free(s->u8);
    free(s->f32);
    free(s->ids);
    free(s->labels);
}

nn_recipe recipe_of(size_t batch, size_t epochs, double learning_rate)
{
    return (nn_recipe){.optimizer = NN_ADAM, .learning_rate = learning_rate, .beta1 = 0.9,
                       .beta2 = 0.999, .epsilon = 1e-7, .batch = batch, .epochs = epochs,
                       .keep = NN_KEEP_LAST};
}

nn_training training_of(const samples *s)
{
    return (nn_training){.source = &s->source, .ids = s->ids, .labels = s->labels,
                         .count = s->count, .batches = stream_of(FB_STREAM_BATCHES, 5),
                         .dropout = stream_of(FB_STREAM_DROPOUT, 5)};
}

nn_training_result train(nn_network *network, const nn_recipe *recipe,
                         const nn_training *training)
{
    nn_training_result result = {0};
    fb_error err = {0};
    if (nn_train(network, recipe, training, &result, &err))
        fail_msg("%s", err.text);
    return result;
}

void assert_same_weights(const nn_network *a, const nn_network *b)
{
    char x[65], y[65];
    nn_weights_digest(a, x);
    nn_weights_digest(b, y);
    assert_string_equal(x, y);
}

void assert_refused(int rc, int wanted, const fb_error *err, const char *word)
{
    if (rc != wanted || !strstr(err->text, word))
        fail_msg("got %s \"%s\", expected %s and \"%s\"", fb_status_name(rc), err->text,
                 fb_status_name(wanted), word);
}
