/* checksum.h - whether memory is still what it was; quick, and no protection against malice. */
#ifndef FB_CHECKSUM_H
#define FB_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Of `count` numbers of 4 bytes. A change of a single one always shows. */
uint64_t checksum_of(const void *numbers, size_t count);

#endif
