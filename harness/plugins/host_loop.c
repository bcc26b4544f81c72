#include "host_loop.h"

#include "fpmode.h"

/* More pieces than threads: what one thread is late with, others do. */
enum { PIECES_PER_THREAD = 8 };

typedef struct cut_loop {
    host_loop *loop;
    fb_loop_body body;
    void *argument;
    size_t items, pieces;
} cut_loop;

/* The first fault counts. */
static void note_fault(host_loop *loop, const char *fault)
{
    const char *none = NULL;
    atomic_compare_exchange_strong(&loop->fault, &none, fault);
}

static void check_mode(host_loop *loop, const char *fault)
{
    if (fpmode_get() == loop->fp_mode)
        return;
    fpmode_set(loop->fp_mode);
    note_fault(loop, fault);
}

/* parallel_run's task. Lengths differ by one at most. */
static void run_piece(void *context, size_t index)
{
    const cut_loop *cut = context;
    size_t length = cut->items / cut->pieces, longer = cut->items % cut->pieces;
    size_t first = index * length + (index < longer ? index : longer);
    fpmode_set(cut->loop->fp_mode);
    cut->body(cut->argument, first, length + (index < longer));
    check_mode(cut->loop, "it changed the floating-point mode in the body of a parallel_for");
}

void host_loop_run(host_loop *loop, size_t items, size_t grain, fb_loop_body body, void *argument)
{
    if (items == 0)
        return;
    check_mode(loop, "it changed the floating-point mode before it called parallel_for");
    cut_loop cut = {.loop = loop, .body = body, .argument = argument, .items = items, .pieces = 1};
    loop->running = true;
    if (loop->pool) {
        size_t most = items / (grain > 0 ? grain : 1);
        size_t wanted = parallel_threads(loop->pool) * PIECES_PER_THREAD;
        cut.pieces = most < 1 ? 1 : most < wanted ? most : wanted;
        parallel_run(loop->pool, cut.pieces, run_piece, &cut);
    } else {
        run_piece(&cut, 0);
    }
    loop->running = false;
}

bool host_loop_refuses(host_loop *loop, const char *fault)
{
    if (loop->running)
        note_fault(loop, fault);
    return loop->running;
}
