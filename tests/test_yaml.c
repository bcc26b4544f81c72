/* The tree of nodes: reading YAML with places, what is refused, setting by path, writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "node.h"
#include "strbuf.h"
#include "suggest.h"

static struct node parse(const char *text)
{
    struct node root = {0};
    fb_error err = {0};
    int rc = node_parse("t.yaml", text, strlen(text), &root, &err);
    if (rc)
        print_error("%s\n", err.text);
    assert_int_equal(rc, FB_OK);
    return root;
}

static void assert_place(const struct node *node, size_t line, size_t column)
{
    assert_int_equal(node->line, line);
    assert_int_equal(node->column, column);
}

static void reads_nodes_with_their_places(void **state)
{
    (void)state;
    struct node root = parse("a: 1\n"
                             "b:\n"
                             "  - x\n"
                             "  - {c: 'two words', \"d\": }\n"
                             "\xC3\xA4: [p,\n"
                             "  q]\n");
    assert_int_equal(root.kind, NODE_MAPPING);
    assert_int_equal(root.count, 3);
    const struct node *a = node_find(&root, "a");
    assert_string_equal(a->text, "1");
    assert_false(a->quoted);
    assert_place(a, 1, 4);
    const struct node *list = node_find(&root, "b");
    assert_int_equal(list->kind, NODE_SEQUENCE);
    assert_place(&list->items[0], 3, 5);
    const struct node *c = node_find(&list->items[1], "c");
    assert_string_equal(c->text, "two words");
    assert_true(c->quoted);
    assert_place(c, 4, 9);
    assert_int_equal(c->key_line, 4);
    assert_int_equal(c->key_column, 6);
    const struct node *d = node_find(&list->items[1], "d");
    assert_string_equal(d->text, "");
    assert_false(d->quoted);
    const struct node *umlaut = node_find(&root, "\xC3\xA4"); /* one character, two bytes */
    assert_place(umlaut, 5, 4);
    assert_place(&umlaut->items[1], 6, 3);
    assert_null(node_find(&root, "none"));
    assert_ptr_equal(node_find_path(&root, "a"), a);
    assert_null(node_find_path(&root, "a.b"));
    node_finish(&root);
}

static void ignores_a_byte_order_mark_and_dos_line_ends(void **state)
{
    (void)state;
    struct node root = parse("\xEF\xBB\xBF"
                             "a: 1\r\nb: 2\r\n");
    assert_int_equal(root.items[0].key_column, 1);
    assert_string_equal(root.items[0].text, "1");
    assert_place(&root.items[1], 2, 4);
    node_finish(&root);
}

/* ---- what is refused ------------------------------------------------------------------------- */

struct refusal {
    const char *text, *place, *words;
};

