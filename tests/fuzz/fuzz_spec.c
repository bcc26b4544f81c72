/* A spec's text. One that is accepted writes itself out in full, and that reads back as the same.
 */
#include <string.h>

#include "fuzz.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spec spec = {0}, again = {0};
    fb_error err = {0};
    const char *text = (const char *)data;
    if (fuzz_status(spec_parse("/nowhere/spec.yaml", text, size, NULL, 0, &spec, &err), &err)) {
        fuzz_note_text(spec.resolved);
        int rc = spec_parse("/nowhere/resolved.yaml", spec.resolved, strlen(spec.resolved), NULL, 0,
                            &again, &err);
        FB_CHECK(fuzz_status(rc, &err) || fuzz_starved);
        FB_CHECK(rc || strcmp(spec.resolved, again.resolved) == 0);
    }
    spec_finish(&again);
    spec_finish(&spec);
    return 0;
}
