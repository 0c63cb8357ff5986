/*
 * What is done to every field alike: walking, showing, scaling, copying.
 *
 * One table a struct says which fields it has. The walk builds paths from
 * names, never from positions where a name is known, so that a path means
 * the same thing in the baseline and in the candidate.
 */
#include "twins/model/spec.h"

#include "twins/base/assert.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum field_kind { INT, REAL, TEXT, LAW };

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
};

#define FIELD(type, name, kind)                                                \
	{                                                                      \
#name, kind, offsetof(struct type, name)                       \
	}
#define END                                                                    \
	{                                                                      \
		NULL, INT, 0                                                   \
	}

static const struct field spec_fields[] = {
	FIELD(tw_spec, workers, INT),
	FIELD(tw_spec, queue, INT),
	FIELD(tw_spec, clock, INT),
	FIELD(tw_spec, endpoint_delay, INT),
	FIELD(tw_spec, node_grace, INT),
	FIELD(tw_spec, restart_delay, INT),
	FIELD(tw_spec, dns.service, TEXT),
	FIELD(tw_spec, dns.cache, INT),
	FIELD(tw_spec, dns.ttl, INT),
	FIELD(tw_spec, dns.negative_ttl, INT),
	FIELD(tw_spec, dns.reuse, REAL),
	FIELD(tw_spec, dns.ipv6, INT),
	FIELD(tw_spec, dns.ndots, INT),
	FIELD(tw_spec, dns.timeout, INT),
	FIELD(tw_spec, dns.attempts, INT),
	FIELD(tw_spec, kubernetes, INT),
	END,
};

static const struct field service_fields[] = {
	FIELD(tw_spec_service, type, TEXT),
	FIELD(tw_spec_service, external_name, TEXT),
	FIELD(tw_spec_service, internal_policy, TEXT),
	FIELD(tw_spec_service, external_policy, TEXT),
	FIELD(tw_spec_service, distribution, TEXT),
	FIELD(tw_spec_service, publish_not_ready, INT),
	FIELD(tw_spec_service, workers, INT),
	FIELD(tw_spec_service, queue, INT),
	FIELD(tw_spec_service, queue_order, INT),
	FIELD(tw_spec_service, queue_time, INT),
	FIELD(tw_spec_service, abandoned, INT),
	FIELD(tw_spec_service, concurrency, INT),
	FIELD(tw_spec_service, in_flight, INT),
	FIELD(tw_spec_service, memory_base, INT),
	FIELD(tw_spec_service, memory_request, INT),
	FIELD(tw_spec_service, memory_leak, INT),
	FIELD(tw_spec_service, memory_limit, INT),
	FIELD(tw_spec_service, job.runs, LAW),
	FIELD(tw_spec_service, job.cpu, INT),
	FIELD(tw_spec_service, job.fails, REAL),
	FIELD(tw_spec_service, pause_every, LAW),
	FIELD(tw_spec_service, pause_for, LAW),
	FIELD(tw_spec_service, slow_factor, REAL),
	FIELD(tw_spec_service, slow_enter, LAW),
	FIELD(tw_spec_service, slow_leave, LAW),
	FIELD(tw_spec_service, rate, REAL),
	FIELD(tw_spec_service, burst, INT),
	FIELD(tw_spec_service, retry_after, INT),
	FIELD(tw_spec_service, no_retry, INT),
	FIELD(tw_spec_service, cpus, INT),
	FIELD(tw_spec_service, replicas, INT),
	FIELD(tw_spec_service, balancer, INT),
	FIELD(tw_spec_service, session_affinity, INT),
	END,
};

static const struct field port_fields[] = {
	FIELD(tw_spec_port, name, TEXT),
	FIELD(tw_spec_port, port, INT),
	FIELD(tw_spec_port, target_name, TEXT),
	FIELD(tw_spec_port, target, INT),
	FIELD(tw_spec_port, protocol, TEXT),
	END,
};

static const struct field job_call_fields[] = {
	FIELD(tw_spec_job_call, service, TEXT),
	FIELD(tw_spec_job_call, endpoint, TEXT),
	FIELD(tw_spec_job_call, rate, REAL),
	END,
};

