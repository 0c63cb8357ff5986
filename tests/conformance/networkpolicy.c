/*
 * NetworkPolicies step by step on a small cluster: policies are read by the
 * reader of manifests, pairs are judged by the function that the compiler
 * uses.
 */
#include "harness/manifests/manifests.h"
#include "harness/manifests/reader.h"
#include "tests/conformance/conformance.h"

#include <arpa/inet.h>
#include <stdlib.h>

struct cluster {
	struct tw_manifests *manifests;
	struct tw_spec *spec;
	struct tw_diags diags;
	struct tw_map pods; /* "namespace/name" -> struct tw_netpol_pod * */
};

static void read_labels(struct tw_manifest_reader *r, const struct tw_yaml *map,
	struct tw_labels *to)
{
	*to = (struct tw_labels){0};
	tw_manifest_labels(r, map, to);
}

static void set_namespace(
	struct tw_manifest_reader *r, const struct tw_yaml *it)
{
	struct tw_labels *labels = tw_new(&r->spec->arena, struct tw_labels);

	read_labels(r, tw_yaml_get(it, "labels"), labels);
	tw_map_put(&r->spec->namespaces, conformance_get_text(it, "name", ""),
		labels);
}

/* Every pod listens on 80 and 81 for each protocol, "serve-80-tcp". */
static void add_ports(struct tw_arena *arena, struct tw_netpol_pod *pod)
{
	static const char *const names[] = {"tcp", "udp", "sctp"};

	for (int port = 80; port <= 81; port++)
		for (enum tw_protocol p = TW_TCP; p <= TW_SCTP; p++)
			tw_vec_push_in(arena, &pod->ports,
				((struct tw_pod_port){
					tw_arena_printf(arena, "serve-%d-%s",
						port, names[p]),
					port, p}));
}

static void set_pod(struct cluster *cluster, struct tw_manifest_reader *r,
	const struct tw_yaml *it)
{
	const char *namespace = conformance_get_text(it, "namespace", "");
	const char *key = tw_arena_printf(&r->spec->arena, "%s/%s", namespace,
		conformance_get_text(it, "name", ""));
	const char *ip = conformance_get_text(it, "ip", NULL);
	struct tw_netpol_pod *pod = tw_map_get(&cluster->pods, key);
	struct tw_labels *labels = tw_new(&r->spec->arena, struct tw_labels);

	if (!pod) {
		pod = tw_new(&r->spec->arena, struct tw_netpol_pod);
		pod->namespace = tw_manifest_keep(r, namespace);
		add_ports(&r->spec->arena, pod);
		tw_map_put(&cluster->pods, key, pod);
	}
	read_labels(r, tw_yaml_get(it, "labels"), labels);
	pod->labels = labels;
	if (ip && inet_pton(AF_INET, ip, pod->ip.bytes) == 1)
		pod->ip.size = 4;
}

static size_t find_policy(
	const struct tw_netpols *all, const char *namespace, const char *name)
{
	size_t i = 0;

	while (i < all->n && (strcmp(all->v[i]->namespace, namespace) ||
				     strcmp(all->v[i]->name, name)))
		i++;
	return i;
}

static void drop_policy(struct tw_netpols *all, const struct tw_yaml *meta)
{
	size_t i = find_policy(all, conformance_get_text(meta, "namespace", ""),
		conformance_get_text(meta, "name", ""));

	if (i == all->n)
		return;
	memmove(&all->v[i], &all->v[i + 1], (all->n - i - 1) * sizeof *all->v);
	all->n--;
}

static void put_policy(struct tw_manifest_reader *r, struct tw_yaml *doc)
{
	struct tw_yaml *meta = tw_yaml_get(doc, "metadata");
	const struct tw_object object = {.group = "networking.k8s.io",
		.kind = "NetworkPolicy",
		.namespace = conformance_get_text(meta, "namespace", ""),
		.name = conformance_get_text(meta, "name", ""),
		.doc = doc};

	drop_policy(&r->spec->netpols, meta);
	r->object = &object;
	tw_read_network_policy(r);
	r->object = NULL;
}

static void act(struct conformance *c, struct cluster *cluster,
	struct tw_manifest_reader *r, const struct tw_yaml *action)
{
	const char *what = tw_yaml_text(action->pairs.v[0].key);
	struct tw_yaml *it = action->pairs.v[0].value;

