/* folder.h - the files of a report: collected in memory and then written together, so that a
 * failure while they are made leaves no half report. */
#ifndef FB_REPORTS_FOLDER_H
#define FB_REPORTS_FOLDER_H

#include <stddef.h>

#include "status.h"
#include "strbuf.h"

typedef struct folder_file {
    char *name; /* below the report's folder: "index.html", "latex/report.tex" */
    fb_strbuf content;
} folder_file;

enum { FOLDER_REPLACED = 8 };

typedef struct folder {
    folder_file *files;
    size_t count, capacity;
    const char *replaced[FOLDER_REPLACED]; /* (replaced_count) */
    size_t replaced_count;
} folder;

/* Adds a file. Takes over `content` and leaves it empty, also on failure. FB_ENOMEM, also when
 * memory ran short while `content` was built. */
int folder_add(folder *f, const char *name, fb_strbuf *content, fb_error *err);

/* Says that the files added make up all of a subfolder, given with its slash: what a former report
 * wrote there and this one does not is removed. `subfolder` is kept, not copied. */
void folder_replace(folder *f, const char *subfolder);

/* Writes all files below `out`, which is created with the folders that their names are in, and its
 * list of files (manifest.h). */
int folder_write(const folder *f, const char *out, fb_error *err);

/* Takes NULL and a zeroed struct. */
void folder_finish(folder *f);

#endif
