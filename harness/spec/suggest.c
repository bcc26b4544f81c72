#include "suggest.h"

#include <string.h>

enum { LONGEST = 63 }; /* longer words get no suggestion */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Three rows of the usual table: costs[i % 3][j] turns the first i letters of a into the first j
 * of b. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    size_t costs[3][LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        costs[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = costs[i % 3];
        const size_t *above = costs[(i - 1) % 3], *two_above = costs[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smaller(row[j], 1 + smaller(above[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], two_above[j - 2] + 1);
        }
    }
    return costs[n % 3][m];
}

const char *suggest_name(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t length = strlen(word);
    size_t limit = 2 + length / 4; /* what is found must be below */
    if (length > LONGEST)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) > LONGEST)
            continue;
        size_t cost = distance(word, names[i]);
        if (cost < limit && cost < strlen(names[i])) { /* a whole word replaced is no slip */
            limit = cost;
            best = names[i];
        }
    }
    return best;
}

void suggest_list(const char *const *names, size_t count, fb_strbuf *out)
{
    for (size_t i = 0; i < count; i++)
        fb_strbuf_printf(out, "%s%s", i ? ", " : "", names[i]);
}

void suggest_add(const char *word, const char *const *names, size_t count, fb_strbuf *out)
{
    const char *name = suggest_name(word, names, count);
    if (name)
        fb_strbuf_printf(out, "; did you mean '%s'?", name);
}
