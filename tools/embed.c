/* embed.c - runs during the build: `embed OUT.c HEADER TYPE TABLE FILE...` writes the files as C
 * strings, as the array TABLE that HEADER declares: of a TYPE that begins with the file's name and its
 * text, and ended by a name of NULL. */
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
    if (argc < 5) {
        fputs("usage: embed OUT.c HEADER TYPE TABLE FILE...\n", stderr);
        return 2;
    }
    FILE *out = fopen(argv[1], "w");
    int failed = !out;
    if (out)
        fprintf(out, "#include <stddef.h>\n\n#include \"%s\"\n\nconst %s %s[] = {\n", argv[2],
                argv[3], argv[4]);
    for (int i = 5; !failed && i < argc; i++)
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
