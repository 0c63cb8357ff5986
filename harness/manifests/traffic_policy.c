/*
 * Istio's DestinationRule trafficPolicy, of a host or of a subset: what each
 * proxy does with the replicas. It becomes a rule of groups alone
 * (spec_policy.h); those of subsets stand before that of the host, as they
 * override it group by group.
 */
#include "harness/manifests/reader.h"

static void use_int(struct tw_manifest_reader *r, struct tw_yaml *map,
	const char *name, struct tw_int *to)
{
	struct tw_yaml *it = tw_yaml_get(map, name);

	/* Istio: 0 counts as not given. */
	if (tw_manifest_int(r, it, 0, UINT32_MAX, to)) {
		tw_yaml_use(it);
		if (!to->v)
			*to = (struct tw_int){0};
	}
}

/* A number of percent. */
static void use_percent(struct tw_manifest_reader *r, struct tw_yaml *map,
	const char *name, struct tw_real *to)
{
	struct tw_yaml *it = tw_yaml_get(map, name);
	struct tw_int percent = {0};

	if (tw_manifest_int(r, it, 0, 100, &percent))
		tw_set_real(to, (double)percent.v / 100, percent.origin);
	tw_yaml_use(it);
}

static void use_number(struct tw_manifest_reader *r, struct tw_yaml *map,
	const char *name, struct tw_int *to)
{
	struct tw_yaml *it = tw_yaml_get(map, name);

	tw_manifest_int(r, it, 0, UINT32_MAX, to);
	tw_yaml_use(it);
}

static void use_duration(struct tw_manifest_reader *r, struct tw_yaml *map,
	const char *name, struct tw_int *to)
{
	struct tw_yaml *it = tw_yaml_get(map, name);

	tw_manifest_duration(r, it, to);
	tw_yaml_use(it);
}

static void use_switch(struct tw_manifest_reader *r, struct tw_yaml *map,
	const char *name, struct tw_int *to)
{
	struct tw_yaml *it = tw_yaml_get(map, name);
	bool on;

	if (it && tw_yaml_bool(it, &on))
		tw_set_int(to, on, tw_manifest_origin(r, it, NULL));
	else if (it && !tw_yaml_is_null(it))
		tw_manifest_error(r, it, "%s: expected true or false", name);
	tw_yaml_use(it);
}

/* Istio: connectTimeout 10 s where none is given (mesh config). TLS is looked
 * at where a connection pool is given. */
static void read_pool(struct tw_manifest_reader *r, struct tw_yaml *policy,
	struct tw_spec_policy *to)
{
	struct tw_yaml *pool = tw_yaml_get(policy, "connectionPool");
	struct tw_yaml *http = tw_yaml_get(pool, "http");
	struct tw_yaml *tcp = tw_yaml_get(pool, "tcp");
	struct tw_yaml *upgrade = tw_yaml_get(http, "h2UpgradePolicy");
	struct tw_yaml *tls = tw_yaml_path(policy, "tls", "mode", NULL);
	const char *mode = tw_yaml_text(tls);
	const struct tw_origin *origin;

	if (!tw_yaml_is(pool, TW_YAML_MAPPING))
		return;
	origin = tw_manifest_origin(r, pool, NULL);
	use_int(r, http, "http2MaxRequests", &to->breaker.max_requests);
	use_int(r, http, "maxRetries", &to->breaker.max_retries);
	use_int(r, http, "http1MaxPendingRequests",
		&to->breaker.max_pending_requests);
	use_int(r, tcp, "maxConnections", &to->breaker.max_connections);
	use_int(r, http, "maxRequestsPerConnection",
		&to->connections.max_requests);
	use_int(r, http, "maxConcurrentStreams", &to->connections.max_streams);
	use_duration(r, http, "idleTimeout", &to->connections.idle_timeout);
	use_duration(
		r, tcp, "connectTimeout", &to->connections.connect_timeout);
	if (tw_yaml_text(upgrade) && !strcmp(tw_yaml_text(upgrade), "UPGRADE"))
		tw_set_int(&to->connections.protocol, TW_HTTP2,
			tw_manifest_origin(r, upgrade, NULL));
	tw_yaml_use(upgrade);
	if (!tw_spec_gives(to, &to->connections, sizeof to->connections) &&
		!to->breaker.max_connections.origin &&
		!to->breaker.max_pending_requests.origin)
		return;
	tw_set_int(&to->connections.connect_timeout,
		to->connections.connect_timeout.origin
			? to->connections.connect_timeout.v
			: 10 * TW_S,
		origin);
	if (mode && strcmp(mode, "DISABLE"))
		tw_set_int(&to->connections.tls, TW_TLS_1_3,
			tw_manifest_origin(r, tls, NULL));
	tw_yaml_use(tls);
}