static const struct field endpoint_fields[] = {
	FIELD(tw_spec_endpoint, errors, REAL),
	FIELD(tw_spec_endpoint, status, INT),
	FIELD(tw_spec_endpoint, request_bytes, INT),
	FIELD(tw_spec_endpoint, answer_bytes, INT),
	END,
};

static const struct field step_fields[] = {
	FIELD(tw_spec_step, law, LAW),
	FIELD(tw_spec_step, service, TEXT),
	FIELD(tw_spec_step, endpoint, TEXT),
	FIELD(tw_spec_step, timeout, INT),
	FIELD(tw_spec_step, retries, INT),
	FIELD(tw_spec_step, probability, REAL),
	FIELD(tw_spec_step, repeat, INT),
	FIELD(tw_spec_step, hit, REAL),
	FIELD(tw_spec_step, keys, INT),
	FIELD(tw_spec_step, local, INT),
	END,
};

static const struct field workload_fields[] = {
	FIELD(tw_spec_workload, replicas, INT),
	FIELD(tw_spec_workload, strategy, TEXT),
	FIELD(tw_spec_workload, max_surge, TEXT),
	FIELD(tw_spec_workload, max_unavailable, TEXT),
	FIELD(tw_spec_workload, termination_grace, INT),
	FIELD(tw_spec_workload, pre_stop, INT),
	FIELD(tw_spec_workload, min_ready, INT),
	FIELD(tw_spec_workload, progress_deadline, INT),
	FIELD(tw_spec_workload, pod_management, TEXT),
	FIELD(tw_spec_workload, partition, INT),
	FIELD(tw_spec_workload, parallelism, INT),
	FIELD(tw_spec_workload, completions, INT),
	FIELD(tw_spec_workload, backoff_limit, INT),
	FIELD(tw_spec_workload, deadline, INT),
	FIELD(tw_spec_workload, schedule, TEXT),
	FIELD(tw_spec_workload, concurrency, TEXT),
	FIELD(tw_spec_workload, starting_deadline, INT),
	FIELD(tw_spec_workload, suspend, INT),
	FIELD(tw_spec_workload, injection, TEXT),
	FIELD(tw_spec_workload, resolver.policy, TEXT),
	FIELD(tw_spec_workload, resolver.host_network, INT),
	FIELD(tw_spec_workload, resolver.ndots, INT),
	FIELD(tw_spec_workload, resolver.timeout, INT),
	FIELD(tw_spec_workload, resolver.attempts, INT),
	FIELD(tw_spec_workload, cpu_request, INT),
	FIELD(tw_spec_workload, cpu_limit, INT),
	FIELD(tw_spec_workload, memory_request, INT),
	FIELD(tw_spec_workload, memory_limit, INT),
	END,
};

static const struct field container_fields[] = {
	FIELD(tw_spec_container, image, TEXT),
	FIELD(tw_spec_container, cpu_request, INT),
	FIELD(tw_spec_container, cpu_limit, INT),
	FIELD(tw_spec_container, memory_request, INT),
	FIELD(tw_spec_container, memory_limit, INT),
	END,
};

static const struct field probe_fields[] = {
	FIELD(tw_spec_probe, path, TEXT),
	FIELD(tw_spec_probe, port_name, TEXT),
	FIELD(tw_spec_probe, port, INT),
	FIELD(tw_spec_probe, initial_delay, INT),
	FIELD(tw_spec_probe, period, INT),
	FIELD(tw_spec_probe, timeout, INT),
	FIELD(tw_spec_probe, success, INT),
	FIELD(tw_spec_probe, failure, INT),
	END,
};