static const struct refusal refusals[] = {
    {"a: 1\nb: 2\na: 3\n", "3:1", "the key 'a' is repeated (first at 1:1)"},
    {"x: {k: 1, 'k': 2}\n", "1:11", "the key 'k' is repeated (first at 1:5)"},
    {"a: &n 1\n", "1:4", "anchors (&name) are not supported"},
    {"a: &n [1]\n", "1:4", "anchors (&name) are not supported"},
    {"a: &n {b: 1}\n", "1:4", "anchors (&name) are not supported"},
    {"&n a: 1\n", "1:1", "anchors (&name) are not supported"},
    {"a: *n\n", "1:4", "aliases (*name) are not supported"},
    {"*n : 1\n", "1:1", "aliases (*name) are not supported"},
    {"a: !!int 1\n", "1:4", "tags (!type) are not supported"},
    {"a: !!seq [1]\n", "1:4", "tags (!type) are not supported"},
    {"a: 1\n--- \nb: 2\n", "2:1", "a second document begins here"},
    {"", "1:1", "there is nothing here"},
    {"# only a remark\n", "2:1", "there is nothing here"},
    {"a: 1\n? [b]\n: 2\n", "2:3", "a list or mapping stands where a key is expected"},
    {"a: \"x\\0y\"\n", "1:4", "NUL character"},
    {"a: 1\nb: \xFF\n", "2:4", "not UTF-8"},
    {"a: \xC3\xA4 \xC3\x28\n", "1:7", "not UTF-8"},
    {"a: 1\n\nb: x\x01y\n", "3:5", "control character U+0001; expected a text file"},
    {"a:\n\t- 1\n", "2:1", "spaces, not tabs"},
    {"a: @x\n", "1:4", "in quotes"},
    {"a: b: c\n", "1:5", "put a text that holds ': ' in quotes"},
    {"a: 1\n b: 2\n", "2:3", "check the indentation"},
    {"a: 1\n- b\n", "2:1", "which began at 1:1"},
    {"a: [1, 2\nb: 3\n", "2:2", "close the list with ']'"},
    {"a: {b: 1\nc: 3\n", "2:2", "close the mapping with '}'"},
    {"a: 'x\n", "2:1", "close the quote"},
    {"a:\n  - 1\n  b: 2\n", "3:3", "begin each item of the list with '- '"},
    {"a\nb: 1\n", "2:2", "': '"},
    {"%YAML 9.9\n---\na: 1\n", "1:1", "not valid YAML"},
};

static void refuses_what_a_spec_does_not_use(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *refusal = &refusals[i];
        struct node root = {0};
        fb_error err = {0};
        char start[64];
        int rc = node_parse("t.yaml", refusal->text, strlen(refusal->text), &root, &err);
        snprintf(start, sizeof start, "t.yaml:%s: ", refusal->place);
        if (rc != FB_EFORMAT || strncmp(err.text, start, strlen(start)) != 0 ||
            !strstr(err.text, refusal->words))
            fail_msg("%s\ngave %s: '%s'\nexpected '%s...%s'", refusal->text, fb_status_name(rc),
                     err.text, start, refusal->words);
        assert_null(root.items);
    }
}

static void refuses_a_nul_byte_in_the_file(void **state)
{
    (void)state;
    struct node root = {0};
    fb_error err = {0};
    assert_int_equal(node_parse("t.yaml", "a: 1\n\0b", 7, &root, &err), FB_EFORMAT);
    assert_non_null(strstr(err.text, "t.yaml:2:1: control character U+0000"));
}

static void refuses_depth_and_size_beyond_the_limits(void **state)
{
    (void)state;
    fb_strbuf text = FB_STRBUF_INIT;
    struct node root = {0};
    fb_error err = {0};
    for (int i = 0; i < NODE_MAX_DEPTH; i++)
        fb_strbuf_add(&text, "[");
    fb_strbuf_add(&text, "x");
    for (int i = 0; i < NODE_MAX_DEPTH; i++)
        fb_strbuf_add(&text, "]");
    assert_int_equal(node_parse("t.yaml", text.text, text.length, &root, &err), FB_OK);
    node_finish(&root);
    fb_strbuf_reset(&text);
    for (int i = 0; i < 100000; i++)
        fb_strbuf_add(&text, "[");
    assert_int_equal(node_parse("t.yaml", text.text, text.length, &root, &err), FB_ERANGE);
    assert_string_equal(err.text, "t.yaml:1:33: lists and mappings are nested more than 32 deep");
    fb_strbuf_reset(&text);
    for (int i = 0; i <= NODE_MAX_ITEMS; i++)
        fb_strbuf_add(&text, "- x\n");
    assert_int_equal(node_parse("t.yaml", text.text, text.length, &root, &err), FB_ERANGE);
    assert_non_null(strstr(err.text, "t.yaml:1001:3: more than 1000 items"));
    fb_strbuf_finish(&text);
}

/* ---- trees ----------------------------------------------------------------------------------- */

