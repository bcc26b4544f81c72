/* feature_file.h - representations of a data set's training samples that the user made. */
#ifndef FB_FEATURE_FILE_H
#define FB_FEATURE_FILE_H

#include "datasets.h"
#include "digest.h"
#include "status.h"

typedef struct feature_file {
    const char *path; /* the caller's */
    npy_array rows;   /* (training samples, width) */
    char digest[FB_DIGEST_HEX]; /* of the shape and the numbers, whatever the file's name */
} feature_file;

/* Reads a .npy file of (sample_count, width) numbers; row i belongs to sample i. FB_EFORMAT for
 * another shape, FB_ENUMERIC for a number that is not finite as float32; the sentence names file
 * and row. `path` must outlive the features. */
int feature_file_read(const char *path, size_t sample_count, feature_file *ret_features,
                      fb_error *err);

/* Takes NULL and a zeroed struct. */
void feature_file_finish(feature_file *features);

#endif
