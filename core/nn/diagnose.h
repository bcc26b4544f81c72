/* diagnose.h - where a pass went wrong, found by looking at what it left behind (internal to
 * nn). */
#ifndef FB_NN_DIAGNOSE_H
#define FB_NN_DIAGNOSE_H

#include "network.h"

enum { DIAGNOSE_SIZE = 160 };

/* Writes a clause that names the first layer, by index and kind, whose weights or whose output in
 * the last pass, a training pass over `rows` rows, are not finite; or the samples, when their
 * numbers are not. With 0 rows only weights are looked at. */
void diagnose_not_finite(const nn_network *network, size_t rows, char ret_clause[DIAGNOSE_SIZE]);

#endif
