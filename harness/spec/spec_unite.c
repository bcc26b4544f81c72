/* spec_unite.c - resolved specs of shards of one experiment put together again, as trees. */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "node.h"
#include "spec.h"

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_node(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || a->count != b->count || !same_text(a->key, b->key) ||
        !same_text(a->text, b->text))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_node(&a->items[i], &b->items[i]))
            return false;
    return true;
}

/* The text of a scalar at a path; "" when there is none. */
static const char *text_at(const struct node *node, const char *path)
{
    const struct node *found = node_find_path(node, path);
    return found && found->text ? found->text : "";
}

static unsigned long long number_at(const struct node *node, const char *path)
{
    return strtoull(text_at(node, path), NULL, 10);
}

/* Puts a copy of `value` where the path leads. */
static int put(struct node *root, const char *path, const struct node *value, fb_error *err)
{
    struct node copy = {0};
    int rc = node_copy(value, &copy, err);
    if (!rc)
        rc = node_set_path(root, path, &copy, err);
    node_finish(&copy);
    return rc;
}

static int put_number(struct node *root, const char *path, unsigned long long number, fb_error *err)
{
    struct node list = {.kind = NODE_SEQUENCE};
    int rc = node_append_format(&list, NULL, err, "%llu", number);
    if (!rc)
        rc = put(root, path, &list.items[0], err);
    node_finish(&list);
    return rc;
}

/* Appends a copy of an item to a list. */
static int add(struct node *list, const struct node *item, fb_error *err)
{
    struct node copy = {0};
    int rc = node_copy(item, &copy, err);
    if (!rc)
        rc = node_append(list, NULL, &copy, err);
    node_finish(&copy);
    return rc;
}

/* ---- what is united ------------------------------------------------------------------------ */

static int unite_trials(struct node *into, const struct node *from, fb_error *err)
{
    unsigned long long first = number_at(into, "trials.first");
    unsigned long long end = first + number_at(into, "trials.count");
    unsigned long long other = number_at(from, "trials.first");
    unsigned long long other_end = other + number_at(from, "trials.count");
    if (other < first)
        first = other;
    if (other_end > end)
        end = other_end;
    int rc = put_number(into, "trials.first", first, err);
    return rc ? rc : put_number(into, "trials.count", end - first, err);
}

/* Takes the larger number of rounds, and a reference, over from the same setting of another spec.
 */
static int unite_setting(struct node *into, const struct node *from, fb_error *err)
{
    const char *rounds = text_at(into, "budget.rounds"), *other = text_at(from, "budget.rounds");
    bool more = strcmp(other, "all") == 0 ||
                (strcmp(rounds, "all") != 0 &&
                 number_at(from, "budget.rounds") > number_at(into, "budget.rounds"));
    int rc = more ? put(into, "budget.rounds", node_find_path(from, "budget.rounds"), err) : FB_OK;
    if (!rc && strcmp(text_at(from, "reference"), "full") == 0)
        rc = put(into, "reference", node_find(from, "reference"), err);
    return rc;
}

static int unite_settings(struct node *into, const struct node *from, fb_error *err)
{
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < from->count; i++) {
        struct node *known = NULL;
        for (size_t j = 0; j < into->count && !known; j++)
            if (same_text(text_at(&into->items[j], "name"), text_at(&from->items[i], "name")))
                known = &into->items[j];
        rc = known ? unite_setting(known, &from->items[i], err) : add(into, &from->items[i], err);
    }
    return rc;
}

/* Whether two strategies are the same one, whatever its label. */
static bool same_strategy(const struct node *a, const struct node *b)
{
    size_t of_a = a->count - (node_find(a, "label") != NULL);
    size_t of_b = b->count - (node_find(b, "label") != NULL);
    for (size_t i = 0; i < a->count; i++) {
        const struct node *other = node_find(b, a->items[i].key);
        if (strcmp(a->items[i].key, "label") != 0 &&
            !(other && same_node(&a->items[i], other)))
            return false;
    }
    return of_a == of_b;
}

static int unite_strategies(struct node *into, const struct node *from, fb_error *err)
{
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < from->count; i++) {
        bool known = false;
        for (size_t j = 0; j < into->count && !known; j++)
            known = same_strategy(&into->items[j], &from->items[i]);
        if (!known)
            rc = add(into, &from->items[i], err);
    }
    return rc;
}

static int unite(struct node *into, const struct node *from, const char *name, fb_error *err)
{
    static const char *const same[] = {"name", "seed"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (!same_text(text_at(into, same[i]), text_at(from, same[i])))
            return fb_fail(err, FB_ECONFLICT,
                           "%s: the spec's %s is '%s', but '%s' in a folder before it; these are "
                           "two experiments, keep them apart",
                           name, same[i], text_at(from, same[i]), text_at(into, same[i]));
    int rc = unite_trials(into, from, err);
    if (!rc)
        rc = unite_settings(node_find(into, "settings"), node_find(from, "settings"), err);
    if (!rc)
        rc = unite_strategies(node_find(into, "strategies"), node_find(from, "strategies"), err);
    return rc;
}

/* Reads a text as a spec first: what is not one is refused with its place. */
static int read_resolved(const char *name, const char *text, struct node *ret_root, fb_error *err)
{
    struct spec spec = {0};
    int rc = spec_parse(name, text, strlen(text), NULL, 0, &spec, err);
    if (!rc)
        rc = node_parse(name, spec.resolved, strlen(spec.resolved), ret_root, err);
    spec_finish(&spec);
    return rc;
}

int spec_unite(const char *const *names, const char *const *texts, size_t count, char **ret_text,
               fb_error *err)
{
    struct node united = {0};
    int rc = read_resolved(names[0], texts[0], &united, err);
    for (size_t i = 1; !rc && i < count; i++) {
        struct node next = {0};
        rc = read_resolved(names[i], texts[i], &next, err);
        if (!rc)
            rc = unite(&united, &next, names[i], err);
        node_finish(&next);
    }
    if (!rc)
        rc = node_format(&united, ret_text, err);
    node_finish(&united);
    return rc;
}
