/* spec_fields.h - schemas as tables: one row a key, with its type, range and default.
 *
 * The same table reads a mapping into a C struct and writes the struct back as a mapping with
 * every default in it, so that the two cannot disagree. A default stands in the table as a spec
 * would write it and goes the same way as a value of the file. */
#ifndef FB_SPEC_FIELDS_H
#define FB_SPEC_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "node.h"
#include "spec.h"
#include "status.h"
#include "strbuf.h"

typedef enum field_type {
    FIELD_TEXT = 1, /* char *: not empty, on one line; owned by the struct */
    FIELD_PATH,     /* char *: a file, relative to the spec's folder; kept as an absolute path */
    FIELD_COUNT,    /* size_t */
    FIELD_U32,      /* uint32_t */
    FIELD_U64,      /* uint64_t */
    FIELD_NUMBER,   /* double, finite */
    FIELD_CHOICE,   /* an enum (the size of an int): one of `choices` */
    FIELD_FLAG,     /* bool: one of `choices` */
    FIELD_FIXED,    /* nothing is stored: the first of `choices` is the only word so far */
    FIELD_GROUP,    /* a mapping whose fields lie in the same struct: `table` */
    FIELD_OWN,      /* `read` and `write` know */
    FIELD_TREE      /* a key that was applied to the tree before: nothing is read or written */
} field_type;

typedef struct field_choice {
    const char *word; /* NULL ends a list */
    int value;
} field_choice;

/* The default of a FIELD_OWN that is a mapping with nothing in it. */
#define FIELD_EMPTY_MAPPING "{}"

/* What the readers share: the spec for its path and folder, and where the sentence goes. */
struct field_reader {
    const struct spec *spec;
    fb_error *err;
};

struct field_table;

struct field {
    const char *key;
    field_type type;
    size_t offset;          /* of the member in the struct */
    const char *preset;     /* the default as text; NULL: the key is required, unless `optional` */
    bool optional;          /* a missing key leaves the member zero; a zero one is not written,
                               nor a group of none */
    double minimum, maximum; /* inclusive; FIELD_U64 goes from 0 to 2^63 - 1 */
    bool above, below;      /* FIELD_NUMBER: the minimum or the maximum itself is out of range */
    const field_choice *choices;
    const struct field_table *table;
    const char *shorthand;  /* FIELD_GROUP: a scalar stands for the mapping {shorthand: scalar} */
    const char *hint;       /* said in parentheses behind what was expected or is missing */
    int (*read)(const struct field_reader *reader, const struct node *value, const char *path,
                void *target);
    int (*write)(const void *target, const char *key, struct node *mapping, fb_error *err);
};

struct field_table {
    const struct field *fields;
    size_t count;
};
#define FIELD_TABLE(array) {(array), sizeof(array) / sizeof(array)[0]}

/* Reads a mapping into `target`, whose members are zero. `path` names the mapping in sentences
 * ("train", "" for a root). Refuses unknown keys first, then reads in the table's order. */
int fields_read(const struct field_reader *reader, const struct node *mapping, const char *path,
                const struct field_table *table, void *target);

/* Appends every field of `source` to a mapping. */
int fields_write(const struct field_table *table, const void *source, struct node *mapping,
                 fb_error *err);

/* Whether a table has a key. */
bool fields_have(const struct field_table *table, const char *key);

/* Appends the keys, separated by commas. */
void fields_list(const struct field_table *table, fb_strbuf *out);

/* ---- for the readers of FIELD_OWN ------------------------------------------------------------ */

enum { FIELD_PATH_MAX = 128 };

/* Joins a mapping's path and a key into "path.key" (cut when too long). Returns `out`. */
const char *field_path(char out[FIELD_PATH_MAX], const char *path, const char *key);

/* Reads one value as a field of a table would be read. */
int field_read_value(const struct field_reader *reader, const struct field *field,
                     const struct node *value, const char *path, void *target);

/* The same for a FIELD_GROUP, with its shorthand. */
int field_read_group(const struct field_reader *reader, const struct field *group,
                     const struct node *value, const char *path, void *target);

/* "PLACE: PATH: expected EXPECTED, found what stands there". */
int field_fail_value(const struct field_reader *reader, int status, const struct node *value,
                     const char *path, const char *expected);

/* The same for a word that is none of `names`, with the nearest one. */
int field_fail_word(const struct field_reader *reader, const struct node *value, const char *path,
                    const char *const *names, size_t count);

/* "PLACE: sentence", and that it was given by --set when the node has no place. */
int field_fail(const struct field_reader *reader, int status, const struct node *node,
               const char *format, ...) FB_PRINTF(4, 5);

/* A number as text that reads back exactly: integers in full, others as short as can be. */
void field_add_number(double value, fb_strbuf *out);

#endif
