/* Has a strategy, but does not export flipbench_plugin. */
#include "working.h"

const fb_strategy *hidden_strategy(void);

static const fb_strategy strategy = {WORKING("no-symbol")};

const fb_strategy *hidden_strategy(void)
{
    return &strategy;
}
