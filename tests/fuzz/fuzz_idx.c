/* IDX files: images and labels, and once more the other way round as a test set. */
#include "fuzz.h"
#include "fuzz_dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file images = fuzz_file_next(&data, &size);
    fuzz_file labels = fuzz_file_next(&data, &size);
    data_spec spec = {.format = DATA_IDX, .train_images = images.path, .train_labels = labels.path};
    fuzz_dataset(&spec);
    spec.test_images = labels.path;
    spec.test_labels = images.path;
    fuzz_dataset(&spec);
    fuzz_file_close(&images);
    fuzz_file_close(&labels);
    return 0;
}
