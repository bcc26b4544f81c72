/* assets.h - page.css and page.js, put into the program by tools/embed.c. */
#ifndef FB_REPORTS_ASSETS_H
#define FB_REPORTS_ASSETS_H

typedef struct report_asset {
    const char *name; /* of the file */
    const char *text;
} report_asset;

/* Ends with a name of NULL. */
extern const report_asset report_assets[];

#endif
