/* From a check back to its text: canonical, so that it parses to the same. */
#include "harness/gate/check.h"

#include <stdio.h>

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

static const char *quantile_name(double quantile)
{
	return quantile < 0.6	  ? "p50"
	       : quantile < 0.92  ? "p90"
	       : quantile < 0.97  ? "p95"
	       : quantile < 0.995 ? "p99"
				  : "p99.9";
}

static const char *aggregate_name(const struct tw_check *check)
{
	switch (check->aggregate) {
	case TW_AGG_QUANTILE:
		return quantile_name(check->quantile);
	case TW_AGG_MEAN:
		return "mean";
	case TW_AGG_MAX:
		return "max";
	case TW_AGG_RATIO:
		return "ratio";
	case TW_AGG_RATE:
		return "rate";
	case TW_AGG_COUNT:
		return "count";
	case TW_AGG_DISTANCE:
		return "distance";
	case TW_AGG_KS:
		return "ks";
	case TW_AGG_SHIFT:
		return "shift";
	case TW_AGG_BURN:
		return "burn_rate";
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

/* "10% + 1ms", "max(10%, 1ms)": how far from the baseline; `share` of it. */
static void write_allowance(
	struct tw_buf *out, const struct tw_check *check, double share)
{
	enum tw_unit unit = tw_check_unit(check);
	const struct tw_limit *limit = &check->limit;

	if (limit->floor > 0)
		tw_buf_add_text(out, "max(");
	if (share > 0 || limit->floor > 0)
		write_ratio(out, share, "%");
	if (limit->floor > 0) {
		tw_buf_add_text(out, ", ");
		write_quantity(out, unit, limit->floor, true);
		tw_buf_add_char(out, ')');
	} else if (limit->add > 0) {
		tw_buf_add_text(out, share > 0 ? " + " : "");
		write_quantity(out, unit, limit->add, true);
	}
}

static void write_limit(struct tw_buf *out, const struct tw_check *check)
{
	bool at_least = check->compare == TW_GE || check->compare == TW_GT;
	enum tw_unit unit = tw_check_unit(check);
	const struct tw_limit *limit = &check->limit;
	char text[TW_REAL_TEXT];

	if (!limit->baseline) {
		write_quantity(out, unit, limit->add, false);
		return;
	}
	if (check->compare == TW_WITHIN) {
		write_allowance(out, check, limit->share);
		tw_buf_add_text(out, " of baseline");
		return;
	}
	tw_buf_add_text(out, "baseline");
	if (limit->floor > 0) {
		tw_buf_add_text(out, at_least ? " - " : " + ");
		write_allowance(out, check, limit->share);
		return;
	}
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

/* What some measures have beside their metric. It is what they measure, so
 * that it is part of their name. */
static void write_rest(struct tw_buf *out, const struct tw_check *check)
{
	if (check->metric == TW_METRIC_SLOW) {
		tw_buf_add_text(out, " > ");
		if (check->quantile > 0.975 && check->quantile < 0.985)
			tw_buf_add_text(out, "p98");
		else if (check->quantile > 0)
			tw_buf_add_text(out, quantile_name(check->quantile));
		else
			write_time(out, check->above);
	}
	if (check->aggregate == TW_AGG_BURN) {
		tw_buf_add_text(out, ", ");
		write_ratio(out, check->objective, "%");
	}
	if (check->span > 0) {
		tw_buf_add_text(out, ", ");
		write_time(out, check->span);
	}
}

static void write_check(
	struct tw_buf *out, const struct tw_check *check, bool figures)
{
	static const char *const signs[] = {"<=", "<", ">=", ">", "within"};

	switch (check->aggregate) {
	case TW_AGG_TIME:
	case TW_AGG_RECOVERY:
	case TW_AGG_RECOVERS:
		tw_buf_printf(out, "%s(", tw_metric_names[check->metric]);
		if (check->inner)
			write_check(out, check->inner, figures);
		tw_buf_add_char(out, ')');
		break;
	case TW_AGG_SHARE:
		tw_buf_add_text(out, tw_metric_names[check->metric]);
		write_selectors(out, check);
		break;
	default:
		tw_buf_printf(out, "%s(%s", aggregate_name(check),
			tw_metric_names[check->metric]);
		write_selectors(out, check);
		write_rest(out, check);
		tw_buf_add_char(out, ')');
		break;
	}
	write_by(out, check);
	tw_buf_printf(out, " %s ", signs[check->compare]);
	if (figures)
		write_limit(out, check);
	else
		tw_buf_add_text(out, check->compare == TW_WITHIN ? "of baseline"
				     : check->limit.baseline	 ? "baseline"
								 : "limit");
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
