/* Where the gradients of activations lie in the backward pass. The layers are gone through from the
 * last to the first; a buffer is free again when the layer has used it whose output's gradient it
 * held. In a plain chain two buffers take turns, a residual block needs a third. */
#include "network.h"

typedef struct planner {
    nn_network *network;
    bool used[NETWORK_MAX_GRADIENTS];
    /* By the number of an output: */
    bool wanted[NN_MAX_LAYERS + 1];  /* it or something before it is trained */
    bool known[NN_MAX_LAYERS + 1];   /* a layer behind it has given its part */
    size_t holder[NN_MAX_LAYERS + 1]; /* the buffer, when known */
} planner;

static void find_wanted(planner *p)
{
    for (size_t i = 0; i < p->network->layer_count; i++) {
        const nn_layer *layer = &p->network->layers[i];
        p->wanted[i + 1] = layer->weight_count > 0 || p->wanted[layer->reads] ||
                           (layer->spec.kind == NN_ADD && p->wanted[layer->adds]);
    }
}

static int take_buffer(planner *p, size_t *ret_buffer, fb_error *err)
{
    size_t i = 0;
    while (i < NETWORK_MAX_GRADIENTS && p->used[i])
        i++;
    if (i == NETWORK_MAX_GRADIENTS)
        return fb_fail(err, FB_ERANGE, "more than %d layers' outputs wait for other layers at once",
                       NETWORK_MAX_GRADIENTS);
    p->used[i] = true;
    if (i >= p->network->gradient_count)
        p->network->gradient_count = i + 1;
    *ret_buffer = i;
    return FB_OK;
}

/* The sum's gradient is that of each summand: the first to need it may keep the buffer. */
static int plan_sum(planner *p, nn_layer *layer, bool *kept, fb_error *err)
{
    gradient_step *step = &layer->backward;
    const size_t outputs[2] = {layer->reads, layer->adds};
    for (size_t k = 0; k < 2; k++) {
        size_t output = outputs[k];
        if (!p->wanted[output])
            continue;
        if (p->known[output]) {
            step->way[k] = GRADIENT_ADD;
        } else if (!*kept) {
            step->way[k] = GRADIENT_KEEP;
            p->holder[output] = step->dy;
            *kept = true;
        } else {
            step->way[k] = GRADIENT_WRITE;
            int rc = take_buffer(p, &p->holder[output], err);
            if (rc)
                return rc;
        }
        p->known[output] = true;
        step->into[k] = p->holder[output];
    }
    return FB_OK;
}

static int plan_input(planner *p, nn_layer *layer, bool *kept, fb_error *err)
{
    gradient_step *step = &layer->backward;
    size_t output = layer->reads;
    if (!p->wanted[output])
        return FB_OK;
    if (layer->done_before) { /* the layer before has the pooled output for its own */
        step->way[0] = GRADIENT_KEEP;
        p->holder[output] = step->dy;
        p->known[output] = true;
        *kept = true;
        return FB_OK;
    }
    int rc = take_buffer(p, &step->dx, err);
    if (rc)
        return rc;
    if (p->known[output]) {
        step->way[0] = GRADIENT_ADD;
        step->into[0] = p->holder[output];
        p->used[step->dx] = false;
    } else {
        step->way[0] = GRADIENT_WRITE;
        step->into[0] = p->holder[output] = step->dx;
        p->known[output] = true;
    }
    return FB_OK;
}

int gradients_plan(nn_network *network, fb_error *err)
{
    planner p = {.network = network};
    size_t last = network->layer_count;
    find_wanted(&p);
    int rc = take_buffer(&p, &p.holder[last], err);
    p.known[last] = true;
    for (size_t i = last; !rc && i-- > 0;) {
        nn_layer *layer = &network->layers[i];
        bool kept = false;
        layer->backward = (gradient_step){.wanted = p.wanted[i + 1], .dy = p.holder[i + 1]};
        if (!layer->backward.wanted)
            continue;
        FB_CHECK(p.known[i + 1]); /* every output is read: resolve has seen to it */
        rc = layer->spec.kind == NN_ADD ? plan_sum(&p, layer, &kept, err)
                                        : plan_input(&p, layer, &kept, err);
        if (!kept)
            p.used[layer->backward.dy] = false;
    }
    return rc;
}
