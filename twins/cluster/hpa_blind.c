#include "twins/cluster/hpa_blind.h"

#include "twins/cluster/workloads.h"

#include <string.h>

/* NULL: none. A limit alone is the request, too. */
static const char *lacks_request(const struct tw_spec_workload *spec,
	const struct tw_autoscaler_metric *metric)
{
	for (size_t i = 0; spec && i < spec->containers.n; i++) {
		const struct tw_spec_container *it = spec->containers.v[i];
		bool has = metric->is_cpu ? it->cpu_request.origin ||
						    it->cpu_limit.origin
					  : it->memory_request.origin ||
						    it->memory_limit.origin;

		if (!has && (!it->is_init || it->is_sidecar) &&
			(!metric->container ||
				!strcmp(metric->container, it->name)))
			return it->name;
	}
	return NULL;
}

/* " in container server of Pod cart-1": the first that has no request. */
static void add_missing(const struct tw_world *world, uint32_t a,
	uint32_t metric, struct tw_buf *to)
{
	const struct tw_workload *workload =
		&world->model->workloads[world->model->autoscalers[a].workload];
	const struct tw_autoscaler_metric *it =
		&world->model->autoscalers[a].metrics[metric];

	for (uint32_t i = 0; i < workload->n_revisions; i++) {
		const struct tw_revision *revision =
			&world->model->revisions[workload->revisions[i]];
		uint32_t r = revision->first_replica;
		const char *container = lacks_request(revision->spec, it);
		const char *name;

		while (r < revision->first_replica + revision->n_replicas &&
			tw_pod_of(world, r)->state == TW_POD_ABSENT)
			r++;
		if (!container ||
			r == revision->first_replica + revision->n_replicas)
			continue;
		name = strrchr(world->model->replicas[r].name, '/');
		tw_buf_printf(to, " in container %s of Pod %s", container,
			name ? name + 1 : world->model->replicas[r].name);
		return;
	}
}

void tw_hpa_blind_text(const struct tw_world *world, uint32_t a,
	const struct tw_hpa_reading *reading,
	const struct tw_hpa_decision *decision, struct tw_buf *to)
{
	static const char *const apis[] = {[TW_HPA_PODS] = "custom",
		[TW_HPA_OBJECT] = "custom",
		[TW_HPA_EXTERNAL] = "external"};
	bool resource = reading->source == TW_HPA_RESOURCE ||
			reading->source == TW_HPA_CONTAINER;
	const char *name = reading->name ? reading->name : "";

	if (resource)
		tw_buf_printf(to, "failed to get %s %s: ", name,
			reading->type == TW_HPA_UTILIZATION ? "utilization"
							    : "usage");
	if (decision->error == TW_HPA_NO_METRICS) {
		tw_buf_printf(to, "unable to get %s%s: ",
			resource ? "metrics for resource "
			: reading->source == TW_HPA_EXTERNAL
				? "external metric "
				: "metric ",
			name);
		tw_buf_printf(to, "no metrics returned from %s metrics API",
			resource ? "resource" : apis[reading->source]);
		return;
	}
	tw_buf_add_text(to, tw_hpa_error_text(decision->error));
	if (decision->error == TW_HPA_NO_REQUEST) {
		tw_buf_printf(to, " for %s", name);
		add_missing(world, a, (uint32_t)decision->first_invalid, to);
	}
}
