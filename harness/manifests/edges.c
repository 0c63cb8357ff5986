/*
 * Call edges where nobody wrote them down: environment values and arguments
 * that name a Service, NetworkPolicies, Compose links and start order. Of
 * several reasons for one edge the strongest stays.
 */
#include "harness/manifests/edge_index.h"

#include <ctype.h>

struct search {
	struct tw_manifest_reader *r;
	struct tw_edge_index *index;
	const struct tw_spec_workload *from;
	const struct tw_spec_container *container;
	enum tw_edge_source source;
	const char *detail;
	struct tw_pos pos;
	/* While a value is searched. */
	const char *name;
	const struct tw_text *text;
};

bool tw_edge_is_telemetry(const char *detail, const char *to)
{
	static const char *const words[] = {"otel", "opentelemetry",
		"collector", "jaeger", "zipkin", "prometheus", "fluentd",
		"statsd"};

	if (!strncmp(detail, "env OTEL_", 9))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(to, words[i]))
			return true;
	return false;
}

static void add_edge(const struct search *s, struct tw_spec_service *to)
{
	struct tw_manifests *m = s->r->m;
	struct tw_spec_service *front = tw_edge_front(s->index, s->from);
	struct tw_manifest_edge edge = {.from = s->from->key,
		.from_service = front ? front->key : NULL,
		.to = to->key,
		.source = s->source,
		.telemetry = tw_edge_is_telemetry(s->detail, to->name),
		.detail = s->detail,
		.pos = s->pos};
	size_t at;

	if (tw_spec_is_backed_by(to, s->from))
		return; /* itself */
	if (!tw_edge_find(s->index, edge.from, edge.to, m->edges.n, &at))
		tw_vec_push(&m->edges, edge);
	else if (edge.source < m->edges.v[at].source)
		m->edges.v[at] = edge;
}

/* Also one pod of a StatefulSet by its headless Service: "mongo-0.mongo". */
static void found_host(void *to, struct tw_str host, int64_t port, bool address)
{
	struct search *s = to;
	struct tw_spec_service *service =
		tw_manifests_host(s->r->spec, s->from->namespace, host);
	const char *dot = memchr(host.p, '.', host.n);

	if (!service && dot)
		service = tw_manifests_host(s->r->spec, s->from->namespace,
			(struct tw_str){
				dot + 1, host.n - (size_t)(dot + 1 - host.p)});
	if (s->text)
		tw_address_add(
			s->r, &(struct tw_address_found){s->from, s->text,
				      s->name, host, port, address, service});
	if (service)
		add_edge(s, service);
}

static const struct tw_spec_env *env_of(
	const struct tw_spec_container *container, struct tw_str name)
{
	for (size_t i = 0; i < container->env.n; i++)
		if (tw_str_equal(name, container->env.v[i].name))
			return &container->env.v[i];
	return NULL;
}

/* CART_SERVICE_HOST, which Kubernetes gives to every pod: "cart". */
static void add_service_host(struct tw_buf *out, struct tw_str name)
{
	static const char end[] = "_SERVICE_HOST";
	size_t n = sizeof end - 1;

	if (name.n <= n || memcmp(name.p + name.n - n, end, n) != 0)
		return;
	for (size_t i = 0; i < name.n - n; i++)
		tw_buf_add_char(
			out, name.p[i] == '_'
				     ? '-'
				     : (char)tolower((unsigned char)name.p[i]));
}

/* $(VAR) by the container's other variables, which may hold some themselves:
 * eight deep at most, for a variable may name itself. */
static void expand(const struct tw_spec_container *container,
	struct tw_str text, int depth, struct tw_buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		const char *end;
		const struct tw_spec_env *env;
		struct tw_str name;

		if (text.p[i] != '$' || i + 1 == text.n ||
			text.p[i + 1] != '(' ||
			!(end = memchr(text.p + i, ')', text.n - i))) {
			tw_buf_add_char(out, text.p[i]);
			continue;
		}
		name = (struct tw_str){
			text.p + i + 2, (size_t)(end - text.p) - i - 2};
		env = env_of(container, name);
		if (env && env->value.v && depth < 8)
			expand(container, tw_str_of(env->value.v), depth + 1,
				out);
		else
			add_service_host(out, name);
		i = (size_t)(end - text.p);
	}
}

