/* The gate as a whole: what no single group can know. */
#include "harness/gate/judge.h"

#include "harness/gate/stats.h"
#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/special.h"

#include <stdlib.h>

TW_VEC_TYPE(groups, struct tw_group *);

/* Each group that has a say, in order. */
static void collect(const struct tw_gate_result *gate, struct groups *to)
{
	for (size_t s = 0; s < gate->scenarios.n; s++) {
		const struct tw_scenario_result *scenario =
			gate->scenarios.v[s];

		for (size_t c = 0; c < scenario->checks.n; c++) {
			struct tw_check_result *check = scenario->checks.v[c];

			for (size_t i = 0;
				!check->check->muted && i < check->groups.n;
				i++)
				tw_vec_push(to, check->groups.v[i]);
		}
	}
}

static int compare_p(const void *a, const void *b)
{
	const struct tw_group *x = *(struct tw_group *const *)a;
	const struct tw_group *y = *(struct tw_group *const *)b;

	return (x->p > y->p) - (x->p < y->p);
}

/* Runs with which it would be beyond among all, too: by its interval, at the
 * level that Holm leaves to it. */
static const char *runs_among_many(
	struct tw_group *g, double alpha, double left, struct tw_arena *arena)
{
	struct tw_interval seen = {.n = g->runs, .mean = g->excess};
	double half = (g->excess_high - g->excess_low) / 2;
	size_t runs;

	if (g->runs < 2 || !(half < HUGE_VAL) || !(half > 0))
		return "make more runs: --runs twice as many";
	seen.sd = half * sqrt((double)g->runs) /
		  tw_student_inverse(1 - alpha, (double)(g->runs - 1));
	runs = tw_runs_needed(&seen, 1 - 2 * alpha / left);
	if (runs > TW_RUNS_CAP)
		return "more than 1000 runs would be needed: check fewer "
		       "groups, or allow more";
	g->more_runs = runs - g->runs;
	return tw_arena_printf(arena,
		"about %zu more runs would decide it (--runs %zu)",
		g->more_runs, runs);
}

/* Holm: the i-th smallest p (from 0) of m must be within alpha / (m - i);
 * from the first that is not on, fails become inconclusive. */
static void correct_for_many(
	const struct tw_gate_result *gate, double alpha, struct tw_arena *arena)
{
	struct groups all = {0};
	bool broken = false;

	collect(gate, &all);
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, compare_p);
	for (size_t i = 0; i < all.n; i++) {
		struct tw_group *g = all.v[i];

		broken = broken || g->p > alpha / (double)(all.n - i);
		if (!broken || g->verdict != TW_VERDICT_FAIL)
			continue;
		g->verdict = TW_VERDICT_INCONCLUSIVE;
		g->reason = TW_REASON_MANY;
		g->why = tw_arena_printf(arena,
			"%s; beyond it by itself, yet not for certain among "
			"%zu groups (Holm)",
			g->why, all.n);
		g->advice =
			runs_among_many(g, alpha, (double)(all.n - i), arena);
	}
	tw_vec_release(&all);
}

static bool runs_would_help(const struct tw_group *group)
{
	switch (group->reason) {
	case TW_REASON_NOISE:
	case TW_REASON_BELOW_NOISE:
	case TW_REASON_FEW_SAMPLES:
	case TW_REASON_ONE_RUN:
	case TW_REASON_MANY:
		return true;
	default:
		return false;
	}
}

bool tw_scenario_decided(const struct tw_scenario_result *scenario,
	size_t scenarios, double confidence)
{
	double level = confidence > 0 ? confidence : TW_CONFIDENCE;
	size_t groups = 0;

	for (size_t c = 0; c < scenario->checks.n; c++)
		if (!scenario->checks.v[c]->check->muted)
			groups += scenario->checks.v[c]->groups.n;
	for (size_t c = 0; c < scenario->checks.n; c++) {
		const struct tw_check_result *check = scenario->checks.v[c];

		for (size_t i = 0; !check->check->muted && i < check->groups.n;
			i++) {
			const struct tw_group *g = check->groups.v[i];

			if (g->verdict == TW_VERDICT_FAIL
					? g->p > (1 - level) / 2 /
							  (double)(groups *
								   scenarios)
					: runs_would_help(g))
				return false;
		}
	}
	return true;
}

static const struct tw_group *same_group(
	const struct tw_check_result *check, const struct tw_group *group)
{
	for (size_t i = 0; i < check->groups.n; i++) {
		const struct tw_group *other = check->groups.v[i];
		bool same = true;

		for (int k = 0; k < TW_LABELS; k++)
			same = same &&
			       tw_text_same(group->labels[k], other->labels[k]);
		if (same)
			return other;
	}
	return NULL;
}