	if (!strcmp(what, "create_policy") || !strcmp(what, "update_policy"))
		put_policy(r, it);
	else if (!strcmp(what, "delete_policy"))
		drop_policy(&r->spec->netpols, it);
	else if (!strcmp(what, "set_namespace_labels"))
		set_namespace(r, it);
	else if (!strcmp(what, "set_pod_labels") || !strcmp(what, "create_pod"))
		set_pod(cluster, r, it);
	else
		conformance_differs(c, "unknown action %s", what);
}

/* "80/TCP": one table of the wanted answers. */
static void compare(struct conformance *c, struct cluster *cluster,
	const struct tw_yaml *pods, const char *port_text,
	const struct tw_yaml *rows)
{
	enum tw_protocol protocol = TW_TCP;
	int port = (int)strtol(port_text, NULL, 10);

	while (strcmp(strchr(port_text, '/') + 1, tw_protocol_name(protocol)))
		protocol++;
	for (size_t i = 0; i < tw_yaml_count(pods); i++) {
		const char *row = tw_yaml_text(tw_yaml_item(rows, i));
		const char *from = tw_yaml_text(tw_yaml_item(pods, i));

		for (size_t k = 0; k < tw_yaml_count(pods); k++) {
			const char *to = tw_yaml_text(tw_yaml_item(pods, k));
			struct tw_netpol_pod *a =
				tw_map_get(&cluster->pods, from);
			struct tw_netpol_pod *b =
				tw_map_get(&cluster->pods, to);
			bool allowed;

			if (row[k] == '-')
				continue;
			a->namespace_labels = tw_map_get(
				&cluster->spec->namespaces, a->namespace);
			b->namespace_labels = tw_map_get(
				&cluster->spec->namespaces, b->namespace);
			allowed = tw_netpol_judge(
				&cluster->spec->netpols, a, b, port, protocol)
					  .allowed;
			if (allowed != (row[k] == '.'))
				conformance_differs(c,
					"%s -> %s %s: wanted %c, got %c", from,
					to, port_text, row[k],
					allowed ? '.' : 'X');
		}
	}
}

static void run_step(struct conformance *c, struct cluster *cluster,
	struct tw_manifest_reader *r, const struct tw_yaml *step,
	const struct tw_yaml *want)
{
	struct tw_yaml *actions = tw_yaml_get(step, "actions");
	struct tw_yaml *tables = tw_yaml_get(want, "tables");

	for (size_t i = 0; i < tw_yaml_count(actions); i++)
		act(c, cluster, r, tw_yaml_item(actions, i));
	for (size_t i = 0; i < tw_yaml_count(tables); i++) {
		struct tw_yaml *table = tw_yaml_item(tables, i);
		struct tw_yaml *ports = tw_yaml_get(table, "ports");

		for (size_t k = 0; k < tw_yaml_count(ports); k++)
			compare(c, cluster, tw_yaml_get(want, "pods"),
				tw_yaml_text(tw_yaml_item(ports, k)),
				tw_yaml_get(table, "rows"));
	}
}

static void run(struct conformance *c)
{
	struct tw_yaml *start = tw_yaml_get(c->file, "cluster");
	struct tw_yaml *namespaces = tw_yaml_get(start, "namespaces");
	struct tw_yaml *pods = tw_yaml_get(start, "pods");
	struct tw_yaml *steps = tw_yaml_get(c->in, "steps");
	struct tw_yaml *want = tw_yaml_get(c->want, "steps");
	struct cluster cluster = {
		.manifests = tw_manifests_new(), .spec = tw_spec_new()};
	struct tw_manifest_reader r = {.m = cluster.manifests,
		.spec = cluster.spec,
		.diags = &cluster.diags};

	tw_diags_init(&cluster.diags);
	tw_map_init(&cluster.pods, &c->arena);
	for (size_t i = 0; i < tw_yaml_count(namespaces); i++)
		set_namespace(&r, tw_yaml_item(namespaces, i));
	for (size_t i = 0; i < tw_yaml_count(pods); i++)
		set_pod(&cluster, &r, tw_yaml_item(pods, i));
	for (size_t i = 0; i < tw_yaml_count(steps); i++)
		run_step(c, &cluster, &r, tw_yaml_item(steps, i),
			tw_yaml_item(want, i));
	if (cluster.diags.errors)
		conformance_differs(c, "a policy was refused: %s",
			cluster.diags.list.v[0]->message);
	tw_diags_release(&cluster.diags);
	tw_manifests_free(cluster.manifests);
	tw_spec_free(cluster.spec);
}

const struct conformance_adapter conformance_networkpolicy[] = {
	{"networkpolicy", NULL, run},
	{0},
};
