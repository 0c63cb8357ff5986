/* The keys of twin models: policies, and the way in. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

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

static void add_retry_on(struct tw_schema_reader *reader,
	struct tw_spec_policy *to, const struct tw_yaml *node)
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
		to->retry_on.origin = tw_schema_origin(reader, node);
		return;
	}
	diag = tw_schema_expected(reader, "retry-on",
		"a status such as 503, or what failed", node);
	if (word.p)
		tw_diag_nearest(
			reader->diags, diag, word.p, names, N_RETRY_WORDS);
	if (!diag->hint)
		diag->hint = "5xx, gateway-error, connect-failure, reset, "
			     "refused, retriable-4xx, timeout, unavailable";
}

static void read_retry_on(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	tw_yaml_use_all(node);
	if (node->kind != TW_YAML_SEQUENCE)
		add_retry_on(reader, base, node);
	for (size_t i = 0; i < node->items.n; i++)
		add_retry_on(reader, base, node->items.v[i]);
}

static void *add_destination(struct tw_schema_reader *reader, void *base,
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

void *tw_policy_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec *spec = base;
	struct tw_spec_policy *to =
		tw_new(reader->arena, struct tw_spec_policy);

	(void)key;
	to->origin = tw_schema_origin(reader, value);
	to->callee = "*";
	tw_vec_push_in(reader->arena, &spec->policies, to);
	return to;
}

static void *add_mirror(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_policy *to = base;

	(void)key;
	(void)value;
	tw_vec_push_in(reader->arena, &to->mirrors, (struct tw_spec_mirror){0});
	return &to->mirrors.v[to->mirrors.n - 1];
}

static const struct tw_row mirror_rows[] = {
	{.name = "service",
		.type = TW_ROW_TEXT,
		AT(tw_spec_mirror, service),
		.help = "that gets the copies; the callee if not given"},
	{.name = "subset",
		.type = TW_ROW_TEXT,
		AT(tw_spec_mirror, subset),
		.help = "a subset of its replicas"},
	{.name = "share",
		.type = TW_ROW_RATIO,
		AT(tw_spec_mirror, share),
		.otherwise = "100%",
		.help = "of the requests"},
	{0},
};

static const struct tw_table mirror = {
	.name = "mirror",
	.help = "copies of requests whose answers are thrown away",
	.rows = mirror_rows,
	.as_text = "service",
};

static const struct tw_row inject_rows[] = {
	{.name = "delay",
		.type = TW_ROW_DURATION,
		AT(tw_spec_inject, delay),
		.help = "before the request is sent on"},
	{.name = "delay-share",
		.type = TW_ROW_RATIO,
		AT(tw_spec_inject, delay_share),
		.otherwise = "100%",
		.help = "of the requests"},
	{.name = "abort",
		.type = TW_ROW_INT,
		AT(tw_spec_inject, abort),
		.min = 200,
		.max = 599,
		.help = "answered with this status instead"},
	{.name = "abort-share",
		.type = TW_ROW_RATIO,
		AT(tw_spec_inject, abort_share),
		.otherwise = "100%",
		.help = "of the requests"},
	{0},
};

static const struct tw_table inject = {
	.name = "inject",
	.help = "what the caller's proxy does to requests, unseen by timeouts "
		"and retries",
	.rows = inject_rows,
};

static void read_policy_headers(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec_policy *to = base;

	tw_headers_read(reader, &to->conditions, node);
}

static void read_policy_query(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec_policy *to = base;

	tw_query_read(reader, &to->conditions, node);
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
	{.name = "subset",
		.type = TW_ROW_NAME,
		AT(tw_spec_policy, subset),
		.help = "glob of the callee's subsets, for what is kept for "
			"each: breakers, budgets; any if not given"},
	{.name = "path-prefix",
		.type = TW_ROW_TEXT,
		AT(tw_spec_policy, path_prefix),
		.help = "what the endpoint's path begins with"},
	{.name = "path",
		.type = TW_ROW_TEXT,
		AT(tw_spec_policy, path_exact),
		.help = "the endpoint's path"},
	{.name = "headers",
		.type = TW_ROW_FREE,
		.read = read_policy_headers,
		.help = "that requests must have: {name: value}, or "
			"{exact|prefix|regex: value}, {present: false}, "
			"{not: value} for the value"},
	{.name = "query",
		.type = TW_ROW_FREE,
		.read = read_policy_query,
		.help = "parameters that requests must have, in the same "
			"words"},
	{.name = "rewrite",
		.type = TW_ROW_TEXT,
		AT(tw_spec_policy, rewrite),
		.help = "what stands in place of path-prefix, or of the whole "
			"path: it decides the endpoint"},
	{.name = "respond",
		.type = TW_ROW_INT,
		AT(tw_spec_policy, respond),
		.min = 200,
		.max = 599,
		.help = "the proxy answers itself with this status"},
	{.name = "mirror",
		.type = TW_ROW_LIST,
		.table = &mirror,
		.add = add_mirror,
		.help = "who gets copies of the requests"},
	{.name = "inject",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, inject),
		.table = &inject,
		.help = "delays and aborts by the caller's proxy"},
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
	{.name = "host-retries",
		.type = TW_ROW_INT,
		AT(tw_spec_policy, host_retries),
		.otherwise = "0",
		.max = 100,
		.help = "how often a retry chooses again where it came upon a "
			"replica that was tried (Envoy's previous_hosts)"},
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
		.help = "base of the pause before a retry; it doubles; 0s: at "
			"once"},
	{.name = "backoff-max",
		.type = TW_ROW_DURATION,
		AT(tw_spec_policy, backoff_max),
		.help = "its longest; ten times the base if not given"},
	{.name = "backoff-multiplier",
		.type = TW_ROW_REAL,
		AT(tw_spec_policy, backoff_multiplier),
		.min = 1,
		.max = 1000,
		.help = "gRPC's pauses instead of Envoy's: the base times this "
			"for each retry, spread by `backoff-jitter`"},
	{.name = "backoff-jitter",
		.type = TW_ROW_RATIO,
		AT(tw_spec_policy, backoff_jitter),
		.help = "so much less or more, uniformly; with "
			"`backoff-multiplier`, 20% if not given"},
	{.name = "push-back",
		.type = TW_ROW_SWITCH,
		AT(tw_spec_policy, push_back),
		.otherwise = "false",
		.help = "as gRPC: the pause is what the callee says with 429 "
			"or 503 (`retry-after`), and counts anew after it"},
	{.name = "rate-limited-backoff",
		.type = TW_ROW_DURATION,
		AT(tw_spec_policy, rate_limited_backoff),
		.help = "as Envoy: what the callee says up to this long, and "
			"up to half of it more"},
	{.name = "connections",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, connections),
		.table = &tw_connections_table,
		.help = "connections to each replica; without them a request "
			"needs none"},
	{.name = "circuit-breaker",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, breaker),
		.table = &tw_breaker_table,
		.help = "bounds of what one caller's replica has under way"},
	{.name = "retry-budget",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, budget),
		.table = &tw_budget_table,
		.help = "how many retries there may be beside the requests"},
	{.name = "retry-throttling",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, throttle),
		.table = &tw_throttle_table,
		.help = "gRPC's: no retries while most calls fail"},
	{.name = "balancer",
		.type = TW_ROW_ENUM,
		AT(tw_spec_policy, balancer),
		.choices = tw_balancer_names,
		.help = "how a replica is chosen"},
	{.name = "locality",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, locality),
		.table = &tw_locality_table,
		.help = "which zones are called"},
	{.name = "rate-limit",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, rate_limit),
		.table = &tw_limit_table,
		.help = "tries beyond it are answered 429"},
	{.name = "application-breaker",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, app_breaker),
		.table = &tw_app_breaker_table,
		.help = "resilience4j's circuit breaker, around all tries"},
	{.name = "bulkhead",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, bulkhead),
		.table = &tw_bulkhead_table,
		.help = "resilience4j's bulkhead, around all tries"},
	{.name = "propagate-deadline",
		.type = TW_ROW_SWITCH,
		AT(tw_spec_policy, propagate_deadline),
		.otherwise = "false",
		.help = "as gRPC: what is left of `timeout` bounds the calls "
			"that the callee makes"},
	{.name = "load-balancing",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, balancing),
		.table = &tw_balancing_table,
		.help = "more of how a replica is chosen"},
	{.name = "outlier-detection",
		.type = TW_ROW_GROUP,
		AT(tw_spec_policy, outlier),
		.table = &tw_outlier_table,
		.help = "replicas that answer badly are passed over for a "
			"while"},
	{.name = "destinations",
		.type = TW_ROW_LIST,
		.table = &destination,
		.add = add_destination,
		.help = "where the calls go, by weight"},
	{0},
};

const struct tw_table tw_policy_table = {
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

void *tw_entry_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct entry *entry = tw_new(reader->arena, struct entry);
	struct tw_spec *spec = base;

	(void)key;
	entry->to.origin = tw_schema_origin(reader, value);
	entry->to.path = "/";
	tw_vec_push_in(reader->arena, &spec->entries, &entry->to);
	return entry;
}

static void check_entry(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
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

static void read_entry_headers(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct entry *entry = base;

	tw_headers_read(reader, &entry->to.conditions, node);
}

static void read_entry_query(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct entry *entry = base;

	tw_query_read(reader, &entry->to.conditions, node);
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
	{.name = "headers",
		.type = TW_ROW_FREE,
		.read = read_entry_headers,
		.help = "that requests must have, as in `policies`"},
	{.name = "query",
		.type = TW_ROW_FREE,
		.read = read_entry_query,
		.help = "parameters that requests must have"},
	{.name = "rewrite",
		.type = TW_ROW_TEXT,
		AT(entry, to.rewrite),
		.help = "what stands in place of the path for the service"},
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

const struct tw_table tw_entry_table = {
	.name = "entry",
	.help = "which service gets a request from outside",
	.rows = entry_rows,
	.as_text = "service",
	.check = check_entry,
};
