#include "names.h"

#include <string.h>

#include "alloc.h"
#include "strbuf.h"

/* How many of parts[0 .. count-1] share the name, and the detail too when `whole`, of parts[i]. */
static size_t count_alike(const name_parts *parts, size_t count, size_t i, int whole)
{
    size_t alike = 0;
    for (size_t j = 0; j < count; j++)
        alike += strcmp(parts[j].name, parts[i].name) == 0 &&
                 (!whole || strcmp(parts[j].detail, parts[i].detail) == 0);
    return alike;
}

static char *unique_name(const name_parts *parts, size_t count, size_t i)
{
    fb_strbuf text = FB_STRBUF_INIT;
    fb_strbuf_add(&text, parts[i].name);
    if (count_alike(parts, count, i, 0) > 1)
        fb_strbuf_printf(&text, " (%s)", parts[i].detail);
    if (count_alike(parts, count, i, 1) > 1)
        fb_strbuf_printf(&text, " #%zu", count_alike(parts, i, i, 1) + 1);
    char *name = fb_strbuf_take(&text);
    fb_strbuf_finish(&text);
    return name;
}

int names_create(const name_parts *parts, size_t count, char ***ret_names, fb_error *err)
{
    char **names = fb_calloc(count, sizeof *names);
    if (!names)
        return fb_fail_memory(err, count, sizeof *names, "names");
    for (size_t i = 0; i < count; i++) {
        names[i] = unique_name(parts, count, i);
        if (!names[i]) {
            names_destroy(names, count);
            return fb_fail_memory(err, strlen(parts[i].name), 1, "a name");
        }
    }
    *ret_names = names;
    return FB_OK;
}

void names_destroy(char **names, size_t count)
{
    for (size_t i = 0; names && i < count; i++)
        fb_free(names[i]);
    fb_free(names);
}
