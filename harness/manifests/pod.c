/*
 * What the scheduler looks at: requests, where a pod wants to be and with
 * whom, what it tolerates; and nodes. Defaults and sums are Kubernetes'
 * (staging/src/k8s.io/component-helpers/resource/helpers.go, PodRequests).
 */
#include "harness/manifests/reader.h"

/* A request that LeastAllocated and its like count where there is none
 * (pkg/scheduler/util/pod_resources.go). */
#define USUAL_CPU    100
#define USUAL_MEMORY (INT64_C(200) << 20)

/* ---- requests ------------------------------------------------------- */

static bool is_cpu(const char *name)
{
	return !strcmp(name, TW_RESOURCE_CPU);
}

/* A limit without a request is the request. */
static void container_requests(struct tw_manifest_reader *r,
	const struct tw_yaml *resources, struct tw_resources *to)
{
	static const char *const keys[] = {"requests", "limits"};

	for (size_t k = 0; k < 2; k++) {
		const struct tw_yaml *map = tw_yaml_get(resources, keys[k]);

		for (size_t i = 0;
			tw_yaml_is(map, TW_YAML_MAPPING) && i < map->pairs.n;
			i++) {
			const char *name = tw_yaml_text(map->pairs.v[i].key);
			struct tw_int amount = {0};
			bool known = false;

			for (size_t j = 0; name && j < to->n; j++)
				known |= !strcmp(to->v[j].name, name);
			if (!name || known ||
				!tw_manifest_quantity(r, map->pairs.v[i].value,
					is_cpu(name), &amount))
				continue;
			tw_resource_add(&r->spec->arena, to,
				tw_manifest_keep(r, name), amount.v);
		}
	}
}

struct sums {
	struct tw_resources own;      /* of containers and sidecars */
	struct tw_resources init;     /* the largest of init containers */
	struct tw_resources sidecars; /* of those so far */
	int64_t usual_cpu, usual_memory, init_cpu, init_memory;
	int64_t side_cpu, side_memory;
};

static int64_t usual(
	const struct tw_resources *all, const char *name, int64_t otherwise)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->v[i].name, name))
			return all->v[i].amount;
	return otherwise;
}

static void add_all(struct tw_manifest_reader *r, struct tw_resources *to,
	const struct tw_resources *from)
{
	for (size_t i = 0; i < from->n; i++)
		tw_resource_add(&r->spec->arena, to, from->v[i].name,
			from->v[i].amount);
}

static void raise_all(struct tw_manifest_reader *r, struct tw_resources *to,
	const struct tw_resources *from)
{
	for (size_t i = 0; i < from->n; i++)
		tw_resource_raise(&r->spec->arena, to, from->v[i].name,
			from->v[i].amount);
}

static void raise_to(int64_t *to, int64_t v)
{
	if (v > *to)
		*to = v;
}

static void add_container(struct tw_manifest_reader *r, struct tw_yaml *it,
	bool is_init, struct sums *s)
{
	const char *policy = tw_yaml_text(tw_yaml_get(it, "restartPolicy"));
	bool sidecar = is_init && policy && !strcmp(policy, "Always");
	struct tw_resources own = {0};
	int64_t cpu, memory;

	container_requests(r, tw_yaml_get(it, "resources"), &own);
	cpu = usual(&own, TW_RESOURCE_CPU, USUAL_CPU);
	memory = usual(&own, TW_RESOURCE_MEMORY, USUAL_MEMORY);
	if (!is_init || sidecar) {
		add_all(r, &s->own, &own);
		s->usual_cpu += cpu;
		s->usual_memory += memory;
	}
	if (sidecar) {
		add_all(r, &s->sidecars, &own);
		s->side_cpu += cpu;
		s->side_memory += memory;
		raise_all(r, &s->init, &s->sidecars);
		raise_to(&s->init_cpu, s->side_cpu);
		raise_to(&s->init_memory, s->side_memory);
	} else if (is_init) {
		/* It runs beside the sidecars that were started before it. */
		add_all(r, &own, &s->sidecars);
		raise_all(r, &s->init, &own);
		raise_to(&s->init_cpu, cpu + s->side_cpu);
		raise_to(&s->init_memory, memory + s->side_memory);
	}
}

/* spec.resources.requests stand for the containers' (1.34, beta). */
static void pod_level(struct tw_manifest_reader *r, const struct tw_yaml *spec,
	struct tw_resources *to)
{
	struct tw_resources own = {0};