static const struct field policy_fields[] = {
	FIELD(tw_spec_policy, path_prefix, TEXT),
	FIELD(tw_spec_policy, path_exact, TEXT),
	FIELD(tw_spec_policy, rewrite, TEXT),
	FIELD(tw_spec_policy, respond, INT),
	FIELD(tw_spec_policy, inject.delay, INT),
	FIELD(tw_spec_policy, inject.delay_share, REAL),
	FIELD(tw_spec_policy, inject.abort, INT),
	FIELD(tw_spec_policy, inject.abort_share, REAL),
	FIELD(tw_spec_policy, timeout, INT),
	FIELD(tw_spec_policy, try_timeout, INT),
	FIELD(tw_spec_policy, retries, INT),
	FIELD(tw_spec_policy, host_retries, INT),
	FIELD(tw_spec_policy, retry_on, INT),
	FIELD(tw_spec_policy, backoff_base, INT),
	FIELD(tw_spec_policy, backoff_max, INT),
	FIELD(tw_spec_policy, backoff_multiplier, REAL),
	FIELD(tw_spec_policy, backoff_jitter, REAL),
	FIELD(tw_spec_policy, push_back, INT),
	FIELD(tw_spec_policy, rate_limited_backoff, INT),
	FIELD(tw_spec_policy, balancer, INT),
	FIELD(tw_spec_policy, connections.protocol, INT),
	FIELD(tw_spec_policy, connections.max_streams, INT),
	FIELD(tw_spec_policy, connections.max_requests, INT),
	FIELD(tw_spec_policy, connections.idle_timeout, INT),
	FIELD(tw_spec_policy, connections.connect_timeout, INT),
	FIELD(tw_spec_policy, connections.tls, INT),
	FIELD(tw_spec_policy, breaker.max_connections, INT),
	FIELD(tw_spec_policy, breaker.max_pending_requests, INT),
	FIELD(tw_spec_policy, breaker.max_requests, INT),
	FIELD(tw_spec_policy, breaker.max_retries, INT),
	FIELD(tw_spec_policy, budget.ratio, REAL),
	FIELD(tw_spec_policy, budget.min_concurrency, INT),
	FIELD(tw_spec_policy, budget.interval, INT),
	FIELD(tw_spec_policy, budget.min_per_second, REAL),
	FIELD(tw_spec_policy, throttle.max_tokens, INT),
	FIELD(tw_spec_policy, throttle.token_ratio, REAL),
	FIELD(tw_spec_policy, outlier.consecutive_5xx, INT),
	FIELD(tw_spec_policy, outlier.consecutive_gateway_failure, INT),
	FIELD(tw_spec_policy, outlier.consecutive_local_origin_failure, INT),
	FIELD(tw_spec_policy, outlier.split_external_local_origin_errors, INT),
	FIELD(tw_spec_policy, outlier.interval, INT),
	FIELD(tw_spec_policy, outlier.base_ejection_time, INT),
	FIELD(tw_spec_policy, outlier.max_ejection_time, INT),
	FIELD(tw_spec_policy, outlier.max_ejection_percent, REAL),
	FIELD(tw_spec_policy, outlier.always_eject_one_host, INT),
	FIELD(tw_spec_policy, outlier.success_rate_stdev_factor, REAL),
	FIELD(tw_spec_policy, outlier.success_rate_minimum_hosts, INT),
	FIELD(tw_spec_policy, outlier.success_rate_request_volume, INT),
	FIELD(tw_spec_policy, outlier.failure_percentage_threshold, REAL),
	FIELD(tw_spec_policy, outlier.failure_percentage_minimum_hosts, INT),
	FIELD(tw_spec_policy, outlier.failure_percentage_request_volume, INT),
	FIELD(tw_spec_policy, outlier.panic_threshold, REAL),
	FIELD(tw_spec_policy, locality.failover, INT),
	FIELD(tw_spec_policy, locality.overprovisioning, REAL),
	FIELD(tw_spec_policy, rate_limit.max_tokens, INT),
	FIELD(tw_spec_policy, rate_limit.tokens_per_fill, INT),
	FIELD(tw_spec_policy, rate_limit.fill_interval, INT),
	FIELD(tw_spec_policy, rate_limit.at, INT),
	FIELD(tw_spec_policy, app_breaker.failure_rate, REAL),
	FIELD(tw_spec_policy, app_breaker.slow_rate, REAL),
	FIELD(tw_spec_policy, app_breaker.slow_call, INT),
	FIELD(tw_spec_policy, app_breaker.window, INT),
	FIELD(tw_spec_policy, app_breaker.min_calls, INT),
	FIELD(tw_spec_policy, app_breaker.open_for, INT),
	FIELD(tw_spec_policy, app_breaker.half_open_calls, INT),
	FIELD(tw_spec_policy, bulkhead.max_calls, INT),
	FIELD(tw_spec_policy, bulkhead.max_wait, INT),
	FIELD(tw_spec_policy, bulkhead.queue, INT),
	FIELD(tw_spec_policy, propagate_deadline, INT),
	FIELD(tw_spec_policy, balancing.hash_header, TEXT),
	FIELD(tw_spec_policy, balancing.hash_cookie, TEXT),
	FIELD(tw_spec_policy, balancing.hash_query, TEXT),
	FIELD(tw_spec_policy, balancing.hash_source_ip, INT),
	FIELD(tw_spec_policy, balancing.minimum_ring_size, INT),
	FIELD(tw_spec_policy, balancing.maximum_ring_size, INT),
	FIELD(tw_spec_policy, balancing.table_size, INT),
	FIELD(tw_spec_policy, balancing.session_timeout, INT),
	FIELD(tw_spec_policy, balancing.choice_count, INT),
	FIELD(tw_spec_policy, balancing.active_request_bias, REAL),
	FIELD(tw_spec_policy, balancing.slow_start_window, INT),
	FIELD(tw_spec_policy, balancing.slow_start_aggression, REAL),
	FIELD(tw_spec_policy, balancing.slow_start_min_weight, REAL),
	END,
};

