/* The keys of twin models. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static struct tw_spec *spec_of(struct tw_reader *reader)
{
	return reader->context;
}

/* ---- steps ------------------------------------------------------------- */

static const struct tw_table step;
static const struct tw_table network_table;

static void *add_child(struct tw_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_step *parent = base;
	struct tw_spec_step *child = tw_spec_step(spec_of(reader),
		TW_STEP_SEQUENCE, tw_reader_origin(reader, value));

	(void)key;
	tw_vec_push_in(reader->arena, &parent->children, child);
	return child;
}

/* "SERVICE[:ENDPOINT]", each with its own place. */
static void split_call(struct tw_reader *reader, struct tw_spec_step *call)
{
	const char *text = call->service.v, *colon = strchr(text, ':');
	struct tw_origin *origin;
	size_t n;

	if (!colon)
		return;
	n = (size_t)(colon - text);
	call->service.v = tw_arena_strndup(reader->arena, text, n);
	if (!n || !colon[1]) {
		tw_diag(reader->diags, TW_ERROR, call->service.origin->pos,
			"call: expected SERVICE or SERVICE:ENDPOINT");
		return;
	}
	origin = tw_new(reader->arena, struct tw_origin);
	*origin = *call->service.origin;
	origin->pos.column += (int)n + 1;
	origin->pos.width -= (int)n + 1;
	if (origin->pos.width < 1)
		origin->pos.width = 1;
	call->endpoint.v = colon + 1;
	call->endpoint.origin = origin;
}

static void only_for_calls(
	struct tw_reader *reader, const struct tw_yaml *node, const char *name)
{
	const struct tw_yaml_pair *pair = tw_yaml_find(node, name);

	if (pair)
		tw_diag(reader->diags, TW_ERROR, pair->key->pos,
			"'%s' is for a 'call' only", name);
}

/* What kind it is shows by the key that is there. */
static void check_step(
	struct tw_reader *reader, void *base, const struct tw_yaml *node)
{
	struct tw_spec_step *it = base;

	if (tw_yaml_find(node, "cpu"))
		it->kind = TW_STEP_CPU;
	else if (tw_yaml_find(node, "wait"))
		it->kind = TW_STEP_WAIT;
	else if (tw_yaml_find(node, "parallel"))
		it->kind = TW_STEP_PARALLEL;
	else if (tw_yaml_find(node, "call"))
		it->kind = TW_STEP_CALL;
	if (it->service.v) {
		split_call(reader, it);
		return;
	}
	only_for_calls(reader, node, "timeout");
	only_for_calls(reader, node, "retries");
	only_for_calls(reader, node, "optional");
}

static const char *const step_kinds[] = {
	"cpu", "wait", "call", "parallel", "sequence", NULL};

static const struct tw_row step_rows[] = {
	{.name = "cpu",
		.type = TW_ROW_LAW,
		AT(tw_spec_step, law),
		.help = "work: time on a CPU"},
	{.name = "wait",
		.type = TW_ROW_LAW,
		AT(tw_spec_step, law),
		.help = "time off the CPU: a disk, a lock, somebody else's "
			"network"},
	{.name = "call",
		.type = TW_ROW_TEXT,
		AT(tw_spec_step, service),
		.help = "SERVICE or SERVICE:ENDPOINT"},
	{.name = "parallel",
		.type = TW_ROW_LIST,
		.table = &step,
		.add = add_child,
		.help = "steps side by side; done when all are"},
	{.name = "sequence",
		.type = TW_ROW_LIST,
		.table = &step,
		.add = add_child,
		.help = "steps one after the other"},
	{.name = "timeout",
		.type = TW_ROW_DURATION,
		AT(tw_spec_step, timeout),
		.min = 1,
		.help = "call: the caller's own"},
	{.name = "retries",
		.type = TW_ROW_INT,
		AT(tw_spec_step, retries),
		.otherwise = "0",
		.max = 100,
		.help = "call: the caller's own"},
	{.name = "optional",
		.type = TW_ROW_FLAG,
		AT(tw_spec_step, optional),
		.otherwise = "false",
		.help = "call: its failure does not fail the caller"},
	{.name = "probability",
		.type = TW_ROW_RATIO,
		AT(tw_spec_step, probability),
		.otherwise = "100%",
		.help = "of the step being done"},
	{.name = "repeat",
		.type = TW_ROW_INT,
		AT(tw_spec_step, repeat),
		.otherwise = "1",
		.max = 10000,
		.help = "how often, one after the other"},
	{0},
};