	container_requests(r, tw_yaml_get(spec, "resources"), &own);
	for (size_t i = 0; i < own.n; i++)
		for (size_t k = 0; k < to->n; k++)
			if (!strcmp(to->v[k].name, own.v[i].name))
				to->v[k].amount = 0;
	add_all(r, to, &own);
}

/* What its RuntimeClass adds, as admission writes it into the pod (plugin/pkg/
 * admission/runtimeclass). */
static struct tw_yaml *overhead_of(
	struct tw_manifest_reader *r, const struct tw_yaml *spec)
{
	struct tw_yaml *own = tw_yaml_get(spec, "overhead");
	const char *name = tw_yaml_text(tw_yaml_get(spec, "runtimeClassName"));
	struct tw_object *class =
		name ? tw_manifests_find(r->m, "RuntimeClass", NULL, name)
		     : NULL;

	if (own || !class)
		return own;
	own = tw_yaml_path(class->doc, "overhead", "podFixed", NULL);
	tw_yaml_use_all(own);
	return own;
}

static void read_requests(struct tw_manifest_reader *r,
	const struct tw_yaml *spec, struct tw_pod_spec *to)
{
	static const char *const lists[] = {"initContainers", "containers"};
	struct sums s = {0};

	for (size_t k = 0; k < 2; k++) {
		struct tw_yaml *list = tw_yaml_get(spec, lists[k]);

		for (size_t i = 0; i < tw_yaml_count(list); i++)
			add_container(r, tw_yaml_item(list, i), k == 0, &s);
	}
	to->special_requests =
		s.sidecars.n || overhead_of(r, spec) ||
		tw_yaml_get(tw_yaml_get(spec, "resources"), "requests");
	raise_all(r, &s.own, &s.init);
	raise_to(&s.usual_cpu, s.init_cpu);
	raise_to(&s.usual_memory, s.init_memory);
	pod_level(r, spec, &s.own);
	to->requests = s.own;
	to->usual_cpu = s.usual_cpu;
	to->usual_memory = s.usual_memory;
}

static void read_overhead(struct tw_manifest_reader *r,
	const struct tw_yaml *spec, struct tw_pod_spec *to)
{
	const struct tw_yaml *map = overhead_of(r, spec);

	tw_yaml_use(tw_yaml_get(spec, "runtimeClassName"));
	for (size_t i = 0; tw_yaml_is(map, TW_YAML_MAPPING) && i < map->pairs.n;
		i++) {
		const char *name = tw_yaml_text(map->pairs.v[i].key);
		struct tw_int amount = {0};

		if (!name || !tw_manifest_quantity(r, map->pairs.v[i].value,
				     is_cpu(name), &amount))
			continue;
		tw_resource_add(&r->spec->arena, &to->requests,
			tw_manifest_keep(r, name), amount.v);
		if (is_cpu(name)) {
			to->usual_cpu += amount.v;
			to->overhead_cpu += amount.v;
		}
		if (!strcmp(name, TW_RESOURCE_MEMORY))
			to->usual_memory += amount.v;
	}
}

/* ---- ports and images ----------------------------------------------- */

static void read_ports(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_pod_spec *to)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		const char *ip = tw_yaml_text(tw_yaml_get(it, "hostIP"));
		struct tw_host_port port = {
			.ip = tw_manifest_keep(r, ip && *ip ? ip : "0.0.0.0")};
		struct tw_int number = {0};

		if (!tw_manifest_int(
			    r, tw_yaml_get(it, "hostPort"), 0, 65535, &number))
			continue;
		port.port = number.v;
		tw_manifest_protocol(
			r, tw_yaml_get(it, "protocol"), &port.protocol);
		tw_vec_push_in(&r->spec->arena, &to->host_ports, port);
	}
}

/* A name without tag or digest means :latest. */
const char *tw_manifest_image(struct tw_manifest_reader *r, const char *name)
{
	const char *slash = strrchr(name, '/');

	if (strchr(slash ? slash : name, ':') || strchr(name, '@'))
		return tw_manifest_keep(r, name);
	return tw_arena_printf(&r->spec->arena, "%s:latest", name);
}

static void read_containers(struct tw_manifest_reader *r,
	const struct tw_yaml *spec, struct tw_pod_spec *to)
{
	static const char *const lists[] = {"initContainers", "containers"};

	for (size_t k = 0; k < 2; k++) {
		struct tw_yaml *list = tw_yaml_get(spec, lists[k]);

		for (size_t i = 0; i < tw_yaml_count(list); i++) {
			struct tw_yaml *it = tw_yaml_item(list, i);
			const char *image =
				tw_yaml_text(tw_yaml_get(it, "image"));
			const char *policy =
				tw_yaml_text(tw_yaml_get(it, "restartPolicy"));

			to->n_containers++;
			if (image)
				tw_vec_push_in(&r->spec->arena, &to->images,
					tw_manifest_image(r, image));
			/* Init containers' ports are free again, but for
			 * sidecars'. */
			if (k || (policy && !strcmp(policy, "Always")))
				read_ports(r, tw_yaml_get(it, "ports"), to);
		}
	}
}

