/* datasets.h - data sets: formats, generators, the registry, and how samples are split.
 *
 * A sample id is a position in the training set as loaded, everywhere and always. Data keep
 * their source type (uint8 pixels); the trainer converts a batch at a time. */
#ifndef FB_DATASETS_H
#define FB_DATASETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "status.h"
#include "stream.h"

/* One half of a data set. Row i is sample i: height x width x channels numbers in NHWC. */
typedef struct data_part {
    size_t count;
    uint8_t *u8;      /* pixels, 0 .. 255; or */
    float *f32;       /* features */
    uint32_t *labels; /* (count) 0 .. class_count-1 */
} data_part;

/* Samples that a file lists: one id a line, with blanks, blank lines and '#' comments. */
typedef struct data_ids {
    const char *path; /* the caller's; it outlives the list */
    uint32_t *ids;    /* (count) ascending */
    size_t *lines;    /* (count) where they stand, for sentences */
    size_t count;
    char digest[FB_DIGEST_HEX]; /* of the ids, whatever their order and the file's name */
} data_ids;

typedef struct dataset {
    size_t height, width, channels; /* feature vectors: 1 x 1 x features */
    size_t class_count;
    data_part train;
    data_part test; /* count 0: training samples are the test set, those of test_ids or a share */
    data_ids test_ids; /* count 0: none */
    char digest[FB_DIGEST_HEX]; /* of shapes, decoded arrays (standardized ones) and labels */
} dataset;

/* Where a data set comes from. Texts belong to the caller. */
typedef enum data_format {
    DATA_REGISTRY = 1, /* by name: "fashion-mnist", "cifar-10" */
    DATA_IDX,          /* four IDX files, plain or .gz */
    DATA_CIFAR,        /* files of CIFAR-10 or CIFAR-100, binary version */
    DATA_LIBSVM,       /* text, sparse features */
    DATA_SYNTHETIC     /* a generator */
} data_format;

typedef struct data_spec {
    data_format format;
    const char *name; /* DATA_REGISTRY: the registry's name; DATA_SYNTHETIC: the generator's */
    const char *train_images, *train_labels; /* DATA_IDX: paths; */
    const char *test_images, *test_labels;   /* both NULL: no test set */
    const char **train_files, **test_files;  /* DATA_CIFAR: paths, read one behind the other; */
    size_t train_file_count, test_file_count; /* no test file: no test set */
    const char *file, *test_file; /* DATA_LIBSVM: paths; test_file NULL: no test set */
    const char *test_ids; /* a file of the training samples that are the test set, or NULL */
    bool standardize;     /* every feature, pixels too, becomes a float of mean 0 and population
                             standard deviation 1 over the samples that are not in the test set; one
                             that is the same in all of them becomes 0 */
    size_t class_count;   /* DATA_CIFAR: 10, or 100 for the fine classes of CIFAR-100;
                             DATA_SYNTHETIC: 0 is the generator's preset */
    size_t feature_count; /* DATA_LIBSVM: 0 is the largest index; DATA_SYNTHETIC: as above */
    /* DATA_SYNTHETIC; 0 means the generator's preset */
    uint64_t seed;
    size_t train_count, test_count;
    double noise; /* its meaning is the generator's (see data_generators) */
    const char *directory; /* --data DIR; NULL: only the other places are searched */
} data_spec;

/* Loads a data set. Every file is checked: magic, dimensions, sizes before anything is
 * allocated, and no byte too few or too many. The sentence on failure names the file (for a text:
 * "FILE:LINE:COLUMN") and what was expected; FB_ENOENT for a registry entry that is nowhere lists
 * the places that were searched and the Debian package. The texts of `spec` outlive the data set.
 */
int dataset_load(const data_spec *spec, dataset *ret_dataset, fb_error *err);

/* Takes NULL and a zeroed struct. */
void dataset_finish(dataset *data);

typedef struct data_registry_entry {
    const char *name;
    const char *summary;
    const char *package; /* the Debian package that has it, or NULL */
    const char *digest;  /* dataset.digest of the published files; NULL: not known to us */
} data_registry_entry;

/* The registry's `*ret_count` entries. */
const data_registry_entry *data_registry(size_t *ret_count);

