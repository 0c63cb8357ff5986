/*
 * Istio: VirtualService and DestinationRule. Rules for the mesh become
 * policies, those on a gateway ways in. What is not modelled: matches on the
 * authority and the scheme (the rule is left out, with a note). Traffic
 * policies of DestinationRules: traffic_policy.c.
 */
#include "harness/config/grpc_config.h"
#include "harness/manifests/rule.h"

static const struct {
	const char *word;
	int bits;
} retry_words[] = {
	{"5xx", TW_RETRY_WITH_TIMEOUT(TW_RETRY_5XX)},
	{"gateway-error", TW_RETRY_WITH_TIMEOUT(TW_RETRY_GATEWAY_ERROR)},
	{"reset", TW_RETRY_WITH_TIMEOUT(TW_RETRY_RESET)},
	{"reset-before-request", TW_RETRY_CONNECT_FAILURE},
	{"connect-failure", TW_RETRY_CONNECT_FAILURE},
	{"refused-stream", TW_RETRY_REFUSED},
	{"retriable-4xx", TW_RETRY_RETRIABLE_4XX},
	{"unavailable", TW_RETRY_UNAVAILABLE},
	{"deadline-exceeded", TW_RETRY_TIMEOUT},
	{"cancelled", 0},
	{"internal", 0},
	{"resource-exhausted", 0},
	{"retriable-status-codes", 0},
	{"retriable-headers", 0},
	{"envoy-ratelimited", 0},
	{"http3-post-connect-failure", 0},
};

/* Istio's own default (pilot/pkg/networking/core/route/retry/retry.go). */
#define RETRY_DEFAULT                                                          \
	(TW_RETRY_CONNECT_FAILURE | TW_RETRY_REFUSED | TW_RETRY_UNAVAILABLE)

static int retry_word(struct tw_manifest_reader *r, struct tw_str word,
	const struct tw_yaml *at, struct tw_spec_policy *policy)
{
	const char *known[sizeof retry_words / sizeof *retry_words];
	const char *text;
	struct tw_diag *d;
	int64_t code;

	if (tw_parse_int(word, &code)) {
		tw_vec_push_in(
			&r->spec->arena, &policy->retry_codes, (int)code);
		return 0;
	}
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (tw_str_equal(word, retry_words[i].word))
			return retry_words[i].bits;
		known[i] = retry_words[i].word;
	}
	text = tw_arena_strndup(&r->m->arena, word.p, word.n);
	d = tw_manifest_error(r, at, "unknown retry condition '%s'", text);
	tw_diag_nearest(r->diags, d, text, known, sizeof known / sizeof *known);
	return 0;
}

/* The retry host predicate previous_hosts with five choices is part of every
 * policy (retry.go, hostSelectionRetryMaxAttempts), unless the rule says
 * otherwise (HTTPRetry.retry_ignore_previous_hosts). */
static void read_host_retries(struct tw_manifest_reader *r,
	struct tw_yaml *retries, struct tw_spec_policy *policy)
{
	struct tw_yaml *it = tw_yaml_get(retries, "retryIgnorePreviousHosts");
	bool on = true;

	if (it && !tw_yaml_is_null(it) && !tw_yaml_bool(it, &on))
		tw_manifest_error(r, it,
			"retryIgnorePreviousHosts: expected true or false");
	if (tw_int_or(policy->retries, 1))
		tw_set_int(&policy->host_retries,
			on ? TW_ISTIO_HOST_RETRIES : 0,
			tw_manifest_origin(r, it ? it : retries, NULL));
}

static void read_retries(struct tw_manifest_reader *r, struct tw_yaml *retries,
	struct tw_spec_policy *policy)
{
	struct tw_yaml *on = tw_yaml_get(retries, "retryOn");
	struct tw_str rest = tw_yaml_str(on);
	int bits = 0;

