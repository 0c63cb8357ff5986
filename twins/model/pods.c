/*
 * Nodes and pods as the scheduler sees them: what manifests say, and what
 * every node and pod has.
 */
#include "twins/model/build.h"
#include "twins/model/cgroup.h"

#include <string.h>

/* kubelet, maxPods. */
#define MAX_PODS 110

/* More than any machine has; sums and percentages of it stay exact. */
#define UNBOUNDED (INT64_C(1) << 50)

/* pkg/scheduler/util/pod_resources.go: what counts for a container that
 * requests nothing. */
#define USUAL_CPU    100
#define USUAL_MEMORY (INT64_C(200) << 20)

/* ---- nodes ---------------------------------------------------------- */

static void add_label(struct build *b, struct tw_labels *to, const char *key,
	const char *value)
{
	if (!tw_label_value(to, key))
		tw_vec_push_in(
			&b->model->arena, to, ((struct tw_label){key, value}));
}

static int64_t bounded(struct tw_int field)
{
	int64_t v = tw_int_or(field, UNBOUNDED);

	return v > UNBOUNDED ? UNBOUNDED : v;
}

const struct tw_node_spec *build_node_spec(struct build *b,
	const struct tw_spec_node *from, const char *name, const char *zone)
{
	struct tw_node_spec *to = tw_new(&b->model->arena, struct tw_node_spec);
	struct tw_arena *arena = &b->model->arena;
	int64_t pods = UNBOUNDED;

	if (from && from->object)
		return from->object;
	to->name = name;
	for (size_t i = 0; from && i < from->labels.n; i++)
		tw_vec_push_in(arena, &to->labels, from->labels.v[i]);
	add_label(b, &to->labels, "kubernetes.io/hostname", name);
	add_label(b, &to->labels, TW_NODE_ZONE, zone);
	if (from && from->region.v)
		add_label(b, &to->labels, TW_NODE_REGION, from->region.v);
	add_label(b, &to->labels, "kubernetes.io/os", "linux");
	add_label(b, &to->labels, "kubernetes.io/arch", "amd64");
	/* Older names, which kubelets still set (pkg/kubelet/
	 * kubelet_node_status.go, initialNode). */
	add_label(b, &to->labels, "beta.kubernetes.io/os", "linux");
	add_label(b, &to->labels, "beta.kubernetes.io/arch", "amd64");
	if (from) {
		to->taints = from->taints;
		pods = tw_int_or(from->pods, MAX_PODS);
	}
	tw_resource_add(arena, &to->allocatable, TW_RESOURCE_CPU,
		from ? bounded(from->cpu) : UNBOUNDED);
	tw_resource_add(arena, &to->allocatable, TW_RESOURCE_MEMORY,
		from ? bounded(from->memory) : UNBOUNDED);
	tw_resource_add(arena, &to->allocatable, TW_RESOURCE_DISK,
		from ? bounded(from->disk) : UNBOUNDED);
	tw_resource_add(arena, &to->allocatable, TW_RESOURCE_PODS, pods);
	return to;
}

/* ---- pods ----------------------------------------------------------- */

static void set_resource(struct tw_arena *arena, struct tw_resources *to,
	const char *name, int64_t amount)
{
	for (size_t i = 0; i < to->n; i++)
		if (!strcmp(to->v[i].name, name))
			to->v[i].amount = 0;
	tw_resource_add(arena, to, name, amount);
}

/* The containers' fields are the truth: they can be changed one by one. */
static void sum_usual(
	const struct tw_spec_workload *workload, struct tw_pod_spec *to)
{
	int64_t init_cpu = 0, init_memory = 0;

	to->usual_cpu = to->usual_memory = 0;
	for (size_t i = 0; i < workload->containers.n; i++) {
		const struct tw_spec_container *c = workload->containers.v[i];
		int64_t cpu = tw_int_or(
			c->cpu_request, tw_int_or(c->cpu_limit, USUAL_CPU));
		int64_t memory = tw_int_or(c->memory_request,
			tw_int_or(c->memory_limit, USUAL_MEMORY));

		if (c->is_init) {
			init_cpu = cpu > init_cpu ? cpu : init_cpu;
			init_memory =
				memory > init_memory ? memory : init_memory;
		} else {
			to->usual_cpu += cpu;
			to->usual_memory += memory;
		}
	}
	if (init_cpu > to->usual_cpu)
		to->usual_cpu = init_cpu;
	if (init_memory > to->usual_memory)
		to->usual_memory = init_memory;
}

