/* manifest.h - report.sha256: which files reports have written into a folder, with their digests,
 * as `sha256sum -c` reads it. By it a report knows the files that a former one left behind. */
#ifndef FB_REPORTS_MANIFEST_H
#define FB_REPORTS_MANIFEST_H

#include "folder.h"

/* Brings the list in `out` up to date with the files that are about to be written, and removes what
 * a former report wrote into the subfolders that this one replaces and this one does not write.
 * Only what is on the list and unchanged since is ever removed. What the list says of other files
 * stays. `out` must exist; without a list in it nothing is removed. FB_EFORMAT when there is a file
 * of that name which is no such list. */
int manifest_renew(const folder *f, const char *out, fb_error *err);

#endif