/* ---- tolerations ---------------------------------------------------- */

bool tw_manifest_taint_effect(struct tw_manifest_reader *r,
	const struct tw_yaml *node, enum tw_taint_effect *to)
{
	static const char *const names[] = {
		"", "NoSchedule", "PreferNoSchedule", "NoExecute"};
	const char *text = tw_yaml_text(node);

	*to = TW_EFFECT_ANY;
	if (tw_yaml_is_null(node))
		return true;
	for (size_t i = 0; text && i < 4; i++) {
		if (!strcmp(text, names[i])) {
			*to = (enum tw_taint_effect)i;
			return true;
		}
	}
	tw_manifest_error(
		r, node, "expected NoSchedule, PreferNoSchedule or NoExecute");
	return false;
}

const char *tw_manifest_keep_text(
	struct tw_manifest_reader *r, const struct tw_yaml *node)
{
	const char *text = tw_yaml_text(node);

	return tw_manifest_keep(r, text ? text : "");
}

static void read_toleration(struct tw_manifest_reader *r, struct tw_yaml *it,
	struct tw_tolerations *to)
{
	static const char *const ops[] = {"Equal", "Exists", "Lt", "Gt"};
	struct tw_yaml *op = tw_yaml_get(it, "operator");
	const char *name = tw_yaml_text(op);
	struct tw_toleration toleration = {
		.key = tw_manifest_keep_text(r, tw_yaml_get(it, "key")),
		.value = tw_manifest_keep_text(r, tw_yaml_get(it, "value")),
		.seconds = -1};
	struct tw_int seconds = {0};
	size_t i = 0;

	while (name && i < 4 && strcmp(name, ops[i]) != 0)
		i++;
	if (i == 4) {
		tw_manifest_error(r, op, "expected Equal or Exists");
		return;
	}
	toleration.op = (enum tw_toleration_op)i;
	if (!*toleration.key && toleration.op != TW_TOLERATE_EXISTS)
		tw_manifest_error(r, it,
			"a toleration without a 'key' needs 'operator: "
			"Exists'");
	if (!tw_manifest_taint_effect(
		    r, tw_yaml_get(it, "effect"), &toleration.effect))
		return;
	if (tw_manifest_int(r, tw_yaml_get(it, "tolerationSeconds"), INT32_MIN,
		    INT32_MAX, &seconds))
		toleration.seconds = seconds.v < 0 ? 0 : seconds.v;
	tw_vec_push_in(&r->spec->arena, to, toleration);
}

/* ---- node affinity -------------------------------------------------- */

/* A label's value: at most 63 of [A-Za-z0-9_.-], a letter or digit at both
 * ends (apimachinery, validation.IsValidLabelValue). */
static bool is_label_value(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9');

		if (!plain && ((c != '-' && c != '_' && c != '.') || !i ||
				      i + 1 == n))
			return false;
	}
	return n <= 63;
}