static const struct field destination_fields[] = {
	FIELD(tw_spec_destination, service, TEXT),
	FIELD(tw_spec_destination, subset, TEXT),
	FIELD(tw_spec_destination, weight, INT),
	END,
};

static const struct field mirror_fields[] = {
	FIELD(tw_spec_mirror, service, TEXT),
	FIELD(tw_spec_mirror, subset, TEXT),
	FIELD(tw_spec_mirror, share, REAL),
	END,
};

static const struct field condition_fields[] = {
	FIELD(tw_spec_condition, value, TEXT),
	END,
};

static const struct field entry_fields[] = {
	FIELD(tw_spec_entry, rewrite, TEXT),
	FIELD(tw_spec_entry, respond, INT),
	FIELD(tw_spec_entry, service, TEXT),
	FIELD(tw_spec_entry, port, INT),
	FIELD(tw_spec_entry, port_name, TEXT),
	FIELD(tw_spec_entry, weight, INT),
	END,
};

static const struct field node_fields[] = {
	FIELD(tw_spec_node, count, INT),
	FIELD(tw_spec_node, zone, TEXT),
	FIELD(tw_spec_node, region, TEXT),
	FIELD(tw_spec_node, cpu, INT),
	FIELD(tw_spec_node, memory, INT),
	FIELD(tw_spec_node, pods, INT),
	FIELD(tw_spec_node, min, INT),
	FIELD(tw_spec_node, max, INT),
	FIELD(tw_spec_node, provisioning, INT),
	END,
};

static const struct field autoscaler_fields[] = {
	FIELD(tw_spec_autoscaler, target_kind, TEXT),
	FIELD(tw_spec_autoscaler, target_name, TEXT),
	FIELD(tw_spec_autoscaler, min, INT),
	FIELD(tw_spec_autoscaler, max, INT),
	FIELD(tw_spec_autoscaler, polling, INT),
	FIELD(tw_spec_autoscaler, cooldown, INT),
	FIELD(tw_spec_autoscaler, idle, INT),
	FIELD(tw_spec_autoscaler, up.select, TEXT),
	FIELD(tw_spec_autoscaler, up.window, INT),
	FIELD(tw_spec_autoscaler, up.tolerance, REAL),
	FIELD(tw_spec_autoscaler, down.select, TEXT),
	FIELD(tw_spec_autoscaler, down.window, INT),
	FIELD(tw_spec_autoscaler, down.tolerance, REAL),
	END,
};

static const struct field hpa_metric_fields[] = {
	FIELD(tw_spec_hpa_metric, type, TEXT),
	FIELD(tw_spec_hpa_metric, name, TEXT),
	FIELD(tw_spec_hpa_metric, container, TEXT),
	FIELD(tw_spec_hpa_metric, object, TEXT),
	FIELD(tw_spec_hpa_metric, utilization, INT),
	FIELD(tw_spec_hpa_metric, average_value, INT),
	FIELD(tw_spec_hpa_metric, value, INT),
	FIELD(tw_spec_hpa_metric, activation, INT),
	END,
};

