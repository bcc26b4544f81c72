/* argp is a GNU extension. */
#define _GNU_SOURCE
#include "arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t argument_whole(struct argp_state *state, const char *option, const char *text,
                        uint64_t minimum)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < minimum)
        argp_error(state, "%s %s: expected a whole number from %llu", option, text,
                   (unsigned long long)minimum);
    return value;
}

uint64_t argument_count(struct argp_state *state, const char *option, const char *text,
                        uint64_t maximum)
{
    uint64_t value = argument_whole(state, option, text, 1);
    if (value > maximum)
        argp_error(state, "%s %s: expected at most %llu", option, text,
                   (unsigned long long)maximum);
    return value;
}

double argument_positive(struct argp_state *state, const char *option, const char *text,
                         double maximum)
{
    char *end;
    double value = strtod(text, &end);
    if (*end || !(value > 0) || !(value <= maximum))
        argp_error(state, "%s %s: expected a number above 0 and at most %g", option, text, maximum);
    return value;
}

bool argument_is_json(struct argp_state *state, const char *text, const char *other)
{
    bool json = strcmp(text, "json") == 0;
    if (!json && strcmp(text, other) != 0)
        argp_error(state, "--format %s: expected %s or json", text, other);
    return json;
}
