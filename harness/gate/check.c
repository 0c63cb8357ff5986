#include "harness/gate/check.h"

#include "twins/base/assert.h"

#include <stdio.h>

const char *const tw_check_label_names[TW_LABELS] = {
	[TW_LABEL_SERVICE] = "service",
	[TW_LABEL_ENDPOINT] = "endpoint",
	[TW_LABEL_CALLER] = "caller",
	[TW_LABEL_ZONE] = "zone",
	[TW_LABEL_SIDE] = "side",
	[TW_LABEL_WINDOW] = "window",
};

const char *const tw_side_names[2] = {"client", "server"};
const char *const tw_window_names[3] = {"before", "during", "after"};

const char *const tw_default_checks[] = {
	"ratio(errors{caller=\"outside\"}) by (endpoint) <= baseline + 0.1pp",
	"p50(latency{caller=\"outside\"}) by (endpoint)"
	" <= baseline * 1.10 + 1ms",
	"p99(latency{caller=\"outside\"}) <= baseline * 1.10 + 1ms",
	"ratio(retries) by (caller, service) <= baseline + 1pp",
	"ratio(shed) by (service) <= baseline + 0.1pp",
	NULL,
};

static const char *const metric_names[] = {
	[TW_METRIC_LATENCY] = "latency",
	[TW_METRIC_ERRORS] = "errors",
	[TW_METRIC_TIMEOUTS] = "timeouts",
	[TW_METRIC_RETRIES] = "retries",
	[TW_METRIC_SHED] = "shed",
	[TW_METRIC_OVERFLOW] = "overflow",
	[TW_METRIC_DENIED] = "denied",
	[TW_METRIC_EJECTIONS] = "ejections",
	[TW_METRIC_CONNECTS] = "connects",
	[TW_METRIC_LIMITED] = "limited",
	[TW_METRIC_REJECTED] = "rejected",
	[TW_METRIC_REQUESTS] = "requests",
	[TW_METRIC_UNAVAILABLE] = "unavailable",
	[TW_METRIC_QUEUE] = "queue",
	[TW_METRIC_OOM_KILLS] = "oom_kills",
	[TW_METRIC_UTILIZATION] = "utilization",
	[TW_METRIC_THROTTLED] = "throttled",
	[TW_METRIC_RECOVERY] = "recovery_time",
	[TW_METRIC_RECOVERS] = "recovers",
};

bool tw_check_applies(const struct tw_check *check, const char *scenario)
{
	if (!check->scenarios.n)
		return true;
	for (size_t i = 0; i < check->scenarios.n; i++)
		if (tw_glob_match(check->scenarios.v[i], scenario))
			return true;
	return false;
}

enum tw_unit tw_check_unit(const struct tw_check *check)
{
	switch (check->metric) {
	case TW_METRIC_LATENCY:
	case TW_METRIC_RECOVERY:
		return TW_UNIT_TIME;
	case TW_METRIC_RECOVERS:
		return check->trigger;
	case TW_METRIC_REQUESTS:
		return TW_UNIT_RATE;
	case TW_METRIC_UNAVAILABLE:
	case TW_METRIC_QUEUE:
	case TW_METRIC_OOM_KILLS:
		return TW_UNIT_COUNT;
	default:
		return TW_UNIT_RATIO;
	}
}

static bool selector_takes(const struct tw_check_selector *s, const char *value)
{
	switch (s->match) {
	case TW_MATCH_EQ:
		return !strcmp(s->value, value);
	case TW_MATCH_NE:
		return strcmp(s->value, value) != 0;
	case TW_MATCH_RE:
		return tw_regex_match(s->regex, value);
	case TW_MATCH_NRE:
		return !tw_regex_match(s->regex, value);
	}
	tw_unreachable();
}

bool tw_check_selects(const struct tw_check *check, enum tw_check_label label,
	const char *value)
{
	for (size_t i = 0; i < check->selectors.n; i++)
		if (check->selectors.v[i].label == label &&
			!selector_takes(&check->selectors.v[i], value))
			return false;
	return true;
}