/*
 * pilot/pkg/networking/core/cluster_traffic_policy.go, applyOutlierDetection:
 * success rates are not looked at, and no panic unless minHealthPercent.
 */
static void read_outlier(struct tw_manifest_reader *r, struct tw_yaml *from,
	struct tw_spec_policy *to)
{
	struct tw_spec_outlier *it = &to->outlier;
	const struct tw_origin *origin = tw_manifest_origin(r, from, NULL);

	if (!tw_yaml_is(from, TW_YAML_MAPPING))
		return;
	use_number(r, from, "consecutiveErrors",
		&it->consecutive_gateway_failure); /* before Istio 1.5 */
	use_number(r, from, "consecutive5xxErrors", &it->consecutive_5xx);
	use_number(r, from, "consecutiveGatewayErrors",
		&it->consecutive_gateway_failure);
	use_switch(r, from, "splitExternalLocalOriginErrors",
		&it->split_external_local_origin_errors);
	use_number(r, from, "consecutiveLocalOriginFailures",
		&it->consecutive_local_origin_failure);
	use_duration(r, from, "interval", &it->interval);
	use_duration(r, from, "baseEjectionTime", &it->base_ejection_time);
	use_percent(r, from, "maxEjectionPercent", &it->max_ejection_percent);
	tw_set_real(&it->success_rate_stdev_factor, 0, origin);
	tw_set_real(&it->panic_threshold, 0, origin);
	use_percent(r, from, "minHealthPercent", &it->panic_threshold);
}

/* LEAST_CONN is the old word for LEAST_REQUEST. PASSTHROUGH and the like are
 * left out. */
static void read_simple(struct tw_manifest_reader *r, struct tw_yaml *it,
	struct tw_spec_policy *to)
{
	static const struct {
		const char *word;
		enum tw_balancer balancer;
	} words[] = {{"ROUND_ROBIN", TW_BALANCE_ROUND_ROBIN},
		{"RANDOM", TW_BALANCE_RANDOM},
		{"LEAST_REQUEST", TW_BALANCE_LEAST_REQUEST},
		{"LEAST_CONN", TW_BALANCE_LEAST_REQUEST}};
	const char *word = tw_yaml_text(it);

	for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
		if (!strcmp(word, words[i].word))
			tw_set_int(&to->balancer, words[i].balancer,
				tw_manifest_origin(r, tw_yaml_use(it), NULL));
}

/* "region/zone/subzone"; a region alone stands for all that is in it. */
static const char *place_of(struct tw_manifest_reader *r, const char *locality)
{
	return strchr(locality, '/') || !strcmp(locality, "*")
		       ? tw_manifest_keep(r, locality)
		       : tw_arena_printf(&r->spec->arena, "%s/*", locality);
}

static void read_distribute(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_spec_policy *policy)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_yaml *to = tw_yaml_get(it, "to");
		const char *from = tw_yaml_text(tw_yaml_get(it, "from"));

		if (!from || !tw_yaml_is(to, TW_YAML_MAPPING))
			continue;
		for (size_t k = 0; k < to->pairs.n; k++) {
			const char *name = tw_yaml_text(to->pairs.v[k].key);
			struct tw_spec_zone_share share = {
				.from = place_of(r, from),
				.to = place_of(r, name ? name : "")};

			tw_manifest_int(
				r, to->pairs.v[k].value, 0, 100, &share.weight);
			tw_vec_push_in(&r->spec->arena,
				&policy->locality.shares, share);
		}
		tw_yaml_use_all(it);
	}
}

static void read_failover(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_spec_policy *policy)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_spec_failover one = {
			.from = tw_manifest_keep(
				r, tw_yaml_text(tw_yaml_get(it, "from")))};

		if (!one.from ||
			!tw_manifest_text(r, tw_yaml_get(it, "to"), &one.to))
			continue;
		tw_yaml_use_all(it);
		tw_vec_push_in(
			&r->spec->arena, &policy->locality.failovers, one);
	}
}

