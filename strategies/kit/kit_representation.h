/* SPDX-License-Identifier: 0BSD
 *
 * kit_representation.h - samples as the user wants them represented. See kit.h for the
 * conventions. */
#ifndef FB_KIT_REPRESENTATION_H
#define FB_KIT_REPRESENTATION_H

#include "kit_services.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The text parameter `representation`: network (the preset), inputs or features. */
extern const fb_param kit_param_representation;

/* The samples of the sub-pool (n, r) and the labelled ones (m, r; 0 rows where there are none) in
 * the representation of that name, which is the parameter's value: the services "representation"
 * and "labeled_representation". Fails as host->get does. */
int kit_get_representations(const fb_host *host, const fb_round *round, const char *kind,
                            kit_matrix *ret_pool, kit_matrix *ret_labeled);

/* Copies the rows of `upper` and below them those of `lower` (as wide, perhaps none) into one new
 * matrix, each scaled to the L2 norm 1; a row of norm 0 stays. */
int kit_unit_rows(const fb_host *host, const kit_matrix *upper, const kit_matrix *lower,
                  kit_matrix *ret_rows);

#ifdef __cplusplus
}
#endif

#endif