static void search_text(
	struct search *s, const char *name, const struct tw_text *text)
{
	const struct tw_host_search search = {found_host, s};
	struct tw_buf buf = {0};

	if (!text->v || !text->origin)
		return;
	s->pos = text->origin->pos;
	s->detail = text->origin->detail ? text->origin->detail : "an argument";
	s->name = name;
	s->text = text;
	expand(s->container, tw_str_of(text->v), 0, &buf);
	tw_hosts_find(&search, tw_str_of(name),
		(struct tw_str){tw_buf_text(&buf), buf.n});
	tw_buf_release(&buf);
}

static void search_workload(struct tw_manifest_reader *r,
	struct tw_edge_index *index, const struct tw_spec_workload *workload)
{
	struct search s = {.r = r,
		.index = index,
		.from = workload,
		.source = TW_EDGE_ENV};

	for (size_t i = 0; i < workload->containers.n; i++) {
		s.container = workload->containers.v[i];
		if (s.container->is_init)
			continue; /* done before the first request */
		for (size_t k = 0; k < s.container->env.n; k++)
			search_text(&s, s.container->env.v[k].name,
				&s.container->env.v[k].value);
		for (size_t k = 0; k < s.container->args.n; k++)
			search_text(&s, "", &s.container->args.v[k]);
	}
}

/* ---- NetworkPolicy ---------------------------------------------------- */

/* matchLabels of a podSelector; false where it selects all or says more than
 * labels (then it names nobody in particular). */
static bool pod_labels(struct tw_manifest_reader *r, struct tw_yaml *selector,
	struct tw_labels *to)
{
	struct tw_yaml *match = tw_yaml_get(selector, "matchLabels");

	if (tw_yaml_get(selector, "matchExpressions"))
		return false;
	tw_manifest_labels(r, match, to);
	return to->n != 0;
}

/* Namespaces are matched by the label that every one has. */
static const char *peer_namespace(
	struct tw_manifest_reader *r, struct tw_yaml *peer)
{
	struct tw_yaml *labels =
		tw_yaml_path(peer, "namespaceSelector", "matchLabels", NULL);

	if (!tw_yaml_get(peer, "namespaceSelector"))
		return r->object->namespace;
	return tw_yaml_text(tw_yaml_get(labels, "kubernetes.io/metadata.name"));
}

static void join(struct tw_manifest_reader *r, struct tw_edge_index *index,
	const struct tw_spec_workload *from, const struct tw_spec_workload *to,
	struct tw_yaml *node)
{
	struct tw_spec_service *service = tw_edge_front(index, to);
	struct search s = {.r = r,
		.index = index,
		.from = from,
		.source = TW_EDGE_POLICY,
		.pos = node->pos,
		.detail = tw_arena_printf(
			&r->m->arena, "NetworkPolicy %s", r->object->name)};

	if (service && from != to)
		add_edge(&s, service);
}

/* Every pair of a workload that the policy is for and one that a peer names. */
static void read_peer(struct tw_manifest_reader *r, struct tw_edge_index *index,
	const struct tw_edge_workloads *own, struct tw_yaml *peer, bool ingress)
{
	const char *namespace = peer_namespace(r, peer);
	struct tw_yaml *selector = tw_yaml_get(peer, "podSelector");
	struct tw_edge_workloads others;
	struct tw_labels labels = {0};

	if (!namespace || !pod_labels(r, selector, &labels))
		return;
	others = tw_edge_workloads_of(index, namespace, &labels);
	for (size_t i = 0; i < own->n; i++)
		for (size_t k = 0; k < others.n; k++)
			join(r, index, ingress ? others.v[k] : own->v[i],
				ingress ? own->v[i] : others.v[k], selector);
}

