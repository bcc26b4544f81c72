#include "metrics.h"

#include "alloc.h"
#include "kernels.h"

int tally_init(tally *counts, size_t classes, fb_error *err)
{
    uint64_t *cells = fb_calloc(classes, 3 * sizeof *cells);
    if (!cells)
        return fb_fail_memory(err, classes, 3 * sizeof *cells, "the counts of a metric");
    *counts = (tally){.classes = classes,
                      .correct = cells,
                      .predicted = cells + classes,
                      .actual = cells + 2 * classes};
    return FB_OK;
}

void tally_finish(tally *counts)
{
    fb_free(counts->correct);
}

size_t metrics_predict(size_t classes, const float *logits)
{
    size_t best = 0;
    for (size_t c = 1; c < classes; c++)
        if (logits[c] > logits[best])
            best = c;
    return best;
}

void tally_add(tally *counts, size_t rows, float *logits, const uint32_t *labels)
{
    size_t classes = counts->classes;
    /* Predictions come from the logits: rounding in the logarithms can make ties. */
    for (size_t r = 0; r < rows; r++) {
        size_t guess = metrics_predict(classes, logits + r * classes);
        counts->predicted[guess]++;
        counts->actual[labels[r]]++;
        counts->correct[guess] += guess == labels[r];
    }
    kernels_log_softmax(rows, classes, logits, classes, logits, classes);
    for (size_t r = 0; r < rows; r++)
        counts->loss -= (double)logits[r * classes + labels[r]];
    counts->rows += rows;
}

nn_metrics tally_metrics(const tally *counts)
{
    double recall = 0.0, f1 = 0.0;
    uint64_t correct = 0, occurring = 0;
    for (size_t c = 0; c < counts->classes; c++) {
        double hits = (double)counts->correct[c], actual = (double)counts->actual[c];
        correct += counts->correct[c];
        if (counts->actual[c] == 0)
            continue;
        occurring++;
        recall += hits / actual;
        f1 += 2.0 * hits / (actual + (double)counts->predicted[c]);
    }
    return (nn_metrics){.accuracy = (double)correct / (double)counts->rows,
                        .balanced_accuracy = recall / (double)occurring,
                        .macro_f1 = f1 / (double)occurring,
                        .loss = counts->loss / (double)counts->rows};
}
