#include "libsvm.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "alloc.h"
#include "parts.h"
#include "scan.h"

/* The largest index: beyond it one short line would ask for more memory than is sensible. */
enum { MAX_FEATURES = 1 << 24 };

/* A file is read twice: first to check it and to find its size, then to fill the part. */
typedef struct libsvm_file {
    text_scan scan;
    size_t rows, features; /* lines with a label; the largest index */
    int32_t *labels;       /* (rows) as they stand in the file */
} libsvm_file;

/* ---- a line ---------------------------------------------------------------------------------- */

/* An integer of 32 bits with an optional sign. */
static int read_label(text_scan *scan, int32_t *ret_label, fb_error *err)
{
    const text_scan start = *scan;
    bool negative = *scan->at == '-';
    uint64_t digits = 0;
    if (negative || *scan->at == '+')
        scan->at++;
    if (!scan_digits(scan, INT32_MAX, &digits) || !scan_word_ends(scan))
        return scan_fail_expected(&start, "a label, an integer such as -1, +1 or 7", err);
    *ret_label = negative ? -(int32_t)digits : (int32_t)digits;
    return FB_OK;
}

/* 1-based; `after` is the index before it, 0 at the start of a line. */
static int read_index(text_scan *scan, size_t after, size_t limit, size_t *ret_index, fb_error *err)
{
    const text_scan start = *scan;
    uint64_t index = 0;
    if (!scan_digits(scan, UINT64_MAX, &index) || scan->at == scan->end || *scan->at != ':')
        return scan_fail_expected(&start, "INDEX:VALUE such as 3:0.25", err);
    scan->at++;
    if (index == 0)
        return scan_fail(&start, FB_EFORMAT, err, "index 0; expected indices from 1 on");
    if (index <= after)
        return scan_fail(&start, FB_EFORMAT, err, "index %llu after index %zu; expected ascending "
                         "indices", (unsigned long long)index, after);
    if (index > limit)
        return scan_fail(&start, FB_ERANGE, err, "index %llu; expected %zu at most%s",
                         (unsigned long long)index, limit,
                         limit < MAX_FEATURES ? ", as 'features' says" : "");
    *ret_index = (size_t)index;
    return FB_OK;
}

static const char *skip_digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

/* The end of a decimal number that begins here, or NULL: no hexadecimal, infinity or NaN. */
static const char *number_end(const char *at)
{
    const char *digits = at + (*at == '-' || *at == '+');
    const char *end = skip_digits(digits);
    size_t count = (size_t)(end - digits);
    if (*end == '.') {
        digits = end + 1;
        end = skip_digits(digits);
        count += (size_t)(end - digits);
    }
    if (count == 0)
        return NULL;
    if (*end == 'e' || *end == 'E') {
        digits = end + 1 + (end[1] == '-' || end[1] == '+');
        end = skip_digits(digits);
        if (end == digits)
            return NULL;
    }
    return end;
}

/* strtod does the rounding; the text has been checked, and the locale is "C" (see libsvm_load). */
static int read_value(text_scan *scan, float *ret_value, fb_error *err)
{
    const text_scan start = *scan;
    scan->at = number_end(start.at);
    if (!scan->at || !scan_word_ends(scan))
        return scan_fail_expected(&start, "a number such as 0.25 or 1e-3", err);
    double value = strtod(start.at, NULL);
    if (!(fabs(value) <= FLT_MAX))
        return scan_fail(&start, FB_ERANGE, err, "expected a number that fits into 32-bit floating "
                         "point, %g at most", FLT_MAX);
    *ret_value = (float)value;
    return FB_OK;
}

/* Reads the line that begins here. `row` takes its values, unless it is NULL; `*largest` becomes
 * the largest index of this and earlier lines. */
static int read_line(text_scan *scan, size_t limit, float *row, int32_t *ret_label, size_t *largest,
                     fb_error *err)
{
    size_t index = 0;
    float value = 0;
    int rc = read_label(scan, ret_label, err);
    while (!rc && !scan_line_ends(scan)) {
        rc = read_index(scan, index, limit, &index, err);
        if (!rc)
            rc = read_value(scan, &value, err);
        if (!rc && row)
            row[index - 1] = value;
    }
    if (index > *largest)
        *largest = index;
    return rc;
}

/* ---- a file ---------------------------------------------------------------------------------- */

