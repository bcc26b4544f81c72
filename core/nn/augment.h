/* augment.h - random crops and mirror images of training samples (internal to nn). */
#ifndef FB_NN_AUGMENT_H
#define FB_NN_AUGMENT_H

#include "nn.h"

/* Augments images (rows, shape) in place, as the recipe says: each is padded with crop_padding
 * zeros on all sides and cropped at random to its size, and then mirrored left and right with
 * probability 1/2. Element i of draw `step` of the stream's sub-streams "row", "column" and "flip"
 * decides about image i. crop_padding is less than height and width. */
void augment(const nn_recipe *recipe, fb_stream stream, uint64_t step, size_t rows, nn_shape shape,
             float *images);

#endif
