/*
 * PodDisruptionBudgets that do not do what they are there for.
 */
#include "harness/lint/rules.h"

#include "twins/cluster/deployment.h"

#include <string.h>

static bool covers(const struct tw_spec_budget *budget,
	const struct tw_spec_workload *workload)
{
	return budget->has_selector &&
	       !strcmp(budget->namespace, workload->namespace) &&
	       tw_label_selector_fits(&budget->selector, &workload->labels);
}

/* Pods that come and go by themselves are nobody's to keep. */
static bool is_kept(const struct tw_spec_workload *workload)
{
	return strcmp(workload->kind, "Job") != 0 &&
	       strcmp(workload->kind, "CronJob") != 0;
}

struct covered {
	size_t workloads;
	int64_t pods; /* that their owners want */
	bool counted; /* all of them have owners that say how many */
	const struct tw_spec_workload *first;
};

static struct covered covered_by(
	const struct tw_spec *spec, const struct tw_spec_budget *budget)
{
	struct covered to = {.counted = true};

	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *it = spec->workloads.v[i].value;

		if (!covers(budget, it) || !is_kept(it))
			continue;
		if (!to.workloads++)
			to.first = it;
		to.counted &= strcmp(it->kind, "DaemonSet") != 0;
		to.pods += tw_int_or(it->replicas, 1);
	}
	return to;
}

/* The pods that have to stay when all are healthy; percentages round up. */
static int64_t kept_of(const struct tw_spec_budget *budget, int64_t pods)
{
	int64_t n = 0;

	if (budget->max_unavailable.v)
		return tw_deployment_share(
			       budget->max_unavailable.v, pods, true, &n)
			       ? pods - n
			       : 0;
	tw_deployment_share(budget->min_available.v, pods, true, &n);
	return n;
}

static const char *name_of(
	const struct tw_lint_context *c, const struct tw_spec_budget *budget)
{
	return tw_arena_printf(
		&c->diags->arena, "%s/%s", budget->namespace, budget->name);
}

static void check_blocks(const struct tw_lint_context *c,
	const struct tw_spec_budget *budget, const struct covered *covered)
{
	struct tw_text text = budget->max_unavailable.v
				      ? budget->max_unavailable
				      : budget->min_available;
	int64_t kept = text.v ? kept_of(budget, covered->pods) : 0;
	struct tw_diag *diag;

	if (!covered->counted || covered->pods <= 0 || kept < covered->pods)
		return;
	diag = tw_lint_find(c, "budget-blocks-drains", NULL, text.origin,
		"PodDisruptionBudget %s asks for %lld healthy pods of the "
		"%lld there are: none may be evicted",
		name_of(c, budget), (long long)kept, (long long)covered->pods);
	diag->why = "a drain of a node that has one of them never ends";
	diag->hint = covered->pods > 1
			     ? "maxUnavailable: 1 lets nodes be drained"
			     : "two replicas, and maxUnavailable: 1";
}

void tw_lint_disruptions(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->budgets.n; i++) {
		const struct tw_spec_budget *it = c->spec->budgets.v[i];
		struct covered covered = covered_by(c->spec, it);

		if (covered.workloads)
			check_blocks(c, it, &covered);
	}
}

void tw_lint_idle_budgets(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->budgets.n; i++) {
		const struct tw_spec_budget *it = c->spec->budgets.v[i];
		struct tw_diag *diag;

		if (covered_by(c->spec, it).workloads ||
			!tw_lint_has_workloads(c->spec, it->namespace))
			continue;
		diag = tw_lint_find(c, "budget-covers-nothing", NULL,
			it->origin, "PodDisruptionBudget %s covers no pod",
			name_of(c, it));
		diag->why = "a drain takes as many pods at once as it meets";
		diag->hint = "its selector has to fit the labels of pods, in "
			     "its own namespace";
	}
}

/* The eviction API answers 500 where more than one budget covers a pod. */
void tw_lint_double_budgets(const struct tw_lint_context *c)
{
	for (size_t w = 0; w < c->spec->workloads.n; w++) {
		const struct tw_spec_workload *workload =
			c->spec->workloads.v[w].value;
		const struct tw_spec_budget *first = NULL;

		for (size_t i = 0; i < c->spec->budgets.n; i++) {
			const struct tw_spec_budget *it = c->spec->budgets.v[i];
			struct tw_diag *diag;

			if (!covers(it, workload))
				continue;
			if (!first) {
				first = it;
				continue;
			}
			diag = tw_lint_find(c, "budgets-overlap", NULL,
				it->origin,
				"PodDisruptionBudgets %s and %s both cover the "
				"pods of %s",
				name_of(c, first), name_of(c, it),
				workload->key);
			diag->why = "the eviction API refuses such pods with "
				    "status 500, whatever the budgets say";
			diag->hint = "one budget for a pod";
			break;
		}
	}
}
