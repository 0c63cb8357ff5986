#include "harness/gate/judge.h"

#include "harness/gate/blame.h"
#include "harness/gate/explore.h"
#include "harness/gate/judging.h"

#include <stdlib.h>

const char *const tw_verdict_names[3] = {"pass", "inconclusive", "fail"};

const char *const tw_reason_names[TW_REASONS] = {
	[TW_REASON_WITHIN] = "within",
	[TW_REASON_IDENTICAL] = "identical",
	[TW_REASON_BEYOND] = "beyond",
	[TW_REASON_NO_RECOVERY] = "no-recovery",
	[TW_REASON_NOISE] = "noise",
	[TW_REASON_MANY] = "many-checks",
	[TW_REASON_ONE_RUN] = "one-run",
	[TW_REASON_NO_DATA] = "no-data",
	[TW_REASON_GONE] = "gone",
	[TW_REASON_NEW] = "new",
	[TW_REASON_NO_BASELINE] = "no-baseline",
	[TW_REASON_FEW_SAMPLES] = "few-samples",
	[TW_REASON_BELOW_NOISE] = "below-noise",
	[TW_REASON_SHORT_RUN] = "short-run",
	[TW_REASON_ASSUMED] = "assumed",
};

static int compare_groups(const void *a, const void *b)
{
	const struct tw_group *x = *(struct tw_group *const *)a;
	const struct tw_group *y = *(struct tw_group *const *)b;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? 1 : -1;
	return tw_labels_compare(x->labels, y->labels);
}

/* A selector whose value no series has: the nearest one that there is. */
static const char *suggest(const struct tw_check *check, struct tw_runs runs,
	struct tw_arena *arena)
{
	const struct tw_check *selecting = check->inner ? check->inner : check;

	for (size_t i = 0; i < selecting->selectors.n; i++) {
		const struct tw_check_selector *s = &selecting->selectors.v[i];
		TW_VEC(const char *) known = {0};
		const char *near;

		if (s->match != TW_MATCH_EQ || !runs.n)
			continue;
		for (size_t k = 0; k < runs.v[0]->cells.n; k++) {
			const struct tw_cell_key *key =
				&runs.v[0]->cells.v[k].key;
			const char *value =
				s->label == TW_LABEL_SERVICE	? key->service
				: s->label == TW_LABEL_CALLER	? key->caller
				: s->label == TW_LABEL_ENDPOINT ? key->endpoint
								: NULL;

			if (value)
				tw_vec_push(&known, value);
		}
		near = known.n ? tw_nearest(s->value, known.v, known.n) : NULL;
		if (near)
			near = strcmp(near, s->value)
				       ? tw_arena_printf(arena,
						 "did you mean %s=\"%s\"?",
						 tw_check_label_names[s->label],
						 near)
				       : NULL;
		tw_vec_release(&known);
		if (near)
			return near;
	}
	return NULL;
}

/* Failures that no baseline excuses: of a group that is new, its limit with a
 * baseline of nothing. */
static bool fails_anew(const struct tw_check *check, const struct tw_group *g)
{
	return tw_check_unit(check) == TW_UNIT_RATIO &&
	       (check->compare == TW_LE || check->compare == TW_LT) &&
	       g->candidate > tw_judge_line(check, 0, false).add;
}

/*
 * A group that the candidate alone has, beside others that both have: there is
 * nothing to compare it with, and that is no reason to doubt the rest. It is
 * listed as new and has no say, unless it fails more than a baseline of
 * nothing would allow.
 */
static void settle_new(struct tw_check_result *result, struct tw_arena *arena)
{
	bool others = false;

	for (size_t i = 0; i < result->groups.n; i++)
		others |= result->groups.v[i]->has_baseline &&
			  result->groups.v[i]->has_candidate;
	for (size_t i = 0; others && i < result->groups.n; i++) {
		struct tw_group *g = result->groups.v[i];

		if (g->reason != TW_REASON_NEW)
			continue;
		if (fails_anew(result->check, g)) {
			g->why = tw_arena_printf(arena,
				"%s, and it fails more than %s allows without "
				"a baseline",
				g->why, result->check->text);
			continue;
		}
		g->verdict = TW_VERDICT_PASS;
	}
}

