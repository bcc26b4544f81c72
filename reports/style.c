#include "html.h"

/* Okabe and Ito's palette, which people with any colour vision can tell apart: blue, vermillion,
 * bluish green, reddish purple, orange, sky blue, yellow; its black is the text's colour. On
 * white, yellow and sky blue are a shade darker and on black, blue a shade lighter than theirs,
 * for contrast. */
static const char colours[] =
    ":root{color-scheme:light dark;--back:#fff;--text:#1c2126;--soft:#5b6570;--line:#dfe3e7;"
    "  --wash:#f5f7f8;--shade:#0000002e;--link:#0b62a3;--good:#00734f;--bad:#b34700;"
    "  --c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#e69f00;--c5:#3a9fdb;"
    "  --c6:#b5a800}\n"
    "@media (prefers-color-scheme:dark){\n"
    " :root{--back:#14181c;--text:#e4e8ec;--soft:#9aa5b0;--line:#2d343b;--wash:#1c2227;"
    "   --shade:#ffffff30;--link:#74b9f0;--good:#3fc498;--bad:#f08c4a;--c0:#3f9fe0;"
    "   --c1:#e8702a;--c2:#1fb88d;--c3:#d98fb8;--c4:#e69f00;--c5:#7cc8f5;--c6:#f0e442}\n"
    "}\n";

static const char text_rules[] =
    "*{box-sizing:border-box}\n"
    "html{font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\","
    "  \"Liberation Sans\",sans-serif;background:var(--back);color:var(--text);"
    "  -webkit-text-size-adjust:100%}\n"
    "body{margin:0 auto;padding:0 1.25rem 4rem;max-width:76rem;overflow-wrap:break-word}\n"
    "header{padding:2.5rem 0 0}\n"
    "h1{margin:0;font-size:1rem;font-weight:600;color:var(--soft)}\n"
    ".answer{margin:.4rem 0 .6rem;max-width:52rem;font-size:clamp(1.3rem,3.6vw,1.7rem);"
    "  line-height:1.28;font-weight:650;letter-spacing:-.012em;text-wrap:pretty}\n"
    ".caveat{margin:.4rem 0 1.2rem;max-width:46rem;padding-left:.8rem;"
    "  border-left:3px solid var(--bad);color:var(--soft)}\n"
    "h2{margin:3.2rem 0 .5rem;font-size:1.25rem;line-height:1.3;letter-spacing:-.01em}\n"
    "p{margin:.5rem 0}\n"
    ".note,figcaption{max-width:46rem;font-size:.875rem;line-height:1.5;color:var(--soft)}\n"
    "figcaption b{display:block;font-size:1rem;color:var(--text)}\n"
    "#ranking{display:flex;flex-direction:column-reverse}\n"
    "a{color:var(--link);text-underline-offset:.18em}\n"
    "nav{margin:1.6rem 0 0;padding:.6rem 0;border:solid var(--line);border-width:1px 0;"
    "  font-size:.875rem}\n"
    "nav a{display:inline-block;margin-right:1.2rem;padding:.2rem 0;text-decoration:none}\n"
    "nav a:hover{text-decoration:underline}\n"
    "ul{max-width:46rem;padding-left:1.1rem;font-size:.9375rem}\n"
    "li{margin:.45rem 0}\n"
    "pre{margin:.8rem 0;padding:1rem;overflow:auto;max-height:32rem;border-radius:6px;"
    "  background:var(--wash);font:.8125rem/1.5 ui-monospace,\"DejaVu Sans Mono\",Menlo,"
    "  Consolas,monospace;tab-size:4}\n"
    "footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--line);"
    "  font-size:.875rem;color:var(--soft)}\n";

static const char table_rules[] =
    ".scroll{margin:.8rem 0 0;overflow-x:auto;background:linear-gradient(to right,"
    "  var(--back) 40%,transparent) left/2.5rem 100% local,linear-gradient(to left,"
    "  var(--back) 40%,transparent) right/2.5rem 100% local,linear-gradient(to right,"
    "  var(--shade),transparent) left/.9rem 100% scroll,linear-gradient(to left,"
    "  var(--shade),transparent) right/.9rem 100% scroll;background-repeat:no-repeat}\n"
    ":focus-visible{outline:2px solid var(--link);outline-offset:2px}\n"
    "table{border-collapse:separate;border-spacing:0;font-size:.9375rem;"
    "  font-variant-numeric:tabular-nums lining-nums}\n"
    "th,td{padding:.42rem .75rem;text-align:left;vertical-align:baseline;unicode-bidi:isolate;"
    "  border-bottom:1px solid var(--line)}\n"
    "th:first-child,td:first-child{padding-left:0}\n"
    "thead th{font-size:.8125rem;font-weight:600;line-height:1.35;color:var(--soft);"
    "  vertical-align:bottom;border-bottom:1.5px solid var(--soft)}\n"
    "th{font-weight:500}\n"
    "tbody th{min-width:7.5rem}\n"
    "tbody th.num{min-width:0}\n"
    "th,td{min-width:3rem;max-width:22rem;overflow-wrap:anywhere}\n"
    "thead th{overflow-wrap:break-word}\n"
    "td.num,th.num{text-align:right}\n"
    "td.num{white-space:nowrap}\n"
    "td:last-child:not(.num){min-width:11.5rem;font-size:.875rem}\n"
    "tbody tr:hover>*{background:var(--wash)}\n"
    ".best{font-weight:700}\n"
    ".near{text-decoration:underline;text-underline-offset:.2em;"
    "  text-decoration-thickness:1.5px}\n"
    ".quiet{color:var(--soft)}\n"
    "th.quiet{font-weight:400}\n"
    ".good{color:var(--good);font-weight:650}\n"
    ".bad{color:var(--bad);font-weight:650}\n";