	if (!tw_yaml_is(retries, TW_YAML_MAPPING))
		return;
	tw_yaml_use_all(retries);
	tw_manifest_int(
		r, tw_yaml_get(retries, "attempts"), 0, 1000, &policy->retries);
	tw_manifest_duration(
		r, tw_yaml_get(retries, "perTryTimeout"), &policy->try_timeout);
	tw_manifest_duration(
		r, tw_yaml_get(retries, "backoff"), &policy->backoff_base);
	while (rest.n) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
		struct tw_str word = tw_str_trim((struct tw_str){rest.p, n});

		if (word.n)
			bits |= retry_word(r, word, on, policy);
		rest.p += comma ? n + 1 : n;
		rest.n -= comma ? n + 1 : n;
	}
	if (!tw_yaml_text(on))
		bits = RETRY_DEFAULT;
	tw_set_int(&policy->retry_on, bits,
		tw_manifest_origin(r, on ? on : retries, NULL));
	read_host_retries(r, retries, policy);
}

static const char *host_key(struct tw_manifest_reader *r, struct tw_yaml *host)
{
	return tw_yaml_text(host)
		       ? tw_manifests_host_key(r->spec, r->object->namespace,
				 tw_yaml_str(host))
		       : NULL;
}

static void read_destinations(struct tw_manifest_reader *r,
	struct tw_yaml *route, struct tw_rule *rule)
{
	for (size_t i = 0; i < tw_yaml_count(route); i++) {
		struct tw_yaml *it = tw_yaml_item(route, i);
		struct tw_yaml *to = tw_yaml_get(it, "destination");
		struct tw_yaml *host = tw_yaml_use(tw_yaml_get(to, "host"));
		const char *key = host_key(r, host);

		if (!tw_yaml_text(host)) {
			tw_manifest_error(
				r, it, "a route has no 'destination.host'");
			continue;
		}
		if (!key)
			continue; /* out of the cluster */
		if (!rule->port.origin)
			tw_manifest_int(r,
				tw_yaml_path(to, "port", "number", NULL), 1,
				65535, &rule->port);
		tw_rule_destination(r, rule, key, tw_yaml_get(to, "subset"),
			tw_yaml_get(it, "weight"), host);
	}
}

/* Envoy takes weights in proportion; whoever wrote them meant percent. */
static void check_weights(struct tw_manifest_reader *r, struct tw_yaml *route,
	const struct tw_rule *rule)
{
	int64_t sum = 0;
	struct tw_diag *d;

	for (size_t i = 0; i < rule->policy.destinations.n; i++)
		sum += tw_int_or(rule->policy.destinations.v[i].weight, 0);
	if (tw_yaml_count(route) < 2 || sum == 100 ||
		rule->policy.destinations.n < tw_yaml_count(route))
		return;
	d = tw_diag(r->diags, TW_WARNING, route->pos,
		"VirtualService %s: the weights of a route add up to %lld, not "
		"to 100",
		r->object->name, (long long)sum);
	d->rule = "weights-not-100";
	d->why = sum ? "they are taken in proportion"
		     : "no destination gets anything, or all the same";
}

/* An exact path or a prefix decides by itself; a regular expression is a
 * condition. Envoy's prefixes are of characters, not of segments: that only
 * matters to names that continue one another, and is not told apart. */
static void read_uri(
	struct tw_manifest_reader *r, struct tw_yaml *uri, struct tw_rule *rule)
{
	const char *exact = tw_yaml_text(tw_yaml_get(uri, "exact"));
	const char *prefix = tw_yaml_text(tw_yaml_get(uri, "prefix"));

	rule->path = exact ? exact : prefix;
	rule->match = exact ? TW_PATH_EXACT : TW_PATH_PREFIX;
	if (rule->path)
		tw_yaml_use_all(uri);
	else if (uri)
		tw_rule_string_match(
			r, rule, TW_CONDITION_PATH, NULL, uri, false);
}

static void read_values(struct tw_manifest_reader *r, struct tw_rule *rule,
	enum tw_condition_of of, struct tw_yaml *map, bool negated)
{
	if (!tw_yaml_is(map, TW_YAML_MAPPING))
		return;
	for (size_t i = 0; i < map->pairs.n; i++) {
		const char *name = tw_yaml_text(map->pairs.v[i].key);

		if (name)
			tw_rule_string_match(r, rule, of, name,
				map->pairs.v[i].value, negated);
	}
}