static const struct tw_table step = {
	.name = "step",
	.help = "one thing that an endpoint does",
	.rows = step_rows,
	.as_list = "sequence",
	.one_of = step_kinds,
	.check = check_step,
};

/* ---- services ---------------------------------------------------------- */

static void *add_endpoint_step(struct tw_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_endpoint *endpoint = base;
	struct tw_spec_step *child = tw_spec_step(spec_of(reader),
		TW_STEP_SEQUENCE, tw_reader_origin(reader, value));

	(void)key;
	tw_vec_push_in(reader->arena, &endpoint->steps, child);
	return child;
}

static const struct tw_row endpoint_rows[] = {
	{.name = "steps",
		.type = TW_ROW_LIST,
		.table = &step,
		.add = add_endpoint_step,
		.help = "what it does, one after the other"},
	{.name = "errors",
		.type = TW_ROW_RATIO,
		AT(tw_spec_endpoint, errors),
		.otherwise = "0%",
		.help = "share of its requests that fail by themselves"},
	{.name = "status",
		.type = TW_ROW_INT,
		AT(tw_spec_endpoint, status),
		.otherwise = "500",
		.min = 400,
		.max = 599,
		.help = "of those failures"},
	{0},
};

static const struct tw_table endpoint = {
	.name = "endpoint",
	.help = "what a service does for one kind of request",
	.rows = endpoint_rows,
	.as_list = "steps",
};

/* Replaces what a weaker source said; a second file may not add to it. */
static void *add_endpoint(struct tw_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_service *service = base;
	struct tw_spec_endpoint *it =
		tw_map_get(&service->endpoints, key->value);
	struct tw_diag *diag;

	(void)value;
	if (it && it->origin && it->origin->source == reader->source) {
		diag = tw_diag(reader->diags, TW_ERROR, key->pos,
			"endpoint '%s' of %s is here a second time", key->value,
			service->key);
		if (it->origin->pos.file)
			tw_diag_hint(reader->diags, diag, "the first is %s:%d",
				it->origin->pos.file, it->origin->pos.line);
		return NULL;
	}
	if (!it)
		return tw_spec_endpoint(spec_of(reader), service, key->value,
			tw_reader_origin(reader, key));
	it->origin = tw_reader_origin(reader, key);
	it->steps = (struct tw_spec_steps){0};
	return it;
}

static const char *const balancers[] = {
	[TW_BALANCE_ROUND_ROBIN] = "round-robin",
	[TW_BALANCE_RANDOM] = "random",
	[TW_BALANCE_LEAST_REQUEST] = "least-request",
	NULL,
};

static const struct tw_row service_rows[] = {
	{.name = "endpoints",
		.type = TW_ROW_MAP,
		.table = &endpoint,
		.add = add_endpoint,
		.pattern = "METHOD /path/{template}, or a gRPC method",
		.help = "what it answers, and how"},
	{.name = "workers",
		.type = TW_ROW_INT,
		AT(tw_spec_service, workers),
		.min = 1,
		.max = 1e6,
		.help = "requests that a replica serves at once; `defaults` if "
			"not given"},
	{.name = "queue",
		.type = TW_ROW_INT,
		AT(tw_spec_service, queue),
		.max = 1e7,
		.help = "requests that wait in a replica; more are shed; "
			"`defaults` if not given"},
	{.name = "replicas",
		.type = TW_ROW_INT,
		AT(tw_spec_service, replicas),
		.otherwise = "1",
		.max = 100000,
		.help = "where no manifest says"},
	{.name = "balancer",
		.type = TW_ROW_ENUM,
		AT(tw_spec_service, balancer),
		.otherwise = "round-robin",
		.choices = balancers,
		.help = "how its callers choose a replica"},
	{0},
};

static const struct tw_table service = {
	.name = "service",
	.help = "one service",
	.rows = service_rows,
};

/* Manifests are there, and none has it, but one that is nearly so named. */
static void warn_unknown(struct tw_reader *reader,
	const struct tw_spec_service *it, const struct tw_yaml *key)
{
	const struct tw_spec *spec = spec_of(reader);
	TW_VEC(const char *) names = {0};
	const char *near;

	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *other = spec->services.v[i].value;

		if (other->has_object)
			tw_vec_push(&names, strchr(key->value, '/')
						    ? other->key
						    : other->name);
	}
	near = it->has_object ? NULL : tw_nearest(key->value, names.v, names.n);
	if (near && strcmp(near, key->value)) {
		struct tw_diag *diag = tw_diag(reader->diags, TW_WARNING,
			key->pos, "no manifest has a service '%s'", key->value);

		diag->rule = "unknown-service";
		tw_diag_hint(reader->diags, diag, "did you mean '%s'?", near);
	}
	tw_vec_release(&names);
}

