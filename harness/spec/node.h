/* node.h - a YAML document as a tree of nodes that know where they stand.
 *
 * A tree is owned by its root: node_finish releases everything below. Items lie in one array, so
 * that a pointer to an item holds only until its parent grows. (`struct node` has no typedef: its
 * variables are called node.) The tree itself is in node.c; yaml_read.c and yaml_write.c alone
 * know libyaml. */
#ifndef FB_NODE_H
#define FB_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

typedef enum node_kind {
    NODE_SCALAR = 0, /* a zeroed node is a scalar without a text: nothing is owned */
    NODE_SEQUENCE,
    NODE_MAPPING
} node_kind;

struct node {
    node_kind kind;
    size_t line, column; /* where it begins, from 1, columns in characters; 0: not from a file */
    char *key;           /* of a mapping's item, otherwise NULL */
    size_t key_line, key_column;
    char *text;          /* NODE_SCALAR */
    bool quoted;         /* NODE_SCALAR: written in quotes or as a block */
    struct node *items;  /* NODE_SEQUENCE, NODE_MAPPING: in the order of the file */
    size_t count, capacity;
};

enum {
    NODE_MAX_DEPTH = 32,    /* sequences and mappings inside each other */
    NODE_MAX_ITEMS = 1000   /* of one sequence or mapping in a file */
};

/* ---- the tree (node.c) ----------------------------------------------------------------------- */

/* Releases a node's content and zeroes it. Takes NULL and a zeroed struct. */
void node_finish(struct node *node);

/* A deep copy, places included. */
int node_copy(const struct node *from, struct node *ret_copy, fb_error *err);

/* Moves *item to the end of a sequence (key NULL) or mapping (key copied) and zeroes it; on
 * failure it stays the caller's. The caller has checked that the key is new. */
int node_append(struct node *parent, const char *key, struct node *item, fb_error *err);

/* Appends a plain scalar, of no place. */
int node_append_text(struct node *parent, const char *key, const char *text, fb_error *err);

/* The same with a text made as by printf. */
int node_append_format(struct node *parent, const char *key, fb_error *err, const char *format, ...)
    FB_PRINTF(4, 5);

/* The item of a mapping; NULL when there is none or `node` is no mapping. */
struct node *node_find(const struct node *node, const char *key);

/* The same along a dotted path of keys ("train.keep"). */
struct node *node_find_path(const struct node *node, const char *path);

/* Moves *value, zeroed by that, to where an item is; the item keeps its key. */
void node_replace(struct node *item, struct node *value);

/* Puts *value (moved, zeroed; on failure it stays the caller's) where a dotted path of keys and
 * of positions in sequences (from 0) leads, in place of what was there. Missing mappings on the
 * way are made. FB_EINVAL when the path runs through a scalar, FB_ERANGE when a position does not
 * exist; mappings made on the way stay. The sentence knows no file: the caller puts it in front. */
int node_set_path(struct node *root, const char *path, struct node *value, fb_error *err);

/* "a mapping", "a list", "a value". */
const char *node_kind_name(node_kind kind);

/* Writes a text as an error sentence may show it, on one line: at most 60 bytes, cut between
 * characters ("..." follows), control characters as '?'. Returns `out`. */
enum { NODE_EXCERPT = 64 };
const char *node_excerpt(const char *text, char out[NODE_EXCERPT]);

/* ---- YAML (yaml_read.c, yaml_write.c) -------------------------------------------------------- */

/* Reads one YAML document. `name` stands for the file in errors: "NAME:LINE:COLUMN: sentence".
 * FB_EFORMAT for what is not YAML 1.1 in UTF-8 and for what a spec does not use: repeated keys,
 * anchors, aliases, tags, several documents, keys that are no scalars. FB_ERANGE beyond the
 * limits above. */
int node_parse(const char *name, const char *text, size_t length, struct node *ret_root,
               fb_error *err);

/* Writes a tree as YAML that reads back as the same tree: mappings as blocks, sequences of
 * scalars in one line. *ret_text is released with fb_free. */
int node_format(const struct node *root, char **ret_text, fb_error *err);

#endif
