#include "twins/base/text.h"

#include "twins/base/assert.h"

#include <stdarg.h>
#include <stdio.h>

bool tw_str_equal(struct tw_str a, const char *b)
{
	return a.n == strlen(b) && !memcmp(a.p, b, a.n);
}

bool tw_str_starts(struct tw_str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && !memcmp(s.p, prefix, n);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct tw_str tw_str_trim(struct tw_str s)
{
	while (s.n && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool tw_str_equal_nocase(struct tw_str a, struct tw_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool tw_text_ends(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

bool tw_text_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

void tw_buf_release(struct tw_buf *buf)
{
	tw_free(buf->p);
	*buf = (struct tw_buf){0};
}

void tw_buf_clear(struct tw_buf *buf)
{
	buf->n = 0;
	if (buf->p)
		buf->p[0] = '\0';
}

void tw_buf_cut(struct tw_buf *buf, size_t n)
{
	tw_assert(n <= buf->n);
	buf->n = n;
	if (buf->p)
		buf->p[n] = '\0';
}

static void reserve(struct tw_buf *buf, size_t more)
{
	if (buf->cap - buf->n > more)
		return;
	buf->cap = buf->cap * 2 > buf->n + more + 1 ? buf->cap * 2
						    : buf->n + more + 64;
	buf->p = tw_realloc(buf->p, buf->cap);
}

void tw_buf_add(struct tw_buf *buf, const void *p, size_t n)
{
	reserve(buf, n);
	if (n)
		memcpy(buf->p + buf->n, p, n);
	buf->n += n;
	buf->p[buf->n] = '\0';
}

void tw_buf_add_char(struct tw_buf *buf, char c)
{
	tw_buf_add(buf, &c, 1);
}

void tw_buf_add_text(struct tw_buf *buf, const char *s)
{
	tw_buf_add(buf, s, strlen(s));
}

void tw_buf_printf(struct tw_buf *buf, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	tw_assert(n >= 0);
	reserve(buf, (size_t)n);
	va_start(args, format);
	vsnprintf(buf->p + buf->n, (size_t)n + 1, format, args);
	va_end(args);
	buf->n += (size_t)n;
}

const char *tw_buf_text(const struct tw_buf *buf)
{
	return buf->p ? buf->p : "";
}

/*
 * Backtracks to the last star alone, which is enough for `*`; a `*` that
 * meets a '/' falls back to the last `**`. Linear in the usual case and at
 * worst length times length.
 */
bool tw_glob_match(const char *p, const char *t)
{
	const char *star = NULL, *star_t = NULL;
	const char *deep = NULL, *deep_t = NULL;

	for (;;) {
		if (p[0] == '*' && p[1] == '*') {
			deep = p += 2;
			deep_t = t;
			star = NULL;
			continue;
		}
		if (*p == '*') {
			star = ++p;
			star_t = t;
			continue;
		}
		if (!*t && !*p)
			return true;
		if (*t && (*p == '?' ? *t != '/' : *p == *t)) {
			p++;
			t++;
			continue;
		}
		if (star && *star_t && *star_t != '/') {
			p = star;
			t = ++star_t;
			continue;
		}
		if (!deep || !*deep_t)
			return false;
		p = deep;
		t = ++deep_t;
		star = NULL;
	}
}

#define NEAREST_MAX 64

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t cost = lower(a[i - 1]) != lower(b[j - 1]);

			now[j] = least(least(last[j], now[j - 1]) + 1,
				last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[m];
}

const char *tw_nearest(
	const char *word, const char *const *candidates, size_t n)
{
	size_t length = strlen(word);
	size_t best_distance = length / 3 + 1;
	const char *best = NULL;

	if (length > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t m = strlen(candidates[i]);
		size_t d;

		if (m > NEAREST_MAX)
			continue;
		d = distance(word, length, candidates[i], m);
		if (d < best_distance || (!best && d == best_distance)) {
			best = candidates[i];
			best_distance = d;
		}
	}
	return best;
}
