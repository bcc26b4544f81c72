/* identity.h - what makes a cell's results what they are, as JSON; the cell's key is its SHA-256.
 */
#ifndef FB_IDENTITY_H
#define FB_IDENTITY_H

#include "plan.h"
#include "strbuf.h"

/* JSON in which equal values have equal texts: sorted keys, no spaces, doubles with 17 digits.
 * Released with fb_free; NULL when memory is short. */
char *identity_text(const json_t *value);

/* The identity of a cell of a plan whose data sets, networks' digests and strategies are known. No
 * name and no number of rounds or trials is in it, nor are threads: no number depends on them. A
 * key that a recipe got later is left out while it is off, so that cells from before keep their
 * identity. NULL when memory is short. */
json_t *identity_json(const struct plan *plan, const plan_cell *cell);

/* What a cell's identity says of its setting, as canonical JSON: all but strategy, parameters,
 * algo_version (of a reference: that it is one) and trial. Cells of which it is equal can be compared. Released with fb_free; NULL
 * when `identity` is no JSON object or memory is short. */
char *identity_setting(const json_t *identity);

/* Appends the first thing in which two identities differ: "recipe.epochs (5 THERE, 7 HERE)". */
void identity_difference(const char *a, const char *there, const char *b, const char *here,
                         fb_strbuf *out);

#endif
