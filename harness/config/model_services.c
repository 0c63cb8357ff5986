/* The keys of twin models: services. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static struct tw_spec *spec_of(struct tw_schema_reader *reader)
{
	return reader->context;
}

const char *const tw_balancer_names[] = {
	[TW_BALANCE_ROUND_ROBIN] = "round-robin",
	[TW_BALANCE_RANDOM] = "random",
	[TW_BALANCE_LEAST_REQUEST] = "least-request",
	[TW_BALANCE_RING_HASH] = "ring-hash",
	[TW_BALANCE_MAGLEV] = "maglev",
	NULL,
};

static const char *const concurrencies[] = {
	[TW_THREADS] = "threads", [TW_ASYNC] = "async", NULL};
static const char *const queue_orders[] = {[TW_FIFO] = "fifo",
	[TW_LIFO] = "lifo",
	[TW_ADAPTIVE_LIFO] = "adaptive-lifo",
	NULL};
static const char *const abandoned_names[] = {
	[TW_ABANDONED_SERVE] = "serve", [TW_ABANDONED_DROP] = "drop", NULL};

/* These are parts of the service: they stand at its own offsets. */
static const struct tw_row memory_rows[] = {
	{.name = "base",
		.type = TW_ROW_BYTES,
		AT(tw_spec_service, memory_base),
		.help = "of a replica without any request"},
	{.name = "per-request",
		.type = TW_ROW_BYTES,
		AT(tw_spec_service, memory_request),
		.help = "of each request at work"},
	{.name = "leak",
		.type = TW_ROW_BYTES,
		AT(tw_spec_service, memory_leak),
		.help = "that each request leaves behind"},
	{.name = "limit",
		.type = TW_ROW_BYTES,
		AT(tw_spec_service, memory_limit),
		.min = 1,
		.help = "beyond which the container is killed, where no "
			"manifest says"},
	{0},
};

static const struct tw_table memory = {
	.name = "memory",
	.help = "memory of a replica",
	.rows = memory_rows,
};

static const struct tw_row pause_rows[] = {
	{.name = "every",
		.type = TW_ROW_LAW,
		AT(tw_spec_service, pause_every),
		.required = true,
		.help = "from the end of one to the next"},
	{.name = "for",
		.type = TW_ROW_LAW,
		AT(tw_spec_service, pause_for),
		.required = true,
		.help = "how long one lasts"},
	{0},
};

static const struct tw_table pauses = {
	.name = "pauses",
	.help = "when all work of a replica stands still",
	.rows = pause_rows,
};

static const struct tw_row slow_rows[] = {
	{.name = "factor",
		.type = TW_ROW_FACTOR,
		AT(tw_spec_service, slow_factor),
		.required = true,
		.help = "how many times as long cpu and wait steps take"},
	{.name = "enter",
		.type = TW_ROW_LAW,
		AT(tw_spec_service, slow_enter),
		.required = true,
		.help = "how long all is well"},
	{.name = "leave",
		.type = TW_ROW_LAW,
		AT(tw_spec_service, slow_leave),
		.required = true,
		.help = "how long it is slow"},
	{0},
};

static const struct tw_table slow_mode = {
	.name = "slow-mode",
	.help = "spells in which the work of a replica takes longer",
	.rows = slow_rows,
};

