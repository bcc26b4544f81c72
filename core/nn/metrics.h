/* metrics.h - counts over predictions, and the metrics made of them (internal to nn). */
#ifndef FB_NN_METRICS_H
#define FB_NN_METRICS_H

#include "nn.h"

/* The class that logits (classes) predict: the largest, the smaller class on a tie. */
size_t metrics_predict(size_t classes, const float *logits);

typedef struct tally {
    size_t classes, rows;
    double loss;         /* sum of -log p(label), in order of the rows */
    uint64_t *correct;   /* (classes) rows of this class that were predicted as it */
    uint64_t *predicted; /* (classes) rows predicted as this class */
    uint64_t *actual;    /* (classes) rows of this class */
} tally;

int tally_init(tally *counts, size_t classes, fb_error *err);

/* Takes a zeroed struct. */
void tally_finish(tally *counts);

/* Adds rows; `logits` (rows, classes) become log-probabilities. */
void tally_add(tally *counts, size_t rows, float *logits, const uint32_t *labels);

/* The metrics of at least one row; a class that no label has is left out of the averages. */
nn_metrics tally_metrics(const tally *counts);

#endif
