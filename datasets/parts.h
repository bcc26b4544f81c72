/* parts.h - memory for the halves of a data set, and the limits every loader keeps. */
#ifndef FB_PARTS_H
#define FB_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datasets.h"

/* Ids are 32 bits wide, so a part has fewer than 2^32 samples. */
#define DATA_MAX_COUNT ((uint64_t)UINT32_MAX)

/* The bytes of pixels or features that one part may have: 32 GiB. Beyond it a header is more
 * likely to be damaged than meant. */
#define DATA_MAX_BYTES ((uint64_t)1 << 35)

/* Refuses (FB_ERANGE) a part of `count` rows of `row` numbers of `size` bytes that is over a
 * limit; `where` (a path or a generator's name) begins the sentence. */
int part_check_size(const char *where, uint64_t count, uint64_t row, uint64_t size, fb_error *err);

/* Allocates a part of `count` rows of `row` numbers, 8-bit pixels or floats, and its labels:
 * all zero. The sizes have passed part_check_size. On failure `ret_part` is untouched. */
int part_init(data_part *ret_part, size_t count, size_t row, bool pixels, fb_error *err);

/* Takes NULL and a zeroed struct. */
void part_finish(data_part *part);

#endif
