/* templates.h - the files of templates/, put into the program by tools/embed.c. */
#ifndef FB_TEMPLATES_H
#define FB_TEMPLATES_H

typedef struct project_template {
    const char *name; /* in templates/ */
    const char *text;
} project_template;

/* Ends with a name of NULL. */
extern const project_template project_templates[];

#endif