static void *add_service(struct tw_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_service *it = tw_spec_service(
		base, NULL, key->value, tw_reader_origin(reader, key));

	(void)value;
	warn_unknown(reader, it, key);
	return it;
}

/* ---- policies ---------------------------------------------------------- */

static const struct {
	const char *name;
	enum tw_retry_on bit;
} retry_words[] = {
	{"5xx", TW_RETRY_5XX},
	{"gateway-error", TW_RETRY_GATEWAY_ERROR},
	{"connect-failure", TW_RETRY_CONNECT_FAILURE},
	{"reset", TW_RETRY_RESET},
	{"refused", TW_RETRY_REFUSED},
	{"retriable-4xx", TW_RETRY_RETRIABLE_4XX},
	{"timeout", TW_RETRY_TIMEOUT},
	{"unavailable", TW_RETRY_UNAVAILABLE},
};

#define N_RETRY_WORDS (sizeof retry_words / sizeof *retry_words)

static void add_retry_on(struct tw_reader *reader, struct tw_spec_policy *to,
	const struct tw_yaml *node)
{
	struct tw_str word = tw_yaml_str(node);
	const char *names[N_RETRY_WORDS];
	struct tw_diag *diag;
	int64_t code;

	if (tw_yaml_int(node, &code) && code >= 100 && code <= 599) {
		tw_vec_push_in(reader->arena, &to->retry_codes, (int)code);
		return;
	}
	for (size_t i = 0; i < N_RETRY_WORDS; i++) {
		names[i] = retry_words[i].name;
		if (!word.p || !tw_str_equal(word, names[i]))
			continue;
		to->retry_on.v |= retry_words[i].bit;
		to->retry_on.origin = tw_reader_origin(reader, node);
		return;
	}
	diag = tw_reader_expected(reader, "retry-on",
		"a status such as 503, or what failed", node);
	if (word.p)
		tw_diag_nearest(
			reader->diags, diag, word.p, names, N_RETRY_WORDS);
	if (!diag->hint)
		diag->hint = "5xx, gateway-error, connect-failure, reset, "
			     "refused, retriable-4xx, timeout, unavailable";
}

static void read_retry_on(
	struct tw_reader *reader, void *base, struct tw_yaml *node)
{
	tw_yaml_use_all(node);
	if (node->kind != TW_YAML_SEQUENCE)
		add_retry_on(reader, base, node);
	for (size_t i = 0; i < node->items.n; i++)
		add_retry_on(reader, base, node->items.v[i]);
}

static void *add_destination(struct tw_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_policy *to = base;

	(void)key;
	(void)value;
	tw_vec_push_in(reader->arena, &to->destinations,
		(struct tw_spec_destination){0});
	return &to->destinations.v[to->destinations.n - 1];
}

static const struct tw_row destination_rows[] = {
	{.name = "service",
		.type = TW_ROW_TEXT,
		AT(tw_spec_destination, service),
		.help = "where they go instead; the callee if not given"},
	{.name = "subset",
		.type = TW_ROW_TEXT,
		AT(tw_spec_destination, subset),
		.help = "a subset of its replicas"},
	{.name = "weight",
		.type = TW_ROW_INT,
		AT(tw_spec_destination, weight),
		.max = 1e6,
		.help = "its share; equal ones if not given"},
	{0},
};

static const struct tw_table destination = {
	.name = "destination",
	.help = "where calls go",
	.rows = destination_rows,
	.as_text = "service",
};

static void *add_policy(struct tw_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec *spec = base;
	struct tw_spec_policy *to =
		tw_new(reader->arena, struct tw_spec_policy);

	(void)key;
	to->origin = tw_reader_origin(reader, value);
	to->callee = "*";
	tw_vec_push_in(reader->arena, &spec->policies, to);
	return to;
}

