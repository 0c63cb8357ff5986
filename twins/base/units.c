#include "twins/base/units.h"

#include "twins/base/assert.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * A decimal number as digits times a power of ten: exact, so that "0.3ms" is
 * 300000 ns whatever the floating point does.
 */
struct decimal {
	uint64_t digits;
	int exponent; /* value = digits * 10^exponent */
};

/* Reads digits[.digits]; the number of bytes read, 0 where there is none.
 * Digits beyond the 18th are dropped (they keep their power of ten). */
static size_t read_decimal(const char *p, size_t n, struct decimal *to)
{
	size_t i = 0;
	size_t seen = 0;
	bool fraction = false;

	*to = (struct decimal){0};
	for (; i < n; i++) {
		if (p[i] == '.' && !fraction) {
			fraction = true;
			continue;
		}
		if (!is_digit(p[i]))
			break;
		seen++;
		if (to->digits < UINT64_C(100000000000000000)) {
			to->digits = to->digits * 10 + (uint64_t)(p[i] - '0');
			to->exponent -= fraction;
		} else {
			to->exponent += !fraction;
		}
	}
	return seen ? i : 0;
}

/* digits * 10^exponent * scale, rounded to nearest, or up. */
static bool scaled(
	struct decimal d, int64_t scale, bool round_up, int64_t *value)
{
	unsigned __int128 x =
		(unsigned __int128)d.digits * (unsigned __int128)scale;
	unsigned __int128 limit = (unsigned __int128)INT64_MAX;

	for (; d.exponent > 0; d.exponent--) {
		x *= 10;
		if (x > limit)
			return false;
	}
	if (d.exponent < 0) {
		unsigned __int128 divisor = 1;

		for (; d.exponent < 0; d.exponent++) {
			if (divisor > (unsigned __int128)1 << 120)
				break;
			divisor *= 10;
		}
		x = (x + (round_up ? divisor - 1 : divisor / 2)) / divisor;
	}
	if (x > limit)
		return false;
	*value = (int64_t)x;
	return true;
}

struct unit {
	const char *name;
	int64_t scale;
};

static const struct unit durations[] = {
	{"ns", TW_NS},
	{"us", TW_US},
	{"\xc2\xb5s", TW_US}, /* micro sign */
	{"\xce\xbcs", TW_US}, /* Greek mu */
	{"ms", TW_MS},
	{"s", TW_S},
	{"m", TW_MIN},
	{"h", TW_H},
	{"d", 24 * TW_H},
	{NULL, 0},
};

/* The longest unit that the text starts with, or NULL. */
static const struct unit *unit_at(
	const struct unit *units, const char *p, size_t n)
{
	const struct unit *best = NULL;

	for (const struct unit *u = units; u->name; u++) {
		size_t length = strlen(u->name);

		if (length <= n && !memcmp(p, u->name, length) &&
			(!best || length > strlen(best->name)))
			best = u;
	}
	return best;
}

bool tw_parse_duration(struct tw_str s, tw_time *ns)
{
	bool negative = s.n && s.p[0] == '-';
	int64_t total = 0;

	if (negative || (s.n && s.p[0] == '+')) {
		s.p++;
		s.n--;
	}
	if (tw_str_equal(s, "0")) {
		*ns = 0;
		return true;
	}
	if (!s.n)
		return false;
	while (s.n) {
		struct decimal d;
		size_t used = read_decimal(s.p, s.n, &d);
		const struct unit *unit;
		int64_t part;

		unit = used ? unit_at(durations, s.p + used, s.n - used) : NULL;
		if (!unit || !scaled(d, unit->scale, false, &part) ||
			__builtin_add_overflow(total, part, &total))
			return false;
		used += strlen(unit->name);
		s.p += used;
		s.n -= used;
	}
	*ns = negative ? -total : total;
	return true;
}

bool tw_parse_real(struct tw_str s, double *value)
{
	char text[64];
	char *end;
	size_t i = 0;
	struct decimal unused;
	size_t used;

	if (!s.n || s.n >= sizeof text)
		return false;
	i += s.p[0] == '-' || s.p[0] == '+';
	used = read_decimal(s.p + i, s.n - i, &unused);
	if (!used)
		return false;
	i += used;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		size_t digits = 0;

		i++;
		i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
		for (; i < s.n && is_digit(s.p[i]); i++)
			digits++;
		if (!digits)
			return false;
	}
	if (i != s.n)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*value = strtod(text, &end); /* the locale stays "C": never set */
	return !*end && *value - *value == 0;
}

bool tw_parse_int(struct tw_str s, int64_t *value)
{
	bool negative = s.n && s.p[0] == '-';
	int64_t total = 0;

	if (negative || (s.n && s.p[0] == '+')) {
		s.p++;
		s.n--;
	}
	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (!is_digit(s.p[i]) ||
			__builtin_mul_overflow(total, 10, &total) ||
			__builtin_sub_overflow(total, digit, &total))
			return false;
	}
	if (!negative && total == INT64_MIN)
		return false;
	*value = negative ? total : -total;
	return true;
}

static const struct unit binary[] = {
	{"Ki", INT64_C(1) << 10},
	{"Mi", INT64_C(1) << 20},
	{"Gi", INT64_C(1) << 30},
	{"Ti", INT64_C(1) << 40},
	{"Pi", INT64_C(1) << 50},
	{NULL, 0},
};

static bool decimal_suffix(struct tw_str s, int *exponent)
{
	static const char names[] = "num kMGTPE";
	static const int powers[] = {-9, -6, -3, 0, 3, 6, 9, 12, 15, 18};
	const char *at;
	int64_t value;

	if (!s.n) {
		*exponent = 0;
		return true;
	}
	if (s.n == 1 && s.p[0] != ' ') {
		at = memchr(names, s.p[0], sizeof names - 1);
		if (at)
			*exponent = powers[at - names];
		return at;
	}
	if (s.p[0] != 'e' && s.p[0] != 'E')
		return false;
	if (!tw_parse_int((struct tw_str){s.p + 1, s.n - 1}, &value) ||
		value < -30 || value > 30)
		return false;
	*exponent = (int)value;
	return true;
}

