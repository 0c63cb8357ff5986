/* The fields of services and workloads. */
#include "twins/model/spec_walk.h"

static const struct tw_field service_fields[] = {
	TW_FIELD(tw_spec_service, type, TEXT),
	TW_FIELD(tw_spec_service, external_name, TEXT),
	TW_FIELD(tw_spec_service, internal_policy, TEXT),
	TW_FIELD(tw_spec_service, external_policy, TEXT),
	TW_FIELD(tw_spec_service, distribution, TEXT),
	TW_FIELD(tw_spec_service, publish_not_ready, INT),
	TW_FIELD(tw_spec_service, workers, INT),
	TW_FIELD(tw_spec_service, queue, INT),
	TW_FIELD(tw_spec_service, queue_order, INT),
	TW_FIELD(tw_spec_service, queue_time, INT),
	TW_FIELD(tw_spec_service, abandoned, INT),
	TW_FIELD(tw_spec_service, concurrency, INT),
	TW_FIELD(tw_spec_service, in_flight, INT),
	TW_FIELD(tw_spec_service, memory_base, INT),
	TW_FIELD(tw_spec_service, memory_request, INT),
	TW_FIELD(tw_spec_service, memory_leak, INT),
	TW_FIELD(tw_spec_service, memory_limit, INT),
	TW_FIELD(tw_spec_service, restore, LAW),
	TW_FIELD(tw_spec_service, job.runs, LAW),
	TW_FIELD(tw_spec_service, job.cpu, INT),
	TW_FIELD(tw_spec_service, job.fails, REAL),
	TW_FIELD(tw_spec_service, job.exit_code, INT),
	TW_FIELD(tw_spec_service, pause_every, LAW),
	TW_FIELD(tw_spec_service, pause_for, LAW),
	TW_FIELD(tw_spec_service, slow_factor, REAL),
	TW_FIELD(tw_spec_service, slow_enter, LAW),
	TW_FIELD(tw_spec_service, slow_leave, LAW),
	TW_FIELD(tw_spec_service, rate, REAL),
	TW_FIELD(tw_spec_service, burst, INT),
	TW_FIELD(tw_spec_service, retry_after, INT),
	TW_FIELD(tw_spec_service, no_retry, INT),
	TW_FIELD(tw_spec_service, cpus, INT),
	TW_FIELD(tw_spec_service, replicas, INT),
	TW_FIELD(tw_spec_service, balancer, INT),
	TW_FIELD(tw_spec_service, session_affinity, INT),
	TW_FIELD_END,
};

static const struct tw_field port_fields[] = {
	TW_FIELD(tw_spec_port, name, TEXT),
	TW_FIELD(tw_spec_port, port, INT),
	TW_FIELD(tw_spec_port, target_name, TEXT),
	TW_FIELD(tw_spec_port, target, INT),
	TW_FIELD(tw_spec_port, protocol, TEXT),
	TW_FIELD_END,
};

static const struct tw_field job_call_fields[] = {
	TW_FIELD(tw_spec_job_call, service, TEXT),
	TW_FIELD(tw_spec_job_call, endpoint, TEXT),
	TW_FIELD(tw_spec_job_call, rate, REAL),
	TW_FIELD_END,
};

static const struct tw_field endpoint_fields[] = {
	TW_FIELD(tw_spec_endpoint, errors, REAL),
	TW_FIELD(tw_spec_endpoint, status, INT),
	TW_FIELD(tw_spec_endpoint, request_bytes, INT),
	TW_FIELD(tw_spec_endpoint, answer_bytes, INT),
	TW_FIELD_END,
};

static const struct tw_field step_fields[] = {
	TW_FIELD(tw_spec_step, law, LAW),
	TW_FIELD(tw_spec_step, service, TEXT),
	TW_FIELD(tw_spec_step, endpoint, TEXT),
	TW_FIELD(tw_spec_step, timeout, INT),
	TW_FIELD(tw_spec_step, retries, INT),
	TW_FIELD(tw_spec_step, probability, REAL),
	TW_FIELD(tw_spec_step, repeat, INT),
	TW_FIELD(tw_spec_step, hit, REAL),
	TW_FIELD(tw_spec_step, keys, INT),
	TW_FIELD(tw_spec_step, local, INT),
	TW_FIELD_END,
};