/* Services that select the pods spread them (podtopologyspread,
 * DefaultSelector); the owner's selector came with the manifest. */
static void add_services(struct build *b,
	const struct tw_spec_workload *workload, struct tw_pod_spec *to)
{
	for (size_t s = 0; s < b->spec->services.n; s++) {
		const struct tw_spec_service *it = b->spec->services.v[s].value;
		bool selects = false;

		for (size_t i = 0; i < it->workloads.n; i++)
			selects |= it->workloads.v[i] == workload;
		if (!selects || !it->selector.n)
			continue;
		to->has_group = true;
		for (size_t k = 0; k < it->selector.n; k++) {
			struct tw_label_requirement is = {
				.key = it->selector.v[k].key};

			tw_vec_push_in(&b->model->arena, &is.values,
				it->selector.v[k].value);
			tw_vec_push_in(&b->model->arena, &to->group, is);
		}
	}
}

/* PriorityClasses; the two that every cluster has (pkg/apis/scheduling). */
static int64_t priority_of(
	const struct tw_spec *spec, const struct tw_pod_spec *pod)
{
	const int64_t *known;

	if (!pod->priority_class.v)
		return pod->priority ? pod->priority : spec->usual_priority;
	known = tw_map_get(&spec->priorities, pod->priority_class.v);
	if (known)
		return *known;
	if (!strcmp(pod->priority_class.v, "system-node-critical"))
		return 2000001000;
	if (!strcmp(pod->priority_class.v, "system-cluster-critical"))
		return 2000000000;
	return pod->priority;
}

/* A vector that is shared with the spec grows in the model alone. */
static void own_vectors(struct build *b, struct tw_pod_spec *to)
{
	struct tw_resources requests = to->requests;
	struct tw_label_selector group = to->group;

	to->requests = (struct tw_resources){0};
	for (size_t i = 0; i < requests.n; i++)
		tw_vec_push_in(&b->model->arena, &to->requests, requests.v[i]);
	to->group = (struct tw_label_selector){0};
	for (size_t i = 0; i < group.n; i++)
		tw_vec_push_in(&b->model->arena, &to->group, group.v[i]);
}

/* Who has no owner's and no Service's selector (a model's own services, a
 * Compose project) is spread as a Deployment would be: by a label of its
 * own. A Pod by itself has nobody to be spread with. */
static void group_alone(struct build *b, struct tw_revision *to,
	struct tw_pod_spec *pod, const char *kind)
{
	static const char key[] = "twinrig/workload";
	struct tw_labels *labels;
	struct tw_label_requirement is = {.key = key};

	if (pod->has_group || (kind && !strcmp(kind, "Pod")))
		return;
	labels = tw_new(&b->model->arena, struct tw_labels);
	for (size_t i = 0; i < to->labels->n; i++)
		tw_vec_push_in(&b->model->arena, labels, to->labels->v[i]);
	tw_vec_push_in(
		&b->model->arena, labels, ((struct tw_label){key, to->name}));
	to->labels = labels;
	tw_vec_push_in(&b->model->arena, &is.values, to->name);
	tw_vec_push_in(&b->model->arena, &pod->group, is);
	pod->has_group = true;
}

/* A node that is short of memory takes in what asks for some of it, and what
 * stands on every node (docs: Taint Nodes by Condition; pkg/controller/daemon/
 * util/daemonset_util.go). */
void build_bear_pressure(struct tw_arena *arena,
	const struct tw_spec_workload *workload, struct tw_pod_spec *to)
{
	struct tw_tolerations all = to->tolerations;
	const struct tw_toleration it = {.key = TW_TAINT_MEMORY_PRESSURE,
		.value = "",
		.op = TW_TOLERATE_EXISTS,
		.effect = TW_EFFECT_NO_SCHEDULE,
		.seconds = -1};

	if (tw_qos_of(workload) == TW_QOS_BEST_EFFORT &&
		strcmp(workload->kind, "DaemonSet") != 0)
		return;
	to->tolerations = (struct tw_tolerations){0};
	for (size_t i = 0; i < all.n; i++)
		tw_vec_push_in(arena, &to->tolerations, all.v[i]);
	tw_vec_push_in(arena, &to->tolerations, it);
}

/* ---- of its own revision -------------------------------------------- */