bool tw_parse_quantity(struct tw_str s, int64_t *thousandths)
{
	bool negative = s.n && s.p[0] == '-';
	struct decimal d;
	size_t used;
	int64_t scale = 1000;
	int exponent = 0;
	const struct unit *unit;

	if (negative || (s.n && s.p[0] == '+')) {
		s.p++;
		s.n--;
	}
	used = read_decimal(s.p, s.n, &d);
	if (!used)
		return false;
	s.p += used;
	s.n -= used;
	unit = unit_at(binary, s.p, s.n);
	if (unit && s.n == 2) {
		unsigned __int128 digits =
			(unsigned __int128)d.digits * (uint64_t)unit->scale;

		if (digits > UINT64_MAX)
			return false;
		d.digits = (uint64_t)digits;
	} else if (tw_str_equal(s, "Ei")) {
		return false; /* beyond 2^63 thousandths whatever the number */
	} else if (!decimal_suffix(s, &exponent)) {
		return false;
	}
	d.exponent += exponent;
	if (!scaled(d, scale, true, thousandths))
		return false;
	if (negative)
		*thousandths = -*thousandths;
	return true;
}

bool tw_parse_percent(struct tw_str s, double *ratio)
{
	double value;

	if (s.n < 2 || s.p[s.n - 1] != '%')
		return false;
	if (!tw_parse_real((struct tw_str){s.p, s.n - 1}, &value))
		return false;
	*ratio = value / 100;
	return true;
}

static char *trimmed_fraction(int64_t ns, int64_t unit, const char *name,
	char to[static TW_TIME_TEXT])
{
	int64_t whole = ns / unit;
	int decimals = whole >= 1000  ? 0
		       : whole >= 100 ? 1
		       : whole >= 10  ? 2
				      : 3;
	int64_t power = decimals == 3	? 1000
			: decimals == 2 ? 100
			: decimals == 1 ? 10
					: 1;
	int64_t parts = (int64_t)(((__int128)ns * power + unit / 2) / unit);
	int n = snprintf(to, TW_TIME_TEXT, "%lld", (long long)(parts / power));

	if (parts % power) {
		n += snprintf(to + n, TW_TIME_TEXT - (size_t)n, ".%0*lld",
			decimals, (long long)(parts % power));
		while (to[n - 1] == '0')
			n--;
	}
	snprintf(to + n, TW_TIME_TEXT - (size_t)n, "%s", name);
	return to;
}

static char *long_time_text(int64_t ns, char to[static TW_TIME_TEXT])
{
	int64_t s = (ns + TW_S / 2) / TW_S;
	int n = 0;

	if (s >= 3600)
		n += snprintf(to + n, TW_TIME_TEXT - (size_t)n, "%lldh",
			(long long)(s / 3600));
	if (s % 3600 >= 60)
		n += snprintf(to + n, TW_TIME_TEXT - (size_t)n, "%lldm",
			(long long)(s % 3600 / 60));
	if (s % 60)
		snprintf(to + n, TW_TIME_TEXT - (size_t)n, "%llds",
			(long long)(s % 60));
	return to;
}

char *tw_time_text(tw_time ns, char to[static TW_TIME_TEXT])
{
	char positive[TW_TIME_TEXT];

	if (ns == TW_NEVER)
		return memcpy(to, "never", sizeof "never");
	if (ns == INT64_MIN)
		ns++;
	if (ns < 0) {
		snprintf(to, TW_TIME_TEXT, "-%.*s", TW_TIME_TEXT - 2,
			tw_time_text(-ns, positive));
		return to;
	}
	if (ns == 0)
		return memcpy(to, "0s", sizeof "0s");
	if (ns < TW_US)
		return trimmed_fraction(ns, TW_NS, "ns", to);
	if (ns < TW_MS)
		return trimmed_fraction(ns, TW_US, "us", to);
	if (ns < TW_S)
		return trimmed_fraction(ns, TW_MS, "ms", to);
	if (ns < TW_MIN)
		return trimmed_fraction(ns, TW_S, "s", to);
	return long_time_text(ns, to);
}

char *tw_real_text(double value, char to[static TW_REAL_TEXT])
{
	tw_assert(value - value == 0);
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(to, TW_REAL_TEXT, "%.*g", digits, value);
		if (strtod(to, NULL) == value)
			break;
	}
	return to;
}

/* ---- per second ----------------------------------------------------- */

bool tw_parse_per_second(struct tw_str s, const char *const *units,
	const double *factors, double *value)
{
	for (size_t i = 0; units[i]; i++) {
		size_t n = strlen(units[i]);

		if (s.n <= n || memcmp(s.p + s.n - n, units[i], n) != 0 ||
			!tw_parse_real((struct tw_str){s.p, s.n - n}, value))
			continue;
		*value *= factors[i];
		return *value > 0 && *value <= 1e15;
	}
	return false;
}

/* A whole number before a unit belongs to the longest unit that fits. */
bool tw_parse_bandwidth(struct tw_str s, double *value)
{
	static const char *const units[] = {"kbit/s", "Mbit/s", "Gbit/s",
		"bit/s", "KB/s", "kB/s", "MB/s", "GB/s", "B/s", NULL};
	static const double factors[] = {
		125, 125e3, 125e6, 0.125, 1e3, 1e3, 1e6, 1e9, 1};

	return tw_parse_per_second(s, units, factors, value);
}