/* False where a condition is one that the twin cannot tell apart. */
static bool read_match(struct tw_manifest_reader *r, struct tw_yaml *match,
	struct tw_rule *rule)
{
	static const char *const unknown[] = {"authority", "scheme"};
	struct tw_yaml *method = tw_yaml_get(match, "method");

	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		struct tw_yaml *it = tw_yaml_get(match, unknown[i]);

		if (!it)
			continue;
		tw_manifest_note(r, it,
			"a match on %s is not modelled; this match was left "
			"out",
			unknown[i]);
		return false;
	}
	rule->method = tw_yaml_text(tw_yaml_get(method, "exact"));
	tw_yaml_use_all(method);
	read_uri(r, tw_yaml_get(match, "uri"), rule);
	read_values(r, rule, TW_CONDITION_HEADER, tw_yaml_get(match, "headers"),
		false);
	read_values(r, rule, TW_CONDITION_HEADER,
		tw_yaml_get(match, "withoutHeaders"), true);
	read_values(r, rule, TW_CONDITION_QUERY,
		tw_yaml_get(match, "queryParams"), false);
	return true;
}

static bool names_gateway(struct tw_yaml *gateways, bool mesh)
{
	for (size_t i = 0; i < tw_yaml_count(gateways); i++) {
		const char *name = tw_yaml_text(tw_yaml_item(gateways, i));

		if (name && !strcmp(name, "mesh") == mesh)
			return true;
	}
	return mesh && !tw_yaml_count(gateways);
}

/* The services whose workloads carry a match's sourceLabels. */
static void emit_for_callers(struct tw_manifest_reader *r,
	const struct tw_rule *rule, struct tw_yaml *match, const char *callee)
{
	struct tw_yaml *source =
		tw_yaml_use_all(tw_yaml_get(match, "sourceLabels"));
	struct tw_yaml *namespace =
		tw_yaml_use(tw_yaml_get(match, "sourceNamespace"));
	struct tw_labels labels = {0};

	if (!source) {
		tw_rule_policy(r, rule,
			tw_yaml_text(namespace)
				? tw_arena_printf(&r->m->arena, "%s/*",
					  tw_yaml_text(namespace))
				: TW_CALLER_MESH,
			callee);
		return;
	}
	tw_manifest_labels(r, source, &labels);
	for (size_t i = 0; i < r->spec->workloads.n; i++) {
		struct tw_spec_workload *it = r->spec->workloads.v[i].value;

		if (!tw_labels_match(&labels, &it->labels))
			continue;
		for (size_t k = 0; k < r->spec->services.n; k++) {
			struct tw_spec_service *s =
				r->spec->services.v[k].value;

			if (s->has_selector &&
				!strcmp(s->namespace, it->namespace) &&
				tw_labels_match(&s->selector, &it->labels))
				tw_rule_policy(r, rule, s->key, callee);
		}
	}
}

static void emit_rule(struct tw_manifest_reader *r, struct tw_rule *rule,
	struct tw_yaml *match)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *hosts = tw_yaml_use_all(tw_yaml_get(spec, "hosts"));
	struct tw_yaml *gateways =
		tw_yaml_use_all(tw_yaml_get(spec, "gateways"));
	struct tw_yaml *own = tw_yaml_get(match, "gateways");

	if (own)
		gateways = tw_yaml_use_all(own);
	for (size_t i = 0; i < tw_yaml_count(hosts); i++) {
		struct tw_yaml *host = tw_yaml_item(hosts, i);
		const char *text = tw_yaml_text(host);
		const char *key = host_key(r, host);

		if (!text)
			continue;
		if (names_gateway(gateways, true) && key)
			emit_for_callers(r, rule, match, key);
		if (names_gateway(gateways, false)) {
			rule->host = strcmp(text, "*") ? text : NULL;
			tw_rule_entry(r, rule);
		}
	}
}

