#include "plugins/common/text.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

bool tw_text_is(struct twinrig_text text, const char *word)
{
	size_t n = strlen(word);

	return text.p && text.n == n && !memcmp(text.p, word, n);
}

bool tw_text_starts(struct twinrig_text text, const char *prefix)
{
	size_t n = strlen(prefix);

	return text.n >= n && !memcmp(text.p, prefix, n);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool tw_text_is_nocase(struct twinrig_text text, const char *word)
{
	size_t i = 0;

	while (i < text.n && word[i] && lower(text.p[i]) == lower(word[i]))
		i++;
	return i == text.n && !word[i];
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Eight digits, the first in the lowest byte: neighbours are added up in
 * pairs, fours, eights. */
static bool eight_digits(const char *p, uint64_t *value)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t v;

	memcpy(&v, p, 8);
	v = le64toh(v);
	if (((v & ones * 0xf0) | ((v + ones * 6) & ones * 0xf0) >> 4) !=
		ones * 0x33)
		return false;
	v = (v & ones * 0x0f) * (1 + (10 << 8)) >> 8;
	v = (v & UINT64_C(0x00ff00ff00ff00ff)) * (1 + (100 << 16)) >> 16;
	v = (v & UINT64_C(0x0000ffff0000ffff)) *
		    (1 + (UINT64_C(10000) << 32)) >>
	    32;
	*value = v;
	return true;
}

bool tw_digits(const char *p, size_t n, uint64_t *value)
{
	uint64_t v = 0, eight;
	size_t i = 0;

	if (!n || n > 19)
		return false;
	for (; n - i >= 8; i += 8) {
		if (!eight_digits(p + i, &eight))
			return false;
		v = v * 100000000 + eight;
	}
	for (; i < n; i++) {
		if (!is_digit(p[i]))
			return false;
		v = v * 10 + (uint64_t)(p[i] - '0');
	}
	*value = v;
	return true;
}

/* value * 10^power, rounded half up; false on overflow. */
static bool scale(uint64_t value, int power, int64_t *to)
{
	uint64_t half = 0;

	for (; power > 0 && value; power--)
		if (__builtin_mul_overflow(value, 10, &value))
			return false;
	for (; power < 0 && value; power++) {
		half = value % 10;
		value /= 10;
	}
	if (power < 0)
		half = 0;
	value += half >= 5;
	if (value > INT64_MAX)
		return false;
	*to = (int64_t)value;
	return true;
}

/* "e-7" and the like; *at is on the 'e'. */
static bool exponent(struct twinrig_text text, size_t at, int *power)
{
	bool negative;
	uint64_t e;

	at++;
	negative = at < text.n && text.p[at] == '-';
	if (at < text.n && (text.p[at] == '-' || text.p[at] == '+'))
		at++;
	if (!tw_digits(text.p + at, text.n - at, &e) || e > 400)
		return false;
	*power += negative ? -(int)e : (int)e;
	return true;
}

bool tw_decimal(struct twinrig_text text, int power, int64_t *value)
{
	bool negative = text.n && text.p[0] == '-', point = false, any = false;
	size_t i = negative;
	uint64_t digits = 0;

	for (; i < text.n; i++) {
		char c = text.p[i];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(c))
			break;
		any = true;
		if (digits > UINT64_MAX / 100) { /* too fine to matter */
			power += !point;
			continue;
		}
		digits = digits * 10 + (uint64_t)(c - '0');
		power -= point;
	}
	if (!any)
		return false;
	if (i < text.n && ((text.p[i] != 'e' && text.p[i] != 'E') ||
				  !exponent(text, i, &power)))
		return false;
	if (!scale(digits, power, value))
		return false;
	if (negative)
		*value = -*value;
	return true;
}

/*
 * Days from the civil date, by counting from 1 March so that the leap day
 * comes last: 365.25 days a year and 153 days each five months.
 */