/* The verdict of the same group where the assumed values were others. */
static const struct tw_group *elsewhere(const struct tw_gate_result *variant,
	const char *scenario, const struct tw_check *check,
	const struct tw_group *group)
{
	for (size_t s = 0; s < variant->scenarios.n; s++) {
		const struct tw_scenario_result *other =
			variant->scenarios.v[s];

		if (strcmp(other->name, scenario) != 0)
			continue;
		for (size_t c = 0; c < other->checks.n; c++)
			if (!strcmp(other->checks.v[c]->check->text,
				    check->text))
				return same_group(other->checks.v[c], group);
	}
	return NULL;
}

static void rest_on_assumed(struct tw_group *group,
	const struct tw_group *other, const struct tw_evidence *evidence,
	struct tw_arena *arena)
{
	const char *what =
		evidence->assumed_names ? evidence->assumed_names : "values";

	group->why = tw_arena_printf(arena,
		"%s; but %s with assumed values halved or doubled (%s)",
		group->why, other ? tw_verdict_names[other->verdict] : "gone",
		what);
	group->verdict = TW_VERDICT_INCONCLUSIVE;
	group->reason = TW_REASON_ASSUMED;
	group->advice = "it hangs on what the model assumes: measure that, and "
			"write it into a model beside the drafted one";
}

static void check_assumed(const struct tw_gate_result *gate,
	const struct tw_evidence *evidence, struct tw_arena *arena)
{
	for (size_t s = 0; s < gate->scenarios.n; s++) {
		const struct tw_scenario_result *scenario =
			gate->scenarios.v[s];

		for (size_t c = 0; c < scenario->checks.n; c++) {
			struct tw_check_result *check = scenario->checks.v[c];

			for (size_t i = 0; i < check->groups.n; i++) {
				struct tw_group *g = check->groups.v[i];
				const struct tw_group *other = g;

				if (g->verdict == TW_VERDICT_INCONCLUSIVE)
					continue;
				for (size_t v = 0;
					v < evidence->n_assumed && other &&
					other->verdict == g->verdict;
					v++)
					other = elsewhere(evidence->assumed[v],
						scenario->name, check->check,
						g);
				if (!other || other->verdict != g->verdict)
					rest_on_assumed(
						g, other, evidence, arena);
			}
		}
	}
}

/* Worst first again, and the verdicts above the groups. */
static void roll_up(struct tw_gate_result *gate)
{
	gate->verdict = TW_VERDICT_PASS;
	gate->passed = gate->failed = gate->inconclusive = gate->muted = 0;
	for (size_t s = 0; s < gate->scenarios.n; s++) {
		struct tw_scenario_result *scenario = gate->scenarios.v[s];

		scenario->verdict = TW_VERDICT_PASS;
		for (size_t c = 0; c < scenario->checks.n; c++) {
			struct tw_check_result *check = scenario->checks.v[c];
			bool muted = check->check->muted;

			check->verdict = TW_VERDICT_PASS;
			for (size_t i = 0; i < check->groups.n; i++) {
				enum tw_verdict v = check->groups.v[i]->verdict;

				if (v > check->verdict)
					check->verdict = v;
				gate->muted += muted;
				gate->passed += !muted && v == TW_VERDICT_PASS;
				gate->failed += !muted && v == TW_VERDICT_FAIL;
				gate->inconclusive +=
					!muted && v == TW_VERDICT_INCONCLUSIVE;
			}
			if (!muted && check->verdict > scenario->verdict)
				scenario->verdict = check->verdict;
		}
		if (scenario->verdict > gate->verdict)
			gate->verdict = scenario->verdict;
	}
}

static void add_reason(struct tw_gate_result *gate, struct tw_arena *arena,
	const char *name, const char *text, const char *advice)
{
	tw_vec_push_in(arena, &gate->reasons,
		(struct tw_gate_reason){name, text, advice, false});
	if (gate->verdict < TW_VERDICT_INCONCLUSIVE)
		gate->verdict = TW_VERDICT_INCONCLUSIVE;
}

/* Blind green: things differ, and nothing that differs is modelled. */
static void check_blind(struct tw_gate_result *gate,
	const struct tw_evidence *evidence, struct tw_arena *arena)
{
	size_t modelled = 0, unreached = 0;

	for (size_t i = 0; i < evidence->n_differences; i++) {
		modelled += evidence->differences[i].modelled;
		unreached += evidence->differences[i].unreached;
	}
	if (!evidence->n_differences || modelled)
		return;
	add_reason(gate, arena, "blind",
		tw_arena_printf(arena,
			"%zu field%s differ%s and none of them is modelled%s "
			"(%s%s): the twin can not have seen their effect",
			evidence->n_differences,
			evidence->n_differences == 1 ? "" : "s",
			evidence->n_differences == 1 ? "s" : "",
			unreached ? " and reached by a request" : "",
			evidence->differences[0].path,
			evidence->n_differences > 1 ? ", ..." : ""),
		"give the candidate's real build (candidate: {process: ...}) "
		"or how it behaves (candidate: {models: ...})");
}