static const char plot_rules[] =
    ".plots{display:grid;gap:2.6rem 2.5rem;grid-template-columns:repeat(auto-fill,"
    "  minmax(min(100%,31rem),1fr))}\n"
    ".plots:has(>:only-child){grid-template-columns:minmax(0,46rem)}\n"
    ".plot{margin:1rem 0 0;min-width:0}\n"
    ".crop{overflow:hidden;margin-top:.6rem}\n"
    ".plot svg{display:block;width:100%;height:auto;fill:currentColor;font-size:13px;"
    "  font-variant-numeric:tabular-nums}\n"
    ".grid path{stroke:var(--line);fill:none}\n"
    ".grid .tick{stroke:var(--soft)}\n"
    ".grid text,.axis text{fill:var(--soft)}\n"
    ".line{fill:none;stroke:var(--c);stroke-width:2.2;stroke-linejoin:round;"
    "  stroke-linecap:butt}\n"
    ".plot circle{fill:var(--c)}\n"
    ".band{fill:var(--c);opacity:.1}\n"
    ".leader{fill:none;stroke:var(--c);stroke-width:1.2}\n"
    ".ref{--c:currentColor}\n"
    ".ref .line,.ref.key .line{stroke-width:1.8}\n"
    ".c0{--c:var(--c0)}\n"
    ".c1{--c:var(--c1)}\n"
    ".c2{--c:var(--c2)}\n"
    ".c3{--c:var(--c3)}\n"
    ".c4{--c:var(--c4)}\n"
    ".c5{--c:var(--c5)}\n"
    ".c6{--c:var(--c6)}\n"
    ".d1 .line{stroke-dasharray:8 3}\n"
    ".d2 .line{stroke-dasharray:2.5 2.5}\n"
    ".d3 .line{stroke-dasharray:9 3 2 3}\n"
    ".d4 .line{stroke-dasharray:14 4}\n"
    ".d5 .line{stroke-dasharray:12 2.5 2 2.5 2 2.5}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;margin:.5rem 0;font-size:.875rem}\n"
    ".legend label{display:flex;align-items:center;gap:.4rem;min-height:1.9rem;max-width:100%;"
    "  cursor:pointer}\n"
    ".legend span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;max-width:20rem}\n"
    ".legend input{margin:0;accent-color:var(--soft)}\n"
    ".legend label:has(input:not(:checked)){color:var(--soft)}\n"
    ".plot .key{flex:none;width:30px;height:10px}\n"
    "@supports not selector(:has(*)){\n"
    " .legend input{display:none}\n"
    "}\n"
    "summary{cursor:pointer;font-size:.875rem;color:var(--link);width:max-content;"
    "  padding:.3rem 0}\n";

/* On a narrow screen the drawing is widened so that the margin with the labels at the lines' ends,
 * which is the last fifth, falls outside. */
static const char media_rules[] =
    "@media (max-width:40rem){\n"
    " .plot .crop svg{width:126%;max-width:none;font-size:14.5px}\n"
    " .label{display:none}\n"
    " body{padding:0 1rem 3rem}\n"
    " header{padding-top:1.5rem}\n"
    " th,td{padding:.4rem .6rem;max-width:14rem}\n"
    " table{font-size:.875rem}\n"
    " .legend label{min-height:2.4rem}\n"
    "}\n"
    "@media print{\n"
    " nav,.legend input{display:none}\n"
    " .scroll{overflow:visible}\n"
    " .plot,tr{break-inside:avoid}\n"
    " h2{break-after:avoid}\n"
    "}\n";

void html_style(fb_strbuf *out)
{
    fb_strbuf_add(out, colours);
    fb_strbuf_add(out, text_rules);
    fb_strbuf_add(out, table_rules);
    fb_strbuf_add(out, plot_rules);
    fb_strbuf_add(out, media_rules);
}
