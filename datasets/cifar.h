/* cifar.h - CIFAR-10 and CIFAR-100 in their binary format (Krizhevsky 2009): 32 x 32 colour
 * images. */
#ifndef FB_CIFAR_H
#define FB_CIFAR_H

#include "datasets.h"

/* Loads the files that `spec` names, one behind the other, into everything but the digest. The
 * classes are those of the format, 10 or CIFAR-100's 100 fine ones, whether or not all occur. */
int cifar_load(const data_spec *spec, dataset *ret_dataset, fb_error *err);

#endif
