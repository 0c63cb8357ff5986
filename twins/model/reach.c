#include "twins/model/reach.h"

#include <string.h>

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

static struct tw_reach_answer judge_port(const struct tw_spec *spec,
	const struct tw_netpol_pod *from, const struct tw_spec_port *port,
	const struct tw_netpol_pod *to)
{
	int target = port ? target_of(port, to) : 0;
	struct tw_netpol_verdict verdict;

	if (port && !target)
		return (struct tw_reach_answer){.how = TW_REACH_NO_PORT};
	verdict = tw_netpol_judge(&spec->netpols, from, to, target,
		port ? protocol_of(port) : TW_TCP);
	return (struct tw_reach_answer){
		.how = verdict.allowed ? TW_REACH_OPEN : TW_REACH_DROPPED,
		.by_ingress = verdict.by_ingress,
		.by = verdict.by,
	};
}

/* The pods of one workload call each other by other ways than their Service;
 * they are judged like any two. */
struct tw_reach_answer tw_reach_judge(const struct tw_spec *spec,
	const struct tw_spec_workload *from,
	const struct tw_spec_service *service, const struct tw_spec_port *port,
	const struct tw_spec_workload *to)
{
	struct tw_netpol_pod caller = {0}, callee = pod_of(spec, to);
	struct tw_reach_answer answer = {.how = TW_REACH_NO_PODS};
	const struct tw_netpol *no_dns = NULL;
	size_t n = port ? 1 : service->ports.n;

	if (from)
		caller = pod_of(spec, from);
	if (!n)
		answer = judge_port(spec, from ? &caller : NULL, NULL, &callee);
	for (size_t i = 0; i < n && answer.how != TW_REACH_OPEN; i++)
		answer = judge_port(spec, from ? &caller : NULL,
			port ? port : &service->ports.v[i], &callee);
	if (from && !tw_netpol_has_dns(&spec->netpols, &caller, &no_dns))
		answer = (struct tw_reach_answer){
			.how = TW_REACH_NO_NAME, .by = no_dns};
	tw_vec_release(&caller.ports);
	tw_vec_release(&callee.ports);
	return answer;
}

struct tw_reach_answer tw_reach_best(const struct tw_spec *spec,
	const struct tw_spec_workload *from,
	const struct tw_spec_service *service, const struct tw_spec_port *port)
{
	struct tw_reach_answer best = {.how = TW_REACH_NO_PODS};

	for (size_t i = 0; i < service->workloads.n; i++) {
		struct tw_reach_answer it = tw_reach_judge(
			spec, from, service, port, service->workloads.v[i]);

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
