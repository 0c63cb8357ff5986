/* The keys under `gate` of twinrig.yaml. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static void *add_check(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_config_gate *gate = base;
	struct tw_config_check *check =
		tw_new(reader->arena, struct tw_config_check);

	(void)key;
	check->pos = value->pos;
	tw_vec_push_in(reader->arena, &gate->checks, check);
	return check;
}

static const struct tw_row check_rows[] = {
	{.name = "check",
		.type = TW_ROW_TEXT,
		AT(tw_config_check, check),
		.required = true,
		.help = "such as `p99(latency) by (endpoint) <= baseline * "
			"1.10`"},
	{.name = "name",
		.type = TW_ROW_TEXT,
		AT(tw_config_check, name),
		.help = "in reports, instead of the check's text"},
	{.name = "scenarios",
		.type = TW_ROW_TEXTS,
		AT(tw_config_check, scenarios),
		.help = "globs; every scenario if not given"},
	{.name = "mute",
		.type = TW_ROW_TEXT,
		AT(tw_config_check, mute),
		.help = "why its failure does not count for now"},
	{0},
};

static const struct tw_table check = {
	.name = "check",
	.help = "what must hold",
	.rows = check_rows,
	.as_text = "check",
};

static const char *const policies[] = {"baseline", "candidate", NULL};
static const char *const outcomes[] = {"inconclusive", "fail", "pass", NULL};

static void *add_judge(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_config_gate *gate = base;
	struct tw_config_judge *judge =
		tw_new(reader->arena, struct tw_config_judge);

	(void)key;
	judge->pos = value->pos;
	tw_vec_push_in(reader->arena, &gate->judges, judge);
	return judge;
}

static void read_metrics(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_config_judge *judge = base;

	if (!tw_yaml_is(node, TW_YAML_MAPPING)) {
		tw_schema_expected(reader, "metrics",
			"a mapping of names to measures", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &node->pairs.v[i];

		if (!tw_yaml_text(pair->key) || !tw_yaml_text(pair->value)) {
			tw_schema_expected(reader, "metrics",
				"a measure such as p99(latency)", pair->value);
			continue;
		}
		tw_vec_push_in(reader->arena, &judge->metrics,
			((struct tw_config_metric){
				tw_schema_text(reader, pair->key),
				tw_schema_text(reader, pair->value)}));
	}
}

static const char *const judge_units[] = {"s", "ms", NULL};
static const char *const one_judge[] = {
	"kayenta", "k6", "argo", "openslo", NULL};

static const struct tw_row judge_rows[] = {
	{.name = "kayenta",
		.type = TW_ROW_TEXT,
		AT(tw_config_judge, kayenta),
		.help = "a canary config (JSON), judged as NetflixACAJudge "
			"does"},
	{.name = "k6",
		.type = TW_ROW_TEXT,
		AT(tw_config_judge, k6),
		.help = "options with `thresholds` (JSON, or a script)"},
	{.name = "argo",
		.type = TW_ROW_TEXT,
		AT(tw_config_judge, argo),
		.help = "AnalysisTemplates of Argo Rollouts (YAML)"},
	{.name = "openslo",
		.type = TW_ROW_TEXT,
		AT(tw_config_judge, openslo),
		.help = "SLOs of OpenSLO with their alert policies (YAML)"},
	{.name = "metrics",
		.type = TW_ROW_FREE,
		.read = read_metrics,
		.help = "what each of its metrics is in the twin: a name, and "
			"a measure such as `p99(latency{service=\"shop/"
			"cart\"})`"},
	{.name = "scenarios",
		.type = TW_ROW_TEXTS,
		AT(tw_config_judge, scenarios),
		.help = "globs; every scenario if not given"},
	{.name = "interval",
		.type = TW_ROW_DURATION,
		AT(tw_config_judge, interval),
		.min = 1e6,
		.help = "between measurements; argo: the template's if not "
			"given, kayenta: 1s"},
	{.name = "unit",
		.type = TW_ROW_CHOICE,
		AT(tw_config_judge, unit),
		.choices = judge_units,
		.otherwise = "s",
		.help = "of times in its numbers (k6: always ms)"},
	{.name = "pass",
		.type = TW_ROW_REAL,
		AT(tw_config_judge, pass),
		.max = 100,
		.help = "kayenta: the score from which it passes; the file's, "
			"or 95"},
	{.name = "marginal",
		.type = TW_ROW_REAL,
		AT(tw_config_judge, marginal),
		.max = 100,
		.help = "kayenta: the score from which it is marginal; the "
			"file's, or 75"},
	{.name = "compress",
		.type = TW_ROW_FACTOR,
		AT(tw_config_judge, compress),
		.help = "openslo: time of an alert's windows in a time of the "
			"run; so that the longest is the run if not given"},
	{.name = "gates",
		.type = TW_ROW_FLAG,
		AT(tw_config_judge, gates),
		.otherwise = "false",
		.help = "its verdict counts as one of the gate's; else it is "
			"reported beside it"},
	{0},
};

static const struct tw_table judge = {
	.name = "judge",
	.help = "somebody else's judge, by the file that it has",
	.rows = judge_rows,
	.one_of = one_judge,
};

static const struct tw_row gate_rows[] = {
	{.name = "runs",
		.type = TW_ROW_INT,
		AT(tw_config_gate, runs),
		.otherwise = "8",
		.min = 1,
		.max = 10000,
		.help = "trials of each scenario, each with its own seed"},
	{.name = "max_runs",
		.type = TW_ROW_INT,
		AT(tw_config_gate, max_runs),
		.min = 1,
		.max = 10000,
		.help = "go on from `runs` up to so many, as long as a check "
			"is undecided; `runs` if not given"},
	{.name = "budget",
		.type = TW_ROW_DURATION,
		AT(tw_config_gate, budget),
		.min = 1,
		.help = "of the clock on the wall: once it is spent, no more "
			"than `runs`"},
	{.name = "policy",
		.type = TW_ROW_CHOICE,
		AT(tw_config_gate, policy),
		.otherwise = "baseline",
		.choices = policies,
		.help = "whose checks and scenarios are used"},
	{.name = "inconclusive",
		.type = TW_ROW_CHOICE,
		AT(tw_config_gate, inconclusive),
		.otherwise = "inconclusive",
		.choices = outcomes,
		.help = "the exit status of that verdict: its own (4), that "
			"of a failure (1) or 0"},
	{.name = "seed",
		.type = TW_ROW_INT,
		AT(tw_config_gate, seed),
		.otherwise = "1",
		.help = "of all random draws"},
	{.name = "completeness",
		.type = TW_ROW_RATIO,
		AT(tw_config_gate, completeness),
		.otherwise = "95%",
		.help = "share of the capture that must be replayed for a "
			"verdict"},
	{.name = "confidence",
		.type = TW_ROW_RATIO,
		AT(tw_config_gate, confidence),
		.otherwise = "95%",
		.min = 0.5,
		.max = 0.9999,
		.help = "of the intervals that decide"},
	{.name = "counterfactuals",
		.type = TW_ROW_INT,
		AT(tw_config_gate, counterfactuals),
		.otherwise = "16",
		.max = 10000,
		.help = "changes of the candidate that are tried, to find the "
			"smallest with which a failed scenario passes; 0: "
			"none"},
	{.name = "checks",
		.type = TW_ROW_LIST,
		.table = &check,
		.add = add_check,
		.help = "what must hold; sensible ones if not given"},
	{.name = "judges",
		.type = TW_ROW_LIST,
		.table = &judge,
		.add = add_judge,
		.help = "other people's judges, on the same runs"},
	{0},
};

static void check_gate(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_config_gate *it = base;

	if (it->max_runs.origin && it->max_runs.v < tw_int_or(it->runs, 8))
		tw_diag(reader->diags, TW_ERROR, it->max_runs.origin->pos,
			"'max_runs' is less than 'runs' (%lld)",
			(long long)tw_int_or(it->runs, 8));
	if (it->budget.origin && !it->max_runs.origin)
		tw_diag(reader->diags, TW_ERROR, it->budget.origin->pos,
			"'budget' needs 'max_runs': without it there are "
			"'runs' runs, whatever the time");
	(void)node;
}

const struct tw_table tw_gate_table = {
	.name = "gate",
	.help = "how it is judged",
	.rows = gate_rows,
	.check = check_gate,
};