/* The pods' value of each key is the revision's name. */
static void add_own(struct build *b, const struct tw_revision *it,
	const struct tw_label_keys *keys, enum tw_label_op op,
	struct tw_label_selector *to)
{
	struct tw_label_selector from = *to;

	*to = (struct tw_label_selector){0};
	for (size_t i = 0; i < from.n; i++)
		tw_vec_push_in(&b->model->arena, to, from.v[i]);
	for (size_t i = 0; i < keys->n; i++) {
		struct tw_label_requirement is = {.key = keys->v[i], .op = op};

		tw_vec_push_in(&b->model->arena, &is.values, it->name);
		tw_vec_push_in(&b->model->arena, to, is);
	}
}

static bool own_terms(struct build *b, const struct tw_revision *it,
	struct tw_pod_terms *terms)
{
	struct tw_pod_terms from = *terms;
	bool any = false;

	for (size_t i = 0; i < from.n; i++)
		any |= from.v[i].own_keys.n || from.v[i].other_keys.n;
	if (!any)
		return false;
	*terms = (struct tw_pod_terms){0};
	for (size_t i = 0; i < from.n; i++) {
		struct tw_pod_term term = from.v[i];

		add_own(b, it, &term.own_keys, TW_LABEL_IN, &term.selector);
		add_own(b, it, &term.other_keys, TW_LABEL_NOT_IN,
			&term.selector);
		tw_vec_push_in(&b->model->arena, terms, term);
	}
	return true;
}

static bool own_spreads(
	struct build *b, const struct tw_revision *it, struct tw_spreads *to)
{
	struct tw_spreads from = *to;
	bool any = false;

	for (size_t i = 0; i < from.n; i++)
		any |= from.v[i].own_keys.n > 0;
	if (!any)
		return false;
	*to = (struct tw_spreads){0};
	for (size_t i = 0; i < from.n; i++) {
		struct tw_spread spread = from.v[i];

		add_own(b, it, &spread.own_keys, TW_LABEL_IN, &spread.selector);
		tw_vec_push_in(&b->model->arena, to, spread);
	}
	return true;
}

void build_revision_keys(struct build *b, struct tw_revision *to)
{
	static const char *const keys[] = {
		"pod-template-hash", "controller-revision-hash"};
	struct tw_pod_spec *pod = tw_new(&b->model->arena, struct tw_pod_spec);
	struct tw_labels *labels;
	bool any = false;

	*pod = *to->pod;
	any |= own_spreads(b, to, &pod->spreads);
	any |= own_terms(b, to, &pod->affinity);
	any |= own_terms(b, to, &pod->preferred_affinity);
	any |= own_terms(b, to, &pod->anti_affinity);
	any |= own_terms(b, to, &pod->preferred_anti_affinity);
	if (!any)
		return;
	labels = tw_new(&b->model->arena, struct tw_labels);
	for (size_t i = 0; i < to->labels->n; i++)
		tw_vec_push_in(&b->model->arena, labels, to->labels->v[i]);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		tw_vec_push_in(&b->model->arena, labels,
			((struct tw_label){keys[i], to->name}));
	to->pod = pod;
	to->labels = labels;
}

void build_pod_resources(struct tw_arena *arena,
	const struct tw_spec_workload *workload, const struct tw_revision *it,
	struct tw_pod_spec *to)
{
	set_resource(arena, &to->requests, TW_RESOURCE_CPU, it->cpu);
	set_resource(arena, &to->requests, TW_RESOURCE_MEMORY, it->memory);
	sum_usual(workload, to);
}

void build_pod_spec(struct build *b, const struct tw_spec_workload *workload,
	struct tw_revision *to)
{
	static const struct tw_labels none = {0};
	struct tw_pod_spec *pod = tw_new(&b->model->arena, struct tw_pod_spec);

	to->pod = pod;
	to->labels = &none;
	if (!workload) {
		group_alone(b, to, pod, NULL);
		return;
	}
	*pod = workload->pod;
	own_vectors(b, pod);
	to->labels = &workload->labels;
	pod->priority = priority_of(b->spec, &workload->pod);
	if (pod->priority_class.v &&
		tw_map_get(&b->spec->polite, pod->priority_class.v))
		pod->never_preempts = true;
	build_bear_pressure(&b->model->arena, workload, pod);
	add_services(b, workload, pod);
	group_alone(b, to, pod, workload->kind);
	if (!pod->special_requests)
		build_pod_resources(&b->model->arena, workload, to, pod);
}
