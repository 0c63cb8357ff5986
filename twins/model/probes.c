/*
 * Probes of replicas. Defaults: core/v1 Probe.
 */
#include "twins/model/build.h"

void build_probe(const struct tw_spec_probe *from, struct tw_probe_plan *to)
{
	if (to->on || !from->kind)
		return;
	*to = (struct tw_probe_plan){.on = true,
		.served = from->kind == TW_PROBE_HTTP ||
			  from->kind == TW_PROBE_GRPC,
		.delay = tw_int_or(from->initial_delay, 0),
		.period = tw_int_or(from->period, 10 * TW_S),
		.timeout = tw_int_or(from->timeout, TW_S),
		.success = (uint32_t)tw_int_or(from->success, 1),
		.failure = (uint32_t)tw_int_or(from->failure, 3)};
	/* 0 is the default in each of them. */
	if (to->period <= 0)
		to->period = 10 * TW_S;
	if (to->timeout <= 0)
		to->timeout = TW_S;
	if (!to->success)
		to->success = 1;
	if (!to->failure)
		to->failure = 3;
}

/* exec probes are not simulated. */
static void read_plan(
	const struct tw_spec_probe *from, struct tw_probe_plan *to)
{
	if (from->kind != TW_PROBE_EXEC)
		build_probe(from, to);
}

void build_probes(struct build *b)
{
	struct tw_model *model = b->model;
	struct tw_probe_plans *plans = tw_new_array(
		&model->arena, model->n_revisions + 1, struct tw_probe_plans);
	bool any = false;

	if (!b->spec->probes)
		return;
	for (uint32_t r = 0; r < model->n_revisions; r++) {
		const struct tw_spec_workload *workload =
			model->revisions[r].spec;

		for (size_t i = 0; workload && i < workload->containers.n;
			i++) {
			const struct tw_spec_container *c =
				workload->containers.v[i];

			if (c->is_init)
				continue;
			read_plan(&c->readiness, &plans[r].readiness);
			read_plan(&c->liveness, &plans[r].liveness);
			read_plan(&c->startup, &plans[r].startup);
		}
		any |= plans[r].readiness.on || plans[r].liveness.on ||
		       plans[r].startup.on;
	}
	model->probes = any ? plans : NULL;
}
