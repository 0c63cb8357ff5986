/*
 * `twinrig rejudge`: stored observations under the checks as they are now.
 * Nothing is run and nothing is stored; what spoke against the gate as a whole
 * (traffic that was lost, a change that the twin cannot see, ...) still does.
 */
#include "harness/commands/gate/gate.h"
#include "harness/commands/stored/shelf.h"

#include <stdio.h>

struct rejudging {
	struct tw_gate gate;
	struct tw_record *record;
	struct tw_record_runs runs;
	struct tw_judged_list before;
	bool live; /* of a process, whose answers are known */
};

/* ---- observations ------------------------------------------------------ */

static size_t count_runs(const struct rejudging *it, const char *side,
	const char *scenario, double factor)
{
	size_t n = 0;

	for (size_t i = 0; i < it->runs.n; i++) {
		const struct tw_record_run *run = &it->runs.v[i];

		n += !strcmp(run->side, side) &&
		     !strcmp(run->scenario, scenario) && run->factor == factor;
	}
	return n;
}

/* Those of one side, in order of replication. */
static int load(struct rejudging *it, const char *side, const char *scenario,
	double factor, struct tw_observation *to, struct tw_error *error)
{
	size_t n = count_runs(it, side, scenario, factor), done = 0;

	for (size_t r = 0; r < n; r++)
		for (size_t i = 0; i < it->runs.n; i++) {
			const struct tw_record_run *run = &it->runs.v[i];

			if (strcmp(run->side, side) != 0 ||
				strcmp(run->scenario, scenario) != 0 ||
				run->factor != factor || run->replication != r)
				continue;
			if (done == n || tw_record_trial(it->record, run->key,
						 &to[done], error))
				goto fail;
			done++;
			break;
		}
	if (done == n)
		return 0;
	tw_fail(error, TW_E_RUN, "its list of runs is damaged");
fail:
	while (done)
		tw_observation_release(&to[--done]);
	return -1;
}

static struct tw_runs runs_of(
	struct tw_arena *arena, const struct tw_observation *seen, size_t n)
{
	const struct tw_observation **v =
		tw_new_array(arena, n + 1, const struct tw_observation *);

	for (size_t i = 0; i < n; i++)
		v[i] = &seen[i];
	return (struct tw_runs){v, n};
}

static int judge_scenario(struct rejudging *it, const char *scenario,
	double factor, struct tw_gate_result *to, struct tw_error *error)
{
	struct tw_gate *gate = &it->gate;
	static const char *const sides[2] = {"baseline", "candidate"};
	struct tw_case one = {.name = scenario};
	struct tw_observation *seen[2] = {NULL, NULL};
	struct tw_runs runs[2];
	size_t n[2];
	int rc = 0, loaded = 0;

	for (int i = 0; i < 2 && !rc; i++) {
		n[i] = count_runs(it, sides[i], scenario, factor);
		seen[i] = tw_calloc(n[i] + 1, sizeof *seen[i]);
		rc = load(it, sides[i], scenario, factor, seen[i], error);
		runs[i] = runs_of(&gate->arena, seen[i], n[i]);
		loaded += !rc;
	}
	if (!rc && (!n[1] || (n[0] && n[0] != n[1])))
		rc = tw_fail(error, TW_E_RUN, "its list of runs is damaged");
	if (!rc)
		tw_vec_push_in(&gate->arena, &to->scenarios,
			tw_gate_judge(gate, &one, runs[0], runs[1]));
	for (int i = 0; i < 2; i++) {
		for (size_t k = 0; i < loaded && k < n[i]; k++)
			tw_observation_release(&seen[i][k]);
		tw_free(seen[i]);
	}
	return rc;
}

/* Every scenario in which the factor was run, in the order it was. */
static int judge_factor(struct rejudging *it, double factor,
	struct tw_gate_result *to, struct tw_error *error)
{
	struct tw_map seen;
	int rc = 0;

	tw_map_init(&seen, &it->gate.arena);
	for (size_t i = 0; !rc && i < it->runs.n; i++) {
		const struct tw_record_run *run = &it->runs.v[i];

		if (run->factor == factor &&
			tw_map_put(&seen, run->scenario, it))
			rc = judge_scenario(
				it, run->scenario, factor, to, error);
	}
	return rc;
}

/* ---- what else it is judged by ----------------------------------------- */

static const char *text_or_null(const char *field)
{
	return *field == '=' ? field + 1 : NULL;
}