static int check_file(libsvm_file *file, const char *path, size_t limit, fb_error *err)
{
    int32_t label = 0;
    int rc = scan_init(path, &file->scan, err);
    while (!rc && scan_next(&file->scan)) {
        rc = read_line(&file->scan, limit, NULL, &label, &file->features, err);
        file->rows++;
    }
    if (!rc && file->rows == 0)
        rc = fb_fail(err, FB_EFORMAT, "%s: there are no samples; expected one a line", path);
    return rc;
}

static int fill_part(libsvm_file *file, size_t features, data_part *part, fb_error *err)
{
    size_t largest = 0;
    int rc = part_check_size(file->scan.path, file->rows, features, sizeof(float), err);
    if (!rc)
        rc = part_init(part, file->rows, features, false, err);
    if (rc)
        return rc;
    file->labels = fb_calloc(file->rows, sizeof *file->labels);
    if (!file->labels)
        return fb_fail_memory(err, file->rows, sizeof *file->labels, "labels");
    scan_rewind(&file->scan);
    for (size_t i = 0; !rc && scan_next(&file->scan); i++)
        rc = read_line(&file->scan, features, part->f32 + i * features, &file->labels[i], &largest,
                       err);
    return rc;
}

static void file_finish(libsvm_file *file)
{
    scan_finish(&file->scan);
    fb_free(file->labels);
}

/* ---- classes --------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void name_classes(const libsvm_file *file, const int32_t *values, size_t count,
                         data_part *part)
{
    for (size_t i = 0; i < part->count; i++) {
        const int32_t *found = bsearch(&file->labels[i], values, count, sizeof *values, by_value);
        part->labels[i] = (uint32_t)(found - values);
    }
}

/* Numbers the labels of both files in ascending order. */
static int find_classes(const libsvm_file *train, const libsvm_file *test, dataset *data,
                        fb_error *err)
{
    size_t total = train->rows + test->rows, count = 0;
    int32_t *values = fb_calloc(total, sizeof *values);
    if (!values)
        return fb_fail_memory(err, total, sizeof *values, "labels");
    for (size_t i = 0; i < total; i++)
        values[i] = i < train->rows ? train->labels[i] : test->labels[i - train->rows];
    qsort(values, total, sizeof *values, by_value);
    for (size_t i = 0; i < total; i++)
        if (i == 0 || values[i] != values[count - 1])
            values[count++] = values[i];
    name_classes(train, values, count, &data->train);
    name_classes(test, values, count, &data->test);
    data->class_count = count;
    int rc = FB_OK;
    if (count < 2)
        rc = fb_fail(err, FB_EFORMAT, "%s: every label is %ld; expected at least two classes",
                     train->scan.path, (long)values[0]);
    fb_free(values);
    return rc;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int load_files(const data_spec *spec, dataset *data, libsvm_file *train, libsvm_file *test,
                      fb_error *err)
{
    size_t limit = spec->feature_count ? spec->feature_count : MAX_FEATURES;
    int rc = check_file(train, spec->file, limit, err);
    if (!rc && spec->test_file)
        rc = check_file(test, spec->test_file, limit, err);
    if (rc)
        return rc;
    size_t features = spec->feature_count;
    if (features == 0)
        features = train->features > test->features ? train->features : test->features;
    if (features == 0)
        return fb_fail(err, FB_EFORMAT, "%s: no line has a feature; expected LABEL INDEX:VALUE ...",
                       spec->file);
    data->height = data->width = 1;
    data->channels = features;
    rc = fill_part(train, features, &data->train, err);
    if (!rc && spec->test_file)
        rc = fill_part(test, features, &data->test, err);
    return rc ? rc : find_classes(train, test, data, err);
}

int libsvm_load(const data_spec *spec, dataset *ret_dataset, fb_error *err)
{
    if (!spec->file || spec->feature_count > MAX_FEATURES)
        return fb_fail(err, FB_EINVAL, "a libsvm data set needs a file and at most %d features",
                       (int)MAX_FEATURES);
    dataset data = {0};
    libsvm_file train = {0}, test = {0};
    /* A program's locale may have another decimal point. */
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        return fb_fail(err, FB_ENOMEM, "out of memory for the locale C");
    locale_t before = uselocale(c_locale);
    int rc = load_files(spec, &data, &train, &test, err);
    uselocale(before);
    freelocale(c_locale);
    file_finish(&train);
    file_finish(&test);
    if (rc)
        dataset_finish(&data);
    else
        *ret_dataset = data;
    return rc;
}
