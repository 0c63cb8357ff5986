/*
 * Claims that keep pods from running: several pods on what one node can have,
 * and what nothing can bind.
 */
#include "harness/lint/rules.h"

#include "twins/cluster/bindings.h"
#include "twins/cluster/deployment.h"

#include <string.h>

/* Of no claims, where there is no model or nothing was placed. */
static const struct tw_storage *storage_of(const struct tw_lint_context *c)
{
	static const struct tw_storage none = {.n_claims = 0};

	return c->model && c->model->storage.bindings ? &c->model->storage
						      : &none;
}

static const struct tw_spec_workload *owner_of(
	const struct tw_lint_context *c, const struct tw_claim *claim)
{
	const struct tw_model *model = c->model;

	return model->revisions[model->replicas[claim->users[0]].revision].spec;
}

/* Of the workload's own pods that are there when a run begins. */
static uint32_t pods_of(
	const struct tw_lint_context *c, const struct tw_claim *claim)
{
	const struct tw_model *model = c->model;
	uint32_t n = 0;

	for (uint32_t i = 0; i < claim->n_users; i++) {
		const struct tw_replica *r = &model->replicas[claim->users[i]];

		n += r->ordinal < model->revisions[r->revision].initial;
	}
	return n;
}

static bool surges(const struct tw_spec_workload *workload)
{
	int64_t surge = 0;

	if (strcmp(workload->kind, "Deployment") ||
		(workload->strategy.v &&
			!strcmp(workload->strategy.v, "Recreate")))
		return false;
	return tw_deployment_share(
		       workload->max_surge.v ? workload->max_surge.v : "25%",
		       tw_int_or(workload->replicas, 1), true, &surge) &&
	       surge > 0;
}

static const char *mode_of(const struct tw_claim *claim)
{
	return claim->modes & TW_ACCESS_RWOP ? "ReadWriteOncePod"
					     : "ReadWriteOnce";
}

static void check_shared(const struct tw_lint_context *c,
	const struct tw_claim *claim, const struct tw_spec_workload *workload)
{
	uint32_t n = pods_of(c, claim);
	struct tw_diag *diag;

	if (n < 2)
		return;
	diag = tw_lint_find(c, "volume-shared", NULL, workload->origin,
		"%u pods of %s share the claim %s, which is %s", n,
		workload->key, claim->name, mode_of(claim));
	diag->why = "those on another node than the first one wait for ever: "
		    "Multi-Attach error";
	diag->hint = "a StatefulSet with a claim template, or a volume that is "
		     "ReadWriteMany";
}

static void check_rollout(const struct tw_lint_context *c,
	const struct tw_claim *claim, const struct tw_spec_workload *workload)
{
	struct tw_diag *diag;

	if (pods_of(c, claim) > 1 || !surges(workload))
		return;
	diag = tw_lint_find(c, "volume-blocks-rollout", NULL, workload->origin,
		"a rollout of %s starts the new pod before the old one goes, "
		"and both have the claim %s, which is %s",
		workload->key, claim->name, mode_of(claim));
	diag->why = "on another node the new pod waits for a volume that the "
		    "old one keeps until the new one is ready";
	diag->hint = "strategy: {type: Recreate}, or maxSurge: 0";
}

static void check_exclusive(const struct tw_lint_context *c,
	void (*check)(const struct tw_lint_context *c,
		const struct tw_claim *claim,
		const struct tw_spec_workload *workload))
{
	const struct tw_storage *storage = storage_of(c);

	for (uint32_t i = 0; i < storage->n_claims; i++) {
		const struct tw_claim *it = &storage->claims[i];
		const struct tw_spec_workload *workload;

		if (!it->n_users || it->ephemeral ||
			!tw_claim_is_exclusive(c->model, storage->bindings, i))
			continue;
		workload = owner_of(c, it);
		if (workload)
			check(c, it, workload);
	}
}

void tw_lint_shared_volumes(const struct tw_lint_context *c)
{
	check_exclusive(c, check_shared);
}

void tw_lint_surging_volumes(const struct tw_lint_context *c)
{
	check_exclusive(c, check_rollout);
}

/* Some node of those that are there could have it. */
static bool can_be_bound(const struct tw_lint_context *c, uint32_t claim)
{
	struct tw_pod_volumes one = {.model = c->model,
		.bindings = c->model->storage.bindings,
		.claims = &claim,
		.n = 1};

	for (uint32_t n = 0; n < c->model->n_nodes; n++)
		if (tw_pod_volumes_reach(&one, n))
			return true;
	return false;
}

void tw_lint_unbound_claims(const struct tw_lint_context *c)
{
	const struct tw_storage *storage = storage_of(c);

	for (uint32_t i = 0; i < storage->n_claims; i++) {
		const struct tw_claim *it = &storage->claims[i];
		struct tw_diag *diag;

		if (!it->n_users || !it->declared ||
			storage->bindings[i].bound || can_be_bound(c, i))
			continue;
		/* Of those of pods the first one's stands for all. */
		if (it->ephemeral && c->model->replicas[it->users[0]].ordinal)
			continue;
		diag = tw_lint_find(c, "claim-unbound", NULL, it->spec->origin,
			"nothing can bind the claim %s", it->name);
		diag->why = "its pods stay Pending";
		diag->hint = "a PersistentVolume of its class, large enough, "
			     "with its access modes, that a node reaches; or a "
			     "StorageClass that makes volumes";
	}
}

void tw_lint_missing_claims(const struct tw_lint_context *c)
{
	const struct tw_storage *storage = storage_of(c);

	for (uint32_t i = 0; i < storage->n_claims; i++) {
		const struct tw_claim *it = &storage->claims[i];
		const struct tw_spec_workload *workload;
		struct tw_diag *diag;

		if (it->declared || !it->n_users)
			continue;
		workload = owner_of(c, it);
		diag = tw_lint_find(c, "claim-not-declared", NULL,
			workload ? workload->origin : NULL,
			"no manifest declares the claim %s of %s", it->name,
			workload ? workload->key : "a pod");
		diag->why = "it is taken for one that is bound, and that every "
			    "node reaches; without it the pods stay Pending";
	}
}
