/* npy_header.h - the header of a NumPy .npy file (NumPy Enhancement Proposal 1).
 *
 * A file is the magic "\x93NUMPY", a version (two bytes), the header's length (16 bits in
 * version 1, 32 in 2 and 3, least significant byte first), the header, and the numbers. The
 * header is a Python dictionary with exactly three keys: {'descr': '<f4', 'fortran_order':
 * False, 'shape': (3, 4), }. */
#ifndef FB_NPY_HEADER_H
#define FB_NPY_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define NPY_MAGIC "\x93NUMPY"
enum { NPY_MAGIC_LENGTH = 6, NPY_MAX_DIMENSIONS = 4 };

/* A file is read as a whole; 16 GiB is more than any selection needs. */
#define NPY_SIZE_LIMIT ((size_t)1 << 34)

typedef enum npy_kind { NPY_FLOAT, NPY_SIGNED, NPY_UNSIGNED } npy_kind;

typedef struct npy_type {
    const char *descr;
    npy_kind kind;
    size_t size; /* bytes */
} npy_type;

/* What a header says. */
typedef struct npy_header {
    const npy_type *type;
    size_t ndim;
    size_t shape[NPY_MAX_DIMENSIONS];
    size_t count;
} npy_header;

/* Reads and checks the header of a whole file in memory, and that the numbers that it announces
 * are there, no byte more or less. `*ret_offset` is where they begin. FB_EFORMAT with a
 * sentence that begins with `path` otherwise. */
int npy_header_parse(const char *path, const char *file, size_t length, npy_header *ret_header,
                     size_t *ret_offset, fb_error *err);

/* The unsigned integer of `size` bytes (at most 8), least significant byte first. */
uint64_t npy_little_endian(const void *memory, size_t size);

#endif