static const struct tw_row policy_rows[] = {
	{.name = "caller",
		.type = TW_ROW_NAME,
		AT(tw_spec_policy, caller),
		.help = "glob of the calling service; any if not given"},
	{.name = "callee",
		.type = TW_ROW_NAME,
		AT(tw_spec_policy, callee),
		.required = true,
		.help = "glob of the service that is called"},
	{.name = "endpoint",
		.type = TW_ROW_NAME,
		AT(tw_spec_policy, endpoint),
		.help = "glob of its endpoints; any if not given"},
	{.name = "timeout",
		.type = TW_ROW_DURATION,
		AT(tw_spec_policy, timeout),
		.min = 1,
		.help = "of all tries together"},
	{.name = "try-timeout",
		.type = TW_ROW_DURATION,
		AT(tw_spec_policy, try_timeout),
		.min = 1,
		.help = "of one try"},
	{.name = "retries",
		.type = TW_ROW_INT,
		AT(tw_spec_policy, retries),
		.max = 100,
		.help = "beyond the first try"},
	{.name = "retry-on",
		.type = TW_ROW_FREE,
		.read = read_retry_on,
		.free_type = "\"string\", \"integer\", \"array\"",
		.help = "what is tried again: 5xx, gateway-error, "
			"connect-failure, reset, refused, retriable-4xx, "
			"timeout, unavailable, statuses"},
	{.name = "backoff",
		.type = TW_ROW_DURATION,
		AT(tw_spec_policy, backoff_base),
		.otherwise = "25ms",
		.min = 1,
		.help = "base of the pause before a retry; it doubles"},
	{.name = "backoff-max",
		.type = TW_ROW_DURATION,
		AT(tw_spec_policy, backoff_max),
		.min = 1,
		.help = "its longest; ten times the base if not given"},
	{.name = "balancer",
		.type = TW_ROW_ENUM,
		AT(tw_spec_policy, balancer),
		.choices = balancers,
		.help = "how a replica is chosen"},
	{.name = "destinations",
		.type = TW_ROW_LIST,
		.table = &destination,
		.add = add_destination,
		.help = "where the calls go, by weight"},
	{0},
};

static const struct tw_table policy = {
	.name = "policy",
	.help = "what lies between a caller and a callee",
	.rows = policy_rows,
};

/* ---- the way in -------------------------------------------------------- */

static const char *const matches[] = {
	[TW_PATH_PREFIX] = "prefix",
	[TW_PATH_EXACT] = "exact",
	[TW_PATH_TEMPLATE] = "template",
	NULL,
};

struct entry {
	struct tw_int match;
	struct tw_spec_entry to;
};

static void *add_entry(struct tw_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct entry *entry = tw_new(reader->arena, struct entry);
	struct tw_spec *spec = base;

	(void)key;
	entry->to.origin = tw_reader_origin(reader, value);
	entry->to.path = "/";
	tw_vec_push_in(reader->arena, &spec->entries, &entry->to);
	return entry;
}

static void check_entry(
	struct tw_reader *reader, void *base, const struct tw_yaml *node)
{
	struct entry *entry = base;

	(void)node;
	if (entry->match.origin)
		entry->to.match = (enum tw_path_match)entry->match.v;
	else if (strchr(entry->to.path, '{'))
		entry->to.match = TW_PATH_TEMPLATE;
	if (*entry->to.path != '/')
		tw_diag(reader->diags, TW_ERROR, tw_yaml_get(node, "path")->pos,
			"path: must begin with '/'");
}

static const struct tw_row entry_rows[] = {
	{.name = "service",
		.type = TW_ROW_TEXT,
		AT(entry, to.service),
		.required = true,
		.help = "that gets the requests"},
	{.name = "host",
		.type = TW_ROW_NAME,
		AT(entry, to.host),
		.help = "such as *.shop.example; any if not given"},
	{.name = "method",
		.type = TW_ROW_NAME,
		AT(entry, to.method),
		.help = "any if not given"},
	{.name = "path",
		.type = TW_ROW_NAME,
		AT(entry, to.path),
		.otherwise = "/",
		.help = "a prefix, or a template such as /product/{id}"},
	{.name = "match",
		.type = TW_ROW_ENUM,
		AT(entry, match),
		.choices = matches,
		.help = "how the path is meant; `template` where it holds a "
			"brace, else `prefix`"},
	{.name = "port",
		.type = TW_ROW_INT,
		AT(entry, to.port),
		.min = 1,
		.max = 65535,
		.help = "of the service"},
	{.name = "weight",
		.type = TW_ROW_INT,
		AT(entry, to.weight),
		.max = 1e6,
		.help = "among rules that are alike"},
	{0},
};

