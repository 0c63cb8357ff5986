#include "twins/model/reach.h"

#include "twins/base/assert.h"
#include "twins/base/map.h"
#include "twins/model/netpol_index.h"

#include <string.h>

struct tw_reach_map {
	struct tw_netpol_pod *pods; /* by workload, in the spec's order */
	uint32_t n;
	/* The address of a workload -> its number + 1: in a rollout the old
	 * and the new one have the same key. */
	struct tw_map numbers;
	struct tw_netpol_index *index;
};

static struct tw_netpol_pod pod_of(
	const struct tw_spec *spec, const struct tw_spec_workload *workload)
{
	struct tw_netpol_pod pod = {
		.namespace = workload->namespace,
		.namespace_labels =
			tw_map_get(&spec->namespaces, workload->namespace),
		.labels = &workload->labels,
	};

	for (size_t i = 0; i < workload->containers.n; i++) {
		const struct tw_spec_container *c = workload->containers.v[i];

		for (size_t k = 0; k < c->ports.n; k++)
			tw_vec_push(&pod.ports,
				((struct tw_pod_port){c->ports.v[k].name.v,
					(int)c->ports.v[k].port.v,
					c->ports.v[k].protocol}));
	}
	return pod;
}

struct tw_reach_map *tw_reach_map_new(const struct tw_spec *spec)
{
	struct tw_reach_map *map = tw_calloc(1, sizeof *map);

	map->n = (uint32_t)spec->workloads.n;
	map->pods = tw_calloc(map->n + 1, sizeof *map->pods);
	tw_map_init(&map->numbers, NULL);
	for (uint32_t i = 0; i < map->n; i++) {
		const struct tw_spec_workload *it = spec->workloads.v[i].value;

		map->pods[i] = pod_of(spec, it);
		tw_map_put_n(&map->numbers, (const char *)&it, sizeof it,
			(void *)(uintptr_t)(i + 1));
	}
	map->index = tw_netpol_index_new(&spec->netpols, map->pods, map->n);
	return map;
}

void tw_reach_map_free(struct tw_reach_map *map)
{
	if (!map)
		return;
	for (uint32_t i = 0; i < map->n; i++)
		tw_vec_release(&map->pods[i].ports);
	tw_netpol_index_free(map->index);
	tw_map_release(&map->numbers);
	tw_free(map->pods);
	tw_free(map);
}

static uint32_t number_of(
	const struct tw_reach_map *map, const struct tw_spec_workload *workload)
{
	uintptr_t number = (uintptr_t)tw_map_get_n(
		&map->numbers, (const char *)&workload, sizeof workload);

	tw_assert(number);
	return (uint32_t)number - 1;
}

/* The number behind a Service's port on a pod; 0: the pod has no port of
 * that name (core/v1, ServicePort.targetPort). */
static int target_of(
	const struct tw_spec_port *port, const struct tw_netpol_pod *pod)
{
	if (!port->target_name.v)
		return (int)tw_int_or(port->target, port->port.v);
	for (size_t i = 0; i < pod->ports.n; i++)
		if (pod->ports.v[i].name &&
			!strcmp(pod->ports.v[i].name, port->target_name.v))
			return pod->ports.v[i].number;
	return 0;
}

static enum tw_protocol protocol_of(const struct tw_spec_port *port)
{
	for (enum tw_protocol p = TW_UDP; port->protocol.v && p <= TW_SCTP; p++)
		if (!strcmp(port->protocol.v, tw_protocol_name(p)))
			return p;
	return TW_TCP;
}

static struct tw_reach_answer judge_port(struct tw_reach_map *map,
	uint32_t from, const struct tw_spec_port *port, uint32_t to)
{
	int target = port ? target_of(port, &map->pods[to]) : 0;
	struct tw_netpol_verdict verdict;

	if (port && !target)
		return (struct tw_reach_answer){.how = TW_REACH_NO_PORT};
	verdict = tw_netpol_index_judge(map->index, from, to, target,
		port ? protocol_of(port) : TW_TCP);
	return (struct tw_reach_answer){
		.how = verdict.allowed ? TW_REACH_OPEN : TW_REACH_DROPPED,
		.by_ingress = verdict.by_ingress,
		.by = verdict.by,
	};
}

/* The pods of one workload call each other by other ways than their Service;
 * they are judged like any two. */
struct tw_reach_answer tw_reach_judge(struct tw_reach_map *map,
	const struct tw_spec_workload *from,
	const struct tw_spec_service *service, const struct tw_spec_port *port,
	const struct tw_spec_workload *to)
{
	uint32_t callee = number_of(map, to);
	uint32_t caller = from ? number_of(map, from) : TW_NETPOL_OUTSIDE;
	struct tw_reach_answer answer = {.how = TW_REACH_NO_PODS};
	const struct tw_netpol *no_dns = NULL;
	size_t n = port ? 1 : service->ports.n;

	if (!n)
		answer = judge_port(map, caller, NULL, callee);
	for (size_t i = 0; i < n && answer.how != TW_REACH_OPEN; i++)
		answer = judge_port(map, caller,
			port ? port : &service->ports.v[i], callee);
	if (from && !tw_netpol_index_has_dns(map->index, caller, &no_dns))
		answer = (struct tw_reach_answer){
			.how = TW_REACH_NO_NAME, .by = no_dns};
	return answer;
}

struct tw_reach_answer tw_reach_best(struct tw_reach_map *map,
	const struct tw_spec_workload *from,
	const struct tw_spec_service *service, const struct tw_spec_port *port)
{
	struct tw_reach_answer best = {.how = TW_REACH_NO_PODS};

	for (size_t i = 0; i < service->workloads.n; i++) {
		struct tw_reach_answer it = tw_reach_judge(
			map, from, service, port, service->workloads.v[i]);

		if (it.how < best.how)
			best = it;
	}
	return best;
}

void tw_reach_text(const struct tw_reach_answer *answer, struct tw_buf *out)
{
	const struct tw_netpol *by = answer->by;

	switch (answer->how) {
	case TW_REACH_OPEN:
		tw_buf_add_text(out, "open");
		return;
	case TW_REACH_DROPPED:
		tw_buf_printf(out,
			"dropped: no %s rule of NetworkPolicy %s/%s admits it",
			answer->by_ingress ? "ingress" : "egress",
			by->namespace, by->name);
		return;
	case TW_REACH_NO_NAME:
		tw_buf_printf(out,
			"no names: no egress rule of NetworkPolicy %s/%s lets "
			"the caller ask the cluster's DNS (port 53)",
			by->namespace, by->name);
		return;
	case TW_REACH_NO_PORT:
		tw_buf_add_text(
			out, "no pod has the port that targetPort names");
		return;
	case TW_REACH_NO_PODS:
		tw_buf_add_text(out, "its selector selects no pod");
		return;
	}
}
