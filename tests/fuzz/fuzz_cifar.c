/* Files of CIFAR-10 and CIFAR-100, plain pixels and standardized ones. */
#include "fuzz.h"
#include "fuzz_dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file file = fuzz_file_open(data, size);
    const char *files[2] = {file.path, file.path};
    data_spec spec = {.format = DATA_CIFAR, .train_files = files, .train_file_count = 2};
    spec.class_count = 10;
    fuzz_dataset(&spec);
    spec.class_count = 100;
    spec.standardize = true;
    fuzz_dataset(&spec);
    fuzz_file_close(&file);
    return 0;
}
