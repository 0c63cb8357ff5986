/*
 * The keys of twin models: which replica a proxy chooses, and where (groups of
 * a policy: twins/model/policy.h).
 */
#include "harness/config/tables.h"
#include "twins/model/keys.h"

#include <stddef.h>
#include <string.h>

#define AT(type, field) .offset = offsetof(struct type, field)

/* ---- locality ---------------------------------------------------------- */

static void *add_share(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_locality *to = base;

	(void)key;
	(void)value;
	tw_vec_push_in(reader->arena, &to->shares,
		(struct tw_spec_zone_share){.from = "*", .to = "*"});
	return &to->shares.v[to->shares.n - 1];
}

static const struct tw_row share_rows[] = {
	{.name = "from",
		.type = TW_ROW_NAME,
		AT(tw_spec_zone_share, from),
		.help = "zone of the caller, or REGION/ZONE, where both may "
			"be *; any if not given"},
	{.name = "to",
		.type = TW_ROW_NAME,
		AT(tw_spec_zone_share, to),
		.required = true,
		.help = "zone, or REGION/ZONE, that gets a part"},
	{.name = "weight",
		.type = TW_ROW_INT,
		AT(tw_spec_zone_share, weight),
		.otherwise = "1",
		.max = 1e6,
		.help = "its part, among those of the same caller"},
	{0},
};

static const struct tw_table share_table = {
	.name = "zone-share",
	.help = "a part of the requests from a zone",
	.rows = share_rows,
};

static void *add_failover(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_locality *to = base;

	(void)key;
	(void)value;
	tw_vec_push_in(
		reader->arena, &to->failovers, (struct tw_spec_failover){0});
	return &to->failovers.v[to->failovers.n - 1];
}

static const struct tw_row failover_rows[] = {
	{.name = "from",
		.type = TW_ROW_NAME,
		AT(tw_spec_failover, from),
		.required = true,
		.help = "region of the caller"},
	{.name = "to",
		.type = TW_ROW_TEXT,
		AT(tw_spec_failover, to),
		.required = true,
		.help = "region that comes before all others"},
	{0},
};

static const struct tw_table failover_table = {
	.name = "failover-region",
	.help = "where a region's requests go that it cannot serve",
	.rows = failover_rows,
};

static void check_locality(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_spec_locality *it = base;
	const char *first = it->shares.n      ? "distribute"
			    : it->priority.n  ? "priority"
			    : it->failovers.n ? "failover-regions"
					      : NULL;
	static const char *const others[] = {"priority", "failover-regions"};

	if (it->priority.n > TW_LEVEL_LABELS)
		tw_diag(reader->diags, TW_ERROR,
			tw_yaml_find(node, "priority")->key->pos,
			"'priority' has more than %d labels", TW_LEVEL_LABELS);
	for (size_t i = 0; first && i < 2; i++) {
		const struct tw_yaml_pair *other =
			tw_yaml_find(node, others[i]);

		if (other && strcmp(first, others[i]))
			tw_diag(reader->diags, TW_ERROR, other->key->pos,
				"'%s' does not go with '%s'", others[i], first);
	}
}

static const struct tw_row locality_rows[] = {
	{.name = "failover",
		.type = TW_ROW_SWITCH,
		AT(tw_spec_locality, failover),
		.otherwise = "false",
		.help = "replicas of the own zone first, then of the own "
			"region; others take what these cannot carry"},
	{.name = "failover-regions",
		.type = TW_ROW_LIST,
		.table = &failover_table,
		.add = add_failover,
		.help = "which region comes next; failover is on with it"},
	{.name = "priority",
		.type = TW_ROW_TEXTS,
		AT(tw_spec_locality, priority),
		.help = "labels, KEY or KEY=VALUE: replicas that agree in all "
			"of them first, then in all but the last, and so on; "
			"failover is on with it"},
	{.name = "overprovisioning",
		.type = TW_ROW_FACTOR,
		AT(tw_spec_locality, overprovisioning),
		.otherwise = "1.4x",
		.min = 1,
		.max = 100,
		.help = "what a replica can carry beside its own part"},
	{.name = "distribute",
		.type = TW_ROW_LIST,
		.table = &share_table,
		.add = add_share,
		.help = "parts of the requests for each place, instead"},
	{0},
};

const struct tw_table tw_locality_table = {
	.name = "locality",
	.help = "which zones a caller's replica calls",
	.rows = locality_rows,
	.check = check_locality,
};

/* ---- load balancing ---------------------------------------------------- */

static const struct tw_row hash_rows[] = {
	{.name = "header",
		.type = TW_ROW_TEXT,
		AT(tw_spec_balancing, hash_header),
		.help = "whose value tells users apart"},
	{.name = "cookie",
		.type = TW_ROW_TEXT,
		AT(tw_spec_balancing, hash_cookie),
		.help = "the same, of a cookie"},
	{.name = "query",
		.type = TW_ROW_TEXT,
		AT(tw_spec_balancing, hash_query),
		.help = "the same, of a parameter of the query"},
	{.name = "source-ip",
		.type = TW_ROW_SWITCH,
		AT(tw_spec_balancing, hash_source_ip),
		.help = "the client's address; of a call inside the replica "
			"that calls"},
	{0},
};

