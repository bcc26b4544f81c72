#include "latex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "palette.h"
#include "text.h"

static const char packages[] =
    "% Packages, colours and styles of the tables and figures beside this file: \\input it before\n"
    "% \\begin{document}, then \\input whichever of them are needed. With pdfLaTeX, labels want\n"
    "% \\usepackage[T1]{fontenc} too.\n"
    "\\usepackage{array,booktabs,longtable,iftex,xcolor}\n"
    "\\usepackage{pgfplots}\n"
    "\\usepgfplotslibrary{groupplots}\n"
    "\\pgfplotsset{compat=1.16}\n\n";

static const char commands[] =
    "% A title of a column: its width, how it is aligned, the text.\n"
    "\\providecommand\\flipbenchhead[3]{\\parbox[b]{#1}{#2\\strut#3\\strut}}\n"
    "% A character that the font may lack. With pdfLaTeX it is shown as its code, as in U+4E2D;\n"
    "% redefine this when a package sets it.\n"
    "\\DeclareRobustCommand\\flipbenchcode[1]{{\\scriptsize\\ttfamily U+#1}\\allowbreak}\n"
    "\\DeclareRobustCommand\\flipbenchchar[1]{\\ifPDFTeX\\flipbenchcode{#1}\\else\n"
    "  \\iffontchar\\font\"#1 \\char\"#1 \\else\\flipbenchcode{#1}\\fi\\fi}\n"
    "% A legend, and the line and marker of a strategy in it.\n"
    "\\providecommand\\flipbenchlegend[1]{\\par\\smallskip{\\footnotesize\\centering#1\\par}}\n"
    "\\providecommand\\flipbenchkey[1]{\\tikz[baseline=-0.6ex]\n"
    "  \\draw[flipbench s#1,mark indices=2]\n"
    "  plot coordinates {(0,0) (4mm,0) (8mm,0)};}\n\n";

static const char styles[] =
    "\\pgfplotsset{\n"
    "  flipbench axis/.style={axis line style={flipbenchsoft},tick style={flipbenchsoft},\n"
    "    axis x line*=bottom,axis y line*=left,ymajorgrids,grid style={flipbenchline},\n"
    "    tick align=outside,tick label style={font=\\footnotesize},label style={font=\\small},\n"
    "    clip mode=individual,scaled ticks=false},\n"
    "  flipbench plot/.style={flipbench axis,width=0.94\\linewidth,height=0.54\\linewidth},\n"
    "  flipbench panel/.style={flipbench axis,scale only axis,width=0.245\\linewidth,\n"
    "    height=0.21\\linewidth,tick label style={font=\\scriptsize},\n"
    "    label style={font=\\footnotesize},title style={font=\\footnotesize\\bfseries},\n"
    "    ylabel style={yshift=-2pt}},\n"
    "  flipbench scatter/.style={flipbench axis,scale only axis,width=0.84\\linewidth,\n"
    "    height=0.48\\linewidth,xmajorgrids},\n"
    "  flipbench rows/.style={flipbench axis,scale only axis,width=0.46\\linewidth,y dir=reverse,\n"
    "    ymajorgrids=false,xmajorgrids,axis y line*=none,ytick style={draw=none}}}\n"
    "\\tikzset{\n"
    "  flipbench line/.style={line width=0.9pt,line join=round,mark size=1.6pt,\n"
    "    mark options={solid,line width=0pt}},\n"
    "  flipbench ceiling/.style={flipbenchsoft,line width=0.8pt,line cap=round,\n"
    "    dash pattern=on 0pt off 2.4pt,mark=none},\n"
    "  flipbench rule/.style={flipbenchsoft,line width=0.4pt},\n"
    "  flipbench bar/.style={flipbenchtext,line width=2.2pt,line cap=round},\n"
    "  flipbench gap/.style={flipbenchtext,line width=0.7pt,dash pattern=on 0.9pt off 1.5pt},\n"
    "  flipbench name/.style={font=\\footnotesize},\n"
    "  flipbench note/.style={font=\\scriptsize,text=flipbenchsoft,inner sep=1.5pt,\n"
    "    xshift=3pt}}\n\n";

static void add_colour(const char *name, const char *hex, fb_strbuf *out)
{
    char upper[8] = "";
    for (size_t i = 0; i < 6; i++)
        upper[i] = (char)(hex[i + 1] >= 'a' ? hex[i + 1] - 'a' + 'A' : hex[i + 1]);
    fb_strbuf_printf(out, "\\definecolor{flipbench%s}{HTML}{%s}\n", name, upper);
}

/* "8 3", in pixels of a line two wide, as "on 3.6pt off 1.35pt" of one 0.9 points wide. */
static void add_dashes(const char *dashes, fb_strbuf *out)
{
    if (strcmp(dashes, "none") == 0)
        return;
    fb_strbuf_add(out, ",dash pattern=");
    for (size_t i = 0; *dashes; i++) {
        char *end;
        fb_strbuf_printf(out, "%s%s %.3gpt", i ? " " : "", i % 2 ? "off" : "on",
                         0.45 * strtod(dashes, &end));
        dashes = end;
    }
}

/* The marks of palette_marker, in its order. */
static void add_strategy(const grid *g, size_t strategy, fb_strbuf *out)
{
    static const char *const marks[PALETTE_MARKERS] = {
        "*", "square*", "triangle*", "diamond*", "triangle*,mark options={rotate=180}"};
    palette_look look = palette_of(g, strategy);
    fb_strbuf_printf(out, "\\tikzset{flipbench s%zu/.style={flipbench line,", strategy);
    if (look.reference)
        fb_strbuf_add(out, "color=flipbenchtext");
    else
        fb_strbuf_printf(out, "color=flipbench%zu", look.colour);
    add_dashes(palette_dashes(look), out);
    fb_strbuf_printf(out, ",mark=%s}} %% ", marks[look.marker]);
    text_add_latex(out, g->strategy_names[strategy]);
    fb_strbuf_add(out, "\n");
}

/* The palette's colours by number, as the first strategies that have them. */
static void add_palette(fb_strbuf *out)
{
    for (size_t i = 0; i < PALETTE_COLOURS; i++) {
        char number[8];
        snprintf(number, sizeof number, "%zu", i);
        add_colour(number, palette_colour((palette_look){.colour = i}), out);
    }
    add_colour("text", PALETTE_TEXT, out);
    add_colour("soft", PALETTE_SOFT, out);
    add_colour("line", PALETTE_LINE, out);
    add_colour("shade", PALETTE_SHADE, out);
}

void latex_preamble(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, packages);
    add_palette(out);
    fb_strbuf_add(out, "\n");
    fb_strbuf_add(out, commands);
    fb_strbuf_add(out, styles);
    fb_strbuf_add(out, "% What each strategy's lines and markers look like.\n");
    for (size_t s = 0; s < a->grid->data->strategy_count; s++)
        add_strategy(a->grid, s, out);
}
