#include "twins/cluster/budget.h"

#include "twins/cluster/deployment.h"
#include "twins/cluster/versions.h"
#include "twins/cluster/workloads.h"

#include <string.h>

/* ---- what it counts ------------------------------------------------- */

static void count(const struct tw_world *world,
	const struct tw_pod_budget *budget, int64_t *pods, int64_t *healthy)
{
	*pods = *healthy = 0;
	for (uint32_t r = 0; r < world->model->n_revisions; r++) {
		const struct tw_pod_counts *it = tw_pods_counts(world, r);

		if (!budget->covers[r])
			continue;
		*pods += tw_pods_active(it) + it->stopping + it->succeeded +
			 it->failed;
		*healthy += it->ready;
	}
}

/* A kind whose size can be asked for (the scale subresource). */
static bool has_scale(const char *kind)
{
	return strcmp(kind, "DaemonSet") && strcmp(kind, "Job") &&
	       strcmp(kind, "CronJob");
}

static bool has_pods(const struct tw_world *world, uint32_t workload)
{
	struct tw_pod_counts it = tw_workload_counts(world, workload);

	return tw_pods_active(&it) || it.stopping || it.succeeded || it.failed;
}

/* What the owners of its pods want; a pod by itself has none. False: one of
 * them cannot be asked, so that nothing is known (getScaleController). */
static bool scale_of(const struct tw_world *world,
	const struct tw_pod_budget *budget, int64_t *wanted)
{
	*wanted = 0;
	for (uint32_t w = 0; w < world->model->n_workloads; w++) {
		const struct tw_managed *it = tw_managed_of(world, w);

		if (!budget->covers[it->model->revision])
			continue;
		if (!has_scale(it->model->kind) && has_pods(world, w))
			return false;
		if (strcmp(it->model->kind, "Pod") != 0)
			*wanted += it->wanted;
	}
	return true;
}

struct tw_budget_status tw_budget_status(
	const struct tw_world *world, const struct tw_pod_budget *budget)
{
	struct tw_budget_status it = {0};
	int64_t pods, share = 0;
	const char *text = budget->max_unavailable ? budget->max_unavailable
						   : budget->min_available;

	count(world, budget, &pods, &it.healthy);
	it.expected = pods;
	if ((budget->max_unavailable || strchr(text, '%')) &&
		!scale_of(world, budget, &it.expected))
		return (struct tw_budget_status){0};
	/* The reader has checked the text. */
	tw_deployment_share(text, it.expected, true, &share);
	it.desired = budget->max_unavailable ? it.expected - share : share;
	if (it.desired < 0)
		it.desired = 0;
	it.allowed = it.healthy - it.desired;
	if (it.allowed < 0 || it.expected <= 0)
		it.allowed = 0;
	return it;
}

/* ---- the API -------------------------------------------------------- */

/* An unready pod goes where the budget holds without it, or always. */
static bool unready_may_go(const struct tw_world *world,
	const struct tw_pod_budget *budget,
	const struct tw_budget_status *status)
{
	if (budget->always_allow &&
		tw_kubernetes_of(world->model->kubernetes)->unhealthy_policy)
		return true;
	return status->healthy >= status->desired && status->desired > 0;
}

static enum tw_eviction refuse(const struct tw_pod_budget *budget,
	const struct tw_budget_status *status, struct tw_buf *why)
{
	if (why)
		tw_buf_printf(why,
			"Cannot evict pod as it would violate the pod's "
			"disruption budget. The disruption budget %s needs "
			"%lld healthy pods and has %lld currently",
			budget->name, (long long)status->desired,
			(long long)status->healthy);
	return TW_EVICT_TOO_MANY;
}

enum tw_eviction tw_eviction_allowed(
	const struct tw_world *world, uint32_t replica, struct tw_buf *why)
{
	const struct tw_pod *pod = tw_pod_of(world, replica);
	uint32_t revision = world->model->replicas[replica].revision;
	const struct tw_pod_budget *found = NULL;
	struct tw_budget_status status;

	/* Pending, ended or being deleted: no budget asks for it. */
	if (pod->state != TW_POD_RUNNING)
		return TW_EVICT_CREATED;
	for (uint32_t b = 0; b < world->model->n_budgets; b++) {
		if (!world->model->budgets[b].covers[revision])
			continue;
		if (found) {
			if (why)
				tw_buf_add_text(why,
					"This pod has more than one "
					"PodDisruptionBudget, which the "
					"eviction subresource does not "
					"support.");
			return TW_EVICT_FAILED;
		}
		found = &world->model->budgets[b];
	}
	if (!found)
		return TW_EVICT_CREATED;
	status = tw_budget_status(world, found);
	if (!world->replicas[replica].ready &&
		unready_may_go(world, found, &status))
		return TW_EVICT_CREATED;
	return status.allowed > 0 ? TW_EVICT_CREATED
				  : refuse(found, &status, why);
}

enum tw_eviction tw_evict(struct tw_world *world, uint32_t replica,
	int64_t grace, struct tw_buf *why)
{
	enum tw_eviction code = tw_eviction_allowed(world, replica, why);

	if (code == TW_EVICT_CREATED)
		tw_pod_delete(world, replica, grace);
	return code;
}
