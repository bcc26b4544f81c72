/* infer.h - evaluation a chunk at a time (internal to nn). */
#ifndef FB_NN_INFER_H
#define FB_NN_INFER_H

#include "network.h"

/* Rows are taken in chunks by position: INFER_ROWS, so that the dense layers' weights are read for
 * many rows, or a half or a quarter of it where activations are large. */
enum { INFER_ROWS = 192 };

/* Rows of a chunk; divides INFER_ROWS. */
size_t infer_rows_of(const nn_network *network);

/* Rows of the chunk that starts at `first`. */
size_t infer_chunk(const nn_network *network, size_t first, size_t count);

/* Checks the request and makes room for its largest chunk. */
int infer_begin(nn_network *network, const nn_source *source, const uint32_t *ids, size_t count,
                fb_error *err);

/* The layers before `end` in evaluation mode on the rows first .. first+rows-1; the result is
 * valid until the next pass. */
int infer_rows(nn_network *network, const nn_source *source, const uint32_t *ids, size_t first,
               size_t rows, size_t end, const float **ret_y, fb_error *err);

#endif
