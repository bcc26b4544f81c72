/* SPDX-License-Identifier: 0BSD
 *
 * kernels_screen.h - which heads change which rows' labels, told by products of small integers.
 *
 * A head (W', b') gives a row x (d) the logits L'_c = b'_c + sum_k x_k W'_kc, one chain of fused
 * multiply-adds in order of k; its label is the class of the largest, ties to the smaller class.
 * The heads lie near a common one, (W, b). A screen estimates L'_c by B_c + (b'_c - b_c) +
 * x (W'_c - W_c), where B_c is the common head's logit, computed in double once a row, and the
 * product is one of integers. It answers whether a row keeps its label: yes, no, or unsure when
 * the estimate is too near to a tie.
 *
 * Why "yes" and "no" are right. Let v_c = W'_c - W_c be rounded to q_c (a step times integers),
 * r_c = v_c - q_c; x to p, e = x - p. For two classes a and c
 *
 *     x (v_a - v_c) = p (q_a - q_c) + x (r_a - r_c) + e (q_a - q_c),
 *
 * so by Cauchy and Schwarz the integers' part is off by at most |x| R + |e| Q, with R and Q the
 * largest |r_a - r_c| and |q_a - q_c| of two classes: norms that are known.
 *
 * A step of a chain has a relative error of at most u = 2^-24, so the chain is off by at most u
 * times the sum of all its partial sums' magnitudes (those computed; they exceed the exact ones by
 * a factor 1 / (1 - d u) at most). Partial sum number k is that of the common head, s_kc, plus that
 * of the change, which is at most |(1, x)| V, V the largest |(b'_c - b_c, v_c)|. Two chains are
 * therefore off by at most
 *
 *     2.01 u max_c sum_k |s_kc|  +  |(1, x)| S,    S = (2.01 d + 64) u V,
 *
 * of which the first term, the row's drift, is found with B_c. The 64, and 16 u |B_c| in the drift,
 * are for the few roundings in the estimate itself; 1e-30 in the drift for what becomes smaller
 * than floats can be; and numbers so large that a sum might overflow make S or |(1, x)| infinite.
 * The estimates' difference beyond
 *
 *     |x| R + |e| Q + |(1, x)| S + drift
 *
 * has the sign of the chains'. It is compared twice: with integers of 8 bits first, and where they
 * leave a doubt with ones of 14 and 16.
 *
 * The answers are the same under every instruction set, because integers are exact and the few
 * floating-point operations are fixed; but a caller who asks the exact chain about the unsure
 * depends on none of them. */
#ifndef FB_KERNELS_SCREEN_H
#define FB_KERNELS_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KERNELS_SCREEN_HEADS = 16, /* tried at once */
    KERNELS_SCREEN_PANEL = 6   /* rows at once: arrays of rows are padded to a multiple */
};

/* What bounds a row's error. All rounded up. */
typedef struct kernels_screen_bound {
    float norm, length;              /* |x|, |(1, x)| */
    float drift;
    float coarse_step, coarse_error; /* the error is |e| */
    float fine_step, fine_error;
} kernels_screen_bound;

typedef struct kernels_screen_rows {
    size_t inputs, classes;       /* d, C */
    const float *weights, *bias;  /* the common head: (d, C), (C) */
    int zero;                     /* what a coarse 0 is: 0 when no x is negative, else 128 */
    uint8_t *coarse;              /* (rows, depth): x / coarse_step + zero */
    int16_t *fine;                /* (rows, depth): x / fine_step */
    kernels_screen_bound *bounds; /* (rows) */
    float *logits;                /* (rows, C): B */
    uint32_t *labels;             /* (rows) that heads are compared with */
} kernels_screen_rows;

/* All arrays zeroed at first; what a head does not fill stays zero. */
typedef struct kernels_screen_heads {
    size_t inputs, classes;
    const float *weights, *bias; /* the common head */
    int8_t *coarse;              /* (depth / 4, C, HEADS, 4) */
    int16_t *fine;               /* (HEADS, C, depth): fine = 256 coarse + rest */
    int16_t *rest;               /* (HEADS, C, depth) */
    int32_t *sums;               /* (C, HEADS): of the coarse integers over the inputs */
    float *shifts;               /* (C, HEADS): b'_c - b_c */
    /* Of each head: */
    float fine_step[KERNELS_SCREEN_HEADS], coarse_step[KERNELS_SCREEN_HEADS];
    float coarse_error[KERNELS_SCREEN_HEADS], coarse_size[KERNELS_SCREEN_HEADS]; /* R, Q */
    float fine_error[KERNELS_SCREEN_HEADS], fine_size[KERNELS_SCREEN_HEADS];
    float slack[KERNELS_SCREEN_HEADS]; /* S */
    /* S and a bound of the largest |(b'_a - b'_c, v_a - v_c)| together: rows of a larger steadiness
     * keep their answer. */
    double reach[KERNELS_SCREEN_HEADS];
} kernels_screen_heads;

/* Whether such products are much faster than those of floats here, under the instruction set in
 * use; the answers can be had anyhow. */
bool kernels_screen_fast(void);

/* Whether a screen can be made: sums fit 32 bits, and a panel's the scratch. */
bool kernels_screen_fits(size_t inputs, size_t classes);

/* d, padded with zeros: a multiple of 32. */
size_t kernels_screen_depth(size_t inputs);

/* Rounds x (d) and writes all of row `row` but its label. */
void kernels_screen_load_row(const kernels_screen_rows *rows, size_t row, const float *x);

/* By how much B of the label leads all others, or trails the first, less the drift, over |(1, x)|;
 * at least 0. A row for which it exceeds a head's reach has its label under that head if, and only
 * if, it has it under the common one. */
double kernels_screen_steadiness(const kernels_screen_rows *rows, const float *x, uint32_t label);

/* Rounds head number h, weights (d, C) and bias (C). Several threads may load different heads. */
void kernels_screen_load_head(kernels_screen_heads *heads, size_t h, const float *weights,
                              const float *bias);

/* For the rows first .. first+count-1, `first` a multiple of KERNELS_SCREEN_PANEL: bit h of
 * differs[i] is set when head h certainly gives row i (of all) another label, of unsure[i] when
 * the screen cannot tell; a bit is never set in both. Heads that were not loaded give some answer.
 * Rows are read to the end of the last panel. 0 or FB_ENOMEM. */
int kernels_screen_run(const kernels_screen_rows *rows, const kernels_screen_heads *heads,
                       size_t first, size_t count, uint16_t *differs, uint16_t *unsure);

#endif