static void set(struct node *root, const char *path, const char *value)
{
    struct node tree = parse(value);
    fb_error err = {0};
    int rc = node_set_path(root, path, &tree, &err);
    if (rc)
        fail_msg("%s: %s", path, err.text);
    node_finish(&tree);
}

static void assert_cannot_set(struct node *root, const char *path, int status, const char *words)
{
    struct node tree = parse("v");
    fb_error err = {0};
    assert_int_equal(node_set_path(root, path, &tree, &err), status);
    if (!strstr(err.text, words))
        fail_msg("%s: '%s' does not hold '%s'", path, err.text, words);
    assert_string_equal(tree.text, "v"); /* still the caller's */
    node_finish(&tree);
}

static void sets_values_by_path(void **state)
{
    (void)state;
    struct node root = parse("a: 1\nlist: [x, {y: 2}]\nempty:\n");
    set(&root, "a", "7");
    set(&root, "list.1.y", "{z: 3}");
    set(&root, "list.1.y.z", "4");
    set(&root, "empty.one.two", "5");
    assert_string_equal(node_find_path(&root, "a")->text, "7");
    assert_int_equal(node_find_path(&root, "a")->key_line, 1);
    assert_string_equal(node_find_path(&root.items[1].items[1], "y.z")->text, "4");
    assert_string_equal(node_find_path(&root, "empty.one.two")->text, "5");
    assert_cannot_set(&root, "list.2", FB_ERANGE, "there is no item 2: the list has 2");
    assert_cannot_set(&root, "list.first", FB_EINVAL, "'first' stands where a list's position");
    assert_cannot_set(&root, "list.-1", FB_EINVAL, "'-1' stands where a list's position");
    assert_cannot_set(&root, "a.b.c", FB_EINVAL, "cannot be set inside the single value '7'");
    assert_cannot_set(&root, "a..b", FB_EINVAL, "single value '7'");
    assert_cannot_set(&root, "empty..b", FB_EINVAL, "empty key");
    node_finish(&root);
}

static void assert_same(const struct node *a, const struct node *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->count, b->count);
    if (a->key)
        assert_string_equal(a->key, b->key);
    if (a->kind == NODE_SCALAR) {
        assert_string_equal(a->text, b->text);
        if (a->text[0] == '\0')
            assert_int_equal(a->quoted, b->quoted);
    }
    for (size_t i = 0; i < a->count; i++)
        assert_same(&a->items[i], &b->items[i]);
}

static const char tricky[] =
    "plain: text\n"
    "number: \"1\"\n"
    "empty: ''\n"
    "nothing:\n"
    "signs: [\"a: b\", '# no remark', \"- x\", \"{\", \"*a\", \"&b\", \"!c\", \"@\", \"%\"]\n"
    "space: ' around '\n"
    "lines: \"one\\ntwo\\n\\n three\\t\\x01\\x7f\"\n"
    "umlaut: \xC3\xA4\xE2\x82\xAC\xF0\x9F\x99\x82\n"
    "\"odd key: #1\": {deep: [[1, [2, []]], {}, {x: {y: z}}]}\n"
    "long: a text of many words that an emitter would like to fold because it is longer than the "
    "eighty characters that are the custom\n";

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct node root = parse(tricky);
    struct node copy = {0};
    char *text = NULL, *again = NULL;
    fb_error err = {0};
    assert_int_equal(node_copy(&root, &copy, &err), FB_OK);
    assert_int_equal(node_format(&copy, &text, &err), FB_OK);
    struct node back = parse(text);
    assert_same(&root, &back);
    assert_int_equal(node_format(&back, &again, &err), FB_OK);
    assert_string_equal(text, again);
    fb_free(text);
    fb_free(again);
    node_finish(&root);
    node_finish(&copy);
    node_finish(&back);
}

static void writes_mappings_as_blocks(void **state)
{
    (void)state;
    struct node root = parse("{a: {b: [1, 2], c: [{d: 3}]}}");
    char *text = NULL;
    fb_error err = {0};
    assert_int_equal(node_format(&root, &text, &err), FB_OK);
    assert_string_equal(text, "a:\n  b: [1, 2]\n  c:\n  - d: 3\n");
    fb_free(text);
    node_finish(&root);
}

