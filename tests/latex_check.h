/* latex_check.h - whether LaTeX is well formed enough to compile: braces and environments balance,
 * what means something to TeX is escaped outside tables and mathematics, and rows of a table have
 * as many entries as it has columns. It knows what the reports write and no more. */
#ifndef FB_TEST_LATEX_CHECK_H
#define FB_TEST_LATEX_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LATEX_DEPTH = 16, LATEX_NAME = 32 };

typedef struct latex_check {
    char open[LATEX_DEPTH][LATEX_NAME]; /* environments */
    size_t depth;
    int braces;
    bool math;
    size_t columns, entries; /* of the table, and of its row so far */
    size_t rows, tables, figures;
    char fault[256];         /* "" while all is well */
} latex_check;

static void latex_fault(latex_check *c, const char *what, const char *where)
{
    if (!*c->fault)
        snprintf(c->fault, sizeof c->fault, "%s at: %.80s", what, where);
}

/* The argument that begins at p with a brace; returns what follows it. */
static const char *latex_argument(latex_check *c, const char *p, char *out, size_t size)
{
    int braces = 0;
    const char *begin = p + 1;
    if (*p != '{') {
        latex_fault(c, "no argument", p);
        return p;
    }
    for (; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            continue;
        }
        braces += *p == '{' ? 1 : *p == '}' ? -1 : 0;
        if (braces == 0)
            break;
    }
    if (out)
        snprintf(out, size, "%.*s", (int)(p - begin), begin);
    return *p ? p + 1 : p;
}

/* Columns in "l>{\raggedright}p{3em}rr". */
static size_t latex_columns(latex_check *c, const char *p)
{
    size_t columns = 0;
    while (*p) {
        bool width = *p == 'p';
        columns += *p == 'l' || *p == 'r' || width;
        p++;
        if (*p == '{')
            p = latex_argument(c, p, NULL, 0);
    }
    return columns;
}

static bool latex_is_table(const char *environment)
{
    return strcmp(environment, "tabular") == 0 || strcmp(environment, "longtable") == 0;
}

static const char *latex_begin(latex_check *c, const char *p)
{
    char columns[4096];
    if (c->depth == LATEX_DEPTH) {
        latex_fault(c, "too deep", p);
        return p + 1;
    }
    char *name = c->open[c->depth++];
    p = latex_argument(c, p, name, LATEX_NAME);
    c->tables += strcmp(name, "table") == 0 || strcmp(name, "longtable") == 0;
    c->figures += strcmp(name, "figure") == 0;
    if (!latex_is_table(name))
        return p;
    p = latex_argument(c, p, columns, sizeof columns);
    c->columns = latex_columns(c, columns);
    c->entries = 1;
    return p;
}

static const char *latex_end(latex_check *c, const char *p)
{
    char name[LATEX_NAME];
    p = latex_argument(c, p, name, sizeof name);
    if (c->depth == 0 || strcmp(c->open[c->depth - 1], name) != 0)
        latex_fault(c, "an environment ends that is not open", p);
    else
        c->depth--;
    return p;
}

/* A command, from behind its backslash. */
static const char *latex_command(latex_check *c, const char *p)
{
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    bool inside = c->depth > 0 && latex_is_table(c->open[c->depth - 1]);
    if (n == 5 && strncmp(p, "begin", n) == 0)
        return latex_begin(c, p + n);
    if (n == 3 && strncmp(p, "end", n) == 0)
        return latex_end(c, p + n);
    if (n == 7 && inside && strncmp(p, "caption", n) == 0) /* a row of its own */
        c->entries = c->columns;
    if (n == 0 && *p == '\\' && inside) {
        if (c->entries != c->columns)
            latex_fault(c, "a row has another number of entries than the table has columns", p);
        c->entries = 1;
        c->rows++;
    }
    return p + (n ? n : 1);
}

/* One file, or one text. */
static void latex_check_text(latex_check *c, const char *text)
{
    *c = (latex_check){0};
    for (const char *p = text; *p && !*c->fault;) {
        bool inside = c->depth > 0 && latex_is_table(c->open[c->depth - 1]);
        if (*p == '\\') {
            p = latex_command(c, p + 1);
            continue;
        }
        if (*p == '%' && p > text && p[-1] != '{' && p[-1] != '}')
            latex_fault(c, "a comment", p);
        if (strchr("#^_~\"", *p) && !c->math && *p != '~')
            latex_fault(c, "not escaped", p);
        if (*p == '&' && !inside)
            latex_fault(c, "an ampersand outside a table", p);
        c->entries += *p == '&' && c->braces == 0;
        c->math = *p == '$' ? !c->math : c->math;
        c->braces += *p == '{' ? 1 : *p == '}' ? -1 : 0;
        if (c->braces < 0)
            latex_fault(c, "a brace too many", p);
        p++;
    }
    if (c->braces > 0 || c->depth > 0 || c->math)
        latex_fault(c, "something is left open", text + strlen(text));
}

#endif
