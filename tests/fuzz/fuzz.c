/* memfd_create is Linux. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

size_t fuzz_accepted;
uint32_t fuzz_statuses;
bool fuzz_starved;
uint64_t fuzz_notes;

void fuzz_short(void)
{
    FB_CHECK(fuzz_starved);
    fuzz_statuses |= fuzz_status_bit(FB_ENOMEM);
}

void fuzz_note(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) /* FNV-1a */
        fuzz_notes = (fuzz_notes ^ at[i]) * 0x100000001b3u;
}

void fuzz_note_text(const char *text)
{
    fuzz_note(text ? text : "\xff", text ? strlen(text) + 1 : 1);
}

uint32_t fuzz_status_bit(int status)
{
    return 1u << -status;
}

int fuzz_status(int rc, const fb_error *err)
{
    FB_CHECK(rc <= 0 && strcmp(fb_status_name(rc), "FB_E?") != 0);
    FB_CHECK(rc == FB_OK || (err->status == rc && err->text[0]));
    fuzz_statuses |= fuzz_status_bit(rc);
    fuzz_accepted += rc == FB_OK;
    return rc == FB_OK;
}

fuzz_file fuzz_file_open(const uint8_t *data, size_t size)
{
    fuzz_file file = {.fd = memfd_create("input", MFD_CLOEXEC)};
    FB_CHECK(file.fd >= 0);
    while (size > 0) {
        ssize_t n = write(file.fd, data, size);
        FB_CHECK(n > 0);
        data += n;
        size -= (size_t)n;
    }
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
    return file;
}

void fuzz_file_close(fuzz_file *file)
{
    close(file->fd);
}

fuzz_file fuzz_file_next(const uint8_t **data, size_t *size)
{
    size_t length = *size;
    if (*size >= 2) {
        size_t wanted = (size_t)((*data)[0] | (*data)[1] << 8);
        *data += 2;
        *size -= 2;
        length = wanted < *size ? wanted : *size;
    }
    fuzz_file file = fuzz_file_open(*data, length);
    *data += length;
    *size -= length;
    return file;
}