static const struct tw_row service_rows[] = {
	{.name = "endpoints",
		.type = TW_ROW_MAP,
		.table = &tw_endpoint_table,
		.add = tw_endpoint_add,
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
	{.name = "queue-order",
		.type = TW_ROW_ENUM,
		AT(tw_spec_service, queue_order),
		.otherwise = "fifo",
		.choices = queue_orders,
		.help = "who of the queue is next; adaptive-lifo: the last "
			"that came where the queue was never empty for 100ms"},
	{.name = "queue-time",
		.type = TW_ROW_DURATION,
		AT(tw_spec_service, queue_time),
		.min = 1,
		.help = "whoever has waited longer when it is his turn is "
			"shed; no bound if not given"},
	{.name = "abandoned",
		.type = TW_ROW_ENUM,
		AT(tw_spec_service, abandoned),
		.otherwise = "serve",
		.choices = abandoned_names,
		.help = "one in the queue whose caller, or the user behind it "
			"all, has given up"},
	{.name = "concurrency",
		.type = TW_ROW_ENUM,
		AT(tw_spec_service, concurrency),
		.otherwise = "threads",
		.choices = concurrencies,
		.help = "threads: a worker is held until the answer is ready; "
			"async: while it computes only, and `workers` is a "
			"thread for each of the `cpus` if not given"},
	{.name = "in-flight",
		.type = TW_ROW_INT,
		AT(tw_spec_service, in_flight),
		.min = 1,
		.max = 1e7,
		.help = "async: requests at work in a replica at once; more "
			"wait in the queue; no bound if not given"},
	{.name = "memory",
		.type = TW_ROW_GROUP,
		.table = &memory,
		.help = "of a replica; at its limit the container is killed "
			"and started again"},
	{.name = "pauses",
		.type = TW_ROW_GROUP,
		.table = &pauses,
		.help = "of each replica by itself, such as a garbage "
			"collector's"},
	{.name = "slow-mode",
		.type = TW_ROW_GROUP,
		.table = &slow_mode,
		.help = "spells in which each replica by itself is slow, such "
			"as a store's compaction"},
	{.name = "cpus",
		.type = TW_ROW_CPU,
		AT(tw_spec_service, cpus),
		.min = 1,
		.max = 1e6,
		.help = "cores that a replica can use at once (GOMAXPROCS, an "
			"event loop's one); its cpu steps share them; one for "
			"each if not given"},
	{.name = "replicas",
		.type = TW_ROW_INT,
		AT(tw_spec_service, replicas),
		.otherwise = "1",
		.max = 100000,
		.help = "where no manifest says"},
	{.name = "retry-after",
		.type = TW_ROW_DURATION,
		AT(tw_spec_service, retry_after),
		.min = 1,
		.help = "said with 429 and 503 (Retry-After, "
			"x-ratelimit-reset, grpc-retry-pushback-ms), for "
			"callers with `push-back` or `rate-limited-backoff`"},
	{.name = "no-retry",
		.type = TW_ROW_SWITCH,
		AT(tw_spec_service, no_retry),
		.otherwise = "false",
		.help = "callers with `push-back` are told not to try again "
			"(grpc-retry-pushback-ms below 0)"},
	{.name = "startup",
		.type = TW_ROW_LAW,
		AT(tw_spec_service, startup),
		.help = "of a pod, from the start of its container until it "
			"listens; the default is restart-delay"},
	{.name = "starts-after",
		.type = TW_ROW_TEXTS,
		AT(tw_spec_service, starts_after),
		.help = "services of which a pod has to be ready before a "
			"process of this one starts; it looks each second"},
	{.name = "restore",
		.type = TW_ROW_LAW,
		AT(tw_spec_service, restore),
		.help = "beside startup, of a pod that replaces one whose node "
			"is lost, where no other pod of the service is ready: "
			"its data comes from a backup"},
	{.name = "init",
		.type = TW_ROW_MAP,
		.table = &tw_init_table,
		.add = tw_init_add,
		.pattern = "NAME of an init container",
		.help = "what init containers of its pods do"},
	{.name = "job",
		.type = TW_ROW_GROUP,
		.table = &tw_job_table,
		.help = "what the pods of the Job or CronJob of this name do"},
	{.name = "balancer",
		.type = TW_ROW_ENUM,
		AT(tw_spec_service, balancer),
		.otherwise = "round-robin",
		.choices = tw_balancer_names,
		.help = "how its callers choose a replica; ring-hash and "
			"maglev need a policy's `hash`"},
	{.name = "session-affinity",
		.type = TW_ROW_DURATION,
		AT(tw_spec_service, session_affinity),
		.min = 1,
		.help = "a Service's sessionAffinity: ClientIP: how long after "
			"its last request a client keeps its replica"},
	{0},
};

static void refuse(struct tw_schema_reader *reader, const struct tw_yaml *node,
	const char *name, const char *why)
{
	const struct tw_yaml_pair *pair = tw_yaml_find(node, name);

	if (pair)
		tw_diag(reader->diags, TW_ERROR, pair->key->pos, "'%s' %s",
			name, why);
}

/* Keys that would change nothing. */
static void check_service(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_spec_service *it = base;

	if (tw_int_or(it->concurrency, TW_THREADS) != TW_ASYNC)
		refuse(reader, node, "in-flight",
			"is for `concurrency: async` only: `workers` bounds "
			"threads");
	if (!it->memory_base.origin && !it->memory_request.origin &&
		!it->memory_leak.origin)
		refuse(reader, tw_yaml_get(node, "memory"), "limit",
			"alone limits nothing: say `base`, `per-request` or "
			"`leak`");
}

const struct tw_table tw_service_table = {
	.name = "service",
	.help = "one service",
	.rows = service_rows,
	.check = check_service,
};

/* Manifests are there, and none has it, but one that is nearly so named. A
 * workload without a Service (a worker, a Job) has behaviour, too. */
static void warn_unknown(struct tw_schema_reader *reader,
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
	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *other =
			spec->workloads.v[i].value;

		tw_vec_push(&names,
			strchr(key->value, '/') ? other->key : other->name);
	}
	near = it->has_object || tw_map_get(&spec->workloads, it->key)
		       ? NULL
		       : tw_nearest(key->value, names.v, names.n);
	if (near && strcmp(near, key->value)) {
		struct tw_diag *diag = tw_diag(reader->diags, TW_WARNING,
			key->pos, "no manifest has a service '%s'", key->value);

		diag->rule = "unknown-service";
		tw_diag_hint(reader->diags, diag, "did you mean '%s'?", near);
	}
	tw_vec_release(&names);
}

void *tw_service_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_service *it = tw_spec_service(
		base, NULL, key->value, tw_schema_origin(reader, key));

	(void)value;
	warn_unknown(reader, it, key);
	return it;
}