bool tw_check_names(const struct tw_check *check, enum tw_check_label label)
{
	if (check->by[label])
		return true;
	for (size_t i = 0; i < check->selectors.n; i++)
		if (check->selectors.v[i].label == label)
			return true;
	return false;
}

/* A real of four significant digits without an exponent where it is of
 * ordinary size. */
static void real_text(double value, const char *suffix, char *to)
{
	double size = value < 0 ? -value : value;

	snprintf(to, TW_VALUE_TEXT,
		size >= 1e4 && size < 1e15 ? "%.0f%s" : "%.4g%s", value,
		suffix);
}

char *tw_value_text(
	enum tw_unit unit, double value, char to[static TW_VALUE_TEXT])
{
	char time[TW_TIME_TEXT];
	double size = value < 0 ? -value : value;

	switch (unit) {
	case TW_UNIT_TIME:
		if (!(size < 9e18))
			snprintf(to, TW_VALUE_TEXT, "never");
		else
			snprintf(to, TW_VALUE_TEXT, "%s",
				tw_time_text((tw_time)(value < 0 ? value - 0.5
								 : value + 0.5),
					time));
		break;
	case TW_UNIT_RATIO:
		real_text(value * 100, "%", to);
		break;
	case TW_UNIT_RATE:
		real_text(value, "/s", to);
		break;
	case TW_UNIT_COUNT:
		real_text(value, "", to);
		break;
	}
	return to;
}

char *tw_difference_text(
	enum tw_unit unit, double value, char to[static TW_VALUE_TEXT])
{
	char plain[TW_VALUE_TEXT];

	if (unit == TW_UNIT_RATIO)
		real_text(value * 100, "pp", plain);
	else
		tw_value_text(unit, value, plain);
	snprintf(to, TW_VALUE_TEXT, "%s%.38s", value > 0 ? "+" : "", plain);
	return to;
}

static void write_quoted(struct tw_buf *out, const char *s)
{
	tw_buf_add_char(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			tw_buf_add_char(out, '\\');
		if (*s == '\n')
			tw_buf_add_text(out, "\\n");
		else
			tw_buf_add_char(out, *s);
	}
	tw_buf_add_char(out, '"');
}

static void write_selectors(struct tw_buf *out, const struct tw_check *check)
{
	static const char *const signs[] = {"=", "!=", "=~", "!~"};

	if (!check->selectors.n)
		return;
	tw_buf_add_char(out, '{');
	for (size_t i = 0; i < check->selectors.n; i++) {
		const struct tw_check_selector *s = &check->selectors.v[i];

		tw_buf_printf(out, "%s%s%s", i ? ", " : "",
			tw_check_label_names[s->label], signs[s->match]);
		write_quoted(out, s->value);
	}
	tw_buf_add_char(out, '}');
}

static void write_by(struct tw_buf *out, const struct tw_check *check)
{
	const char *before = " by (";

	for (int i = 0; i < TW_LABELS; i++) {
		if (!check->by[i])
			continue;
		tw_buf_printf(out, "%s%s", before, tw_check_label_names[i]);
		before = ", ";
	}
	if (before[0] == ',')
		tw_buf_add_char(out, ')');
}

static const char *aggregate_name(const struct tw_check *check)
{
	switch (check->aggregate) {
	case TW_AGG_QUANTILE:
		return check->quantile < 0.6	 ? "p50"
		       : check->quantile < 0.92	 ? "p90"
		       : check->quantile < 0.97	 ? "p95"
		       : check->quantile < 0.995 ? "p99"
						 : "p99.9";
	case TW_AGG_MEAN:
		return "mean";
	case TW_AGG_MAX:
		return "max";
	case TW_AGG_RATIO:
		return "ratio";
	case TW_AGG_RATE:
		return "rate";
	default:
		return NULL;
	}
}

/* As tw_real_text(), without the exponent where the size is ordinary. */
static char *number_text(double value, char to[static TW_REAL_TEXT])
{
	if (value >= 1 && value < 1e15 && !(value - (double)(int64_t)value > 0))
		snprintf(to, TW_REAL_TEXT, "%lld", (long long)value);
	else
		tw_real_text(value, to);
	return to;
}

