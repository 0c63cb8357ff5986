#include "harness/report/html_page.h"

#include "harness/report/html_parts.h"
#include "harness/report/markup.h"

void tw_html_page_begin(struct tw_buf *out, const char *title)
{
	tw_buf_add_text(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		"<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\""
		"default-src 'none'; style-src 'unsafe-inline'; "
		"script-src 'unsafe-inline'\">\n<title>");
	tw_markup_text(out, title);
	tw_buf_printf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n",
		tw_html_style);
}

void tw_html_page_end(struct tw_buf *out)
{
	tw_buf_add_text(out, "</body>\n</html>\n");
}