/* Whatever the bytes, the parser returns, with a sentence that names the file when it fails. */
static void survives_damaged_files(void **state)
{
    (void)state;
    char text[sizeof tricky];
    for (size_t i = 0; i < sizeof tricky - 1; i++) {
        for (unsigned flip = 0; flip < 4; flip++) {
            static const unsigned char flips[] = {0, 0x01, 0x20, 0x80};
            memcpy(text, tricky, sizeof tricky);
            text[i] = (char)((unsigned char)text[i] ^ flips[flip]);
            size_t length = flip == 0 ? i : sizeof tricky - 1; /* 0: cut there */
            struct node root = {0};
            fb_error err = {0};
            if (node_parse("t.yaml", text, length, &root, &err))
                assert_memory_equal(err.text, "t.yaml:", 7);
            node_finish(&root);
        }
    }
}

static void fails_cleanly_without_memory(void **state)
{
    (void)state;
    int rc = FB_ENOMEM;
    for (uint64_t n = 1; rc; n++) {
        struct node root = {0}, copy = {0}, value = {0};
        char *text = NULL;
        fb_error err = {0};
        fb_alloc_fail_at(n);
        rc = node_parse("t.yaml", tricky, sizeof tricky - 1, &root, &err);
        if (!rc)
            rc = node_copy(&root, &copy, &err);
        if (!rc)
            rc = node_copy(&root, &value, &err);
        if (!rc)
            rc = node_set_path(&copy, "nothing.new.path", &value, &err);
        if (!rc)
            rc = node_format(&copy, &text, &err);
        fb_alloc_fail_at(0);
        if (rc) {
            assert_int_equal(rc, FB_ENOMEM);
            assert_true(err.text[0] != '\0');
        }
        node_finish(&root);
        node_finish(&copy);
        node_finish(&value);
        fb_free(text);
    }
}

static void excerpts_are_short_and_printable(void **state)
{
    (void)state;
    char out[NODE_EXCERPT];
    char longer[200];
    assert_string_equal(node_excerpt("a\nb", out), "a?b");
    memset(longer, 'x', sizeof longer);
    longer[199] = '\0';
    memcpy(longer + 59, "\xC3\xA4", 2); /* astride the cut: neither half is shown */
    assert_int_equal(strlen(node_excerpt(longer, out)), 59 + 3);
    assert_string_equal(out + 57, "xx...");
}

static void suggests_the_nearest_name(void **state)
{
    (void)state;
    static const char *const names[] = {"epochs", "batch", "learning_rate", "keep"};
    assert_string_equal(suggest_name("epoch", names, 4), "epochs");
    assert_string_equal(suggest_name("bacth", names, 4), "batch"); /* one swap */
    assert_string_equal(suggest_name("learning-rate", names, 4), "learning_rate");
    assert_string_equal(suggest_name("learnig_raet", names, 4), "learning_rate");
    assert_null(suggest_name("dropout", names, 4));
    assert_null(suggest_name("", names, 4));
    assert_null(suggest_name("lr", names, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_nodes_with_their_places),
        cmocka_unit_test(ignores_a_byte_order_mark_and_dos_line_ends),
        cmocka_unit_test(refuses_what_a_spec_does_not_use),
        cmocka_unit_test(refuses_a_nul_byte_in_the_file),
        cmocka_unit_test(refuses_depth_and_size_beyond_the_limits),
        cmocka_unit_test(sets_values_by_path),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(writes_mappings_as_blocks),
        cmocka_unit_test(survives_damaged_files),
        cmocka_unit_test(fails_cleanly_without_memory),
        cmocka_unit_test(excerpts_are_short_and_printable),
        cmocka_unit_test(suggests_the_nearest_name),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
