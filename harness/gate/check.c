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

const char *const tw_metric_names[TW_METRICS] = {
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
	[TW_METRIC_SLOW] = "latency",
	[TW_METRIC_TIME] = "time",
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
	switch (check->aggregate) {
	case TW_AGG_COUNT:
	case TW_AGG_BURN:
		return TW_UNIT_COUNT;
	case TW_AGG_KS:
	case TW_AGG_SHIFT:
		return TW_UNIT_RATIO;
	default:
		break;
	}
	switch (check->metric) {
	case TW_METRIC_TIME:
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