static const struct tw_field workload_fields[] = {
	TW_FIELD(tw_spec_workload, replicas, INT),
	TW_FIELD(tw_spec_workload, strategy, TEXT),
	TW_FIELD(tw_spec_workload, max_surge, TEXT),
	TW_FIELD(tw_spec_workload, max_unavailable, TEXT),
	TW_FIELD(tw_spec_workload, termination_grace, INT),
	TW_FIELD(tw_spec_workload, pre_stop, INT),
	TW_FIELD(tw_spec_workload, local_storage, INT),
	TW_FIELD(tw_spec_workload, min_ready, INT),
	TW_FIELD(tw_spec_workload, progress_deadline, INT),
	TW_FIELD(tw_spec_workload, paused, INT),
	TW_FIELD(tw_spec_workload, history_limit, INT),
	TW_FIELD(tw_spec_workload, pod_management, TEXT),
	TW_FIELD(tw_spec_workload, partition, INT),
	TW_FIELD(tw_spec_workload, parallelism, INT),
	TW_FIELD(tw_spec_workload, completions, INT),
	TW_FIELD(tw_spec_workload, backoff_limit, INT),
	TW_FIELD(tw_spec_workload, deadline, INT),
	TW_FIELD(tw_spec_workload, failure_policy, TEXT),
	TW_FIELD(tw_spec_workload, success_count, INT),
	TW_FIELD(tw_spec_workload, replacement, TEXT),
	TW_FIELD(tw_spec_workload, schedule, TEXT),
	TW_FIELD(tw_spec_workload, concurrency, TEXT),
	TW_FIELD(tw_spec_workload, starting_deadline, INT),
	TW_FIELD(tw_spec_workload, suspend, INT),
	TW_FIELD(tw_spec_workload, injection, TEXT),
	TW_FIELD(tw_spec_workload, restart_policy, TEXT),
	TW_FIELD(tw_spec_workload, resolver.policy, TEXT),
	TW_FIELD(tw_spec_workload, resolver.host_network, INT),
	TW_FIELD(tw_spec_workload, resolver.ndots, INT),
	TW_FIELD(tw_spec_workload, resolver.timeout, INT),
	TW_FIELD(tw_spec_workload, resolver.attempts, INT),
	TW_FIELD(tw_spec_workload, cpu_request, INT),
	TW_FIELD(tw_spec_workload, cpu_limit, INT),
	TW_FIELD(tw_spec_workload, memory_request, INT),
	TW_FIELD(tw_spec_workload, memory_limit, INT),
	TW_FIELD_END,
};

static const struct tw_field init_fields[] = {
	TW_FIELD(tw_spec_init, runs, LAW),
	TW_FIELD(tw_spec_init, fails, REAL),
	TW_FIELD_END,
};

static const struct tw_field container_fields[] = {
	TW_FIELD(tw_spec_container, image, TEXT),
	TW_FIELD(tw_spec_container, pull_policy, TEXT),
	TW_FIELD(tw_spec_container, cpu_request, INT),
	TW_FIELD(tw_spec_container, cpu_limit, INT),
	TW_FIELD(tw_spec_container, memory_request, INT),
	TW_FIELD(tw_spec_container, memory_limit, INT),
	TW_FIELD_END,
};

static const struct tw_field probe_fields[] = {
	TW_FIELD(tw_spec_probe, path, TEXT),
	TW_FIELD(tw_spec_probe, port_name, TEXT),
	TW_FIELD(tw_spec_probe, port, INT),
	TW_FIELD(tw_spec_probe, initial_delay, INT),
	TW_FIELD(tw_spec_probe, period, INT),
	TW_FIELD(tw_spec_probe, timeout, INT),
	TW_FIELD(tw_spec_probe, success, INT),
	TW_FIELD(tw_spec_probe, failure, INT),
	TW_FIELD_END,
};

