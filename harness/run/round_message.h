/* round_message.h - a cell's `round` message as what the store takes.
 *
 * A cell's process runs a plugin's code, so nothing it sends is believed: what cannot be, or could
 * not be stored, is refused here, where it costs the cell and not the run. */
#ifndef FB_ROUND_MESSAGE_H
#define FB_ROUND_MESSAGE_H

#include <jansson.h>
#include <stddef.h>

#include "datasets.h"
#include "store.h"

/* A round whose arrays belong to it. */
struct round_message {
    store_round round;
    store_query *queries;
    host_record *records;
    uint32_t *score_ids;
    double *scores;
    float *state;
};

/* Reads the message about a round, in which `labeled` samples were labelled, and looks up the
 * labels of what it queried in `train`. It must hold a network's state of `state_size` numbers; 0:
 * none is looked for. FB_EFORMAT with the first thing that cannot be. Whether the
 * queried samples may be queried is the caller's to check. */
int round_message_read(const json_t *message, size_t number_of_round, size_t labeled,
                       const data_part *train, size_t state_size, struct round_message *ret_round,
                       fb_error *err);

/* Takes NULL and a zeroed struct. */
void round_message_finish(struct round_message *round);

#endif
