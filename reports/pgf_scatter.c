#include "pgf.h"
#include "text.h"

void pgf_scatter_begin(const pgf_scatter *plot, fb_strbuf *out)
{
    fb_strbuf_add(out, "\\begin{tikzpicture}\n\\begin{axis}[flipbench scatter,xlabel={");
    text_add_latex(out, plot->x_label);
    fb_strbuf_add(out, "},ylabel={");
    text_add_latex(out, plot->y_label);
    fb_strbuf_add(out, "}");
    pgf_limits(plot->x, plot->y, out);
    pgf_ticks('x', plot->x, plot->x_text, &plot->x, out);
    pgf_ticks('y', plot->y, pgf_tick_number, &plot->y, out);
    fb_strbuf_add(out, "]\n");
}

void pgf_scatter_add(const pgf_spot *spot, fb_strbuf *out)
{
    fb_strbuf_add(out, "\\addplot[");
    pgf_style(spot->look, out);
    fb_strbuf_printf(out, ",only marks] coordinates {(%.6g,%.6g)};\n", spot->x, spot->y);
    fb_strbuf_printf(out, "\\node[flipbench name,inner xsep=0pt,anchor=%s] at "
                          "(rel axis cs:%.4f,%.4f) {",
                     spot->side > 0 ? "west" : spot->side < 0 ? "east" : "center", spot->name_x,
                     spot->name_y);
    text_add_latex_short(out, spot->name, PGF_NAME);
    fb_strbuf_add(out, "};\n");
}

void pgf_scatter_end(fb_strbuf *out)
{
    fb_strbuf_add(out, "\\end{axis}\n\\end{tikzpicture}\n");
}
