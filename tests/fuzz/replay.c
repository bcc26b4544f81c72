/* Gives each file in the folders that are named to a fuzz target: a test of the inputs that are
 * checked in, in builds without libFuzzer. TAP. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "files.h"
#include "fuzz.h"

static int g_count;

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *folder, const char *name)
{
    char path[4096];
    char *bytes = NULL;
    size_t length = 0;
    fb_error err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (fb_file_read(path, 1 << 24, &bytes, &length, &err)) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    /* Exactly as long as it is, without the NUL behind: reading on would be seen. */
    uint8_t *input = fb_memdup(bytes, length, 1);
    fb_free(bytes);
    printf("# %s\n", path); /* the last line before a crash */
    fflush(stdout);
    LLVMFuzzerTestOneInput(input, length);
    fb_free(input);
    printf("ok %d - %s\n", ++g_count, name);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct dirent **entries = NULL;
        int count = scandir(argv[i], &entries, is_input, alphasort);
        for (int e = 0; e < count; e++) {
            replay(argv[i], entries[e]->d_name);
            free(entries[e]);
        }
        free(entries);
    }
    printf("%s %d - some inputs are accepted\n", fuzz_accepted ? "ok" : "not ok", ++g_count);
    printf("1..%d\n", g_count);
    return fuzz_accepted ? 0 : 1;
}