static const struct field hpa_policy_fields[] = {
	FIELD(tw_spec_hpa_policy, type, TEXT),
	FIELD(tw_spec_hpa_policy, value, INT),
	FIELD(tw_spec_hpa_policy, period, INT),
	END,
};

static const struct field metric_fields[] = {
	FIELD(tw_spec_metric, measure, INT),
	FIELD(tw_spec_metric, service, TEXT),
	FIELD(tw_spec_metric, value, REAL),
	END,
};

static const struct field autoscaling_fields[] = {
	FIELD(tw_spec_autoscaling, sync_period, INT),
	FIELD(tw_spec_autoscaling, downscale_stabilization, INT),
	FIELD(tw_spec_autoscaling, cpu_initialization_period, INT),
	FIELD(tw_spec_autoscaling, initial_readiness_delay, INT),
	FIELD(tw_spec_autoscaling, tolerance, REAL),
	FIELD(tw_spec_autoscaling, metrics_server, INT),
	FIELD(tw_spec_autoscaling, metric_resolution, INT),
	FIELD(tw_spec_autoscaling, scrape_interval, INT),
	FIELD(tw_spec_autoscaling, rate_window, INT),
	FIELD(tw_spec_autoscaling, scan_interval, INT),
	FIELD(tw_spec_autoscaling, unneeded_time, INT),
	FIELD(tw_spec_autoscaling, delay_after_add, INT),
	FIELD(tw_spec_autoscaling, utilization_threshold, REAL),
	FIELD(tw_spec_autoscaling, expander, INT),
	END,
};

static const struct field link_fields[] = {
	FIELD(tw_spec_link, rtt, LAW),
	END,
};

struct walk {
	tw_spec_visit *visit;
	void *context;
	struct tw_buf path;
};

/* Appends to the path; the old length, for leave(). */
__attribute__((format(printf, 2, 3))) static size_t enter(
	struct walk *walk, const char *format, ...)
{
	size_t mark = walk->path.n;
	char part[512];
	va_list args;

	va_start(args, format);
	vsnprintf(part, sizeof part, format, args);
	va_end(args);
	if (mark && part[0] != '[')
		tw_buf_add_char(&walk->path, '.');
	tw_buf_add_text(&walk->path, part);
	return mark;
}

static void leave(struct walk *walk, size_t mark)
{
	walk->path.n = mark;
	walk->path.p[mark] = '\0';
}

static void visit_one(struct walk *walk, const struct field *field, void *at)
{
	struct tw_spec_field shown = {0};
	size_t mark;

	switch (field->kind) {
	case INT:
		shown.integer = at;
		break;
	case REAL:
		shown.real = at;
		break;
	case TEXT:
		shown.text = at;
		break;
	case LAW:
		shown.law = at;
		break;
	}
	if (!tw_spec_field_origin(&shown))
		return;
	mark = enter(walk, "%s", field->name);
	shown.path = tw_buf_text(&walk->path);
	walk->visit(walk->context, &shown);
	leave(walk, mark);
}

static void walk_fields(
	struct walk *walk, const struct field *fields, void *object)
{
	for (; fields->name; fields++)
		visit_one(walk, fields, (char *)object + fields->offset);
}

static void walk_texts(
	struct walk *walk, const char *name, struct tw_text *texts, size_t n)
{
	const struct field text = {"text", TEXT, 0};

	for (size_t i = 0; i < n; i++) {
		size_t mark = enter(walk, "%s[%zu]", name, i);

		visit_one(walk, &text, &texts[i]);
		leave(walk, mark);
	}
}

static void walk_steps(struct walk *walk, const struct tw_spec_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		size_t mark = enter(walk, "steps[%zu]", i);

		walk_fields(walk, step_fields, steps->v[i]);
		walk_steps(walk, &steps->v[i]->children);
		leave(walk, mark);
	}
}

