/* kernels_probe.h - what the tests of kernels share: instruction sets, numbers, arrays that notice
 * a write beyond them, comparisons. */
#ifndef FB_KERNELS_PROBE_H
#define FB_KERNELS_PROBE_H

#include "kernels.h"

/* A loop under each instruction set of this machine; ends with the last one in use. */
#define EACH_ISA(name)                                                                             \
    for (const char *const *name = kernels_isas();                                                 \
         *name && kernels_use_isa(*name, NULL) == 0; name++)

/* Starts the numbers below anew. */
void random_from(uint64_t seed);
uint32_t random_bits(void);
size_t random_size(size_t low, size_t high);
float random_float(void); /* in [-1, 1), with all of its bits in use */

/* Exactly `count` floats, so that the address sanitizer sees what goes beyond them; free. */
float *exact(size_t count);
float *random_floats(size_t count);

/* No kernel writes it. */
#define SENTINEL (-12345.75f)

/* `count` floats between two guards of sentinels, which the array itself holds too. `release` fails
 * when a guard was touched. */
float *guarded(size_t count);
void release(float *x, size_t count);

void assert_near(double got, double want, double tolerance, const char *what);
void assert_same_bits(const float *got, const float *want, size_t count, const char *what);

/* FNV-1a, going on from h. */
uint64_t hash_bytes(uint64_t h, const void *data, size_t bytes);

#endif
