#include "fpmode.h"

/* C's <fenv.h> knows neither flush-to-zero nor denormals-are-zero, which is what the start-up code
 * of -ffast-math switches on, so the registers are read with a GNU extension, inline assembly. */
#if defined(__x86_64__)

#include <xmmintrin.h>

enum { MXCSR_FLAGS = 0x3f };

uint64_t fpmode_get(void)
{
    uint16_t x87;
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    return (uint64_t)x87 << 32 | (_mm_getcsr() & ~(unsigned)MXCSR_FLAGS);
}

void fpmode_set(uint64_t mode)
{
    uint16_t x87 = (uint16_t)(mode >> 32);
    __asm__ volatile("fldcw %0" : : "m"(x87));
    _mm_setcsr((uint32_t)mode);
}

#elif defined(__aarch64__)

uint64_t fpmode_get(void)
{
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return fpcr;
}

void fpmode_set(uint64_t mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}

#else

#include <fenv.h>

uint64_t fpmode_get(void)
{
    return (uint64_t)fegetround();
}

void fpmode_set(uint64_t mode)
{
    fesetround((int)mode);
}

#endif
