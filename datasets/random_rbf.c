/* random_rbf.c - "random-rbf": samples round random centroids, as RandomRBFGenerator of MOA (Bifet
 * et al., "MOA: Massive Online Analysis", JMLR 11, 2010). OpenML's data set 156 is its 50
 * centroids, 10 attributes and 5 classes.
 *
 * A centroid has a centre in the unit cube, a class, a standard deviation and a weight, all
 * uniform. A sample picks a centroid by weight, a direction (a uniform point of the cube [-1,
 * 1]^d, normalised), and a distance: normal, times the centroid's standard deviation. Classes
 * are as frequent as their centroids' weights say; with many classes some may have no centroid
 * and so no sample. */
#include <math.h>

#include "draws.h"
#include "synthetic.h"

typedef struct centroid_table {
    double weight[RANDOM_RBF_CENTROIDS];
    double deviation[RANDOM_RBF_CENTROIDS];
    uint32_t label[RANDOM_RBF_CENTROIDS];
} centroid_table;

/* Centroid k draws from draw k of `world`: first its class, deviation and weight, then its
 * centre, which is drawn anew whenever it is asked for. */
enum { CENTRE_FIRST = 3 };

static void make_centroids(const synthetic_recipe *recipe, centroid_table *ret_centroids)
{
    for (size_t k = 0; k < RANDOM_RBF_CENTROIDS; k++) {
        draw_cursor draws = {recipe->world, k, 0};
        ret_centroids->label[k] = (uint32_t)draws_below(&draws, recipe->class_count);
        ret_centroids->deviation[k] = draws_uniform(&draws);
        ret_centroids->weight[k] = draws_uniform(&draws);
    }
}

/* Writes a random direction (not of unit length) and returns its length, which is not 0. */
static double draw_direction(draw_cursor *draws, size_t count, float *ret_direction)
{
    double square;
    do {
        square = 0;
        for (size_t j = 0; j < count; j++) {
            ret_direction[j] = (float)draws_between(draws, -1, 1);
            square += (double)ret_direction[j] * (double)ret_direction[j];
        }
    } while (!(square > 0));
    return sqrt(square);
}

void synthetic_random_rbf(const synthetic_recipe *recipe, fb_stream stream, data_part *part)
{
    centroid_table centroids;
    make_centroids(recipe, &centroids);
    for (size_t i = 0; i < part->count; i++) {
        draw_cursor draws = {stream, i, 0};
        size_t k = draws_weighted(&draws, centroids.weight, RANDOM_RBF_CENTROIDS);
        double distance = draws_normal(&draws) * centroids.deviation[k] * recipe->noise;
        float *row = part->f32 + i * recipe->feature_count;
        double length = draw_direction(&draws, recipe->feature_count, row);
        draw_cursor centre = {recipe->world, k, CENTRE_FIRST};
        for (size_t j = 0; j < recipe->feature_count; j++)
            row[j] = (float)(draws_uniform(&centre) + (double)row[j] * (distance / length));
        part->labels[i] = centroids.label[k];
    }
}
