/* embed.c - runs during the build: `embed OUT.c FILE...` writes the files as C strings, in a table as
 * templates.h declares it. */
#include <stdio.h>
#include <string.h>

/* A character of a string literal. Octal escapes have three digits, so that a digit that follows is
 * not taken for one of them. */
static void write_character(FILE *out, int c)
{
    if (c == '\n')
        fputs("\\n\"\n        \"", out);
    else if (c == '"' || c == '\\' || c == '?' || c < ' ' || c > '~')
        fprintf(out, "\\%03o", (unsigned)c);
    else
        fputc(c, out);
}

static int write_file(FILE *out, const char *path)
{
    const char *slash = strrchr(path, '/');
    FILE *in = fopen(path, "rb");
    int c;
    if (!in)
        return -1;
    fprintf(out, "    {\"%s\",\n        \"", slash ? slash + 1 : path);
    while ((c = fgetc(in)) != EOF)
        write_character(out, c);
    fputs("\"},\n", out);
    int failed = ferror(in);
    return fclose(in) != 0 || failed ? -1 : 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: embed OUT.c FILE...\n", stderr);
        return 2;
    }
    FILE *out = fopen(argv[1], "w");
    int failed = !out;
    if (out)
        fputs("#include <stddef.h>\n\n#include \"templates.h\"\n\n"
              "const project_template project_templates[] = {\n", out);
    for (int i = 2; !failed && i < argc; i++)
        failed = write_file(out, argv[i]);
    if (out) {
        fputs("    {NULL, NULL},\n};\n", out);
        failed |= ferror(out);
        failed |= fclose(out);
    }
    if (failed)
        fprintf(stderr, "embed: cannot write %s\n", argv[1]);
    return failed != 0;
}
