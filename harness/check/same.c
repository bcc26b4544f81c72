/* What must not change the answer: a second call, threads, labels that nobody has bought. */
#include <inttypes.h>
#include <string.h>

#include "checks.h"

/* Whether two answers are the same to the bit; otherwise the verdict names the first difference. */
static bool compare(const trial *t, const host_answer *a, const host_answer *b, const char *when,
                    verdict *v)
{
    for (size_t rank = 0; rank < t->batch; rank++)
        if (a->ids[rank] != b->ids[rank]) {
            verdict_say(v, CHECK_FAILED,
                        "%s, it chooses sample %" PRIu32 " at rank %zu instead of %" PRIu32, when,
                        b->ids[rank], rank, a->ids[rank]);
            return false;
        }
    for (size_t row = 0; a->scores && row < t->services.n; row++)
        if (memcmp(&a->scores[row], &b->scores[row], sizeof *a->scores) != 0) {
            verdict_say(v, CHECK_FAILED, "%s, the score of row %zu is %.17g instead of %.17g", when,
                        row, b->scores[row], a->scores[row]);
            return false;
        }
    return true;
}

/* Selects as `second` says and compares with the answer that is expected. */
static bool agrees(const trial *second, const host_answer *expected, const char *when, verdict *v)
{
    host_answer answer = {0};
    if (!subject_try(second, false, v, &answer))
        return false;
    bool same = compare(second, expected, &answer, when, v);
    host_answer_finish(&answer);
    return same;
}

void check_repeat(check_subject *s, verdict *v)
{
    trial t = trial_make(s->strategy, s->values);
    host_answer first = {0};
    fb_error err = {0};
    if (!subject_try(&t, false, v, &first))
        return;
    bool same = agrees(&t, &first, "asked the same again", v);
    subject_close(s);
    if (same && subject_open(s, &err) != FB_OK) {
        verdict_say(v, CHECK_FAILED, "opened a second time: %s", err.text);
    } else if (same) {
        t = trial_make(s->strategy, s->values);
        agrees(&t, &first, "asked the same again after it was closed and opened", v);
    }
    host_answer_finish(&first);
}

void check_threads(check_subject *s, verdict *v)
{
    trial t = trial_make(s->strategy, s->values), pieces, threads;
    host_answer first = {0};
    t.services.n = 600; /* more than a piece of most loops */
    if (!subject_try(&t, false, v, &first))
        return;
    pieces = threads = t;
    pieces.loops = TRIAL_PIECES;
    threads.loops = TRIAL_THREADS;
    if (agrees(&pieces, &first, "when its loops come in pieces, the last one first", v))
        agrees(&threads, &first, "when its loops run on 3 threads", v);
    host_answer_finish(&first);
}

void check_hidden_labels(check_subject *s, verdict *v)
{
    trial t = trial_make(s->strategy, s->values), other;
    host_answer first = {0};
    if (!subject_try(&t, false, v, &first))
        return;
    other = t;
    other.services.other_hidden_labels = true;
    agrees(&other, &first, "when the labels of unlabelled samples are others", v);
    host_answer_finish(&first);
}