/* A time that reads back as the same number of ns. */
static void write_time(struct tw_buf *out, double value)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
	tw_time ns = (tw_time)value;
	size_t i = 0;

	while (i < 3 && ns % (tw_time)units[i].ns)
		i++;
	tw_buf_printf(out, "%lld%s", (long long)(ns / (tw_time)units[i].ns),
		units[i].name);
}

/* A ratio as the shortest percentage that reads back as the same double;
 * where none does, the plain number. */
static void write_ratio(struct tw_buf *out, double value, const char *suffix)
{
	char text[TW_REAL_TEXT];

	for (int digits = 1; digits <= 17; digits++) {
		double back;

		snprintf(text, sizeof text, "%.*g", digits, value * 100);
		if (value >= 0.01 && strchr(text, 'e'))
			snprintf(text, sizeof text, "%.0f", value * 100);
		if (tw_parse_real(tw_str_of(text), &back) &&
			!strchr(text, 'e') && back / 100 == value) {
			tw_buf_printf(out, "%s%s", text, suffix);
			return;
		}
	}
	tw_buf_add_text(out, tw_real_text(value, text));
}

static void write_quantity(
	struct tw_buf *out, enum tw_unit unit, double value, bool difference)
{
	char text[TW_REAL_TEXT];

	switch (unit) {
	case TW_UNIT_TIME:
		write_time(out, value);
		break;
	case TW_UNIT_RATIO:
		write_ratio(out, value, difference ? "pp" : "%");
		break;
	case TW_UNIT_RATE:
		tw_buf_printf(out, "%s/s", number_text(value, text));
		break;
	case TW_UNIT_COUNT:
		tw_buf_add_text(out, number_text(value, text));
		break;
	}
}

static void write_limit(struct tw_buf *out, const struct tw_check *check)
{
	enum tw_unit unit = tw_check_unit(check);
	const struct tw_limit *limit = &check->limit;
	char text[TW_REAL_TEXT];

	if (!limit->baseline) {
		write_quantity(out, unit, limit->add, false);
		return;
	}
	tw_buf_add_text(out, "baseline");
	if (limit->factor < 1 || limit->factor > 1)
		tw_buf_printf(out, " * %s", number_text(limit->factor, text));
	if (limit->add > 0) {
		tw_buf_add_text(out, " + ");
		write_quantity(out, unit, limit->add, true);
	} else if (limit->add < 0) {
		tw_buf_add_text(out, " - ");
		write_quantity(out, unit, -limit->add, true);
	}
}

static void write_check(
	struct tw_buf *out, const struct tw_check *check, bool figures)
{
	static const char *const signs[] = {"<=", "<", ">=", ">"};

	switch (check->aggregate) {
	case TW_AGG_RECOVERY:
	case TW_AGG_RECOVERS:
		tw_buf_printf(out, "%s(", metric_names[check->metric]);
		if (check->inner)
			write_check(out, check->inner, figures);
		tw_buf_add_char(out, ')');
		break;
	case TW_AGG_SHARE:
		tw_buf_add_text(out, metric_names[check->metric]);
		write_selectors(out, check);
		break;
	default:
		tw_buf_printf(out, "%s(%s", aggregate_name(check),
			metric_names[check->metric]);
		write_selectors(out, check);
		tw_buf_add_char(out, ')');
		break;
	}
	write_by(out, check);
	tw_buf_printf(out, " %s ", signs[check->compare]);
	if (figures)
		write_limit(out, check);
	else
		tw_buf_add_text(
			out, check->limit.baseline ? "baseline" : "limit");
}

void tw_check_write(struct tw_check *check, struct tw_arena *arena)
{
	struct tw_buf out = {0};

	write_check(&out, check, true);
	check->text = tw_arena_strdup(arena, tw_buf_text(&out));
	tw_buf_clear(&out);
	write_check(&out, check, false);
	check->name = tw_arena_strdup(arena, tw_buf_text(&out));
	tw_buf_release(&out);
}
