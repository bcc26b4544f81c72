/* html_check.h - whether a page is well formed enough to trust: tags balance, attributes are
 * quoted, entities end, ids are unique, links inside the page lead somewhere, nothing comes from
 * outside, and the page's one script is its last element. It knows the HTML that the reports write
 * and no more. */
#ifndef FB_TEST_HTML_CHECK_H
#define FB_TEST_HTML_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { HTML_DEPTH = 64, HTML_NAMES = 4096, HTML_NAME = 64 };

typedef struct html_check {
    char open[HTML_DEPTH][HTML_NAME];
    size_t depth;
    char ids[HTML_NAMES][HTML_NAME];
    size_t id_count;
    char links[HTML_NAMES][HTML_NAME];
    size_t link_count;
    size_t tags;
    char fault[256]; /* "" while all is well */
} html_check;

static void html_fault(html_check *c, const char *what, const char *where)
{
    if (!*c->fault)
        snprintf(c->fault, sizeof c->fault, "%s at: %.80s", what, where);
}

static size_t html_name(const char *p, char out[HTML_NAME])
{
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    snprintf(out, HTML_NAME, "%.*s", (int)n, p);
    return n;
}

/* One attribute from p on; returns what follows it. */
static const char *html_attribute(html_check *c, const char *p)
{
    char name[HTML_NAME], value[HTML_NAME];
    size_t n = html_name(p, name);
    if (n == 0) {
        html_fault(c, "expected an attribute", p);
        return NULL;
    }
    p += n;
    if (*p != '=')
        return p; /* one without a value, such as checked */
    if (p[1] != '"') {
        html_fault(c, "an attribute without quotes", p);
        return NULL;
    }
    p += 2;
    size_t length = strcspn(p, "\"<");
    if (p[length] != '"') {
        html_fault(c, "an attribute that does not end", p);
        return NULL;
    }
    snprintf(value, sizeof value, "%.*s", (int)length, p);
    if (strcmp(name, "id") == 0 && c->id_count < HTML_NAMES)
        strcpy(c->ids[c->id_count++], value);
    if (strcmp(name, "href") == 0 && c->link_count < HTML_NAMES)
        strcpy(c->links[c->link_count++], value);
    if (strcmp(name, "src") == 0 || strncmp(name, "on", 2) == 0 || strcmp(name, "style") == 0)
        html_fault(c, "something from outside, or a script", p);
    return p + length + 1;
}

static bool html_is_void(const char *name)
{
    return strcmp(name, "meta") == 0 || strcmp(name, "input") == 0 || strcmp(name, "br") == 0;
}

/* A tag from its '<' on; returns what follows its '>'. */
static const char *html_tag(html_check *c, const char *p)
{
    const char *start = p++;
    char name[HTML_NAME];
    if (strncmp(p, "!DOCTYPE html>", 14) == 0)
        return p + 14;
    bool closing = *p == '/';
    p += closing;
    size_t n = html_name(p, name);
    p += n;
    c->tags++;
    while (n > 0 && *p == ' ') {
        p = html_attribute(c, p + 1);
        if (!p)
            return NULL;
    }
    bool closed = *p == '/';
    p += closed;
    if (n == 0 || *p != '>' || strcmp(name, "link") == 0) {
        html_fault(c, "not a tag that a report writes", start);
        return NULL;
    }
    if (closing) {
        if (c->depth == 0 || strcmp(c->open[--c->depth], name) != 0)
            html_fault(c, "closes what is not open", start);
    } else if (!closed && !html_is_void(name)) {
        if (c->depth == HTML_DEPTH)
            html_fault(c, "too deep", start);
        else
            strcpy(c->open[c->depth++], name);
    }
    if (!closing && strcmp(name, "style") == 0)
        return strstr(p, "</style>");
    if (!closing && strcmp(name, "script") == 0) {
        p = strstr(p, "</script>");
        if (!p || strcmp(p, "</script>\n</body>\n</html>\n") != 0)
            html_fault(c, "a script before the page's end", start);
        return p;
    }
    return p + 1;
}

static void html_check_names(html_check *c)
{
    for (size_t i = 0; i < c->id_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(c->ids[i], c->ids[j]) == 0)
                html_fault(c, "an id that is there twice", c->ids[i]);
    for (size_t i = 0; i < c->link_count; i++) {
        bool found = strncmp(c->links[i], "data:text/csv;", 14) == 0;
        for (size_t j = 0; j < c->id_count; j++)
            found = found || (c->links[i][0] == '#' && strcmp(c->links[i] + 1, c->ids[j]) == 0);
        if (!found)
            html_fault(c, "a link that leads nowhere", c->links[i]);
    }
}

/* Checks a whole page; c->fault says what is wrong. */
static void html_check_page(html_check *c, const char *page)
{
    memset(c, 0, sizeof *c);
    for (const char *p = page; p && *p;) {
        if (*p == '<') {
            p = html_tag(c, p);
        } else if (*p == '&') {
            size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz#0123456789");
            if (n == 0 || p[1 + n] != ';')
                html_fault(c, "a bare ampersand", p);
            p += 1 + n;
        } else {
            if (*p == '>')
                html_fault(c, "a bare >", p);
            p++;
        }
    }
    if (c->depth > 0)
        html_fault(c, "never closed", c->open[c->depth - 1]);
    html_check_names(c);
}

#endif
