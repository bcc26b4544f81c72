/* vectors.c - two generators of plain feature vectors: "blobs" and "two-moons". */
#include <math.h>

#include "draws.h"
#include "synthetic.h"

/* Class c's centre is point c of a lattice of spacing 1 that fills a cube: the digits of c in
 * base `side`, the smallest base in which all classes have `feature_count` digits. So the
 * nearest centres are 1 apart whatever the seed and the counts. */
static size_t lattice_side(size_t class_count, size_t feature_count)
{
    for (size_t side = 2;; side++) {
        size_t points = 1;
        for (size_t j = 0; j < feature_count && points < class_count; j++)
            points *= side;
        if (points >= class_count)
            return side;
    }
}

void synthetic_blobs(const synthetic_recipe *recipe, fb_stream stream, data_part *part)
{
    size_t side = lattice_side(recipe->class_count, recipe->feature_count);
    fb_stream places = fb_stream_sub(stream, "places", 0);
    synthetic_balanced_labels(recipe, stream, part);
    for (size_t i = 0; i < part->count; i++) {
        draw_cursor draws = {places, i, 0};
        float *row = part->f32 + i * recipe->feature_count;
        size_t digits = part->labels[i];
        for (size_t j = 0; j < recipe->feature_count; j++) {
            row[j] = (float)((double)(digits % side) + recipe->noise * draws_normal(&draws));
            digits /= side;
        }
    }
}

/* A uniform point of the upper half of the unit circle: a uniform point of the half disc, moved
 * out. */
static void half_circle(draw_cursor *draws, double *ret_x, double *ret_y)
{
    double x, y, square;
    do {
        x = draws_between(draws, -1, 1);
        y = draws_uniform(draws);
        square = x * x + y * y;
    } while (square > 1 || square < 1e-6);
    *ret_x = x / sqrt(square);
    *ret_y = y / sqrt(square);
}

/* Class 0: the upper half circle round (0, 0); class 1: the lower one round (1, 0.5). */
void synthetic_two_moons(const synthetic_recipe *recipe, fb_stream stream, data_part *part)
{
    fb_stream places = fb_stream_sub(stream, "places", 0);
    synthetic_balanced_labels(recipe, stream, part);
    for (size_t i = 0; i < part->count; i++) {
        draw_cursor draws = {places, i, 0};
        double x, y;
        half_circle(&draws, &x, &y);
        if (part->labels[i] == 1) {
            x = 1 - x;
            y = 0.5 - y;
        }
        part->f32[2 * i] = (float)(x + recipe->noise * draws_normal(&draws));
        part->f32[2 * i + 1] = (float)(y + recipe->noise * draws_normal(&draws));
    }
}
