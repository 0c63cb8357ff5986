/*
 * What keeps pods from running at all: classes that are not there, and rollouts
 * that wait for room.
 */
#include "harness/lint/rules.h"

#include "twins/cluster/deployment.h"
#include "twins/cluster/place.h"
#include "twins/cluster/scheduler.h"

#include <string.h>

/* ---- priority classes ------------------------------------------------ */

/* Every cluster has these two (pkg/apis/scheduling/types.go). */
static bool is_of_system(const char *name)
{
	return !strcmp(name, "system-node-critical") ||
	       !strcmp(name, "system-cluster-critical");
}

static void check_class(
	const struct tw_lint_context *c, const struct tw_spec_workload *it)
{
	const struct tw_map *known = &c->spec->priorities;
	TW_VEC(const char *) names = {0};
	struct tw_text class = it->pod.priority_class;
	const char *near;
	struct tw_diag *diag;

	if (!class.v || !*class.v || tw_map_get(known, class.v) ||
		is_of_system(class.v))
		return;
	for (size_t i = 0; i < known->n; i++)
		tw_vec_push(&names, known->v[i].key);
	tw_vec_push(&names, "system-node-critical");
	tw_vec_push(&names, "system-cluster-critical");
	near = tw_nearest(class.v, names.v, names.n);
	diag = tw_lint_find(c, "priority-not-declared", NULL, class.origin,
		"no manifest declares the PriorityClass %s of %s %s", class.v,
		it->kind, it->key);
	diag->why = "a cluster without it makes no pod: \"no PriorityClass "
		    "with name ... was found\"; the twin takes its priority "
		    "for 0";
	if (near)
		tw_diag_hint(c->diags, diag, "did you mean '%s'?", near);
	else
		diag->hint = "add its manifest";
	tw_vec_release(&names);
}

void tw_lint_priorities(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->workloads.n; i++)
		check_class(c, c->spec->workloads.v[i].value);
}

/* ---- room for a surge ------------------------------------------------ */

/* Whether pods may give way: some have a lower priority. */
static bool may_preempt(
	const struct tw_model *model, const struct tw_revision *it)
{
	for (uint32_t r = 0; r < model->n_revisions; r++)
		if (model->revisions[r].initial &&
			model->revisions[r].pod->priority < it->pod->priority)
			return !it->pod->never_preempts;
	return false;
}

/* Of a Deployment that does not say it (apps/v1). */
static const char *share_or_usual(struct tw_text share)
{
	return share.v ? share.v : "25%";
}

/* Its pods ask for others of their own revision: those of the next one stand
 * elsewhere. */
static bool asks_own_revision(const struct tw_pod_spec *pod)
{
	const struct tw_pod_terms *terms[] = {
		&pod->affinity, &pod->anti_affinity};

	for (size_t i = 0; i < pod->spreads.n; i++)
		if (pod->spreads.v[i].own_keys.n)
			return true;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < terms[k]->n; i++)
			if (terms[k]->v[i].own_keys.n ||
				terms[k]->v[i].other_keys.n)
				return true;
	return false;
}

/* Its rollout: no old pod may go before a new one is there. All of them run. */
static bool waits_for_surge(
	const struct tw_model *model, const struct tw_revision *it)
{
	const struct tw_spec_workload *spec = it->spec;
	int64_t surge, unavailable;

	if (!spec || strcmp(spec->kind, "Deployment") != 0 || !it->initial ||
		(spec->strategy.v && !strcmp(spec->strategy.v, "Recreate")) ||
		!tw_deployment_fenceposts(share_or_usual(spec->max_surge),
			share_or_usual(spec->max_unavailable), it->initial,
			&surge, &unavailable) ||
		unavailable || may_preempt(model, it) ||
		asks_own_revision(it->pod))
		return false;
	for (uint32_t i = 0; i < it->initial; i++)
		if (model->node_of[it->first_replica + i] == TW_NONE)
			return false;
	return true;
}

static void check_surge(
	const struct tw_lint_context *c, struct tw_scheduler *s, uint32_t r)
{
	const struct tw_revision *it = &c->model->revisions[r];
	struct tw_buf why = {0};
	struct tw_diag *diag;

	if (!waits_for_surge(c->model, it) ||
		tw_scheduler_choose(s, r,
			c->model->replicas[it->first_replica].hash,
			&why) != TW_NONE) {
		tw_buf_release(&why);
		return;
	}
	diag = tw_lint_find(c, "surge-no-room", NULL,
		it->spec->max_surge.origin ? it->spec->max_surge.origin
					   : it->spec->origin,
		"no node has room for one more pod of %s: %s", it->spec->key,
		tw_buf_text(&why));
	diag->why = tw_arena_printf(&c->diags->arena,
		"with maxUnavailable %s of %u no old pod goes before a new one "
		"is ready: a rollout never ends",
		share_or_usual(it->spec->max_unavailable), it->initial);
	diag->hint = "maxUnavailable: 1 makes room, or a node more";
	tw_buf_release(&why);
}

/* Nodes that grow, and volumes, are left to a run. */
void tw_lint_surges(const struct tw_lint_context *c)
{
	const struct tw_model *model = c->model;
	struct tw_scheduler s;

	if (!model || !model->node_of || model->n_groups || !model->n_nodes)
		return;
	tw_place_classes(&s, model);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		if (model->node_of[r] != TW_NONE)
			tw_scheduler_put(&s, model->replicas[r].revision,
				model->node_of[r]);
	for (uint32_t r = 0; r < model->n_revisions; r++)
		check_surge(c, &s, r);
	tw_scheduler_release(&s);
}