static void read_requirement(struct tw_manifest_reader *r, struct tw_yaml *it,
	bool is_field, struct tw_node_term *term)
{
	static const char *const ops[] = {
		"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
	const char *op = tw_yaml_text(tw_yaml_get(it, "operator"));
	struct tw_yaml *values = tw_yaml_get(it, "values");
	struct tw_node_requirement to = {
		.key = tw_manifest_keep_text(r, tw_yaml_get(it, "key"))};
	size_t i = 0;

	while (i < 6 && (!op || strcmp(op, ops[i]) != 0))
		i++;
	if (i == 6) {
		tw_manifest_error(r, it,
			"expected an operator: In, NotIn, Exists, "
			"DoesNotExist, Gt or Lt");
		return;
	}
	to.op = (enum tw_node_op)i;
	for (size_t k = 0; k < tw_yaml_count(values); k++) {
		const char *value =
			tw_manifest_keep_text(r, tw_yaml_item(values, k));

		term->broken |= !is_field && !is_label_value(value);
		tw_vec_push_in(&r->spec->arena, &to.values, value);
	}
	tw_vec_push_in(
		&r->spec->arena, is_field ? &term->fields : &term->labels, to);
}

struct tw_node_term tw_manifest_node_term(
	struct tw_manifest_reader *r, const struct tw_yaml *it)
{
	static const char *const keys[] = {"matchExpressions", "matchFields"};
	struct tw_node_term term = {0};

	for (size_t k = 0; k < 2; k++) {
		struct tw_yaml *list = tw_yaml_get(it, keys[k]);

		for (size_t i = 0; i < tw_yaml_count(list); i++)
			read_requirement(
				r, tw_yaml_item(list, i), k == 1, &term);
	}
	return term;
}

#define REQUIRED  "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

static int64_t weight_of(struct tw_manifest_reader *r, struct tw_yaml *it)
{
	struct tw_int weight = {0};

	tw_manifest_int(r, tw_yaml_get(it, "weight"), 0, 100, &weight);
	return weight.v;
}

void tw_manifest_node_affinity(struct tw_manifest_reader *r,
	const struct tw_yaml *affinity, struct tw_node_affinity *to)
{
	struct tw_yaml *required = tw_yaml_get(affinity, REQUIRED);
	struct tw_yaml *terms = tw_yaml_get(required, "nodeSelectorTerms");
	struct tw_yaml *preferred = tw_yaml_get(affinity, PREFERRED);

	to->is_required = required && !tw_yaml_is_null(required);
	for (size_t i = 0; i < tw_yaml_count(terms); i++)
		tw_vec_push_in(&r->spec->arena, &to->required,
			tw_manifest_node_term(r, tw_yaml_item(terms, i)));
	for (size_t i = 0; i < tw_yaml_count(preferred); i++) {
		struct tw_yaml *it = tw_yaml_item(preferred, i);
		struct tw_node_term term =
			tw_manifest_node_term(r, tw_yaml_get(it, "preference"));

		term.weight = weight_of(r, it);
		tw_vec_push_in(&r->spec->arena, &to->preferred, term);
	}
}

/* ---- pod affinity and spread ---------------------------------------- */

/* What controllers label the pods of each revision with. */
static bool is_of_revision(const char *key)
{
	return !strcmp(key, "pod-template-hash") ||
	       !strcmp(key, "controller-revision-hash");
}

/* matchLabelKeys, or mismatchLabelKeys: the pod's own value of each. `own` gets
 * those that only its revision has. */
static void add_label_keys(struct tw_manifest_reader *r,
	const struct tw_yaml *keys, const struct tw_labels *labels,
	enum tw_label_op op, struct tw_label_selector *to,
	struct tw_label_keys *own)
{
	for (size_t i = 0; i < tw_yaml_count(keys); i++) {
		const char *key = tw_yaml_text(tw_yaml_item(keys, i));
		const char *value = key ? tw_label_value(labels, key) : NULL;
		struct tw_label_requirement is = {
			.key = tw_manifest_keep(r, key), .op = op};

		if (key && !value && is_of_revision(key))
			tw_vec_push_in(&r->spec->arena, own, is.key);
		if (!value)
			continue;
		tw_vec_push_in(&r->spec->arena, &is.values, value);
		tw_vec_push_in(&r->spec->arena, to, is);
	}
}

static struct tw_pod_term pod_term(struct tw_manifest_reader *r,
	const struct tw_yaml *it, const struct tw_labels *labels)
{
	struct tw_yaml *selector = tw_yaml_get(it, "labelSelector");
	struct tw_yaml *among = tw_yaml_get(it, "namespaceSelector");
	struct tw_yaml *namespaces = tw_yaml_get(it, "namespaces");
	struct tw_pod_term term = {
		.has_selector = selector && !tw_yaml_is_null(selector),
		.has_namespace_selector = among && !tw_yaml_is_null(among),
		.topology_key = tw_manifest_keep_text(
			r, tw_yaml_get(it, "topologyKey"))};

	tw_manifest_selector(r, selector, &term.selector);
	tw_manifest_selector(r, among, &term.namespace_selector);
	for (size_t i = 0; i < term.selector.n; i++)
		for (size_t k = 0; k < term.selector.v[i].values.n; k++)
			if (!is_label_value(term.selector.v[i].values.v[k]))
				tw_manifest_error(r, selector,
					"'%s' is no value of a label",
					term.selector.v[i].values.v[k]);
	add_label_keys(r, tw_yaml_get(it, "matchLabelKeys"), labels,
		TW_LABEL_IN, &term.selector, &term.own_keys);
	add_label_keys(r, tw_yaml_get(it, "mismatchLabelKeys"), labels,
		TW_LABEL_NOT_IN, &term.selector, &term.other_keys);
	for (size_t i = 0; i < tw_yaml_count(namespaces); i++)
		tw_vec_push_in(&r->spec->arena, &term.namespaces,
			tw_manifest_keep_text(r, tw_yaml_item(namespaces, i)));
	return term;
}

static void read_pod_terms(struct tw_manifest_reader *r,
	const struct tw_yaml *affinity, const struct tw_labels *labels,
	struct tw_pod_terms *required, struct tw_pod_terms *preferred)
{
	struct tw_yaml *hard = tw_yaml_get(affinity, REQUIRED);
	struct tw_yaml *soft = tw_yaml_get(affinity, PREFERRED);

	for (size_t i = 0; i < tw_yaml_count(hard); i++)
		tw_vec_push_in(&r->spec->arena, required,
			pod_term(r, tw_yaml_item(hard, i), labels));
	for (size_t i = 0; i < tw_yaml_count(soft); i++) {
		struct tw_yaml *it = tw_yaml_item(soft, i);
		struct tw_pod_term term =
			pod_term(r, tw_yaml_get(it, "podAffinityTerm"), labels);

		term.weight = weight_of(r, it);
		tw_vec_push_in(&r->spec->arena, preferred, term);
	}
}

static bool says(const struct tw_yaml *map, const char *key, const char *word)
{
	const char *text = tw_yaml_text(tw_yaml_get(map, key));

	return text && !strcmp(text, word);
}

static void read_spread(struct tw_manifest_reader *r, struct tw_yaml *it,
	const struct tw_labels *labels, struct tw_spreads *to)
{
	struct tw_yaml *selector = tw_yaml_get(it, "labelSelector");
	struct tw_int skew = {.v = 1}, domains = {0};
	struct tw_spread spread = {.topology_key = tw_manifest_keep_text(
					   r, tw_yaml_get(it, "topologyKey")),
		.do_not_schedule =
			!says(it, "whenUnsatisfiable", "ScheduleAnyway"),
		.has_selector = selector && !tw_yaml_is_null(selector),
		.ignore_affinity = says(it, "nodeAffinityPolicy", "Ignore"),
		.honor_taints = says(it, "nodeTaintsPolicy", "Honor")};

	tw_manifest_int(r, tw_yaml_get(it, "maxSkew"), 1, INT32_MAX, &skew);
	tw_manifest_int(
		r, tw_yaml_get(it, "minDomains"), 1, INT32_MAX, &domains);
	spread.max_skew = skew.v;
	spread.min_domains = domains.v;
	tw_manifest_selector(r, selector, &spread.selector);
	add_label_keys(r, tw_yaml_get(it, "matchLabelKeys"), labels,
		TW_LABEL_IN, &spread.selector, &spread.own_keys);
	tw_vec_push_in(&r->spec->arena, to, spread);
}

/* ---- pods ----------------------------------------------------------- */

void tw_manifest_pod(struct tw_manifest_reader *r, const struct tw_yaml *spec,
	const struct tw_labels *labels, struct tw_pod_spec *to)
{
	struct tw_yaml *affinity = tw_yaml_get(spec, "affinity");
	struct tw_yaml *tolerations = tw_yaml_get(spec, "tolerations");
	struct tw_yaml *spreads =
		tw_yaml_get(spec, "topologySpreadConstraints");
	struct tw_int priority = {0};

	read_requests(r, spec, to);
	read_overhead(r, spec, to);
	read_containers(r, spec, to);
	to->node_name = tw_manifest_keep(
		r, tw_yaml_text(tw_yaml_get(spec, "nodeName")));
	tw_manifest_labels(
		r, tw_yaml_get(spec, "nodeSelector"), &to->node_selector);
	tw_manifest_node_affinity(
		r, tw_yaml_get(affinity, "nodeAffinity"), &to->node_affinity);
	read_pod_terms(r, tw_yaml_get(affinity, "podAffinity"), labels,
		&to->affinity, &to->preferred_affinity);
	read_pod_terms(r, tw_yaml_get(affinity, "podAntiAffinity"), labels,
		&to->anti_affinity, &to->preferred_anti_affinity);
	for (size_t i = 0; i < tw_yaml_count(tolerations); i++)
		read_toleration(
			r, tw_yaml_item(tolerations, i), &to->tolerations);
	for (size_t i = 0; i < tw_yaml_count(spreads); i++)
		read_spread(r, tw_yaml_item(spreads, i), labels, &to->spreads);
	tw_manifest_text(
		r, tw_yaml_get(spec, "priorityClassName"), &to->priority_class);
	if (tw_manifest_int(r, tw_yaml_get(spec, "priority"), INT32_MIN,
		    INT32_MAX, &priority))
		to->priority = priority.v;
	to->never_preempts = says(spec, "preemptionPolicy", "Never");
}
