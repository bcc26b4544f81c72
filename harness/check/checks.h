/* checks.h - the checks themselves. Each runs in its own child (child.h) and says its verdict;
 * nothing said is "passed". */
#ifndef FB_CHECKS_H
#define FB_CHECKS_H

#include "check.h"
#include "child.h"
#include "plugin.h"
#include "trial.h"

typedef struct check_subject {
    const check_options *options;
    const char *id;              /* of the strategy; NULL: the file itself is checked */
    struct plugin *plugin;       /* NULL while it is not open */
    const fb_strategy *strategy;
    fb_value *values;            /* presets, and what the user gave */
} check_subject;

/* Opens the plugin and finds the strategy. */
int subject_open(check_subject *s, fb_error *err);
void subject_close(check_subject *s);

/* One trial: whether there is an answer. Otherwise the verdict says why; after a refusal that
 * `may_refuse`, that is a pass. *ret_answer may be NULL. */
bool subject_try(const trial *t, bool may_refuse, verdict *v, host_answer *ret_answer);

/* file.c: the plugin as a whole. */
void check_load(check_subject *s, verdict *v);
void check_symbols(check_subject *s, verdict *v);

/* cases.c: settings that a run can come to. */
void check_parameters(check_subject *s, verdict *v);
void check_select(check_subject *s, verdict *v);
void check_batch(check_subject *s, verdict *v);
void check_one_sample(check_subject *s, verdict *v);
void check_identical_rows(check_subject *s, verdict *v);
void check_zero_embeddings(check_subject *s, verdict *v);
void check_one_class(check_subject *s, verdict *v);
void check_no_labels(check_subject *s, verdict *v);
void check_not_finite(check_subject *s, verdict *v);
void check_missing_service(check_subject *s, verdict *v);

/* same.c: what must not change the answer. */
void check_repeat(check_subject *s, verdict *v);
void check_threads(check_subject *s, verdict *v);
void check_hidden_labels(check_subject *s, verdict *v);

/* conduct.c: what a strategy must leave alone. The first and the last open the plugin. */
void check_floating_point(check_subject *s, verdict *v);
void check_inputs(check_subject *s, verdict *v);
void check_stdout(check_subject *s, verdict *v);

/* cost.c */
void check_memory(check_subject *s, verdict *v);
void check_leaks(check_subject *s, verdict *v);

#endif