/* Finds the folder that holds all files of an entry, searched for in this order:
 * `directory`/NAME and `directory` itself (unless NULL), the same two of the environment's
 * FLIPBENCH_DATA, flipbench/data/NAME in XDG_DATA_HOME (or ~/.local/share), and
 * /usr/share/datasets/NAME; in each of them, then in the folder there that the set's published
 * archive unpacks to (cifar-10-batches-bin, cifar-100-binary). FB_ENOENT when the name is unknown
 * or the files are nowhere. Release `*ret_folder` with fb_free. */
int data_registry_find(const char *name, const char *directory, char **ret_folder, fb_error *err);

typedef struct data_generator_info {
    const char *name;    /* "blobs", "two-moons", "random-rbf", "glyphs" */
    const char *summary;
} data_generator_info;

/* The `*ret_count` generators of synthetic data sets. All are deterministic from
 * data_spec.seed, and sample i of a part does not depend on the part's size: a larger set
 * extends a smaller one. */
const data_generator_info *data_generators(size_t *ret_count);

/* ---- splits -------------------------------------------------------------------------------- */

/* Reads a file of ids of a training set of `sample_count` samples. FB_EFORMAT with file and line
 * for what is not one id a line, an id that is repeated, and a file without ids; FB_ERANGE for an
 * id that is too large. `path` must outlive the list. */
int data_ids_read(const char *path, size_t sample_count, data_ids *ret_ids, fb_error *err);

/* Takes NULL and a zeroed struct. */
void data_ids_finish(data_ids *ids);

typedef struct split_spec {
    size_t validation; /* samples held out of training, drawn per trial, class-balanced; 0: none */
    double test_share; /* > 0 (and < 1): this share of the training set, rounded, is the test set,
                          drawn per trial whatever the classes; needs a data set without test
                          samples and test_ids */
    size_t initial;    /* samples labelled at the start */
    bool balance;      /* initial labels: the same number of each class, as nearly as the counts
                          let; false: drawn whatever the classes */
    const data_ids *validation_ids, *initial_ids; /* these samples instead of so many; or NULL */
} split_spec;

/* One trial's roles. All id lists are ascending and disjoint; together they are all training
 * samples. */
typedef struct data_split {
    uint32_t *pool; /* unlabelled at the start */
    size_t pool_count;
    uint32_t *initial;
    size_t initial_count;
    uint32_t *validation;
    size_t validation_count;
    uint32_t *test; /* ids in the training set; NULL: use data->test */
    size_t test_count;
} data_split;

/* Draws a trial's split from its streams ("split" for test and validation, "initial labels";
 * axes: the data set's digest and the trial), by keyed hash: the test set first, then validation
 * out of the rest, then the initial labels. A larger validation (or initial) set contains a
 * smaller one. Samples that are listed by id have their roles before anything is drawn.
 * Class-balanced counts: each class gets floor(count / C), and the remainder goes one each to the
 * classes in a drawn order. Where a class has too few samples, the others get its places in the
 * same order. FB_ERANGE with the numbers when there are not enough samples in all; FB_EINVAL for a
 * test share although the data set has a test set, and with file and line for a sample that is
 * listed for two roles. */
int data_split_draw(const dataset *data, const split_spec *spec, uint64_t seed, uint32_t trial,
                    data_split *ret_split, fb_error *err);

/* Takes NULL and a zeroed struct. */
void data_split_finish(data_split *split);

/* ---- NumPy arrays -------------------------------------------------------------------------- */

/* A .npy file (format 1.0, 2.0 or 3.0), C order, little-endian float32, float64, int32, int64,
 * uint8 or uint32; integers and doubles are converted. */
typedef struct npy_array {
    size_t ndim;
    size_t shape[4];
    size_t count;   /* product of the shape */
    float *f32;     /* filled by npy_read_floats */
    int64_t *i64;   /* filled by npy_read_integers */
} npy_array;

/* Reads a file of at most 16 GiB and four dimensions; integers refuses the float types. What the
 * numbers are, NaN and infinity included, is for the caller to check. FB_EFORMAT for any other
 * type, order, byte order or version, a malformed header, and a file that is not exactly as long
 * as its header says. */
int npy_read_floats(const char *path, npy_array *ret_array, fb_error *err);
int npy_read_integers(const char *path, npy_array *ret_array, fb_error *err);

/* Takes NULL and a zeroed struct. */
void npy_finish(npy_array *array);

/* Writes a float64 array of at most four dimensions in C order, format 1.0, whole or not at all
 * (see fb_file_write). */
int npy_write_doubles(const char *path, const double *data, const size_t *shape, size_t ndim,
                      fb_error *err);

#endif
