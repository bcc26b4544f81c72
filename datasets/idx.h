/* idx.h - the IDX files of the MNIST family (LeCun, Cortes & Burges): 8-bit images and labels. */
#ifndef FB_IDX_H
#define FB_IDX_H

#include "datasets.h"

/* Loads the files that `spec` names into everything but the digest. The number of classes is
 * the largest label of both parts, plus one. */
int idx_load(const data_spec *spec, dataset *ret_dataset, fb_error *err);

#endif
