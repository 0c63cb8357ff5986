/*
 * Text: a slice of bytes that somebody else owns (struct tw_str) and a buffer
 * that grows (struct tw_buf). A tw_buf's text is always NUL-terminated.
 */
#ifndef TW_BASE_TEXT_H
#define TW_BASE_TEXT_H

#include "twins/base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct tw_str {
	const char *p; /* not NUL-terminated */
	size_t n;
};

#define TW_STR(literal) ((struct tw_str){(literal), sizeof(literal) - 1})

static inline struct tw_str tw_str_of(const char *s)
{
	return (struct tw_str){s, strlen(s)};
}

bool tw_str_equal(struct tw_str a, const char *b);
bool tw_str_starts(struct tw_str s, const char *prefix);
/* Without ASCII white space at both ends. */
struct tw_str tw_str_trim(struct tw_str s);
/* ASCII only, whatever the locale. */
bool tw_str_equal_nocase(struct tw_str a, struct tw_str b);

/* Whether the text is `end`, or ends in it. */
bool tw_text_ends(const char *text, const char *end);
/* What may steer a terminal: ASCII's control characters. */
static inline bool tw_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}
/* NULL equals NULL alone. */
bool tw_text_same(const char *a, const char *b);

struct tw_buf {
	char *p; /* NULL while nothing was ever added */
	size_t n, cap;
};

void tw_buf_release(struct tw_buf *buf);
void tw_buf_clear(struct tw_buf *buf); /* keeps the memory */
void tw_buf_cut(struct tw_buf *buf, size_t n); /* to its first n bytes */
void tw_buf_add(struct tw_buf *buf, const void *p, size_t n);
void tw_buf_add_char(struct tw_buf *buf, char c);
void tw_buf_add_text(struct tw_buf *buf, const char *s);
void tw_buf_printf(struct tw_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The text so far, "" where it is empty; valid until the next add. */
const char *tw_buf_text(const struct tw_buf *buf);

/*
 * Glob match with `*` (any run of bytes but '/'), `**` (any run) and `?`; the
 * rest is literal.
 */
bool tw_glob_match(const char *pattern, const char *text);

/*
 * The candidate nearest to `word` by edit distance (insert, delete, replace,
 * swap of neighbours), or NULL where none is within a third of its length:
 * what "did you mean" may say. The first of equals wins.
 */
const char *tw_nearest(
	const char *word, const char *const *candidates, size_t n);

#endif
