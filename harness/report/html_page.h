/* What every page of ours begins and ends with: style inside, nothing loaded.
 */
#ifndef TW_REPORT_HTML_PAGE_H
#define TW_REPORT_HTML_PAGE_H

#include "twins/base/text.h"

void tw_html_page_begin(struct tw_buf *out, const char *title);
void tw_html_page_end(struct tw_buf *out);

#endif
