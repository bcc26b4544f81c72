/* nn_fixture.h - samples that can be learnt, and short ways to train on them, for the tests of
 * networks and of their training. */
#ifndef FB_TEST_NN_FIXTURE_H
#define FB_TEST_NN_FIXTURE_H

#include "nn.h"

fb_stream stream_of(const char *purpose, uint64_t seed);

/* Samples of noise with a weak pattern for each class, so that they can be learnt and not too
 * easily; uint8 pixels or floats in [0, 1). */
typedef struct samples {
    nn_source source;
    uint8_t *u8; /* one of the two is NULL */
    float *f32;
    uint32_t *ids, *labels;
    size_t count;
} samples;

samples make_samples(nn_shape shape, size_t classes, size_t count, bool pixels, uint64_t seed);
void free_samples(samples *s);

/* Adam with its usual constants, keeping the last weights. */
nn_recipe recipe_of(size_t batch, size_t epochs, double learning_rate);

/* On all samples, without validation. */
nn_training training_of(const samples *s);

/* nn_train that must succeed. */
nn_training_result train(nn_network *network, const nn_recipe *recipe,
                         const nn_training *training);

void assert_same_weights(const nn_network *a, const nn_network *b);

/* A call must have failed with this status and a sentence that contains `word`. */
void assert_refused(int rc, int wanted, const fb_error *err, const char *word);

#endif
