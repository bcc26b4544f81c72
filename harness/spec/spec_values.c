/* One typed value of a spec: from its text into a member, and the sentence when it does not fit. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "spec_fields.h"
#include "suggest.h"

/* ---- sentences ------------------------------------------------------------------------------- */

int field_fail(const struct field_reader *reader, int status, const struct node *node,
               const char *format, ...)
{
    fb_strbuf sentence = FB_STRBUF_INIT;
    va_list args;
    va_start(args, format);
    fb_strbuf_vprintf(&sentence, format, args);
    va_end(args);
    if (node->line == 0)
        fb_strbuf_add(&sentence, " (given by --set)");
    spec_place place = {node->line, node->column};
    int rc = fb_strbuf_check(&sentence, "an error of the spec", reader->err);
    if (!rc)
        rc = spec_fail(reader->err, status, reader->spec, place, "%s", sentence.text);
    fb_strbuf_finish(&sentence);
    return rc;
}

/* "PATH: expected EXPECTED, found ...AFTER" */
static int fail_found(const struct field_reader *reader, int status, const struct node *value,
                      const char *path, const char *expected, const char *after)
{
    char shown[NODE_EXCERPT];
    fb_strbuf found = FB_STRBUF_INIT;
    if (value->kind != NODE_SCALAR)
        fb_strbuf_add(&found, node_kind_name(value->kind));
    else if (!value->text[0] && !value->quoted)
        fb_strbuf_add(&found, "nothing");
    else
        fb_strbuf_printf(&found, "%s'%s'", value->quoted ? "the quoted text " : "",
                         node_excerpt(value->text, shown));
    int rc = fb_strbuf_check(&found, "an error of the spec", reader->err);
    if (!rc)
        rc = field_fail(reader, status, value, "%s%sexpected %s, found %s%s", path,
                        path[0] ? ": " : "", expected, found.text, after);
    fb_strbuf_finish(&found);
    return rc;
}

int field_fail_value(const struct field_reader *reader, int status, const struct node *value,
                     const char *path, const char *expected)
{
    return fail_found(reader, status, value, path, expected, "");
}

static void add_hint(const char *hint, fb_strbuf *out)
{
    if (hint)
        fb_strbuf_printf(out, " (%s)", hint);
}

/* `hint` may be NULL. */
static int fail_word(const struct field_reader *reader, const struct node *value, const char *path,
                     const char *const *names, size_t count, const char *hint)
{
    fb_strbuf expected = FB_STRBUF_INIT, after = FB_STRBUF_INIT;
    fb_strbuf_add(&expected, count > 1 ? "one of " : "");
    suggest_list(names, count, &expected);
    add_hint(hint, &expected);
    if (value->kind == NODE_SCALAR)
        suggest_add(value->text, names, count, &after);
    int rc = fail_found(reader, FB_EINVAL, value, path, expected.text, after.text);
    fb_strbuf_finish(&expected);
    fb_strbuf_finish(&after);
    return rc;
}

int field_fail_word(const struct field_reader *reader, const struct node *value, const char *path,
                    const char *const *names, size_t count)
{
    return fail_word(reader, value, path, names, count, NULL);
}

/* ---- numbers --------------------------------------------------------------------------------- */

void field_add_number(double value, fb_strbuf *out)
{
    if (fabs(value) < 1e15 && !(value < floor(value)) && !(value > floor(value)))
        fb_strbuf_printf(out, "%.0f", value);
    else
        fb_strbuf_add_double(out, value);
}

static void describe_range(const struct field *field, fb_strbuf *out)
{
    if (field->type == FIELD_U64) {
        fb_strbuf_printf(out, "an integer from 0 to %lld", (long long)INT64_MAX);
        return;
    }
    bool integer = field->type != FIELD_NUMBER;
    fb_strbuf_add(out, integer ? "an integer from " : field->above ? "a number above "
                                                                   : "a number of at least ");
    field_add_number(field->minimum, out);
    if (!integer && isinf(field->maximum))
        return;
    fb_strbuf_add(out, integer ? " to " : field->below ? " and below " : " and at most ");
    field_add_number(field->maximum, out);
}

static int fail_number(const struct field_reader *reader, int status, const struct field *field,
                       const struct node *value, const char *path)
{
    bool quoted = value->kind == NODE_SCALAR && value->quoted;
    fb_strbuf expected = FB_STRBUF_INIT;
    describe_range(field, &expected);
    add_hint(field->hint, &expected);
    int rc = fail_found(reader, status, value, path, expected.text,
                        quoted ? "; remove the quotes" : "");
    fb_strbuf_finish(&expected);
    return rc;
}

/* Decimal digits without a leading zero. FB_ERANGE beyond 2^63 - 1, which JSON and SQLite can
 * hold, and for negative numbers. */
static int parse_integer(const char *text, uint64_t *ret_value)
{
    const char *digits = text + (text[0] == '-');
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || digits[length] || (digits[0] == '0' && length > 1))
        return FB_EINVAL;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno || value < 0)
        return FB_ERANGE;
    *ret_value = (uint64_t)value;
    return FB_OK;
}