int64_t tw_days(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t m = month > 2 ? month - 3 : month + 9;
	int64_t of_year = (153 * m + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static bool two(const char *p, unsigned max, unsigned *value)
{
	if (!is_digit(p[0]) || !is_digit(p[1]))
		return false;
	*value = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	return *value <= max;
}

/* ".123": nanoseconds, and what its last digit stands for. */
static size_t fraction(
	const char *p, size_t n, int64_t *ns, int64_t *resolution)
{
	size_t i = 1;

	while (i < n && is_digit(p[i])) {
		if (*resolution > 1) {
			*resolution /= 10;
			*ns += (p[i] - '0') * *resolution;
		}
		i++;
	}
	return i;
}

/* "Z", "+01:00", "-0700" or nothing: seconds east of UTC. */
static bool zone(struct twinrig_text text, int64_t *offset)
{
	unsigned hours, minutes = 0;
	size_t at = 3;

	*offset = 0;
	if (!text.n || tw_text_is(text, "Z") || tw_text_is(text, "z"))
		return true;
	if ((text.p[0] != '+' && text.p[0] != '-') || text.n < 3 ||
		!two(text.p + 1, 23, &hours))
		return false;
	if (at < text.n && text.p[at] == ':')
		at++;
	if (at < text.n) {
		if (text.n - at != 2 || !two(text.p + at, 59, &minutes))
			return false;
	}
	*offset = (int64_t)hours * 3600 + minutes * 60;
	if (text.p[0] == '-')
		*offset = -*offset;
	return true;
}

bool tw_time_iso(struct twinrig_text text, int64_t *time, int64_t *resolution)
{
	const char *p = text.p;
	unsigned month, day, hour, minute, second;
	int64_t ns = 0, unit = 1000000000, offset, seconds;
	uint64_t year;
	size_t at = 19;

	if (text.n < 19 || !tw_digits(p, 4, &year) || p[4] != '-' ||
		!two(p + 5, 12, &month) || p[7] != '-' ||
		!two(p + 8, 31, &day) || !month || !day ||
		(p[10] != 'T' && p[10] != 't' && p[10] != ' ') ||
		!two(p + 11, 23, &hour) || p[13] != ':' ||
		!two(p + 14, 59, &minute) || p[16] != ':' ||
		!two(p + 17, 60, &second))
		return false;
	if (at < text.n && (p[at] == '.' || p[at] == ','))
		at += fraction(p + at, text.n - at, &ns, &unit);
	if (!zone((struct twinrig_text){p + at, text.n - at}, &offset))
		return false;
	seconds = tw_days((int64_t)year, month, day) * 86400 + hour * 3600 +
		  minute * 60 + second - offset;
	if (__builtin_mul_overflow(seconds, 1000000000, time) ||
		__builtin_add_overflow(*time, ns, time))
		return false;
	*resolution = unit;
	return true;
}

size_t tw_time_iso_text(int64_t time, char to[48])
{
	int64_t ns = time % 1000000000, seconds = time / 1000000000;
	int64_t days, of_day, era, of_era, year, of_year, month;

	if (ns < 0) {
		ns += 1000000000;
		seconds--;
	}
	days = seconds / 86400;
	of_day = seconds % 86400;
	if (of_day < 0) {
		of_day += 86400;
		days--;
	}
	days += 719468; /* tw_days() run backwards */
	era = (days >= 0 ? days : days - 146096) / 146097;
	of_era = days - era * 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
	       365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	return (size_t)snprintf(to, 48,
		"%04lld-%02lld-%02lldT%02lld:%02lld:%02lld.%09lldZ",
		(long long)(year + era * 400 + (month >= 10)),
		(long long)(month < 10 ? month + 3 : month - 9),
		(long long)(of_year - (153 * month + 2) / 5 + 1),
		(long long)(of_day / 3600), (long long)(of_day / 60 % 60),
		(long long)(of_day % 60), (long long)ns);
}

/* The length of a UTF-8 sequence (The Unicode Standard 15.0, table 3-7). */
static size_t sequence(const unsigned char *p, size_t n)
{
	unsigned c = p[0];
	size_t length = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	unsigned low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	unsigned high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4 || length > n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool tw_is_utf8(const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t length = sequence((const unsigned char *)p + i, n - i);

		if (!length)
			return false;
		i += length;
	}
	return true;
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

bool tw_base64_decode(struct tw_scratch *pool, struct twinrig_text text,
	struct twinrig_text *to)
{
	char *out = tw_scratch_alloc(pool, text.n / 4 * 3 + 4);
	unsigned bits = 0, have = 0;
	size_t n = 0;

	if (!out)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		const char *at;

		if (c == '=' || c == ' ' || c == '\n' || c == '\r')
			continue;
		c = c == '-' ? '+' : c == '_' ? '/' : c;
		at = c ? strchr(base64, c) : NULL;
		if (!at)
			return false;
		bits = bits << 6 | (unsigned)(at - base64);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	*to = (struct twinrig_text){out, n};
	return have < 6;
}

size_t tw_base64_encode(const void *p, size_t n, char *to)
{
	const unsigned char *from = p;
	size_t at = 0;

	for (size_t i = 0; i < n; i += 3) {
		unsigned b = from[i + 1 < n ? i + 1 : i];
		unsigned c = from[i + 2 < n ? i + 2 : i];
		unsigned v = (unsigned)from[i] << 16 |
			     (i + 1 < n ? b << 8 : 0) | (i + 2 < n ? c : 0);

		to[at++] = base64[v >> 18];
		to[at++] = base64[v >> 12 & 63];
		to[at++] = i + 1 < n ? base64[v >> 6 & 63] : '=';
		to[at++] = i + 2 < n ? base64[v & 63] : '=';
	}
	return at;
}

void tw_split_url(struct twinrig_text url, struct twinrig_text *scheme,
	struct twinrig_text *host, struct twinrig_text *target)
{
	const char *end = url.p + url.n, *colon, *p, *at;
	static const char root[] = "/";

	colon = url.n && url.p[0] != '/' ? memmem(url.p, url.n, "://", 3)
					 : NULL;
	if (!colon) {
		*target = url;
		return;
	}
	*scheme = (struct twinrig_text){url.p, (size_t)(colon - url.p)};
	p = colon + 3;
	host->p = p;
	while (p < end && *p != '/' && *p != '?' && *p != '#')
		p++;
	at = memrchr(host->p, '@', (size_t)(p - host->p));
	if (at)
		host->p = at + 1;
	host->n = (size_t)(p - host->p);
	*target = (struct twinrig_text){p, (size_t)(end - p)};
	if (!target->n || *p != '/')
		*target = (struct twinrig_text){root, 1};
	at = memchr(target->p, '#', target->n);
	if (at)
		target->n = (size_t)(at - target->p);
}

void tw_exchange_init(struct twinrig_exchange *exchange)
{
	*exchange = (struct twinrig_exchange){
		.struct_size = sizeof *exchange,
		.time = TWINRIG_NO_TIME,
		.resolution = 1,
		.latency = -1,
		.response_time = TWINRIG_NO_TIME,
	};
}