/* Percentages in three forms: {value: 12.5}, an old whole number `percent`, and
 * none. */
static void read_share(struct tw_manifest_reader *r, struct tw_yaml *of,
	double otherwise, struct tw_real *to)
{
	struct tw_yaml *value = tw_yaml_path(of, "percentage", "value", NULL);

	if (!value)
		value = tw_yaml_get(of, "percent");
	if (value)
		tw_rule_percent(r, value, to);
	else
		tw_set_real(to, otherwise, tw_manifest_origin(r, of, NULL));
}

/* An unknown status is UNKNOWN. */
static int64_t grpc_abort(const char *word)
{
	int status = tw_grpc_status(word);

	return status ? status : 500;
}

/* HTTPFaultInjection: a delay without a percentage delays nothing, an abort
 * without one aborts all. */
static void read_fault(struct tw_manifest_reader *r, struct tw_yaml *fault,
	struct tw_spec_inject *to)
{
	struct tw_yaml *delay = tw_yaml_get(fault, "delay");
	struct tw_yaml *abort = tw_yaml_get(fault, "abort");
	struct tw_yaml *fixed = tw_yaml_get(delay, "fixedDelay");
	struct tw_yaml *http = tw_yaml_get(abort, "httpStatus");
	struct tw_yaml *grpc = tw_yaml_get(abort, "grpcStatus");

	if (tw_manifest_duration(r, tw_yaml_use(fixed), &to->delay))
		read_share(r, delay, 0, &to->delay_share);
	if (tw_manifest_int(r, tw_yaml_use(http), 200, 599, &to->abort))
		read_share(r, abort, 1, &to->abort_share);
	else if (tw_yaml_text(grpc) &&
		 tw_set_int(&to->abort,
			 grpc_abort(tw_yaml_text(tw_yaml_use(grpc))),
			 tw_manifest_origin(r, grpc, NULL)))
		read_share(r, abort, 1, &to->abort_share);
}

static void read_one_mirror(struct tw_manifest_reader *r, struct tw_yaml *to,
	struct tw_yaml *share, struct tw_rule *rule)
{
	struct tw_yaml *host = tw_yaml_use(tw_yaml_get(to, "host"));
	const char *key = host_key(r, host);
	struct tw_real of = {0};

	tw_rule_percent(r, share, &of);
	if (key)
		tw_rule_mirror(
			r, rule, key, tw_yaml_get(to, "subset"), of, host);
}

/* `mirror` with `mirrorPercentage` (or older words), and `mirrors`. */
static void read_mirrors(
	struct tw_manifest_reader *r, struct tw_yaml *it, struct tw_rule *rule)
{
	static const char *const old[] = {
		"mirrorPercent", "mirror_percent", "mirror_percentage"};
	struct tw_yaml *mirror = tw_yaml_get(it, "mirror");
	struct tw_yaml *mirrors = tw_yaml_get(it, "mirrors");
	struct tw_yaml *share =
		tw_yaml_path(it, "mirrorPercentage", "value", NULL);

	for (size_t i = 0; !share && i < sizeof old / sizeof *old; i++)
		share = tw_yaml_get(it, old[i]);
	if (mirror)
		read_one_mirror(r, mirror, share, rule);
	for (size_t i = 0; i < tw_yaml_count(mirrors); i++) {
		struct tw_yaml *one = tw_yaml_item(mirrors, i);

		read_one_mirror(r, tw_yaml_get(one, "destination"),
			tw_yaml_path(one, "percentage", "value", NULL), rule);
	}
}

/* A redirect is answered 301 where nothing else is said. One that only changes
 * the scheme is for requests without TLS, which a capture does not tell. */
static bool read_answer(
	struct tw_manifest_reader *r, struct tw_yaml *it, struct tw_rule *rule)
{
	struct tw_yaml *redirect = tw_yaml_get(it, "redirect");
	struct tw_yaml *direct = tw_yaml_get(it, "directResponse");