static void read_policy(
	struct tw_manifest_reader *r, struct tw_edge_index *index)
{
	static const char *const sides[][2] = {
		{"ingress", "from"}, {"egress", "to"}};
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_edge_workloads own;
	struct tw_labels labels = {0};

	if (!pod_labels(r, tw_yaml_get(spec, "podSelector"), &labels))
		return;
	own = tw_edge_workloads_of(index, r->object->namespace, &labels);
	for (size_t side = 0; side < 2; side++) {
		struct tw_yaml *rules = tw_yaml_get(spec, sides[side][0]);

		for (size_t i = 0; i < tw_yaml_count(rules); i++) {
			struct tw_yaml *peers = tw_yaml_get(
				tw_yaml_item(rules, i), sides[side][1]);

			for (size_t k = 0; k < tw_yaml_count(peers); k++)
				read_peer(r, index, &own,
					tw_yaml_item(peers, k), side == 0);
		}
	}
}

/* ---- Compose ---------------------------------------------------------- */

static void compose_names(struct tw_manifest_reader *r,
	struct tw_edge_index *index, struct tw_yaml *list,
	const struct tw_spec_workload *from, enum tw_edge_source source)
{
	bool map = tw_yaml_is(list, TW_YAML_MAPPING);
	struct search s = {.r = r,
		.index = index,
		.from = from,
		.source = source,
		.detail = source == TW_EDGE_LINK ? "links" : "depends_on"};

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it =
			map ? list->pairs.v[i].key : tw_yaml_item(list, i);
		struct tw_str name = tw_yaml_str(it);
		const char *alias = name.n ? memchr(name.p, ':', name.n) : NULL;

		if (alias)
			name.n = (size_t)(alias - name.p);
		if (!name.n)
			continue;
		s.pos = it->pos;
		found_host(&s, name, 0, false);
	}
}

static void read_compose(
	struct tw_manifest_reader *r, struct tw_edge_index *index)
{
	const struct tw_object *object = r->object;
	const char *key = tw_arena_printf(
		&r->m->arena, "%s/%s", object->namespace, object->name);
	const struct tw_spec_workload *from =
		tw_map_get(&r->spec->workloads, key);

	if (!from)
		return;
	compose_names(r, index, tw_yaml_get(object->doc, "links"), from,
		TW_EDGE_LINK);
	compose_names(r, index, tw_yaml_get(object->doc, "depends_on"), from,
		TW_EDGE_DEPENDS_ON);
}

/* Start order says little: it stays only where a workload has nothing else.
 * Strong edges always stay, so they are before `kept` or from `i` on. */
static bool has_better(
	const struct tw_manifests *m, size_t kept, size_t i, const char *from)
{
	for (size_t k = 0; k < m->edges.n; k++)
		if ((k < kept || k >= i) &&
			m->edges.v[k].source != TW_EDGE_DEPENDS_ON &&
			!strcmp(m->edges.v[k].from, from))
			return true;
	return false;
}

static void drop_weak(struct tw_manifests *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->edges.n; i++) {
		const struct tw_manifest_edge edge = m->edges.v[i];

		if (edge.source != TW_EDGE_DEPENDS_ON ||
			!has_better(m, kept, i, edge.from))
			m->edges.v[kept++] = edge;
	}
	m->edges.n = kept;
}

void tw_manifests_find_edges(struct tw_manifest_reader *r)
{
	struct tw_manifests *m = r->m;
	struct tw_edge_index *index = tw_edge_index_new(r->spec);

	for (size_t i = 0; i < r->spec->workloads.n; i++)
		search_workload(r, index, r->spec->workloads.v[i].value);
	for (size_t i = 0; i < m->objects.n; i++) {
		r->object = m->objects.v[i];
		if (!strcmp(r->object->kind, "NetworkPolicy"))
			read_policy(r, index);
		else if (!strcmp(r->object->group, "compose"))
			read_compose(r, index);
	}
	tw_edge_index_free(index);
	drop_weak(m);
}
