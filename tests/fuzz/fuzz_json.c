#include "fuzz_json.h"

#include "fuzz.h"

static void note_number(const json_t *json)
{
    json_int_t whole = json_integer_value(json);
    double real = json_real_value(json);
    fuzz_note(&whole, sizeof whole);
    fuzz_note(&real, sizeof real);
}

void fuzz_note_json(const json_t *json)
{
    const char *key;
    json_t *value;
    int kind = json ? (int)json_typeof(json) : -1;
    fuzz_note(&kind, sizeof kind);
    if (json_is_string(json))
        fuzz_note(json_string_value(json), json_string_length(json));
    else if (json_is_number(json))
        note_number(json);
    for (size_t i = 0; i < json_array_size(json); i++)
        fuzz_note_json(json_array_get(json, i));
    json_object_foreach ((json_t *)json, key, value) { /* the macro changes nothing */
        fuzz_note_text(key);
        fuzz_note_json(value);
    }
}
