/*
 * Text that came from a file or a program, made safe for XML 1.0 and for
 * HTML: markup is escaped, and what is no character there (2.2: control
 * characters, bytes that are not UTF-8) becomes U+FFFD.
 */
#ifndef TW_REPORT_MARKUP_H
#define TW_REPORT_MARKUP_H

#include "twins/base/text.h"

/* Between tags. */
void tw_markup_text(struct tw_buf *out, const char *s);
/* ` name="value"`, also with quotes and blanks other than spaces inside;
 * nothing where the value is NULL. */
void tw_markup_attribute(
	struct tw_buf *out, const char *name, const char *value);

#endif
