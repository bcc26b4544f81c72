#include "json_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "alloc.h"

/* Jansson's allocator is where a lack of memory is seen for certain. Inside its reader, which has
 * assertions that do not hold after one, a small reserve stands in: what is made with it is thrown
 * away. One thread at a time reads and writes. */
enum { RESERVE = 1 << 16, ALIGNMENT = 16 };

static _Alignas(ALIGNMENT) uint8_t g_reserve[RESERVE];
static size_t g_reserved; /* bytes in use */
static bool g_active;     /* in a reader or writer */
static bool g_short;      /* there was no memory since it began */

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (memory || !g_active)
        return memory;
    g_short = true;
    if (size > RESERVE - g_reserved)
        return NULL;
    memory = g_reserve + g_reserved;
    g_reserved += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return memory;
}

static void release(void *memory)
{
    uintptr_t at = (uintptr_t)memory, first = (uintptr_t)g_reserve;
    if (at < first || at >= first + RESERVE)
        free(memory);
}

static void begin(void)
{
    json_set_alloc_funcs(allocate, release);
    g_active = true;
    g_short = false;
    g_reserved = 0;
}

int json_text_read(const char *text, size_t length, json_t **ret_json, fb_error *err)
{
    begin();
    json_t *json = json_loadb(text, length, 0, NULL);
    g_active = false;
    if (g_short) {
        json_decref(json);
        return fb_fail_memory(err, length, 1, "a JSON text");
    }
    *ret_json = json;
    return FB_OK;
}

char *json_text_write(const json_t *json, size_t flags)
{
    begin();
    char *text = json_dumps(json, flags);
    g_active = false;
    if (!g_short)
        return text;
    release(text);
    return NULL;
}