static void worst_of_check(struct tw_check_result *result)
{
	result->verdict = TW_VERDICT_PASS;
	for (size_t i = 0; i < result->groups.n; i++)
		if (result->groups.v[i]->verdict > result->verdict)
			result->verdict = result->groups.v[i]->verdict;
	if (result->groups.n)
		qsort(result->groups.v, result->groups.n,
			sizeof *result->groups.v, compare_groups);
}

static struct tw_check_result *judge_check(const struct tw_check *check,
	struct tw_runs baseline, struct tw_runs candidate,
	const struct tw_judge_options *options, struct tw_blaming *blaming,
	struct tw_arena *arena)
{
	struct tw_check_result *result = tw_new(arena, struct tw_check_result);
	struct tw_group_keys keys = {0};
	bool matched;

	result->check = check;
	tw_measure_groups(check, baseline, arena, &keys);
	tw_measure_groups(check, candidate, arena, &keys);
	matched = keys.n > 0;
	if (!matched) {
		tw_vec_push_in(arena, &keys, (struct tw_group_key){0});
		result->suggestion = suggest(check, candidate, arena);
	}
	for (size_t i = 0; i < keys.n; i++) {
		struct tw_group *group = tw_new(arena, struct tw_group);

		tw_judge_group(check, &keys.v[i], baseline, candidate, options,
			arena, group);
		if (!options->interim && group->verdict != TW_VERDICT_PASS &&
			group->has_candidate && group->has_baseline)
			group->blame = tw_blame(blaming, check, &keys.v[i]);
		tw_vec_push_in(arena, &result->groups, group);
	}
	settle_new(result, arena);
	worst_of_check(result);
	return result;
}

static void worst_of_scenario(struct tw_scenario_result *result)
{
	result->verdict = TW_VERDICT_PASS;
	for (size_t i = 0; i < result->checks.n; i++)
		if (!result->checks.v[i]->check->muted &&
			result->checks.v[i]->verdict > result->verdict)
			result->verdict = result->checks.v[i]->verdict;
}

struct tw_scenario_result *tw_judge_scenario(const char *name,
	const struct tw_check *const *checks, size_t n_checks,
	struct tw_runs baseline, struct tw_runs candidate,
	const struct tw_judge_options *options, struct tw_arena *arena)
{
	struct tw_scenario_result *result =
		tw_new(arena, struct tw_scenario_result);
	struct tw_blaming *blaming =
		tw_blaming_new(baseline, candidate, options, arena);

	result->name = tw_arena_strdup(arena, name);
	result->faults = "";
	result->runs = candidate.n;
	for (size_t i = 0; i < candidate.n; i++)
		result->seconds += (double)(candidate.v[i]->duration -
					    candidate.v[i]->warmup) /
				   1e9;
	for (size_t i = 0; i < n_checks; i++)
		if (tw_check_applies(checks[i], name))
			tw_vec_push_in(arena, &result->checks,
				judge_check(checks[i], baseline, candidate,
					options, blaming, arena));
	worst_of_scenario(result);
	if (!options->interim)
		tw_explore(baseline, candidate, arena, result);
	return result;
}

int tw_gate_status(enum tw_verdict verdict, enum tw_inconclusive_as as)
{
	static const int inconclusive[] = {
		[TW_INCONCLUSIVE_OWN] = 4,
		[TW_INCONCLUSIVE_FAIL] = 1,
		[TW_INCONCLUSIVE_PASS] = 0,
	};

	if (verdict == TW_VERDICT_INCONCLUSIVE)
		return inconclusive[as];
	return verdict == TW_VERDICT_FAIL;
}
