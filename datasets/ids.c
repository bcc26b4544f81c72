/* ids.c - files that list samples. */
#include <stdlib.h>

#include "alloc.h"
#include "datasets.h"
#include "scan.h"

/* An id and the line that it stands in. */
typedef struct listed {
    uint32_t id;
    size_t line;
} listed;

/* Reads the line that begins here. */
static int read_id(text_scan *scan, size_t sample_count, listed *ret_listed, fb_error *err)
{
    const text_scan start = *scan;
    uint64_t id = 0;
    if (!scan_digits(scan, UINT64_MAX, &id) || !scan_word_ends(scan))
        return scan_fail_expected(&start, "the position of a sample, an integer from 0", err);
    if (id >= sample_count)
        return scan_fail(&start, FB_ERANGE, err,
                         "there is no sample %llu: the data set has %zu training samples, 0 to %zu",
                         (unsigned long long)id, sample_count, sample_count - 1);
    if (!scan_line_ends(scan))
        return scan_fail_expected(scan, "one sample a line", err);
    *ret_listed = (listed){(uint32_t)id, start.line};
    return FB_OK;
}

static int read_list(text_scan *scan, size_t sample_count, listed **ret_list, size_t *ret_count,
                     fb_error *err)
{
    listed *list = NULL;
    size_t count = 0, capacity = 0;
    int rc = FB_OK;
    while (!rc && scan_next(scan)) {
        if (count == capacity) {
            capacity = 2 * capacity + 64;
            listed *grown = fb_grow(list, count, capacity, sizeof *list);
            if (!grown) {
                rc = fb_fail_memory(err, capacity, sizeof *list, scan->path);
                break;
            }
            list = grown;
        }
        rc = read_id(scan, sample_count, &list[count], err);
        count += !rc;
    }
    if (!rc && count == 0)
        rc = fb_fail(err, FB_EFORMAT, "%s: there are no samples; expected one a line", scan->path);
    if (rc) {
        fb_free(list);
        return rc;
    }
    *ret_list = list;
    *ret_count = count;
    return FB_OK;
}

static int by_id(const void *a, const void *b)
{
    const listed *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

/* Takes a sorted list apart. */
static int fill(data_ids *ids, const listed *list, fb_error *err)
{
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_u64(&digest, ids->count);
    for (size_t i = 0; i < ids->count; i++) {
        if (i > 0 && list[i].id == list[i - 1].id)
            return fb_fail(err, FB_EFORMAT, "%s:%zu: sample %lu is repeated (first in line %zu)",
                           ids->path, list[i].line, (unsigned long)list[i].id, list[i - 1].line);
        ids->ids[i] = list[i].id;
        ids->lines[i] = list[i].line;
        fb_digest_u64(&digest, list[i].id);
    }
    fb_digest_end_hex(&digest, ids->digest);
    return FB_OK;
}

int data_ids_read(const char *path, size_t sample_count, data_ids *ret_ids, fb_error *err)
{
    text_scan scan = {0};
    listed *list = NULL;
    data_ids ids = {.path = path};
    int rc = scan_init(path, &scan, err);
    if (!rc)
        rc = read_list(&scan, sample_count, &list, &ids.count, err);
    if (rc)
        goto done;
    qsort(list, ids.count, sizeof *list, by_id);
    ids.ids = fb_calloc(ids.count, sizeof *ids.ids);
    ids.lines = fb_calloc(ids.count, sizeof *ids.lines);
    if (!ids.ids || !ids.lines)
        rc = fb_fail_memory(err, ids.count, sizeof *ids.lines, path);
    else
        rc = fill(&ids, list, err);
done:
    fb_free(list);
    scan_finish(&scan);
    if (rc)
        data_ids_finish(&ids);
    else
        *ret_ids = ids;
    return rc;
}

void data_ids_finish(data_ids *ids)
{
    if (!ids)
        return;
    fb_free(ids->ids);
    fb_free(ids->lines);
    *ids = (data_ids){0};
}
