/* The keys of twin models: the file, and the ground it stands on. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static struct tw_spec *spec_of(struct tw_schema_reader *reader)
{
	return reader->context;
}

static const struct tw_table network_table;

/* ---- the ground -------------------------------------------------------- */

static void *add_node(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_node *node = tw_new(reader->arena, struct tw_spec_node);
	struct tw_spec *spec = base;

	(void)key;
	node->origin = tw_schema_origin(reader, value);
	node->name = "node";
	tw_vec_push_in(reader->arena, &spec->nodes, node);
	return node;
}

static void check_node(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_spec_node *it = base;
	const struct tw_spec *spec = spec_of(reader);

	for (size_t i = 0; spec->nodes.v[i] != it; i++) {
		const struct tw_spec_node *other = spec->nodes.v[i];
		struct tw_diag *diag;

		if (strcmp(other->name, it->name))
			continue;
		diag = tw_diag(reader->diags, TW_ERROR, node->pos,
			"a second kind of node named '%s'", it->name);
		tw_diag_hint(reader->diags, diag, "the first is %s:%d",
			other->origin->pos.file, other->origin->pos.line);
		return;
	}
}

static void read_labels(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec_node *to = base;

	if (!tw_yaml_is(node, TW_YAML_MAPPING)) {
		tw_schema_expected(
			reader, "labels", "a mapping of keys to values", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &node->pairs.v[i];

		if (!tw_yaml_text(pair->key) || !tw_yaml_text(pair->value)) {
			tw_schema_expected(
				reader, "labels", "one value", pair->value);
			continue;
		}
		tw_vec_push_in(reader->arena, &to->labels,
			((struct tw_label){tw_schema_text(reader, pair->key).v,
				tw_schema_text(reader, pair->value).v}));
	}
}

/* "key=value:Effect", "key:Effect". */
static bool parse_taint(
	struct tw_schema_reader *reader, const char *text, struct tw_taint *to)
{
	static const char *const effects[] = {
		"", "NoSchedule", "PreferNoSchedule", "NoExecute"};
	const char *colon = strrchr(text, ':');
	const char *equals = strchr(text, '=');

	if (!colon || colon == text)
		return false;
	if (equals && equals > colon)
		equals = NULL;
	for (size_t i = 1; i < 4; i++)
		if (!strcmp(colon + 1, effects[i]))
			to->effect = (enum tw_taint_effect)i;
	to->key = tw_arena_strndup(reader->arena, text,
		(size_t)((equals ? equals : colon) - text));
	to->value = equals ? tw_arena_strndup(reader->arena, equals + 1,
				     (size_t)(colon - equals - 1))
			   : "";
	return to->effect != TW_EFFECT_ANY;
}

static void read_taints(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec_node *to = base;

	if (!tw_yaml_is(node, TW_YAML_SEQUENCE))
		tw_schema_expected(reader, "taints", "a list", node);
	for (size_t i = 0; i < tw_yaml_count(node); i++) {
		struct tw_yaml *it = tw_yaml_item(node, i);
		const char *text = tw_yaml_text(it);
		struct tw_taint taint = {0};

		if (!text || !parse_taint(reader, text, &taint))
			tw_schema_expected(reader, "taints",
				"KEY=VALUE:NoSchedule, :PreferNoSchedule or "
				":NoExecute",
				it);
		else
			tw_vec_push_in(reader->arena, &to->taints, taint);
	}
}

static const struct tw_row node_rows[] = {
	{.name = "name",
		.type = TW_ROW_NAME,
		AT(tw_spec_node, name),
		.required = true,
		.help = "with a count of 3: NAME-1, NAME-2, NAME-3"},
	{.name = "count",
		.type = TW_ROW_INT,
		AT(tw_spec_node, count),
		.otherwise = "1",
		.max = 100000,
		.help = "how many there are"},
	{.name = "zone",
		.type = TW_ROW_TEXT,
		AT(tw_spec_node, zone),
		.otherwise = "a",
		.help = "where they stand"},
	{.name = "region",
		.type = TW_ROW_TEXT,
		AT(tw_spec_node, region),
		.help = "of the zone; its label " TW_NODE_REGION
			" if not given"},
	{.name = "cpu",
		.type = TW_ROW_CPU,
		AT(tw_spec_node, cpu),
		.min = 1,
		.help = "of each; without bound if not given"},
	{.name = "memory",
		.type = TW_ROW_BYTES,
		AT(tw_spec_node, memory),
		.min = 1,
		.help = "of each; without bound if not given"},
	{.name = "ephemeral-storage",
		.type = TW_ROW_BYTES,
		AT(tw_spec_node, disk),
		.min = 1,
		.help = "disk for containers, of which pods request some; "
			"without bound if not given"},
	{.name = "pods",
		.type = TW_ROW_INT,
		AT(tw_spec_node, pods),
		.min = 1,
		.otherwise = "110",
		.help = "that each can hold"},
	{.name = "min",
		.type = TW_ROW_INT,
		AT(tw_spec_node, min),
		.max = 100000,
		.help = "how few the cluster autoscaler leaves; `count` if not "
			"given"},
	{.name = "max",
		.type = TW_ROW_INT,
		AT(tw_spec_node, max),
		.min = 1,
		.max = 100000,
		.help = "how many the cluster autoscaler may have; `count` if "
			"not given"},
	{.name = "provisioning",
		.type = TW_ROW_DURATION,
		AT(tw_spec_node, provisioning),
		.otherwise = "2m",
		.help = "from the cluster autoscaler's decision until a new "
			"one is Ready"},
	{.name = "labels",
		.type = TW_ROW_FREE,
		.read = read_labels,
		.help = "beside kubernetes.io/hostname, os and arch, and "
			"topology.kubernetes.io/zone"},
	{.name = "taints",
		.type = TW_ROW_FREE,
		.read = read_taints,
		.free_type = "\"array\"",
		.help = "as kubectl taint takes them: "
			"[dedicated=gpu:NoSchedule]"},
	{0},
};

static const struct tw_table node_table = {
	.name = "node",
	.help = "machines of one kind",
	.rows = node_rows,
	.as_text = "name",
	.check = check_node,
};

/* The links of `same-zone` and `cross-zone` while a network is read. */
struct network {
	struct tw_law same, cross, cross_region;
};

static void add_link(struct tw_schema_reader *reader, const char *word,
	const struct tw_law *rtt)
{
	struct tw_spec_link *link = tw_new(reader->arena, struct tw_spec_link);

	if (!rtt->origin)
		return;
	link->from = link->to = word;
	link->rtt = *rtt;
	link->origin = rtt->origin;
	tw_vec_push_in(reader->arena, &spec_of(reader)->links, link);
}

static void *add_zones(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_link *link = tw_new(reader->arena, struct tw_spec_link);

	(void)base;
	(void)key;
	link->origin = tw_schema_origin(reader, value);
	link->from = link->to = "*";
	tw_vec_push_in(reader->arena, &spec_of(reader)->links, link);
	return link;
}

static void *add_regions(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_link *link = add_zones(reader, base, key, value);

	link->regions = true;
	return link;
}

static const struct tw_row link_rows[] = {
	{.name = "from",
		.type = TW_ROW_NAME,
		AT(tw_spec_link, from),
		.required = true,
		.help = "a zone (region), `outside`, or * for any"},
	{.name = "to",
		.type = TW_ROW_NAME,
		AT(tw_spec_link, to),
		.required = true,
		.help = "a zone (region), `outside`, or * for any"},
	{.name = "rtt",
		.type = TW_ROW_LAW,
		AT(tw_spec_link, rtt),
		.required = true,
		.help = "the round trip"},
	{0},
};

static const struct tw_table link_table = {
	.name = "link",
	.help = "the network between two zones",
	.rows = link_rows,
};

static const struct tw_row network_rows[] = {
	{.name = "same-zone",
		.type = TW_ROW_LAW,
		AT(network, same),
		.help = "round trip within a zone"},
	{.name = "cross-zone",
		.type = TW_ROW_LAW,
		AT(network, cross),
		.help = "round trip between two zones"},
	{.name = "cross-region",
		.type = TW_ROW_LAW,
		AT(network, cross_region),
		.help = "round trip between zones of two regions; as "
			"cross-zone if not given"},
	{.name = "regions",
		.type = TW_ROW_LIST,
		.table = &link_table,
		.add = add_regions,
		.help = "round trips between two regions in particular"},
	{.name = "zones",
		.type = TW_ROW_LIST,
		.table = &link_table,
		.add = add_zones,
		.help = "round trips between two zones in particular"},
	{0},
};

static void read_network(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct network network = {0};

	(void)base;
	tw_schema_read(reader, &network_table, &network, node);
	add_link(reader, "same", &network.same);
	add_link(reader, "cross", &network.cross);
	add_link(reader, "cross-region", &network.cross_region);
}

static const struct tw_table network_table = {
	.name = "network",
	.help = "round trip times",
	.rows = network_rows,
};

/* ---- the file ---------------------------------------------------------- */

/* "02:59" or "02:59:30" */
static void read_clock(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	static const int64_t most[] = {23, 59, 59};
	struct tw_spec *spec = base;
	struct tw_text text = tw_schema_text(reader, node);
	const char *at = text.v;
	int64_t part[3] = {0};
	bool good = at != NULL;
	size_t n = 0;

	for (; good && n < 3 && *at; n++) {
		const char *end = strchr(at, ':');
		size_t width = end ? (size_t)(end - at) : strlen(at);

		good = width <= 2 &&
		       tw_parse_int((struct tw_str){at, width}, &part[n]) &&
		       part[n] >= 0 && part[n] <= most[n];
		at += width + (end != NULL);
	}
	if (!good || n < 2 || *at)
		tw_schema_expected(reader, "clock",
			"a time of the day, \"02:59\" or \"02:59:30\"", node);
	else
		tw_set_int(&spec->clock,
			part[0] * TW_H + part[1] * TW_MIN + part[2] * TW_S,
			text.origin);
}

static const struct tw_row default_rows[] = {
	{.name = "workers",
		.type = TW_ROW_INT,
		AT(tw_spec, workers),
		.otherwise = "64",
		.min = 1,
		.max = 1e6,
		.help = "requests that a replica serves at once"},
	{.name = "queue",
		.type = TW_ROW_INT,
		AT(tw_spec, queue),
		.otherwise = "1024",
		.max = 1e7,
		.help = "requests that wait in a replica; more are shed"},
	{.name = "endpoint-delay",
		.type = TW_ROW_DURATION,
		AT(tw_spec, endpoint_delay),
		.otherwise = "1s",
		.help = "from a replica's death until its callers know"},
	{.name = "node-grace",
		.type = TW_ROW_DURATION,
		AT(tw_spec, node_grace),
		.otherwise = "the release's",
		.help = "from a node's death until its replicas are given up; "
			"without it as Kubernetes finds out: by its lease and "
			"node-monitor-grace-period, 40s up to 1.30, else 50s"},
	{.name = "probes",
		.type = TW_ROW_FLAG,
		AT(tw_spec, probes),
		.otherwise = "false",
		.help = "readiness and liveness probes of the manifests act in "
			"the run, as requests in the replicas' own queues"},
	{.name = "clock",
		.type = TW_ROW_FREE,
		.read = read_clock,
		.free_type = "\"string\"",
		.otherwise = "00:00",
		.help = "time of the day when a run begins, for CronJobs: "
			"\"02:59:30\" of a Monday, the first of a month"},
	{.name = "restart-delay",
		.type = TW_ROW_DURATION,
		AT(tw_spec, restart_delay),
		.otherwise = "10s",
		.help = "from a replica's death until it is ready again"},
	{.name = "propagate",
		.type = TW_ROW_TEXTS,
		AT(tw_spec, propagate),
		.help = "globs of headers that services pass on to those that "
			"they call, beside those of tracing"},
	{0},
};

static const struct tw_table defaults = {
	.name = "defaults",
	.help = "what holds where nothing else is said",
	.rows = default_rows,
};

/* The range is the check; the value has no place in a spec. */
static void read_version(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	static const struct tw_row row = {
		.name = "version", .type = TW_ROW_INT, .min = 1, .max = 1};
	struct tw_int version = {0};

	(void)base;
	tw_schema_value(reader, &row, &version, node);
}

/* "1.29" */
static void read_kubernetes(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec *spec = base;
	struct tw_text text = tw_schema_text(reader, node);
	int64_t minor;

	if (!text.v)
		return;
	if (strncmp(text.v, "1.", 2) ||
		!tw_parse_int(tw_str_of(text.v + 2), &minor) || minor < 26 ||
		minor > 99)
		tw_schema_expected(reader, "kubernetes",
			"a release from \"1.26\" on, in quotes", node);
	else
		tw_set_int(&spec->kubernetes, minor, text.origin);
}

/* models.c has looked at it before: it decides the origin of all else. */
static void read_assumed(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	bool assumed;

	(void)base;
	if (!tw_yaml_bool(node, &assumed))
		tw_diag(reader->diags, TW_ERROR, node->pos,
			"assumed: expected true or false");
}

static const struct tw_row model_rows[] = {
	{.name = "version",
		.type = TW_ROW_FREE,
		.read = read_version,
		.free_type = "\"integer\"",
		.required = true,
		.help = "of this format: 1"},
	{.name = "kubernetes",
		.type = TW_ROW_FREE,
		.read = read_kubernetes,
		.free_type = "\"string\"",
		.otherwise = "\"1.36\"",
		.help = "the release of the cluster, whose constants hold"},
	{.name = "assumed",
		.type = TW_ROW_FREE,
		.read = read_assumed,
		.free_type = "\"boolean\"",
		.otherwise = "false",
		.help = "what the file says is a guess: any other file's word "
			"counts more, and a verdict has to hold with its times "
			"halved and doubled"},
	{.name = "defaults",
		.type = TW_ROW_GROUP,
		.table = &defaults,
		.help = "what holds where nothing else is said"},
	{.name = "services",
		.type = TW_ROW_MAP,
		.table = &tw_service_table,
		.add = tw_service_add,
		.pattern = "NAMESPACE/NAME, or NAME where that is plain",
		.help = "what they do"},
	{.name = "external",
		.type = TW_ROW_MAP,
		.table = &tw_external_table,
		.add = tw_external_add,
		.pattern = "HOST, as addresses and ServiceEntries name it",
		.help = "dependencies outside the manifests, as black boxes"},
	{.name = "dns",
		.type = TW_ROW_FREE,
		.read = tw_dns_read,
		.table = &tw_dns_table,
		.help = "look-ups of names as load on the cluster's DNS "
			"server; without it they cost nothing"},
	{.name = "images",
		.type = TW_ROW_FREE,
		.read = tw_images_read,
		.table = &tw_images_table,
		.help = "pulls of images by pods that come in the run; without "
			"it every image is there"},
	{.name = "storage",
		.type = TW_ROW_GROUP,
		AT(tw_spec, storage),
		.table = &tw_storage_table,
		.help = "volumes of claims, as far as manifests do not tell"},
	{.name = "policies",
		.type = TW_ROW_LIST,
		.table = &tw_policy_table,
		.add = tw_policy_add,
		.help = "timeouts, retries and balancing between services; the "
			"first that fits a call applies, after the manifests'"},
	{.name = "grpc",
		.type = TW_ROW_LIST,
		.table = &tw_grpc_table,
		.add = tw_grpc_add,
		.help = "service configs of gRPC: policies, in the words that "
			"the team has"},
	{.name = "entry",
		.type = TW_ROW_LIST,
		.table = &tw_entry_table,
		.add = tw_entry_add,
		.help = "which service gets a request from outside"},
	{.name = "nodes",
		.type = TW_ROW_LIST,
		.table = &node_table,
		.add = add_node,
		.help = "the machines"},
	{.name = "autoscaling",
		.type = TW_ROW_GROUP,
		AT(tw_spec, autoscaling),
		.table = &tw_autoscaling_table,
		.help = "how the cluster's autoscaling is set"},
	{.name = "metrics",
		.type = TW_ROW_MAP,
		.table = &tw_metric_table,
		.add = tw_metric_add,
		.pattern = "NAME, as an autoscaler asks for it",
		.help = "what autoscalers read beside cpu and memory"},
	{.name = "network",
		.type = TW_ROW_FREE,
		.read = read_network,
		.table = &network_table,
		.help = "round trip times"},
	{0},
};

const struct tw_table tw_model_table = {
	.name = "twin model",
	.help = "a twin model",
	.rows = model_rows,
};