static void walk_endpoints(struct walk *walk, const struct tw_map *endpoints)
{
	for (size_t i = 0; i < endpoints->n; i++) {
		struct tw_spec_endpoint *endpoint = endpoints->v[i].value;
		size_t mark = enter(walk, "endpoints[%s]", endpoint->name);

		walk_fields(walk, endpoint_fields, endpoint);
		walk_steps(walk, &endpoint->steps);
		leave(walk, mark);
	}
}

static void walk_service(struct walk *walk, struct tw_spec_service *service)
{
	size_t mark = enter(walk, "services.%s", service->key);

	walk_fields(walk, service_fields, service);
	for (size_t i = 0; i < service->ports.n; i++) {
		size_t inner = enter(walk, "ports[%zu]", i);

		walk_fields(walk, port_fields, &service->ports.v[i]);
		leave(walk, inner);
	}
	for (size_t i = 0; i < service->job.calls.n; i++) {
		size_t inner = enter(walk, "job.calls[%zu]", i);

		walk_fields(walk, job_call_fields, service->job.calls.v[i]);
		leave(walk, inner);
	}
	walk_endpoints(walk, &service->endpoints);
	leave(walk, mark);
}

static void walk_probe(
	struct walk *walk, const char *name, struct tw_spec_probe *probe)
{
	size_t mark = enter(walk, "%s", name);

	walk_fields(walk, probe_fields, probe);
	leave(walk, mark);
}

static void walk_container(
	struct walk *walk, struct tw_spec_container *container)
{
	size_t mark = enter(walk, "containers[%s]", container->name);
	const struct field value = {"value", TEXT, 0};

	walk_fields(walk, container_fields, container);
	for (size_t i = 0; i < container->env.n; i++) {
		size_t inner = enter(walk, "env[%s]", container->env.v[i].name);

		visit_one(walk, &value, &container->env.v[i].value);
		leave(walk, inner);
	}
	walk_probe(walk, "readinessProbe", &container->readiness);
	walk_probe(walk, "livenessProbe", &container->liveness);
	walk_probe(walk, "startupProbe", &container->startup);
	leave(walk, mark);
}

static void walk_workload(struct walk *walk, struct tw_spec_workload *workload)
{
	size_t mark = enter(walk, "workloads.%s", workload->key);

	walk_fields(walk, workload_fields, workload);
	walk_texts(walk, "resolver.searches", workload->resolver.searches.v,
		workload->resolver.searches.n);
	for (size_t i = 0; i < workload->containers.n; i++)
		walk_container(walk, workload->containers.v[i]);
	walk_endpoints(walk, &workload->behaviour);
	leave(walk, mark);
}

static void walk_conditions(
	struct walk *walk, const struct tw_spec_conditions *conditions)
{
	for (size_t i = 0; i < conditions->n; i++) {
		struct tw_spec_condition *it = &conditions->v[i];
		size_t mark = enter(walk, "conditions[%zu:%s]", i,
			it->name ? it->name : "path");

		walk_fields(walk, condition_fields, it);
		leave(walk, mark);
	}
}

static void walk_policy(
	struct walk *walk, size_t i, struct tw_spec_policy *policy)
{
	size_t mark = enter(walk, "policies[%zu:%s->%s]", i,
		policy->caller ? policy->caller : "*", policy->callee);

	walk_fields(walk, policy_fields, policy);
	for (size_t j = 0; j < policy->destinations.n; j++) {
		size_t inner = enter(walk, "destinations[%zu]", j);

		walk_fields(
			walk, destination_fields, &policy->destinations.v[j]);
		leave(walk, inner);
	}
	for (size_t j = 0; j < policy->mirrors.n; j++) {
		size_t inner = enter(walk, "mirrors[%zu]", j);

		walk_fields(walk, mirror_fields, &policy->mirrors.v[j]);
		leave(walk, inner);
	}
	for (size_t j = 0; j < policy->locality.shares.n; j++) {
		struct tw_spec_zone_share *it = &policy->locality.shares.v[j];
		const struct field weight = {"weight", INT, 0};
		size_t inner = enter(
			walk, "locality.shares[%s->%s]", it->from, it->to);

		visit_one(walk, &weight, &it->weight);
		leave(walk, inner);
	}
	for (size_t j = 0; j < policy->locality.failovers.n; j++) {
		struct tw_spec_failover *it = &policy->locality.failovers.v[j];
		const struct field to = {"to", TEXT, 0};
		size_t inner = enter(walk, "locality.failover[%s]", it->from);

		visit_one(walk, &to, &it->to);
		leave(walk, inner);
	}
	for (size_t j = 0; j < policy->locality.priority.n; j++) {
		const struct field label = {"label", TEXT, 0};
		size_t inner = enter(walk, "locality.priority[%zu]", j);

		visit_one(walk, &label, &policy->locality.priority.v[j]);
		leave(walk, inner);
	}
	for (size_t j = 0; j < policy->balancing.weights.n; j++) {
		struct tw_spec_weight *it = &policy->balancing.weights.v[j];
		const struct field weight = {"weight", INT, 0};
		size_t inner = enter(walk, "weights[%s]", it->replica);

		visit_one(walk, &weight, &it->weight);
		leave(walk, inner);
	}
	walk_conditions(walk, &policy->conditions);
	leave(walk, mark);
}

