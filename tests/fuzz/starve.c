/* Gives each file that is named to a fuzz target while memory runs short: at the first allocation
 * alone, at the second alone, and so on until there is enough; then, for every STRIDE-th one, at
 * all allocations from there on. No crash, no leak (the sanitizers see to it), and no other answer than
 * with plenty of memory but FB_ENOMEM. TAP. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "files.h"
#include "fuzz.h"
#include "short_memory.h"

enum { STRIDE = 13 };

static int g_count;

/* The statuses of the target's calls as a set, and whether an allocation failed. */
static uint32_t run(const uint8_t *input, size_t length, uint64_t fail_at, bool on,
                    bool *ret_failed)
{
    fuzz_statuses = 0;
    fuzz_notes = 0;
    fuzz_starved = true;
    memory_fail_at(fail_at, on);
    LLVMFuzzerTestOneInput(input, length);
    *ret_failed = fail_at > 0 && memory_count() >= fail_at;
    memory_fail_at(0, false);
    return fuzz_statuses;
}

static bool starve(const uint8_t *input, size_t length)
{
    bool failed = false;
    const uint32_t short_of = fuzz_status_bit(FB_ENOMEM);
    const uint32_t expected = run(input, length, 0, false, &failed);
    const uint64_t notes = fuzz_notes;
    for (int on = 0; on <= 1; on++) {
        uint64_t n = 0;
        do {
            n += on ? STRIDE : 1;
            uint32_t got = run(input, length, n, on, &failed);
            if ((got & ~(expected | short_of)) || (!(got & short_of) && fuzz_notes != notes)) {
                printf("# allocation %" PRIu64 "%s: statuses %x, expected some of %x; %s\n", n,
                       on ? " and all after it" : "", got, expected,
                       fuzz_notes == notes ? "the same was read" : "something else was read");
                return false;
            }
        } while (failed);
        if (!on)
            printf("# %" PRIu64 " allocations\n", n - 1);
    }
    return true;
}

static bool starve_file(const char *path)
{
    char *bytes = NULL;
    size_t length = 0;
    fb_error err = {0};
    if (fb_file_read(path, 1 << 24, &bytes, &length, &err)) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    printf("# %s\n", path); /* the last line before a crash */
    fflush(stdout);
    bool fine = starve((const uint8_t *)bytes, length);
    printf("%s %d - %s\n", fine ? "ok" : "not ok", ++g_count, path);
    fb_free(bytes);
    return fine;
}

int main(int argc, char **argv)
{
    bool fine = true;
    for (int i = 1; i < argc; i++)
        fine &= starve_file(argv[i]);
    printf("1..%d\n", g_count);
    return fine && g_count > 0 ? 0 : 1;
}
