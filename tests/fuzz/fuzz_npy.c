/* A NumPy array, as floats and as integers. */
#include "datasets.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    npy_array floats = {0}, integers = {0};
    fb_error err = {0};
    fuzz_file file = fuzz_file_open(data, size);
    int read = fuzz_status(npy_read_floats(file.path, &floats, &err), &err);
    fuzz_note(floats.f32, floats.count * sizeof *floats.f32);
    if (fuzz_status(npy_read_integers(file.path, &integers, &err), &err))
        FB_CHECK(fuzz_starved || (read && integers.count == floats.count));
    fuzz_note(integers.i64, integers.count * sizeof *integers.i64);
    npy_finish(&floats);
    npy_finish(&integers);
    fuzz_file_close(&file);
    return 0;
}
