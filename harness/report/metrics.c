/*
 * OpenMetrics 1.0 text: for GitLab's metrics report (`reports: metrics`), and
 * for what scrapes files. GitLab compares values as strings and names with
 * their labels as keys: figures have four digits, labels one order. Units are
 * base units (seconds, ratios); what never happened is +Inf.
 */
#include "harness/report/evidence.h"

struct metric {
	const char *name, *help;
	enum tw_unit unit;
};

static const struct metric metrics[] = {
	{"twinrig_time_seconds", "What a check measured, the mean of the runs",
		TW_UNIT_TIME},
	{"twinrig_share_ratio", "What a check measured, the mean of the runs",
		TW_UNIT_RATIO},
	{"twinrig_rate", "What a check measured, a second", TW_UNIT_RATE},
	{"twinrig_number", "What a check measured, the mean of the runs",
		TW_UNIT_COUNT},
};

struct sheet {
	struct tw_buf *out;
	struct tw_arena arena;
	const struct tw_report *report;
	struct tw_map names; /* labels -> how often: two checks may have one */
};

/* OpenMetrics, "Escaping": backslash, line feed, double quote. */
static void label(struct tw_buf *out, const char *name, const char *value)
{
	if (out->n && out->p[out->n - 1] != '{')
		tw_buf_add_char(out, ',');
	tw_buf_printf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			tw_buf_add_text(out, "\\n");
		else if (*value == '"' || *value == '\\')
			tw_buf_printf(out, "\\%c", *value);
		else
			tw_buf_add_char(out, *value);
	}
	tw_buf_add_char(out, '"');
}

static void family(struct sheet *s, const char *name, const char *help)
{
	tw_buf_printf(
		s->out, "# TYPE %s gauge\n# HELP %s %s.\n", name, name, help);
}

static void number(struct tw_buf *out, double value)
{
	if (value - value != 0)
		tw_buf_add_text(out, " +Inf\n");
	else
		tw_buf_printf(out, " %.4g\n", value);
}

static const char *check_name(struct sheet *s, const char *scenario,
	const struct tw_check *check, const struct tw_group *group)
{
	const char *key = tw_arena_printf(
		&s->arena, "%s\n%s\n%s", scenario, check->name, group->title);
	size_t *seen = tw_map_get(&s->names, key);

	if (!seen) {
		tw_map_put(&s->names, key, tw_new(&s->arena, size_t));
		return check->name;
	}
	return tw_arena_printf(&s->arena, "%s (%zu)", check->name, ++*seen + 1);
}

/* What one line of a family is about. */
struct row {
	const char *scenario;
	const char *name; /* of the check: no two of a scenario are alike */
	const struct tw_check *check;
	const struct tw_group *group;
};

static void open_labels(
	struct sheet *s, const char *name, const struct row *row)
{
	tw_buf_printf(s->out, "%s{", name);
	label(s->out, "scenario", row->scenario);
	label(s->out, "check", row->name);
	label(s->out, "group", row->group->title);
}

static void value(struct sheet *s, const struct metric *metric,
	const struct row *row, const char *side, double measured)
{
	open_labels(s, metric->name, row);
	label(s->out, "side", side);
	tw_buf_add_char(s->out, '}');
	number(s->out,
		metric->unit == TW_UNIT_TIME ? measured / 1e9 : measured);
}

typedef void on_group(
	struct sheet *s, const struct metric *metric, const struct row *row);

static void each_group(
	struct sheet *s, const struct metric *metric, on_group *act)
{
	const struct tw_gate_result *gate = s->report->gate;

	tw_map_init(&s->names, &s->arena);
	for (size_t i = 0; i < gate->scenarios.n; i++) {
		const struct tw_scenario_result *scenario =
			gate->scenarios.v[i];

		for (size_t c = 0; c < scenario->checks.n; c++) {
			const struct tw_check_result *r = scenario->checks.v[c];

			for (size_t k = 0; k < r->groups.n; k++)
				act(s, metric,
					&(struct row){scenario->name,
						check_name(s, scenario->name,
							r->check,
							r->groups.v[k]),
						r->check, r->groups.v[k]});
		}
	}
}

static void measured(
	struct sheet *s, const struct metric *metric, const struct row *row)
{
	const struct tw_group *g = row->group;

	if (tw_check_unit(row->check) != metric->unit)
		return;
	if (g->has_baseline)
		value(s, metric, row, "baseline", g->baseline);
	if (g->has_candidate)
		value(s, metric, row, "candidate", g->candidate);
	if (g->has_candidate &&
		(g->has_baseline || !row->check->limit.baseline))
		value(s, metric, row, "limit", g->limit);
}

/* 0 pass, 1 inconclusive, 2 fail. */
static void verdict(
	struct sheet *s, const struct metric *metric, const struct row *row)
{
	(void)metric;
	open_labels(s, "twinrig_verdict", row);
	tw_buf_printf(s->out, "} %d\n", (int)row->group->verdict);
}

static void totals(struct sheet *s)
{
	const struct tw_gate_result *gate = s->report->gate;
	const struct {
		const char *name;
		size_t n;
	} parts[] = {{"pass", gate->passed},
		{"inconclusive", gate->inconclusive}, {"fail", gate->failed},
		{"muted", gate->muted}};

	family(s, "twinrig_gate_verdict",
		"The gate: 0 pass, 1 inconclusive, 2 fail");
	tw_buf_printf(s->out, "twinrig_gate_verdict %d\n", (int)gate->verdict);
	family(s, "twinrig_groups", "Groups of checks by verdict");
	for (size_t i = 0; i < 4; i++)
		tw_buf_printf(s->out, "twinrig_groups{verdict=\"%s\"} %zu\n",
			parts[i].name, parts[i].n);
}

static void write_metrics(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct sheet s = {.out = out, .report = report};

	(void)options;
	tw_arena_init(&s.arena);
	totals(&s);
	family(&s, "twinrig_verdict",
		"A group: 0 pass, 1 inconclusive, 2 fail");
	each_group(&s, NULL, verdict);
	for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
		family(&s, metrics[i].name, metrics[i].help);
		each_group(&s, &metrics[i], measured);
	}
	tw_buf_add_text(out, "# EOF\n");
	tw_arena_release(&s.arena);
}

const struct tw_report_kind tw_report_metrics = {
	.name = "metrics",
	.option = "--metrics",
	.help = "OpenMetrics text, for GitLab's metrics report",
	.write = write_metrics,
};