static void walk_steps(struct tw_walk *walk, const struct tw_spec_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		size_t mark = tw_walk_enter(walk, "steps[%zu]", i);

		tw_walk_fields(walk, step_fields, steps->v[i]);
		walk_steps(walk, &steps->v[i]->children);
		tw_walk_leave(walk, mark);
	}
}

static void walk_endpoints(struct tw_walk *walk, const struct tw_map *endpoints)
{
	for (size_t i = 0; i < endpoints->n; i++) {
		struct tw_spec_endpoint *endpoint = endpoints->v[i].value;
		size_t mark =
			tw_walk_enter(walk, "endpoints[%s]", endpoint->name);

		tw_walk_fields(walk, endpoint_fields, endpoint);
		walk_steps(walk, &endpoint->steps);
		tw_walk_leave(walk, mark);
	}
}

void tw_walk_service(struct tw_walk *walk, struct tw_spec_service *service)
{
	size_t mark = tw_walk_enter(walk, "services.%s", service->key);

	tw_walk_fields(walk, service_fields, service);
	tw_walk_texts(walk, "starts-after", service->starts_after.v,
		service->starts_after.n);
	for (size_t i = 0; i < service->ports.n; i++) {
		size_t inner = tw_walk_enter(walk, "ports[%zu]", i);

		tw_walk_fields(walk, port_fields, &service->ports.v[i]);
		tw_walk_leave(walk, inner);
	}
	for (size_t i = 0; i < service->init.n; i++) {
		size_t inner = tw_walk_enter(
			walk, "init[%s]", service->init.v[i]->name);

		tw_walk_fields(walk, init_fields, service->init.v[i]);
		tw_walk_leave(walk, inner);
	}
	for (size_t i = 0; i < service->job.calls.n; i++) {
		size_t inner = tw_walk_enter(walk, "job.calls[%zu]", i);

		tw_walk_fields(walk, job_call_fields, service->job.calls.v[i]);
		tw_walk_leave(walk, inner);
	}
	walk_endpoints(walk, &service->endpoints);
	tw_walk_leave(walk, mark);
}

static void walk_probe(
	struct tw_walk *walk, const char *name, struct tw_spec_probe *probe)
{
	size_t mark = tw_walk_enter(walk, "%s", name);

	tw_walk_fields(walk, probe_fields, probe);
	tw_walk_leave(walk, mark);
}

static void walk_container(
	struct tw_walk *walk, struct tw_spec_container *container)
{
	size_t mark = tw_walk_enter(walk, "containers[%s]", container->name);
	const struct tw_field value = {"value", TW_FIELD_TEXT, 0};

	tw_walk_fields(walk, container_fields, container);
	for (size_t i = 0; i < container->env.n; i++) {
		size_t inner = tw_walk_enter(
			walk, "env[%s]", container->env.v[i].name);

		tw_walk_field(walk, &value, &container->env.v[i].value);
		tw_walk_leave(walk, inner);
	}
	walk_probe(walk, "readinessProbe", &container->readiness);
	walk_probe(walk, "livenessProbe", &container->liveness);
	walk_probe(walk, "startupProbe", &container->startup);
	tw_walk_leave(walk, mark);
}

void tw_walk_workload(struct tw_walk *walk, struct tw_spec_workload *workload)
{
	size_t mark = tw_walk_enter(walk, "workloads.%s", workload->key);

	tw_walk_fields(walk, workload_fields, workload);
	tw_walk_texts(walk, "resolver.searches", workload->resolver.searches.v,
		workload->resolver.searches.n);
	tw_walk_texts(walk, "claims", workload->claims.v, workload->claims.n);
	for (size_t i = 0; i < workload->claim_templates.n; i++)
		tw_walk_claim(walk, workload->claim_templates.v[i]);
	for (size_t i = 0; i < workload->ephemeral.n; i++)
		tw_walk_claim(walk, workload->ephemeral.v[i]);
	for (size_t i = 0; i < workload->containers.n; i++)
		walk_container(walk, workload->containers.v[i]);
	walk_endpoints(walk, &workload->behaviour);
	tw_walk_leave(walk, mark);
}