static int read_differences(struct rejudging *it, struct tw_error *error)
{
	const char *text = tw_record_text(it->record, "differences", error);
	char *at, *v[4];

	if (!text)
		return -1;
	at = tw_arena_strdup(&it->record->arena, text);
	for (size_t n; (n = tw_line_next(&at, v, 4));)
		if (n == 4)
			tw_vec_push(&it->gate.differences,
				((struct tw_difference){.path = v[1],
					.before = text_or_null(v[2]),
					.after = text_or_null(v[3]),
					.modelled =
						!strcmp(v[0], "modelled")}));
	return 0;
}

static int add_reasons(struct rejudging *it, struct tw_error *error)
{
	struct tw_gate_result *result = &it->gate.result;
	const char *text = tw_record_text(it->record, "reasons", error);
	char *at, *v[3];

	if (!text)
		return -1;
	at = tw_arena_strdup(&it->record->arena, text);
	for (size_t n; (n = tw_line_next(&at, v, 3));) {
		bool fails = n == 3 && !strcmp(v[0], TW_REASON_NOT_STARTED);

		if (n != 3 || !strcmp(v[0], "no-checks"))
			continue;
		tw_vec_push_in(&it->gate.arena, &result->reasons,
			((struct tw_gate_reason){
				v[0], v[1], *v[2] ? v[2] : NULL, fails}));
		if (fails) {
			result->verdict = TW_VERDICT_FAIL;
			result->failed++;
		} else if (result->verdict == TW_VERDICT_PASS)
			result->verdict = TW_VERDICT_INCONCLUSIVE;
	}
	return 0;
}

/* A process's answers are as they were, whatever the checks are now. False:
 * there was none, or it was stored before this was kept. */
static bool read_live(struct rejudging *it, struct tw_error *error)
{
	const char *text = tw_record_text(it->record, "evidence", error);
	struct tw_report_live *live = &it->gate.live;
	char *at = text ? tw_arena_strdup(&it->record->arena, text) : NULL;
	char *v[2];
	bool known = false;

	for (size_t n; at && (n = tw_line_next(&at, v, 2));) {
		int64_t value = 0;

		if (n != 2)
			continue;
		tw_parse_int(tw_str_of(v[1]), &value);
		if (!strcmp(v[0], "live.trouble") && *v[1])
			live->trouble = v[1];
		if (!strcmp(v[0], "live.requests"))
			live->requests = (uint64_t)value;
		if (!strcmp(v[0], "live.compared")) {
			live->compared = (uint64_t)value;
			known = true;
		}
		if (!strcmp(v[0], "live.different"))
			live->different = (uint64_t)value;
	}
	return known;
}

static int judge_all(struct rejudging *it, struct tw_error *error)
{
	static const double factors[] = {0.5, 2};
	struct tw_gate *gate = &it->gate;
	double confidence = tw_real_or(gate->policy->gate.confidence, 0);
	struct tw_evidence evidence = {.exchanges = 1, .replayed = 1};

	if (read_differences(it, error) ||
		judge_factor(it, 1, &gate->result, error))
		return -1;
	for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
		struct tw_gate_result *variant =
			tw_new(&gate->arena, struct tw_gate_result);

		if (judge_factor(it, factors[i], variant, error))
			return -1;
		if (!variant->scenarios.n)
			continue;
		tw_gate_conclude(variant, &(struct tw_evidence){0}, confidence,
			&gate->arena);
		tw_vec_push_in(&gate->arena, &gate->assumed, variant);
	}
	evidence.assumed = gate->assumed.v;
	evidence.n_assumed = gate->assumed.n;
	tw_gate_conclude(&gate->result, &evidence, confidence, &gate->arena);
	tw_judges_count(&gate->result);
	it->live = read_live(it, error);
	if (it->live)
		tw_gate_conclude_live(gate);
	return add_reasons(it, error);
}

/* ---- telling ----------------------------------------------------------- */

static const struct tw_judged *was(const struct rejudging *it,
	const char *scenario, const struct tw_check *check,
	const struct tw_group *group, bool *used)
{
	for (size_t i = 0; i < it->before.n; i++) {
		const struct tw_judged *old = &it->before.v[i];

		if (strcmp(old->scenario, scenario) != 0 ||
			strcmp(old->check, check->name) != 0 ||
			strcmp(old->group, group->title) != 0 || used[i])
			continue;
		used[i] = true;
		return old;
	}
	return NULL;
}

static void tell_change(const char *before, const char *after,
	const char *scenario, const char *check, const char *group)
{
	printf("  %s -> %s  %s: %s%s%s%s\n", before, after, scenario, check,
		*group ? " [" : "", group, *group ? "]" : "");
}

