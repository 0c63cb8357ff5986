#include "twins/model/cron.h"

#include <string.h>

struct field {
	const char *what;
	int min, max;
	const char *names; /* three letters each, from `min` on; or NULL */
};

static const struct field fields[] = {
	{"minute", 0, 59, NULL},
	{"hour", 0, 23, NULL},
	{"day of the month", 1, 31, NULL},
	{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
	{"day of the week", 0, 7, "sunmontuewedthufrisat"},
};

#define FIELDS (sizeof fields / sizeof *fields)

/* ---- reading -------------------------------------------------------- */

/* A number or a name; -1: neither. */
static int value_of(const struct field *field, struct tw_str text)
{
	int64_t n;

	if (tw_parse_int(text, &n))
		return n >= field->min && n <= field->max ? (int)n : -1;
	for (int i = 0; field->names && text.n == 3 &&
			i < (int)strlen(field->names) / 3;
		i++) {
		const struct tw_str name = {field->names + 3 * i, 3};

		if (tw_str_equal_nocase(text, name))
			return field->min + i;
	}
	return -1;
}

static struct tw_str cut(struct tw_str *rest, char at)
{
	const char *found = rest->n ? memchr(rest->p, at, rest->n) : NULL;
	struct tw_str head = *rest;

	if (!found) {
		*rest = (struct tw_str){NULL, 0};
		return head;
	}
	head.n = (size_t)(found - rest->p);
	rest->n -= head.n + 1;
	rest->p = found + 1;
	return head;
}

/* "*", "3", "1-5", "8-18/2", "*" "/15": adds its bits. */
static bool read_range(
	const struct field *field, struct tw_str text, uint64_t *bits)
{
	struct tw_str step_text = text;
	struct tw_str range = cut(&step_text, '/');
	struct tw_str end_text = range;
	struct tw_str start_text = cut(&end_text, '-');
	int from = field->min, to = field->max;
	int64_t step = 1;

	if (step_text.p &&
		(!tw_parse_int(step_text, &step) || step < 1 || step > 60))
		return false;
	if (!tw_str_equal(range, "*") && !tw_str_equal(range, "?")) {
		from = value_of(field, start_text);
		to = end_text.p	   ? value_of(field, end_text)
		     : step_text.p ? field->max
				   : from;
	}
	if (from < 0 || to < from)
		return false;
	for (int i = from; i <= to; i += (int)step)
		*bits |= UINT64_C(1) << i;
	return true;
}

static bool read_field(const struct field *field, struct tw_str text,
	uint64_t *bits, bool *any)
{
	*bits = 0;
	*any = text.n && (text.p[0] == '*' || text.p[0] == '?');
	do {
		struct tw_str part = cut(&text, ',');

		if (!part.n || !read_range(field, part, bits))
			return false;
	} while (text.p);
	return true;
}

static const char *macro(const char *text)
{
	static const char *const macros[][2] = {{"@yearly", "0 0 1 1 *"},
		{"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
		{"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},
		{"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"}};

	for (size_t i = 0; i < sizeof macros / sizeof *macros; i++)
		if (!strcmp(text, macros[i][0]))
			return macros[i][1];
	return text;
}

int tw_cron_parse(
	struct tw_cron *cron, const char *text, struct tw_error *error)
{
	uint64_t *const bits[FIELDS] = {&cron->minutes, &cron->hours,
		&cron->days, &cron->months, &cron->weekdays};
	bool any[FIELDS] = {false};
	struct tw_str rest = tw_str_trim(tw_str_of(macro(text)));

	for (size_t i = 0; i < FIELDS; i++) {
		struct tw_str word;

		rest = tw_str_trim(rest);
		word = rest;
		while (rest.n && *rest.p != ' ' && *rest.p != '\t') {
			rest.p++;
			rest.n--;
		}
		word.n -= rest.n;
		if (!word.n)
			return tw_fail(error, TW_E_USAGE,
				"a schedule has five fields (minute hour day "
				"month weekday), this one has %zu",
				i);
		if (!read_field(&fields[i], word, bits[i], &any[i]))
			return tw_fail(error, TW_E_USAGE,
				"'%.*s' is no %s (%d-%d)", (int)word.n, word.p,
				fields[i].what, fields[i].min, fields[i].max);
	}
	if (tw_str_trim(rest).n)
		return tw_fail(error, TW_E_USAGE,
			"a schedule has five fields, this one has more");
	if (cron->weekdays >> 7 & 1)
		cron->weekdays |= 1;
	cron->any_day = any[2];
	cron->any_weekday = any[4];
	return 0;
}

/* ---- when ----------------------------------------------------------- */

static bool has(uint64_t bits, int64_t i)
{
	return bits >> i & 1;
}

static bool is_day(
	const struct tw_cron *cron, int64_t day, int month, int weekday)
{
	bool by_day = has(cron->days, day);
	bool by_weekday = has(cron->weekdays, weekday);

	if (!has(cron->months, month))
		return false;
	if (cron->any_day || cron->any_weekday)
		return by_day && by_weekday;
	return by_day || by_weekday;
}

tw_time tw_cron_next(const struct tw_cron *cron, tw_time after)
{
	static const int lengths[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t first = after < 0 ? 0 : after / TW_MIN + 1;
	int64_t day_of_run = 0;

	for (int year = 0; year < 4; year++)
		for (int month = 0; month < 12; month++)
			for (int day = 1; day <= lengths[month];
				day++, day_of_run++) {
				int64_t start = day_of_run * 1440;

				if (start + 1440 <= first ||
					!is_day(cron, day, month + 1,
						(int)((day_of_run + 1) % 7)))
					continue;
				for (int64_t m = start > first ? 0
							       : first - start;
					m < 1440; m++)
					if (has(cron->hours, m / 60) &&
						has(cron->minutes, m % 60))
						return (start + m) * TW_MIN;
			}
	return TW_NEVER;
}