static void walk_budget(struct walk *walk, struct tw_spec_budget *budget)
{
	static const struct field fields[] = {
		FIELD(tw_spec_budget, min_available, TEXT),
		FIELD(tw_spec_budget, max_unavailable, TEXT),
		FIELD(tw_spec_budget, unhealthy, TEXT),
		END,
	};
	size_t mark = enter(
		walk, "budgets.%s/%s", budget->namespace, budget->name);

	walk_fields(walk, fields, budget);
	leave(walk, mark);
}

static void walk_severed(struct walk *walk, struct tw_spec_severed *severed)
{
	const struct field why = {"severed", TEXT, 0};
	size_t mark =
		enter(walk, "calls[%s->%s]", severed->caller, severed->callee);

	visit_one(walk, &why, &severed->why);
	leave(walk, mark);
}

static void walk_ground(struct walk *walk, struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->entries.n; i++) {
		size_t mark = enter(walk, "entries[%zu:%s%s]", i,
			spec->entries.v[i]->host ? spec->entries.v[i]->host
						 : "",
			spec->entries.v[i]->path);

		walk_fields(walk, entry_fields, spec->entries.v[i]);
		walk_conditions(walk, &spec->entries.v[i]->conditions);
		leave(walk, mark);
	}
	for (size_t i = 0; i < spec->nodes.n; i++) {
		size_t mark = enter(walk, "nodes.%s", spec->nodes.v[i]->name);

		walk_fields(walk, node_fields, spec->nodes.v[i]);
		leave(walk, mark);
	}
	for (size_t i = 0; i < spec->links.n; i++) {
		size_t mark = enter(walk, "network[%s->%s]",
			spec->links.v[i]->from, spec->links.v[i]->to);

		walk_fields(walk, link_fields, spec->links.v[i]);
		leave(walk, mark);
	}
}

/* Without `dns:` a name is of no use. */
static void walk_dns(struct walk *walk, struct tw_spec *spec)
{
	const struct field host = {"name", TEXT, 0};

	if (!spec->dns.origin)
		return;
	walk_texts(walk, "dns.search", spec->dns.search.v, spec->dns.search.n);
	for (size_t i = 0; i < spec->dns.names.n; i++) {
		struct tw_spec_name *it = &spec->dns.names.v[i];
		size_t mark = enter(
			walk, "dns.names[%s->%s]", it->caller, it->callee);

		visit_one(walk, &host, &it->host);
		leave(walk, mark);
	}
}

static void walk_hpa_policies(
	struct walk *walk, const char *way, struct tw_spec_hpa_rules *rules)
{
	for (size_t i = 0; i < rules->policies.n; i++) {
		size_t mark = enter(walk, "%s.policies[%zu]", way, i);

		walk_fields(walk, hpa_policy_fields, &rules->policies.v[i]);
		leave(walk, mark);
	}
}