static void tell_check(const struct rejudging *it, const char *scenario,
	const struct tw_check_result *check, bool *used)
{
	for (size_t i = 0; i < check->groups.n; i++) {
		const struct tw_group *group = check->groups.v[i];
		const struct tw_judged *old =
			was(it, scenario, check->check, group, used);
		const char *before = old ? old->verdict : "not judged";
		const char *after = tw_verdict_names[group->verdict];

		if (!strcmp(before, after))
			continue;
		tell_change(before, after, scenario, check->check->text,
			group->title);
		if (group->verdict != TW_VERDICT_PASS && group->why)
			printf("      %s\n", group->why);
	}
}

static void tell(const struct rejudging *it)
{
	const struct tw_gate_result *result = &it->gate.result;
	bool *used = tw_calloc(it->before.n + 1, sizeof *used);
	char when[TW_WHEN];

	printf("gate %s of %s UTC: %s -> %s: %zu failed, %zu inconclusive, "
	       "%zu passed\n",
		tw_record_name(it->record),
		tw_when_text(it->record->about.time, when),
		it->record->about.subject, tw_verdict_names[result->verdict],
		result->failed, result->inconclusive, result->passed);
	for (size_t i = 0; i < result->scenarios.n; i++) {
		const struct tw_scenario_result *scenario =
			result->scenarios.v[i];

		for (size_t k = 0; k < scenario->checks.n; k++)
			tell_check(it, scenario->name, scenario->checks.v[k],
				used);
	}
	for (size_t i = 0; i < it->before.n; i++) {
		const struct tw_judged *old = &it->before.v[i];

		if (!used[i])
			tell_change(old->verdict, "not judged", old->scenario,
				old->check, old->group);
	}
	if (it->live && it->gate.live.trouble)
		printf("  still: the process: %s\n", it->gate.live.trouble);
	if (it->live)
		printf("  still: %llu of %llu answers of the process differ "
		       "from the recorded ones\n",
			(unsigned long long)it->gate.live.different,
			(unsigned long long)it->gate.live.compared);
	for (size_t i = 0; i < result->reasons.n; i++)
		printf("  still: %s\n", result->reasons.v[i].text);
	tw_free(used);
}

static int rejudge(const struct tw_cli *cli, struct tw_record *record)
{
	struct rejudging it = {.record = record};
	struct tw_gate *gate = &it.gate;
	struct tw_error error = {0};
	int status = TW_EXIT_USAGE;

	tw_gate_init(gate, cli);
	if (tw_setup_open(&gate->setup, cli))
		goto out;
	gate->policy = &gate->setup.config;
	tw_cases_init(&gate->cases);
	status = tw_gate_read_checks(gate);
	if (status)
		goto out;
	gate->looks.first = (size_t)tw_int_or(gate->policy->gate.runs, 8);
	gate->looks.most = (size_t)tw_int_or(
		gate->policy->gate.max_runs, (int64_t)gate->looks.first);
	gate->has_baseline =
		strcmp(tw_record_value(record, "baseline.inputs"), "none") != 0;
	if (tw_record_read_runs(record, &it.runs, &error) ||
		tw_judged_read(record, &it.before, &error) ||
		judge_all(&it, &error)) {
		struct tw_error whole;

		tw_fail(&whole, TW_E_RUN, "gate %s: %s", tw_record_name(record),
			error.message);
		status = tw_shelf_fail(&whole);
		goto out;
	}
	tell(&it);
	status = tw_gate_status(
		gate->result.verdict, tw_gate_inconclusive_as(gate->policy));
out:
	tw_diags_show(&gate->setup.diags, cli);
	tw_gate_release(gate);
	return status;
}

static int run(const struct tw_cli *cli)
{
	const char *name = cli->args.n ? cli->args.v[0] : NULL;
	struct tw_record record;
	struct tw_shelf shelf;
	struct tw_error error;
	int status;

	if (cli->args.n > 1) {
		tw_fail(&error, TW_E_USAGE, "rejudge: '%s' is one too many",
			cli->args.v[1]);
		return tw_shelf_fail(&error);
	}
	status = tw_shelf_open(&shelf, cli);
	if (status)
		return status;
	status = tw_shelf_record(&shelf, name, &record);
	if (!status) {
		status = rejudge(cli, &record);
		tw_record_release(&record);
	}
	tw_shelf_close(&shelf);
	return status;
}

const struct tw_command tw_command_rejudge = {
	.name = "rejudge",
	.arguments = "[GATE]",
	.summary = "judge a stored gate by the checks as they are now",
	.manual = "Shows which verdicts change. Nothing is run; GATE is a "
		  "gate's id, a baseline's name\nor a ref; the last one where "
		  "none is given. The exit status is that of the new verdict.",
	.run = run,
};
