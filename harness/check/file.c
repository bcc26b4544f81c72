/* The plugin as a whole: whether it loads, and which functions of others it names. */
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "strbuf.h"

void check_load(check_subject *s, verdict *v)
{
    fb_error err = {0};
    if (plugin_open(s->options->path, &s->plugin, &err) != FB_OK)
        verdict_say(v, CHECK_FAILED, "%s", err.text);
    plugin_close(s->plugin);
}

/* ---- symbols -------------------------------------------------------------------------------- */

/* Names that a strategy should do without. A name in __NAME_chk, as fortify writes it, is NAME. */
static const struct {
    const char *why;
    const char *names[20];
} suspects[] = {
    {"random numbers come from host->random_...",
     {"rand", "srand", "rand_r", "random", "srandom", "drand48", "erand48", "lrand48", "nrand48",
      "mrand48", "jrand48", "srand48", "seed48", "getrandom", "getentropy", "arc4random",
      "arc4random_uniform", "arc4random_buf"}},
    {"an answer must not depend on the time",
     {"time", "clock", "clock_gettime", "gettimeofday", "times"}},
    {"a strategy that fails returns a code",
     {"exit", "_exit", "_Exit", "quick_exit", "abort", "raise", "kill"}},
    {"stdout is the program's; there is host->log",
     {"printf", "vprintf", "puts", "putchar", "putchar_unlocked", "stdout"}},
    {"an answer must not depend on files or other machines",
     {"fopen", "fopen64", "freopen", "open", "open64", "openat", "creat", "socket", "connect"}},
    {"loops run in host->parallel_for",
     {"fork", "vfork", "system", "popen", "execve", "pthread_create", "thrd_create"}},
    {"the floating-point mode is to stay as it is",
     {"fesetround", "fesetenv", "feenableexcept", "fedisableexcept", "feupdateenv"}},
};

/* Why a symbol is suspect; NULL when it is not. */
static const char *suspicion(const char *symbol)
{
    size_t length = strlen(symbol);
    if (length > 6 && strncmp(symbol, "__", 2) == 0 && strcmp(symbol + length - 4, "_chk") == 0) {
        symbol += 2;
        length -= 6;
    }
    for (size_t i = 0; i < sizeof suspects / sizeof *suspects; i++)
        for (size_t k = 0; k < 20 && suspects[i].names[k]; k++)
            if (strlen(suspects[i].names[k]) == length &&
                strncmp(suspects[i].names[k], symbol, length) == 0)
                return suspects[i].why;
    return NULL;
}

/* The section of the symbols that the loader resolves; NULL when there is none. */
static Elf_Scn *dynamic_symbols(Elf *elf, GElf_Shdr *ret_header)
{
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section))
        if (gelf_getshdr(section, ret_header) && ret_header->sh_type == SHT_DYNSYM)
            return section;
    return NULL;
}

/* Lists the suspects among the undefined symbols; false when the file has no symbols. */
static bool list_suspects(Elf *elf, fb_strbuf *list)
{
    GElf_Shdr header;
    Elf_Scn *section = dynamic_symbols(elf, &header);
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
    if (!data || !header.sh_entsize)
        return false;
    for (int i = 0; (GElf_Xword)i < header.sh_size / header.sh_entsize; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, i, &symbol) || symbol.st_shndx != SHN_UNDEF)
            continue;
        const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
        const char *why = name ? suspicion(name) : NULL;
        if (why)
            fb_strbuf_printf(list, "%s%s (%s)", list->length ? ", " : "", name, why);
    }
    return true;
}

void check_symbols(check_subject *s, verdict *v)
{
    fb_strbuf list = FB_STRBUF_INIT;
    int fd = open(s->options->path, O_RDONLY | O_CLOEXEC);
    elf_version(EV_CURRENT);
    Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
    if (!elf || !list_suspects(elf, &list))
        verdict_say(v, CHECK_WARNING, "its dynamic symbols cannot be read: %s",
                    elf ? "there are none" : "it is no ELF file");
    else if (list.length)
        verdict_say(v, CHECK_WARNING, "it uses %.1000s", list.text);
    elf_end(elf);
    if (fd >= 0)
        close(fd);
    fb_strbuf_finish(&list);
}