/* Calls that the twin makes and that the manifests no longer vouch for. */
static void check_doubts(struct tw_gate_result *gate,
	const struct tw_evidence *evidence, struct tw_arena *arena)
{
	for (size_t i = 0; i < evidence->n_doubts; i++)
		add_reason(gate, arena, "address", evidence->doubts[i],
			"mend the address, or say in a model what is called "
			"now");
}

/* Routes that depend on what the traffic does not tell: where the two sides
 * differ in them, the change was not tried. */
static void check_routes(struct tw_gate_result *gate,
	const struct tw_evidence *evidence, struct tw_arena *arena)
{
	const char *before = evidence->untold[0] ? evidence->untold[0] : "";
	const char *after = evidence->untold[1] ? evidence->untold[1] : "";

	if (!strcmp(before, after))
		return;
	add_reason(gate, arena, "undecided routes",
		tw_arena_printf(arena,
			"%llu calls of the candidate and %llu of the baseline "
			"met a route that asks for what the traffic does not "
			"tell, and it was not taken (%s; baseline: %s)",
			(unsigned long long)evidence->undecided[1],
			(unsigned long long)evidence->undecided[0],
			*after ? after : "none", *before ? before : "none"),
		"replay a capture that has the requests' headers; for calls "
		"inside say which go on: defaults.propagate, or a call's "
		"headers");
}

/* Requests that the baseline answers and that have nowhere to go now. */
static void check_lost(struct tw_gate_result *gate,
	const struct tw_evidence *evidence, struct tw_arena *arena)
{
	if (evidence->offered_baseline <= evidence->offered_candidate)
		return;
	add_reason(gate, arena, "lost",
		tw_arena_printf(arena,
			"%llu of %llu requests that have an endpoint in the "
			"baseline have none in the candidate",
			(unsigned long long)(evidence->offered_baseline -
					     evidence->offered_candidate),
			(unsigned long long)evidence->offered_baseline),
		"an endpoint or a route is gone, or has another name: bring "
		"it back, or take it out of the traffic too");
}

static void check_traffic(struct tw_gate_result *gate,
	const struct tw_evidence *evidence, struct tw_arena *arena)
{
	char share[TW_VALUE_TEXT], floor[TW_VALUE_TEXT];
	double replayed;

	if (!evidence->exchanges && evidence->floor > 0) {
		add_reason(gate, arena, "no-traffic",
			"there was no traffic to judge by",
			"give a capture (traffic: {capture: ...})");
		return;
	}
	replayed = evidence->exchanges ? (double)evidence->replayed /
						 (double)evidence->exchanges
				       : 1;
	if (replayed < evidence->floor)
		add_reason(gate, arena, "incomplete",
			tw_arena_printf(arena,
				"only %s of the captured exchanges were "
				"replayed (at least %s are needed)",
				tw_value_text(TW_UNIT_RATIO, replayed, share),
				tw_value_text(
					TW_UNIT_RATIO, evidence->floor, floor)),
			"see what was malformed or not routed: twinrig capture "
			"info");
	if (evidence->late > evidence->late_floor)
		add_reason(gate, arena, "late",
			tw_arena_printf(arena,
				"%s of the requests were sent late (%s is "
				"fine): this machine was too slow or too busy",
				tw_value_text(
					TW_UNIT_RATIO, evidence->late, share),
				tw_value_text(TW_UNIT_RATIO,
					evidence->late_floor, floor)),
			"lower the speed, or run where less else runs");
	if (evidence->overflow)
		add_reason(gate, arena, "overflow",
			tw_arena_printf(arena,
				"%llu requests were refused since too many "
				"were in flight at once",
				(unsigned long long)evidence->overflow),
			"the system collapsed, or the bound is too low");
	check_routes(gate, evidence, arena);
}

void tw_gate_conclude(struct tw_gate_result *result,
	const struct tw_evidence *evidence, double confidence,
	struct tw_arena *arena)
{
	double level = confidence > 0 ? confidence : TW_CONFIDENCE;

	correct_for_many(result, (1 - level) / 2, arena);
	check_assumed(result, evidence, arena);
	roll_up(result);
	check_blind(result, evidence, arena);
	check_doubts(result, evidence, arena);
	if (evidence->not_started) {
		tw_vec_push_in(arena, &result->reasons,
			(struct tw_gate_reason){TW_REASON_NOT_STARTED,
				evidence->not_started,
				"see the timeline: why its pods are not ready",
				true});
		result->failed++;
		result->verdict = TW_VERDICT_FAIL;
	} else if (evidence->unfinished)
		add_reason(result, arena, "rollout", evidence->unfinished,
			"longer traffic, or a change that its own cluster "
			"can take in: see what is pending, not ready or too "
			"large for its nodes");
	check_lost(result, evidence, arena);
	check_traffic(result, evidence, arena);
	if (!result->passed && !result->failed && !result->inconclusive)
		add_reason(result, arena, "no-checks",
			"no check applies to any scenario",
			"write one (gate: {checks: [...]})");
}
