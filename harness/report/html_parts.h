/*
 * What the HTML report is made of beside the words of html.c: the files of
 * harness/report/html/, and D3 as the distribution packages it, made into C
 * when twinrig is built. Each is text, ended by a 0.
 */
#ifndef TW_REPORT_HTML_PARTS_H
#define TW_REPORT_HTML_PARTS_H

extern const char tw_html_style[];
extern const char tw_html_script[];
extern const char tw_html_library[]; /* "" where it was built without */

#endif