static const char *const hash_sources[] = {
	"header", "cookie", "query", "source-ip", NULL};

static const struct tw_table hash_table = {
	.name = "hash",
	.help = "what users are told apart by",
	.rows = hash_rows,
	.one_of = hash_sources,
};

static void *add_weight(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_balancing *to = base;

	(void)key;
	(void)value;
	tw_vec_push_in(reader->arena, &to->weights, (struct tw_spec_weight){0});
	return &to->weights.v[to->weights.n - 1];
}

static const struct tw_row weight_rows[] = {
	{.name = "replica",
		.type = TW_ROW_NAME,
		AT(tw_spec_weight, replica),
		.required = true,
		.help = "glob of replicas, such as cart-v2-*; the first that "
			"fits counts"},
	{.name = "weight",
		.type = TW_ROW_INT,
		AT(tw_spec_weight, weight),
		.required = true,
		.min = 1,
		.max = 1e6,
		.help = "its part; 1 where none fits"},
	{0},
};

static const struct tw_table weight_table = {
	.name = "replica-weight",
	.help = "a replica's part of the requests",
	.rows = weight_rows,
};

static bool is_prime(int64_t n)
{
	for (int64_t i = 2; i * i <= n; i++)
		if (n % i == 0)
			return false;
	return n > 1;
}

static void check_balancing(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_spec_balancing *it = base;
	struct tw_key_source source;

	if (it->table_size.origin && !is_prime(it->table_size.v))
		tw_diag(reader->diags, TW_ERROR, it->table_size.origin->pos,
			"'table-size' must be a prime");
	if (it->minimum_ring_size.origin &&
		tw_int_or(it->maximum_ring_size, INT64_MAX) <
			it->minimum_ring_size.v)
		tw_diag(reader->diags, TW_ERROR,
			it->maximum_ring_size.origin->pos,
			"'maximum-ring-size' is below 'minimum-ring-size'");
	if (it->session_timeout.origin && !tw_key_source_of(it, &source))
		tw_diag(reader->diags, TW_ERROR,
			tw_yaml_find(node, "session-timeout")->key->pos,
			"'session-timeout' needs a 'hash'");
}

static const struct tw_row balancing_rows[] = {
	{.name = "hash",
		.type = TW_ROW_GROUP,
		.table = &hash_table,
		.help = "what users are told apart by: for ring-hash, maglev "
			"and session-timeout"},
	{.name = "minimum-ring-size",
		.type = TW_ROW_INT,
		AT(tw_spec_balancing, minimum_ring_size),
		.otherwise = "1024",
		.min = 1,
		.max = 8388608,
		.help = "ring-hash: places of all replicas, at least"},
	{.name = "maximum-ring-size",
		.type = TW_ROW_INT,
		AT(tw_spec_balancing, maximum_ring_size),
		.otherwise = "8388608",
		.min = 1,
		.max = 8388608,
		.help = "ring-hash: at most"},
	{.name = "table-size",
		.type = TW_ROW_INT,
		AT(tw_spec_balancing, table_size),
		.otherwise = "65537",
		.min = 2,
		.max = 5000011,
		.help = "maglev: places of its table, a prime"},
	{.name = "session-timeout",
		.type = TW_ROW_DURATION,
		AT(tw_spec_balancing, session_timeout),
		.help = "whoever was sent to a replica is sent there again, "
			"until nothing came for so long; 0s: always"},
	{.name = "weights",
		.type = TW_ROW_LIST,
		.table = &weight_table,
		.add = add_weight,
		.help = "parts of replicas; not of `random`"},
	{.name = "choice-count",
		.type = TW_ROW_INT,
		AT(tw_spec_balancing, choice_count),
		.otherwise = "2",
		.min = 1,
		.max = 1000,
		.help = "least-request: how many random replicas are compared"},
	{.name = "active-request-bias",
		.type = TW_ROW_REAL,
		AT(tw_spec_balancing, active_request_bias),
		.otherwise = "1",
		.max = 100,
		.help = "least-request: how much load counts where weights "
			"differ"},
	{.name = "slow-start-window",
		.type = TW_ROW_DURATION,
		AT(tw_spec_balancing, slow_start_window),
		.otherwise = "0s",
		.help = "round-robin, least-request: how long a new replica "
			"gets less"},
	{.name = "slow-start-aggression",
		.type = TW_ROW_REAL,
		AT(tw_spec_balancing, slow_start_aggression),
		.otherwise = "1",
		.min = 0.001,
		.max = 1000,
		.help = "the weight is (age / window)^(1 / aggression)"},
	{.name = "slow-start-min-weight",
		.type = TW_ROW_RATIO,
		AT(tw_spec_balancing, slow_start_min_weight),
		.otherwise = "10%",
		.min = 0.0001,
		.help = "its least weight"},
	{0},
};

const struct tw_table tw_balancing_table = {
	.name = "load-balancing",
	.help = "how a caller's replica chooses among the replicas, beside "
		"`balancer`",
	.rows = balancing_rows,
	.check = check_balancing,
};