static const struct tw_table entry_table = {
	.name = "entry",
	.help = "which service gets a request from outside",
	.rows = entry_rows,
	.as_text = "service",
	.check = check_entry,
};

/* ---- the ground -------------------------------------------------------- */

static void *add_node(struct tw_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_node *node = tw_new(reader->arena, struct tw_spec_node);
	struct tw_spec *spec = base;

	(void)key;
	node->origin = tw_reader_origin(reader, value);
	node->name = "node";
	tw_vec_push_in(reader->arena, &spec->nodes, node);
	return node;
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
	{0},
};

static const struct tw_table node_table = {
	.name = "node",
	.help = "machines of one kind",
	.rows = node_rows,
};

/* The links of `same-zone` and `cross-zone` while a network is read. */
struct network {
	struct tw_law same, cross;
};

static void add_link(
	struct tw_reader *reader, const char *word, const struct tw_law *rtt)
{
	struct tw_spec_link *link = tw_new(reader->arena, struct tw_spec_link);

	if (!rtt->origin)
		return;
	link->from = link->to = word;
	link->rtt = *rtt;
	link->origin = rtt->origin;
	tw_vec_push_in(reader->arena, &spec_of(reader)->links, link);
}

static void *add_zones(struct tw_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_link *link = tw_new(reader->arena, struct tw_spec_link);

	(void)base;
	(void)key;
	link->origin = tw_reader_origin(reader, value);
	link->from = link->to = "*";
	tw_vec_push_in(reader->arena, &spec_of(reader)->links, link);
	return link;
}

static const struct tw_row link_rows[] = {
	{.name = "from",
		.type = TW_ROW_NAME,
		AT(tw_spec_link, from),
		.required = true,
		.help = "a zone, `outside`, or * for any"},
	{.name = "to",
		.type = TW_ROW_NAME,
		AT(tw_spec_link, to),
		.required = true,
		.help = "a zone, `outside`, or * for any"},
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
	{.name = "zones",
		.type = TW_ROW_LIST,
		.table = &link_table,
		.add = add_zones,
		.help = "round trips between two zones in particular"},
	{0},
};

static void read_network(
	struct tw_reader *reader, void *base, struct tw_yaml *node)
{
	struct network network = {0};

	(void)base;
	tw_schema_read(reader, &network_table, &network, node);
	add_link(reader, "same", &network.same);
	add_link(reader, "cross", &network.cross);
}

static const struct tw_table network_table = {
	.name = "network",
	.help = "round trip times",
	.rows = network_rows,
};

/* ---- the file ---------------------------------------------------------- */

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
		.otherwise = "50s",
		.help = "from a node's death until its replicas are given up"},
	{.name = "restart-delay",
		.type = TW_ROW_DURATION,
		AT(tw_spec, restart_delay),
		.otherwise = "10s",
		.help = "from a replica's death until it is ready again"},
	{0},
};

static const struct tw_table defaults = {
	.name = "defaults",
	.help = "what holds where nothing else is said",
	.rows = default_rows,
};

/* The range is the check; the value has no place in a spec. */
static void read_version(
	struct tw_reader *reader, void *base, struct tw_yaml *node)
{
	static const struct tw_row row = {
		.name = "version", .type = TW_ROW_INT, .min = 1, .max = 1};
	struct tw_int version = {0};

	(void)base;
	tw_schema_value(reader, &row, &version, node);
}

static const struct tw_row model_rows[] = {
	{.name = "version",
		.type = TW_ROW_FREE,
		.read = read_version,
		.free_type = "\"integer\"",
		.required = true,
		.help = "of this format: 1"},
	{.name = "defaults",
		.type = TW_ROW_GROUP,
		.table = &defaults,
		.help = "what holds where nothing else is said"},
	{.name = "services",
		.type = TW_ROW_MAP,
		.table = &service,
		.add = add_service,
		.pattern = "NAMESPACE/NAME, or NAME where that is plain",
		.help = "what they do"},
	{.name = "policies",
		.type = TW_ROW_LIST,
		.table = &policy,
		.add = add_policy,
		.help = "timeouts, retries and balancing between services; the "
			"first that fits a call applies, after the manifests'"},
	{.name = "entry",
		.type = TW_ROW_LIST,
		.table = &entry_table,
		.add = add_entry,
		.help = "which service gets a request from outside"},
	{.name = "nodes",
		.type = TW_ROW_LIST,
		.table = &node_table,
		.add = add_node,
		.help = "the machines"},
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
