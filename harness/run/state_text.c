#include "state_text.h"

#include <nettle/base64.h>

#include "alloc.h"

json_t *state_text(const float *state, size_t count)
{
    size_t bytes = count * sizeof *state, length = BASE64_ENCODE_RAW_LENGTH(bytes);
    char *text = fb_calloc(length, 1);
    if (!text)
        return NULL;
    base64_encode_raw(text, bytes, (const uint8_t *)state);
    json_t *value = json_stringn_nocheck(text, length);
    fb_free(text);
    return value;
}

int state_read(const json_t *text, size_t count, float **ret_state, fb_error *err)
{
    size_t bytes = count * sizeof **ret_state, length = json_string_length(text), written = 0;
    struct base64_decode_ctx decoder;
    if (length != BASE64_ENCODE_RAW_LENGTH(bytes))
        return fb_fail(err, FB_EFORMAT, "a network's state has another size than its %zu numbers",
                       count);
    float *state = fb_calloc(BASE64_DECODE_LENGTH(length), 1);
    if (!state)
        return fb_fail_memory(err, length, 1, "a network's state");
    base64_decode_init(&decoder);
    if (!base64_decode_update(&decoder, &written, (uint8_t *)state, length,
                              json_string_value(text)) ||
        !base64_decode_final(&decoder) || written != bytes) {
        fb_free(state);
        return fb_fail(err, FB_EFORMAT, "a network's state is no base64 text of %zu numbers",
                       count);
    }
    *ret_state = state;
    return FB_OK;
}
