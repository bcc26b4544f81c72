/* SPDX-License-Identifier: 0BSD */
#include "table.h"

const kernels_table ISA(table) = {
    .gemm = ISA(gemm),
    .conv_forward = ISA(conv_forward),
    .conv_weight_gradient = ISA(conv_weight_gradient),
    .conv_input_gradient = ISA(conv_input_gradient),
    .winograd_forward = ISA(winograd_forward),
    .winograd_gradients = ISA(winograd_gradients),
    .winograd_pool_forward = ISA(winograd_pool_forward),
    .winograd_pool_gradients = ISA(winograd_pool_gradients),
    .batch_norm_statistics = ISA(batch_norm_statistics),
    .batch_norm_forward = ISA(batch_norm_forward),
    .batch_norm_gradients = ISA(batch_norm_gradients),
    .batch_norm_input_gradient = ISA(batch_norm_input_gradient),
    .masked_scratch = ISA(masked_scratch),
    .masked_load = ISA(masked_load),
    .masked_run = ISA(masked_run),
    .exp = ISA(exp),
    .log = ISA(log),
    .normal = ISA(normal),
    .random_bits = ISA(random_bits),
    .log_softmax = ISA(log_softmax),
    .convert_u8 = ISA(convert_u8),
    .adam = ISA(adam),
    .sgd = ISA(sgd),
    .rmsprop = ISA(rmsprop),
};
