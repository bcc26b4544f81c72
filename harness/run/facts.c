#include "facts.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "confine.h"
#include "kernels.h"
#include "nn.h"
#include "strbuf.h"

/* "model name : X" of the first processor; "unknown" elsewhere than on Linux. */
static void cpu_name(char *out, size_t size)
{
    char line[512];
    snprintf(out, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !value)
            continue;
        value[strcspn(value, "\n")] = '\0';
        snprintf(out, size, "%s", value + 2);
        break;
    }
    if (file)
        fclose(file);
}

static void set_text(json_t *facts, const char *name, const char *text)
{
    /* A host or path that is not UTF-8 is no reason not to run. */
    json_t *value = json_string(text);
    json_object_set_new(facts, name, value ? value : json_string("(not UTF-8)"));
}

static void set_command_line(json_t *facts, int argc, char **argv)
{
    fb_strbuf line = FB_STRBUF_INIT;
    for (int i = 0; i < argc; i++)
        fb_strbuf_printf(&line, "%s%s", i ? " " : "", argv[i]);
    set_text(facts, "command", line.text);
    fb_strbuf_finish(&line);
}

json_t *facts_collect(const struct spec *spec, size_t workers, int argc, char **argv)
{
    json_t *facts = json_object();
    struct utsname system;
    char text[640];
    if (!facts)
        return NULL;
    set_text(facts, "experiment", spec->name);
    set_text(facts, "baseline", spec->report.baseline);
    set_text(facts, "correction", spec->report.correction == SPEC_HOLM ? "holm" : "none");
    json_object_set_new(facts, "alpha", json_real(spec->report.alpha));
    json_object_set_new(facts, "include_initial", json_boolean(spec->report.include_initial));
    set_text(facts, "flipbench", FLIPBENCH_VERSION);
    set_command_line(facts, argc, argv);
    if (uname(&system) == 0) {
        set_text(facts, "host", system.nodename);
        snprintf(text, sizeof text, "%s %s %s", system.sysname, system.release, system.machine);
        set_text(facts, "system", text);
    }
    cpu_name(text, sizeof text);
    set_text(facts, "CPU", text);
    snprintf(text, sizeof text, "%ld, %zu workers", sysconf(_SC_NPROCESSORS_ONLN), workers);
    set_text(facts, "cores", text);
    set_text(facts, "instruction set", kernels_isa());
    set_text(facts, "OpenBLAS", nn_engine_fingerprint(NN_BLAS));
    set_text(facts, "compiler", FLIPBENCH_COMPILER);
    set_text(facts, "cells give up", confine_summary());
    return facts;
}
