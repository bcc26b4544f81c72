/* select_input.h - the arrays of `flipbench select`, and the services that they make. */
#ifndef FB_SELECT_INPUT_H
#define FB_SELECT_INPUT_H

#include "datasets.h"
#include "host.h"
#include "select.h"

typedef struct select_input {
    const select_options *options;
    const char *const *services; /* the strategy's, as descriptor_services gives them */
    npy_array pool, weights, bias; /* (n, d), (d, C), (C) */
    npy_array labeled, reference, mc, ensemble; /* ndim 0: not given */
    npy_array represented, labeled_represented;
    uint32_t *labels;      /* (m); NULL: not given */
    uint32_t *pool_ids;    /* (n): 0, 1, ... */
    uint32_t *labeled_ids; /* (m): n, n + 1, ... */
    size_t n, d, classes, m;
    fb_stream reference_stream; /* draws the reference set when only a part of the rows is wanted */
} select_input;

/* Reads the files and checks their shapes against each other, or draws the arrays for a strategy
 * that declares `services`, which it keeps. */
int select_input_read(const select_options *options, const char *const *services,
                      select_input *ret_input, fb_error *err);
void select_input_finish(select_input *input);

/* select_draw.c: fills the arrays of options->drawn with numbers like a network's: embeddings that
 * a ReLU has left, a head with logits of about 1. Pool and head are always drawn, labelled samples,
 * passes and members for in->services only. */
int select_input_draw(select_input *in, fb_error *err);

/* host_provider.compute; `context` is a select_input. */
int select_input_compute(void *context, const char *name, uint64_t count, const char *kind,
                         fb_array *ret_array, void **ret_owned, fb_error *err);

#endif
