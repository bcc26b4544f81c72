#include "fuzz_dataset.h"

#include <math.h>

#include "fuzz.h"

static void check_part(const dataset *data, const data_part *part)
{
    size_t row = data->height * data->width * data->channels;
    FB_CHECK(row > 0 && !(part->u8 && part->f32));
    for (size_t i = 0; i < part->count; i++)
        FB_CHECK(part->labels[i] < data->class_count);
    volatile uint8_t last = part->u8 && part->count ? part->u8[part->count * row - 1] : 0;
    (void)last; /* reading it is the check */
    for (size_t i = 0; part->f32 && i < part->count * row; i++)
        FB_CHECK(isfinite(part->f32[i]));
}

void fuzz_dataset(const data_spec *spec)
{
    dataset data = {0};
    fb_error err = {0};
    if (fuzz_status(dataset_load(spec, &data, &err), &err)) {
        check_part(&data, &data.train);
        check_part(&data, &data.test);
        fuzz_note_text(data.digest);
    }
    dataset_finish(&data);
}
