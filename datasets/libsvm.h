/* libsvm.h - the sparse text format of LIBSVM (Chang & Lin 2011): "LABEL INDEX:VALUE ..." a line.
 */
#ifndef FB_LIBSVM_H
#define FB_LIBSVM_H

#include "datasets.h"

/* Loads the files that `spec` names into everything but the digest: 1 x 1 x features floats,
 * features that a line leaves out are 0. Labels are integers; the classes are the labels of both
 * parts in ascending order. */
int libsvm_load(const data_spec *spec, dataset *ret_dataset, fb_error *err);

#endif