static int read_integer(const struct field_reader *reader, const struct field *field,
                        const struct node *value, const char *path, void *member)
{
    uint64_t number = 0;
    int rc = value->kind != NODE_SCALAR || value->quoted ? FB_EINVAL
                                                         : parse_integer(value->text, &number);
    if (!rc && field->type != FIELD_U64 &&
        ((double)number < field->minimum || (double)number > field->maximum))
        rc = FB_ERANGE;
    if (rc)
        return fail_number(reader, rc, field, value, path);
    if (field->type == FIELD_U64)
        *(uint64_t *)member = number;
    else if (field->type == FIELD_U32)
        *(uint32_t *)member = (uint32_t)number;
    else
        *(size_t *)member = (size_t)number;
    return FB_OK;
}

/* A decimal number, perhaps with an exponent: no hexadecimal, infinity or NaN. */
static int parse_number(const char *text, double *ret_value)
{
    const char *p = text + (text[0] == '-' || text[0] == '+');
    size_t whole = strspn(p, "0123456789");
    p += whole;
    size_t fraction = 0;
    if (*p == '.') {
        fraction = strspn(p + 1, "0123456789");
        p += 1 + fraction;
    }
    if (whole + fraction == 0)
        return FB_EINVAL;
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '-' || p[1] == '+');
        size_t exponent = strspn(p, "0123456789");
        if (exponent == 0)
            return FB_EINVAL;
        p += exponent;
    }
    if (*p)
        return FB_EINVAL;
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return FB_ERANGE;
    *ret_value = value;
    return FB_OK;
}

static int read_number(const struct field_reader *reader, const struct field *field,
                       const struct node *value, const char *path, double *member)
{
    double number = 0;
    int rc = value->kind != NODE_SCALAR || value->quoted ? FB_EINVAL
                                                         : parse_number(value->text, &number);
    if (!rc && (number < field->minimum || number > field->maximum ||
                (field->above && !(number > field->minimum)) ||
                (field->below && !(number < field->maximum))))
        rc = FB_ERANGE;
    if (rc)
        return fail_number(reader, rc, field, value, path);
    *member = number;
    return FB_OK;
}

/* ---- texts and words ------------------------------------------------------------------------- */

static bool is_one_line(const struct node *value)
{
    if (value->kind != NODE_SCALAR || !value->text[0])
        return false;
    for (const char *p = value->text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            return false;
    return true;
}

/* "/folder of the spec/path", from the root; a spec's own folder counts from where the program
 * runs. */
static int absolute_path(const struct field_reader *reader, const char *path, char **ret_path)
{
    const char *spec_path = reader->spec->path;
    const char *slash = strrchr(spec_path, '/');
    fb_strbuf out = FB_STRBUF_INIT;
    if (path[0] != '/' && spec_path[0] != '/') {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here))
            return fb_fail(reader->err, FB_EIO, "%s: the current folder has no name: %s", spec_path,
                           strerror(errno));
        fb_strbuf_printf(&out, "%s/", here);
    }
    if (path[0] != '/' && slash)
        fb_strbuf_add_bytes(&out, spec_path, (size_t)(slash - spec_path) + 1);
    fb_strbuf_add(&out, path);
    int rc = fb_strbuf_check(&out, "a path of the spec", reader->err);
    if (!rc)
        *ret_path = fb_strbuf_take(&out);
    fb_strbuf_finish(&out);
    return rc;
}

static int read_text(const struct field_reader *reader, const struct field *field,
                     const struct node *value, const char *path, void *member)
{
    char *text = NULL;
    int rc = FB_OK;
    if (!is_one_line(value))
        return field_fail_value(reader, FB_EINVAL, value, path,
                                field->type == FIELD_PATH ? "a file's path" : "a text of one line");
    if (field->type == FIELD_PATH)
        rc = absolute_path(reader, value->text, &text);
    else if (!(text = fb_strdup(value->text)))
        rc = fb_fail_memory(reader->err, strlen(value->text) + 1, 1, path);
    if (!rc)
        memcpy(member, &text, sizeof text);
    return rc;
}

static int read_word(const struct field_reader *reader, const struct field *field,
                     const struct node *value, const char *path, void *member)
{
    enum { MAX_CHOICES = 8 };
    const char *names[MAX_CHOICES];
    size_t count = 0;
    for (const field_choice *choice = field->choices; choice->word; choice++) {
        FB_CHECK(count < MAX_CHOICES);
        names[count++] = choice->word;
        if (value->kind != NODE_SCALAR || strcmp(value->text, choice->word) != 0)
            continue;
        if (field->type == FIELD_FLAG)
            *(bool *)member = choice->value != 0;
        else if (field->type == FIELD_CHOICE)
            memcpy(member, &choice->value, sizeof choice->value);
        return FB_OK;
    }
    return fail_word(reader, value, path, names, count, field->hint);
}

int field_read_value(const struct field_reader *reader, const struct field *field,
                     const struct node *value, const char *path, void *target)
{
    void *member = (char *)target + field->offset;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_PATH:
        return read_text(reader, field, value, path, member);
    case FIELD_COUNT:
    case FIELD_U32:
    case FIELD_U64:
        return read_integer(reader, field, value, path, member);
    case FIELD_NUMBER:
        return read_number(reader, field, value, path, member);
    default:
        return read_word(reader, field, value, path, member);
    }
}
