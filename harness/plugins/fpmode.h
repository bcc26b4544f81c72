/* fpmode.h - the processor's floating-point mode: rounding, tiny numbers, exceptions. */
#ifndef FB_FPMODE_H
#define FB_FPMODE_H

#include <stdint.h>

/* The control bits of the calling thread, without the flags that ordinary arithmetic raises. */
uint64_t fpmode_get(void);

/* Puts back a mode from fpmode_get. */
void fpmode_set(uint64_t mode);

#endif
