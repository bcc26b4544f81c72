/* bench_dropout.c - the speed of Monte-Carlo dropout: S-CNN's dense layers, 9216 -> 128 -> 10.
 *
 * usage: bench_dropout [PASSES]     (default 100), over 4000 samples
 *
 * The samples are what the convolutions would give. Prints the seconds of the passes and what that
 * is in passes/s; dropout_numpy.py beside this file times the same in NumPy. */
#include "kernels.h"
#include "nn.h"

#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "clock.h"

enum { SAMPLES = 4000, WIDTH = 9216, CLASSES = 10 };

static int run(nn_network *network, size_t passes, double *ret_seconds, fb_error *err)
{
    float *x = fb_calloc(SAMPLES, WIDTH * sizeof *x);
    float *p = fb_calloc(passes, SAMPLES * CLASSES * sizeof *p);
    uint32_t *bits = fb_calloc(WIDTH, sizeof *bits);
    int rc = x && p && bits ? FB_OK : fb_fail_memory(err, SAMPLES, WIDTH * sizeof *x, "samples");
    for (size_t i = 0; !rc && i < SAMPLES; i++) {
        kernels_random_bits(1, i, 0, WIDTH, bits);
        for (size_t j = 0; j < WIDTH; j++) /* half of them are 0, as behind a ReLU */
            x[i * WIDTH + j] = bits[j] >> 31 ? (float)(bits[j] >> 8 & 0xffff) * 0x1p-16f : 0.0f;
    }
    const nn_source source = {.shape = {1, 1, WIDTH}, .f32 = x, .count = SAMPLES};
    double begin = fb_clock_seconds();
    if (!rc)
        rc = nn_infer_dropout(network, &source, NULL, SAMPLES, passes, (fb_stream){2}, p, err);
    *ret_seconds = fb_clock_seconds() - begin;
    fb_free(bits);
    fb_free(p);
    fb_free(x);
    return rc;
}

int main(int argc, char **argv)
{
    const nn_network_spec spec = {
        .name = "s-cnn's dense layers",
        .layer_count = 4,
        .layers = {{.kind = NN_DROPOUT, .rate = 0.25},
                   {.kind = NN_DENSE, .size = 128, .relu = true},
                   {.kind = NN_DROPOUT, .rate = 0.5},
                   {.kind = NN_DENSE}},
    };
    size_t passes = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    nn_network *network = NULL;
    fb_error err = {0};
    double seconds = 0;
    int rc = nn_create(&spec, (nn_shape){1, 1, WIDTH}, CLASSES, NN_PORTABLE, &network, &err);
    if (!rc) {
        nn_initialize(network, (fb_stream){0});
        rc = run(network, passes, &seconds, &err);
    }
    nn_destroy(network);
    if (rc) {
        fprintf(stderr, "bench_dropout: %s\n", err.text);
        return 1;
    }
    printf("%zu passes over %d samples, %s: %.2f s, %.1f passes/s\n", passes, SAMPLES,
           kernels_isa(), seconds, (double)passes / seconds);
    return 0;
}