/* Istio's documentation of failover: "This field is only used with outlier
 * detection". */
static void warn_failover(struct tw_manifest_reader *r, struct tw_yaml *setting)
{
	struct tw_yaml *at = tw_yaml_get(setting, "failover");
	struct tw_diag *diag;

	if (!at)
		at = tw_yaml_get(setting, "failoverPriority");
	if (!at)
		return;
	diag = tw_diag(r->diags, TW_WARNING, at->pos,
		"failover without outlierDetection: Istio leaves it out");
	diag->rule = "failover-without-detection";
	diag->why = "replicas of all places get requests alike";
	diag->hint = "outlierDetection beside it";
}

static void read_priority(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_spec_policy *policy)
{
	for (size_t i = 0; i < tw_yaml_count(list) && i < TW_LEVEL_LABELS;
		i++) {
		struct tw_text label = {0};

		if (tw_manifest_text(
			    r, tw_yaml_use(tw_yaml_item(list, i)), &label))
			tw_vec_push_in(&r->spec->arena,
				&policy->locality.priority, label);
	}
}

/*
 * pilot/pkg/networking/core/loadbalancer/loadbalancer.go: on unless switched
 * off; priorities by locality only where outliers are detected. Subzones are
 * not told apart.
 */
static void read_locality(struct tw_manifest_reader *r, struct tw_yaml *policy,
	struct tw_spec_policy *to)
{
	struct tw_yaml *outlier = tw_yaml_get(policy, "outlierDetection");
	struct tw_yaml *setting = tw_yaml_path(
		policy, "loadBalancer", "localityLbSetting", NULL);
	struct tw_yaml *enabled = tw_yaml_use(tw_yaml_get(setting, "enabled"));
	struct tw_yaml *distribute = tw_yaml_get(setting, "distribute");
	bool on = true;

	tw_yaml_bool(enabled, &on);
	if (on && tw_yaml_count(distribute)) {
		read_distribute(r, distribute, to);
	} else if (on && tw_yaml_is(outlier, TW_YAML_MAPPING)) {
		tw_set_int(&to->locality.failover, 1,
			tw_manifest_origin(r, outlier, NULL));
		read_priority(r, tw_yaml_get(setting, "failoverPriority"), to);
		if (!to->locality.priority.n)
			read_failover(r, tw_yaml_get(setting, "failover"), to);
	} else if (on) {
		warn_failover(r, setting);
	}
}

static void read_balancing(struct tw_manifest_reader *r, struct tw_yaml *from,
	struct tw_spec_policy *to)
{
	struct tw_yaml *warmup = tw_yaml_get(from, "warmup");
	struct tw_yaml *aggression = tw_yaml_get(warmup, "aggression");
	double value;
	struct tw_spec_balancing *it = &to->balancing;

	read_simple(r, tw_yaml_get(from, "simple"), to);
	tw_consistent_hash(r, tw_yaml_get(from, "consistentHash"), to);
	use_duration(r, from, "warmupDurationSecs", &it->slow_start_window);
	if (!tw_yaml_is(warmup, TW_YAML_MAPPING))
		return;
	use_duration(r, warmup, "duration", &it->slow_start_window);
	use_percent(r, warmup, "minimumPercent", &it->slow_start_min_weight);
	if (aggression && tw_yaml_real(aggression, &value) && value > 0)
		tw_set_real(&it->slow_start_aggression, value,
			tw_manifest_origin(r, aggression, NULL));
	else if (aggression)
		tw_manifest_error(r, aggression, "expected a number above 0");
	tw_yaml_use(aggression);
}

void tw_read_traffic_policy(struct tw_manifest_reader *r,
	struct tw_yaml *policy, const char *callee, const char *subset)
{
	struct tw_spec_policy *to;

	if (!tw_yaml_is(policy, TW_YAML_MAPPING))
		return;
	to = tw_new(&r->spec->arena, struct tw_spec_policy);
	to->callee = callee;
	to->subset = subset;
	to->origin = tw_manifest_origin(r, policy, NULL);
	read_pool(r, policy, to);
	read_outlier(r, tw_yaml_get(policy, "outlierDetection"), to);
	read_balancing(r, tw_yaml_get(policy, "loadBalancer"), to);
	read_locality(r, policy, to);
	if (to->locality.shares.n || tw_spec_gives(to, to, sizeof *to))
		tw_vec_push_in(&r->spec->arena, &r->spec->policies, to);
}
