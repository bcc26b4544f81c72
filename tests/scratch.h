/* scratch.h - a folder for a test's files, made when it starts and removed when it ends. */
#ifndef FB_TEST_SCRATCH_H
#define FB_TEST_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Group set-up and tear-down for cmocka_run_group_tests. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* The path of a file in the folder, valid until the tear-down. */
const char *scratch_path(const char *name);

/* Writes a file, compressed if `gzip`; returns its path (see scratch_path). */
const char *scratch_write(const char *name, const void *data, size_t length, bool gzip);

#endif
