/* fuzz.h - what the fuzz targets share.
 *
 * A target is a file fuzz_NAME.c with LLVMFuzzerTestOneInput, which feeds bytes to one reader.
 * Under clang, libFuzzer calls it with inputs of its own making; in every other build replay.c calls
 * it with those in corpus/NAME and found/NAME, and starve.c does while memory runs short. A target
 * looks for crashes, leaks and undefined behaviour (the sanitizers do), and checks by itself what a
 * reader promises: see fuzz_status. */
#ifndef FB_FUZZ_H
#define FB_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Checks what every reader promises: success, or a status of the table with a sentence that is not
 * empty. Returns whether it was success. */
int fuzz_status(int rc, const fb_error *err);

/* How often it was success: a corpus of which nothing is accepted tests little. */
extern size_t fuzz_accepted;

/* The bit of a status, and all that fuzz_status has seen. */
uint32_t fuzz_status_bit(int status);
extern uint32_t fuzz_statuses;

/* Takes what was read into account: with the same statuses, what comes out must be the same however
 * short memory was on the way. */
void fuzz_note(const void *bytes, size_t size);
void fuzz_note_text(const char *text); /* NULL is another text */
extern uint64_t fuzz_notes;

/* Counts as a lack of memory: where a target has none itself, or gets NULL. */
void fuzz_short(void);

/* Memory runs short: what a target expects of two readings of the same may then not hold. */
extern bool fuzz_starved;

/* A path at which a regular file with these bytes can be read until the call fuzz_file_close(file).
 */
typedef struct fuzz_file {
    int fd;
    char path[64];
} fuzz_file;
fuzz_file fuzz_file_open(const uint8_t *data, size_t size);
void fuzz_file_close(fuzz_file *file);

/* Inputs of more than one file: takes the next one out of the bytes. Its length comes first, two
 * bytes, least significant first; the last one takes what there is. */
fuzz_file fuzz_file_next(const uint8_t **data, size_t *size);

#endif