	if (redirect && tw_yaml_get(redirect, "scheme") &&
		!tw_yaml_get(redirect, "uri") &&
		!tw_yaml_get(redirect, "authority"))
		return false;
	if (redirect) {
		tw_yaml_use_all(redirect);
		if (!tw_manifest_int(r, tw_yaml_get(redirect, "redirectCode"),
			    300, 399, &rule->policy.respond))
			tw_set_int(&rule->policy.respond, 301,
				tw_manifest_origin(r, redirect, NULL));
	} else if (direct) {
		tw_manifest_int(r, tw_yaml_use(tw_yaml_get(direct, "status")),
			200, 599, &rule->policy.respond);
	}
	return true;
}

static void read_http(
	struct tw_manifest_reader *r, struct tw_yaml *it, uint32_t group)
{
	struct tw_yaml *matches = tw_yaml_get(it, "match");
	struct tw_yaml *timeout = tw_yaml_use(tw_yaml_get(it, "timeout"));
	struct tw_rule rule = {
		.group = group, .origin = tw_manifest_origin(r, it, NULL)};

	if (!read_answer(r, it, &rule))
		return;
	read_destinations(r, tw_yaml_get(it, "route"), &rule);
	check_weights(r, tw_yaml_get(it, "route"), &rule);
	tw_manifest_text(r,
		tw_yaml_use(tw_yaml_path(it, "rewrite", "uri", NULL)),
		&rule.policy.rewrite);
	read_mirrors(r, it, &rule);
	read_fault(r, tw_yaml_get(it, "fault"), &rule.policy.inject);
	tw_manifest_duration(r, timeout, &rule.policy.timeout);
	read_retries(r, tw_yaml_get(it, "retries"), &rule.policy);
	if (!tw_yaml_count(matches))
		emit_rule(r, &rule, NULL);
	for (size_t i = 0; i < tw_yaml_count(matches); i++) {
		struct tw_rule one = rule;
		struct tw_yaml *match = tw_yaml_item(matches, i);

		if (read_match(r, match, &one))
			emit_rule(r, &one, match);
	}
}

void tw_read_virtual_service(struct tw_manifest_reader *r)
{
	struct tw_yaml *http =
		tw_yaml_path(r->object->doc, "spec", "http", NULL);
	uint32_t group =
		(uint32_t)(r->spec->entries.n + r->spec->policies.n) + 1;

	for (size_t i = 0; i < tw_yaml_count(http); i++)
		read_http(r, tw_yaml_item(http, i), group);
}

void tw_read_destination_rule(struct tw_manifest_reader *r)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *subsets = tw_yaml_get(spec, "subsets");
	struct tw_yaml *host = tw_yaml_get(spec, "host");
	const char *key = host_key(r, host);
	struct tw_spec_service *service =
		key ? tw_map_get(&r->spec->services, key) : NULL;

	if (!tw_yaml_text(host))
		tw_manifest_error(r, spec, "'spec.host' is missing");
	if (!service)
		return; /* out of the cluster, or declared elsewhere */
	tw_yaml_use(host);
	for (size_t i = 0; i < tw_yaml_count(subsets); i++) {
		struct tw_yaml *it = tw_yaml_item(subsets, i);
		struct tw_yaml *name = tw_yaml_get(it, "name");
		struct tw_spec_subset subset = {
			.name = tw_manifest_keep(r, tw_yaml_text(name)),
			.origin = tw_manifest_origin(r, it, NULL)};

		if (!subset.name) {
			tw_manifest_error(r, it, "a subset has no 'name'");
			continue;
		}
		tw_manifest_labels(
			r, tw_yaml_get(it, "labels"), &subset.labels);
		tw_yaml_use(tw_yaml_get(it, "name"));
		tw_yaml_use_all(tw_yaml_get(it, "labels"));
		tw_read_traffic_policy(r, tw_yaml_get(it, "trafficPolicy"),
			service->key, subset.name);
		tw_vec_push_in(&r->spec->arena, &service->subsets, subset);
	}
	tw_read_traffic_policy(
		r, tw_yaml_get(spec, "trafficPolicy"), service->key, NULL);
}
