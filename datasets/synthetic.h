/* synthetic.h - generated data sets: what generators share. */
#ifndef FB_SYNTHETIC_H
#define FB_SYNTHETIC_H

#include <stddef.h>

#include "datasets.h"

/* What is to be made, with every preset filled in and checked. */
typedef struct synthetic_recipe {
    size_t class_count, feature_count;
    double noise;
    fb_stream world; /* what both parts share, such as the classes' centres */
} synthetic_recipe;

/* Fills a part's rows and labels. Sample i draws from draw i of `stream` and of streams inside
 * it only. */
typedef void synthetic_fill(const synthetic_recipe *recipe, fb_stream stream, data_part *part);

synthetic_fill synthetic_blobs, synthetic_two_moons; /* vectors.c */
synthetic_fill synthetic_random_rbf;                 /* random_rbf.c */
synthetic_fill synthetic_glyphs;                     /* glyphs.c: uint8 images */

enum { RANDOM_RBF_CENTROIDS = 50, GLYPH_CLASSES = 10, GLYPH_SIDE = 28 };

/* Labels such that each run of class_count samples (0 .. C-1, C .. 2C-1, ...) has every class
 * once, in random order. */
void synthetic_balanced_labels(const synthetic_recipe *recipe, fb_stream stream, data_part *part);

/* Makes the data set that `spec` describes, everything but the digest. */
int synthetic_load(const data_spec *spec, dataset *ret_dataset, fb_error *err);

#endif
