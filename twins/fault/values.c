#include "twins/fault/values.h"

#include <string.h>

const char *value_expected(
	struct tw_arena *arena, const struct tw_fault_param *param)
{
	static const char *const texts[] = {
		[TW_PARAM_DURATION] = ("a time such as 800ms or 30s, up to a "
				       "year"),
		[TW_PARAM_RATIO] = "a share such as 5% or 0.05",
		[TW_PARAM_FACTOR] = "a factor such as 2x or 1.5",
		[TW_PARAM_STATUS] = "an HTTP status from 200 to 599",
		[TW_PARAM_FLAG] = "true or false",
		[TW_PARAM_GLOB] = "a name, or a pattern with *",
		[TW_PARAM_NAME] = "a name",
		[TW_PARAM_COUNT] = "a whole number from 1",
		[TW_PARAM_WHOLE] = "a whole number from 0",
		[TW_PARAM_RATE] = "a rate such as 100/s or 60/min",
		[TW_PARAM_BANDWIDTH] = "a bandwidth such as 10Mbit/s or 1MB/s",
		[TW_PARAM_BYTES] = "an amount of memory such as 200Mi",
		[TW_PARAM_AMOUNT] = "a whole number from 1, or a share such as "
				    "30%",
	};
	struct tw_buf text = {0};
	const char *copy;

	if (param->type != TW_PARAM_CHOICE)
		return texts[param->type];
	for (size_t i = 0; param->choices[i]; i++)
		tw_buf_printf(&text, "%s%s",
			!i			? ""
			: param->choices[i + 1] ? ", "
						: " or ",
			param->choices[i]);
	copy = tw_arena_strdup(arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return copy;
}

static bool parse_ratio(struct tw_str s, double *value)
{
	return (tw_parse_percent(s, value) || tw_parse_real(s, value)) &&
	       *value >= 0 && *value <= 1;
}

static bool parse_factor(struct tw_str s, double *value)
{
	if (s.n && s.p[s.n - 1] == 'x')
		s.n--;
	return tw_parse_real(s, value) && *value >= 0 && *value <= 1e6;
}

static bool parse_flag(struct tw_str s, int64_t *value)
{
	*value = tw_str_equal(s, "true");
	return *value || tw_str_equal(s, "false");
}

static bool parse_rate(struct tw_str s, double *value)
{
	static const char *const units[] = {"/s", "/min", NULL};
	static const double factors[] = {1, 1.0 / 60};

	/* A bucket's time a token is kept in whole nanoseconds. */
	return tw_parse_per_second(s, units, factors, value) && *value <= 1e9 &&
	       *value >= 1e-6;
}

static bool parse_amount(struct tw_str s, struct tw_fault_value *to)
{
	if (tw_parse_percent(s, &to->real))
		return to->real > 0 && to->real <= 1;
	return tw_parse_int(s, &to->integer) && to->integer >= 1;
}

static bool parse_choice(
	const char *const *choices, const char *text, int64_t *value)
{
	for (*value = 0; choices[*value]; ++*value)
		if (!strcmp(choices[*value], text))
			return true;
	return false;
}

bool value_parse(const struct tw_fault_param *param, const char *text,
	struct tw_fault_value *to)
{
	struct tw_str s = tw_str_of(text);

	to->text = text;
	switch (param->type) {
	case TW_PARAM_DURATION:
		return tw_parse_duration(s, &to->integer) && to->integer >= 0 &&
		       to->integer <= FAULT_TIME_MAX;
	case TW_PARAM_RATIO:
		return parse_ratio(s, &to->real);
	case TW_PARAM_FACTOR:
		return parse_factor(s, &to->real);
	case TW_PARAM_STATUS:
		return tw_parse_int(s, &to->integer) && to->integer >= 200 &&
		       to->integer <= 599;
	case TW_PARAM_FLAG:
		return parse_flag(s, &to->integer);
	case TW_PARAM_GLOB:
	case TW_PARAM_NAME:
		return s.n > 0;
	case TW_PARAM_CHOICE:
		return parse_choice(param->choices, text, &to->integer);
	case TW_PARAM_COUNT:
		return tw_parse_int(s, &to->integer) && to->integer >= 1;
	case TW_PARAM_WHOLE:
		return tw_parse_int(s, &to->integer) && to->integer >= 0;
	case TW_PARAM_RATE:
		return parse_rate(s, &to->real);
	case TW_PARAM_BANDWIDTH:
		return tw_parse_bandwidth(s, &to->real);
	case TW_PARAM_BYTES:
		if (!tw_parse_quantity(s, &to->integer))
			return false;
		to->integer /= 1000;
		return to->integer > 0;
	case TW_PARAM_AMOUNT:
		return parse_amount(s, to);
	}
	return false;
}