static void walk_autoscaling(struct walk *walk, struct tw_spec *spec)
{
	size_t mark = enter(walk, "autoscaling");

	walk_fields(walk, autoscaling_fields, &spec->autoscaling);
	leave(walk, mark);
	for (size_t i = 0; i < spec->autoscalers.n; i++) {
		struct tw_spec_autoscaler *it = spec->autoscalers.v[i];

		mark = enter(walk, "autoscalers.%s", it->key);
		walk_fields(walk, autoscaler_fields, it);
		for (size_t k = 0; k < it->metrics.n; k++) {
			size_t inner = enter(walk, "metrics[%zu]", k);

			walk_fields(walk, hpa_metric_fields, &it->metrics.v[k]);
			leave(walk, inner);
		}
		walk_hpa_policies(walk, "scaleUp", &it->up);
		walk_hpa_policies(walk, "scaleDown", &it->down);
		leave(walk, mark);
	}
	for (size_t i = 0; i < spec->metrics.n; i++) {
		mark = enter(walk, "metrics.%s", spec->metrics.v[i].key);
		walk_fields(walk, metric_fields, spec->metrics.v[i].value);
		leave(walk, mark);
	}
}

void tw_spec_walk(struct tw_spec *spec, tw_spec_visit *visit, void *context)
{
	struct walk walk = {.visit = visit, .context = context};

	walk_fields(&walk, spec_fields, spec);
	for (size_t i = 0; i < spec->propagate.n; i++) {
		size_t mark = enter(&walk, "propagate[%zu]", i);
		const struct field header = {"header", TEXT, 0};

		visit_one(&walk, &header, &spec->propagate.v[i]);
		leave(&walk, mark);
	}
	for (size_t i = 0; i < spec->services.n; i++)
		walk_service(&walk, spec->services.v[i].value);
	for (size_t i = 0; i < spec->workloads.n; i++)
		walk_workload(&walk, spec->workloads.v[i].value);
	for (size_t i = 0; i < spec->policies.n; i++)
		walk_policy(&walk, i, spec->policies.v[i]);
	for (size_t i = 0; i < spec->severed.n; i++)
		walk_severed(&walk, &spec->severed.v[i]);
	for (size_t i = 0; i < spec->budgets.n; i++)
		walk_budget(&walk, spec->budgets.v[i]);
	walk_dns(&walk, spec);
	walk_autoscaling(&walk, spec);
	walk_ground(&walk, spec);
	tw_buf_release(&walk.path);
}

static bool is_given(const struct field *field, const void *at)
{
	switch (field->kind) {
	case INT:
		return ((const struct tw_int *)at)->origin;
	case REAL:
		return ((const struct tw_real *)at)->origin;
	case TEXT:
		return ((const struct tw_text *)at)->origin;
	case LAW:
		return ((const struct tw_law *)at)->origin;
	}
	return false;
}

bool tw_spec_gives(
	const struct tw_spec_policy *policy, const void *group, size_t size)
{
	size_t from = (size_t)((const char *)group - (const char *)policy);

	for (const struct field *field = policy_fields; field->name; field++)
		if (field->offset >= from && field->offset < from + size &&
			is_given(field, (const char *)policy + field->offset))
			return true;
	return false;
}

const struct tw_origin *tw_spec_field_origin(const struct tw_spec_field *field)
{
	if (field->integer)
		return field->integer->origin;
	if (field->real)
		return field->real->origin;
	if (field->text)
		return field->text->origin;
	return field->law->origin;
}

void tw_spec_field_text(const struct tw_spec_field *field, struct tw_buf *out)
{
	char text[TW_REAL_TEXT];

	if (field->integer)
		tw_buf_printf(out, "%lld", (long long)field->integer->v);
	else if (field->real)
		tw_buf_add_text(out, tw_real_text(field->real->v, text));
	else if (field->text)
		tw_buf_add_text(out, field->text->v ? field->text->v : "");
	else
		tw_dist_text(&field->law->v, out);
}

struct scaling {
	double factor;
	size_t n;
};

static void scale_one(void *context, const struct tw_spec_field *field)
{
	struct scaling *scaling = context;

	if (!field->law || field->law->origin->source != TW_FROM_ASSUMED)
		return;
	tw_dist_scale(&field->law->v, scaling->factor);
	scaling->n++;
}

size_t tw_spec_scale_assumed(struct tw_spec *spec, double factor)
{
	struct scaling scaling = {.factor = factor};

	tw_spec_walk(spec, scale_one, &scaling);
	return scaling.n;
}
