/* libsvm texts: a training and a test set, as they are and standardized. */
#include "fuzz.h"
#include "fuzz_dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file train = fuzz_file_next(&data, &size);
    fuzz_file test = fuzz_file_next(&data, &size);
    /* A text of a few bytes may ask for 2^24 features: a limit keeps the search fast. */
    data_spec spec = {.format = DATA_LIBSVM, .file = train.path, .feature_count = 1000};
    fuzz_dataset(&spec);
    spec.test_file = test.path;
    spec.standardize = true;
    fuzz_dataset(&spec);
    fuzz_file_close(&train);
    fuzz_file_close(&test);
    return 0;
}
