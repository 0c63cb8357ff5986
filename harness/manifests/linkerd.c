/*
 * Linkerd: ServiceProfiles (linkerd.io/v1alpha2) and the annotations of
 * HTTPRoutes, GRPCRoutes and Services that took their place in 2.16.
 *
 * A retryable route of a profile is tried again on a 5xx, at once, as often as
 * the budget allows (linkerd2,
 * controller/api/destination/profile_translator.go: a timeout of 10 s, a budget
 * of 20%, 10/s and 10 s where nothing is said). By annotation: once, but for
 * `limit` (linkerd.io, "Retries"). Failure accrual ejects after 7 failures in a
 * row for 1 s to 60 s (policy-controller/k8s/index/src/outbound/index.rs); its
 * penalty doubles where ours, Envoy's, grows by the base, and ejected replicas
 * are not probed.
 */
#include "harness/manifests/rule.h"

#define UNBOUNDED 100 /* tries that only a budget bounds */

static void set(struct tw_manifest_reader *r, struct tw_int *to, int64_t v,
	const struct tw_yaml *at)
{
	tw_set_int(to, v, tw_manifest_origin(r, at, NULL));
}

/* ---- profiles --------------------------------------------------------- */

/* A condition of method and path; `all` of several, too. False: `any` and
 * `not`, which are left out. */
static bool read_condition(struct tw_manifest_reader *r,
	struct tw_yaml *condition, struct tw_rule *rule)
{
	struct tw_yaml *method = tw_yaml_get(condition, "method");
	struct tw_yaml *path = tw_yaml_get(condition, "pathRegex");
	struct tw_yaml *all = tw_yaml_get(condition, "all");

	if (tw_yaml_get(condition, "any") || tw_yaml_get(condition, "not")) {
		tw_manifest_note(r, condition,
			"a condition with 'any' or 'not' is not modelled; this "
			"route was left out");
		return false;
	}
	if (method)
		rule->method = tw_yaml_text(tw_yaml_use(method));
	if (path)
		tw_rule_condition(r, rule, TW_CONDITION_PATH, NULL,
			TW_CONDITION_REGEX, path, false);
	for (size_t i = 0; i < tw_yaml_count(all) && all->depth < 20; i++)
		if (!read_condition(r, tw_yaml_item(all, i), rule))
			return false;
	return true;
}

static void read_route(
	struct tw_manifest_reader *r, struct tw_yaml *it, const char *callee)
{
	struct tw_rule rule = {.origin = tw_manifest_origin(r, it, NULL)};
	struct tw_yaml *retryable = tw_yaml_get(it, "isRetryable");
	struct tw_yaml *timeout = tw_yaml_get(it, "timeout");
	bool again = false;

	if (!read_condition(r, tw_yaml_get(it, "condition"), &rule))
		return;
	tw_yaml_bool(tw_yaml_use(retryable), &again);
	if (!tw_manifest_duration(
		    r, tw_yaml_use(timeout), &rule.policy.timeout))
		set(r, &rule.policy.timeout, 10 * TW_S, it);
	if (again) {
		set(r, &rule.policy.retries, UNBOUNDED, retryable);
		set(r, &rule.policy.retry_on, TW_RETRY_5XX, retryable);
		set(r, &rule.policy.backoff_base, 0, retryable);
	}
	tw_rule_policy(r, &rule, TW_CALLER_MESH, callee);
}

static struct tw_spec_policy *add_groups(
	struct tw_manifest_reader *r, const char *callee, struct tw_yaml *at)
{
	struct tw_spec_policy *to =
		tw_new(&r->spec->arena, struct tw_spec_policy);

	to->callee = tw_manifest_keep(r, callee);
	to->origin = tw_manifest_origin(r, at, NULL);
	tw_vec_push_in(&r->spec->arena, &r->spec->policies, to);
	return to;
}

static void read_budget(
	struct tw_manifest_reader *r, struct tw_yaml *spec, const char *callee)
{
	struct tw_yaml *budget = tw_yaml_get(spec, "retryBudget");
	struct tw_spec_retry_budget *to =
		&add_groups(r, callee, budget ? budget : spec)->budget;
	struct tw_yaml *ratio = tw_yaml_get(budget, "retryRatio");
	struct tw_yaml *rate = tw_yaml_get(budget, "minRetriesPerSecond");
	double v;

	tw_yaml_use_all(budget);
	if (tw_yaml_text(ratio) && tw_parse_real(tw_yaml_str(ratio), &v) &&
		v >= 0 && v <= 1000)
		tw_set_real(&to->ratio, v, tw_manifest_origin(r, ratio, NULL));
	if (tw_yaml_text(rate) && tw_parse_real(tw_yaml_str(rate), &v) &&
		v >= 0 && v <= 1e6)
		tw_set_real(&to->min_per_second, v,
			tw_manifest_origin(r, rate, NULL));
	if (!tw_manifest_duration(r, tw_yaml_get(budget, "ttl"), &to->interval))
		set(r, &to->interval, 10 * TW_S, budget ? budget : spec);
}

void tw_read_service_profile(struct tw_manifest_reader *r)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *routes = tw_yaml_get(spec, "routes");
	const char *callee = tw_manifests_host_key(
		r->spec, r->object->namespace, tw_str_of(r->object->name));

	if (!callee || !tw_yaml_is(spec, TW_YAML_MAPPING))
		return;
	for (size_t i = 0; i < tw_yaml_count(routes); i++)
		read_route(r, tw_yaml_item(routes, i), callee);
	read_budget(r, spec, callee);
}

/* ---- annotations ------------------------------------------------------ */

/* Annotations are texts, whatever they say. */
static bool read_number(struct tw_manifest_reader *r, struct tw_yaml *at,
	int64_t least, struct tw_int *to)
{
	int64_t v;

	if (!tw_yaml_text(at))
		return false;
	tw_yaml_use(at);
	if (!tw_parse_int(tw_yaml_str(at), &v) || v < least || v > 1000000) {
		tw_manifest_error(r, at,
			"expected a whole number of at least %lld, not '%s'",
			(long long)least, tw_yaml_text(at));
		return false;
	}
	set(r, to, v, at);
	return true;
}

/* "5xx", "gateway-error", "503", "500-504", by commas. */
static void read_http_conditions(struct tw_manifest_reader *r,
	struct tw_yaml *at, struct tw_spec_policy *to)
{
	struct tw_str rest = tw_yaml_str(at);
	int bits = 0;

	while (rest.n) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
		struct tw_str word = tw_str_trim((struct tw_str){rest.p, n});
		const char *dash = word.n ? memchr(word.p, '-', word.n) : NULL;
		size_t low = dash ? (size_t)(dash - word.p) : word.n;
		int64_t from, until;

		if (tw_str_equal_nocase(word, TW_STR("5xx"))) {
			bits |= TW_RETRY_5XX;
		} else if (tw_str_equal_nocase(word, TW_STR("gateway-error"))) {
			bits |= TW_RETRY_GATEWAY_ERROR;
		} else if (tw_parse_int((struct tw_str){word.p, low}, &from) &&
			   from >= 100 && from < 600) {
			until = from;
			if (dash)
				tw_parse_int((struct tw_str){dash + 1,
						     word.n - low - 1},
					&until);
			for (; from <= until && from < 600; from++)
				tw_vec_push_in(&r->spec->arena,
					&to->retry_codes, (int)from);
		} else if (word.n) {
			tw_manifest_note(r, at,
				"a retry condition that Linkerd does not know");
		}
		rest.p += comma ? n + 1 : n;
		rest.n -= comma ? n + 1 : n;
	}
	set(r, &to->retry_on, bits, at);
}

void tw_linkerd_route(struct tw_manifest_reader *r, struct tw_spec_policy *to)
{
	struct tw_yaml *http =
		tw_manifest_annotation(r, "retry.linkerd.io/http");
	struct tw_yaml *grpc =
		tw_manifest_annotation(r, "retry.linkerd.io/grpc");
	struct tw_yaml *limit =
		tw_manifest_annotation(r, "retry.linkerd.io/limit");
	struct tw_yaml *one =
		tw_manifest_annotation(r, "retry.linkerd.io/timeout");
	struct tw_yaml *all =
		tw_manifest_annotation(r, "timeout.linkerd.io/request");

	tw_manifest_duration(r, tw_yaml_use(all), &to->timeout);
	if (!tw_yaml_text(http) && !tw_yaml_text(grpc))
		return;
	if (tw_yaml_text(http))
		read_http_conditions(r, tw_yaml_use(http), to);
	else
		set(r, &to->retry_on, TW_RETRY_UNAVAILABLE, tw_yaml_use(grpc));
	if (tw_manifest_duration(r, tw_yaml_use(one), &to->try_timeout))
		to->retry_on.v |= TW_RETRY_TIMEOUT;
	if (!read_number(r, limit, 0, &to->retries))
		set(r, &to->retries, 1, http ? http : grpc);
	set(r, &to->backoff_base, 0, http ? http : grpc);
}

/* Of a Service: what holds for calls that no route takes, and accrual. */
static void read_service(struct tw_manifest_reader *r, const char *callee)
{
	static const char prefix[] = "balancer.linkerd.io/failure-accrual";
	struct tw_yaml *mode = tw_manifest_annotation(r, prefix);
	struct tw_spec_policy route = {0}, *to;
	struct tw_spec_outlier *out;
	struct tw_yaml *failures, *least, *most;

	tw_linkerd_route(r, &route);
	if (route.timeout.origin || route.retries.origin) {
		to = add_groups(r, callee, NULL);
		route.callee = to->callee;
		route.caller = TW_CALLER_MESH;
		route.origin = to->origin;
		*to = route;
	}
	if (!tw_yaml_text(mode) || strcmp(tw_yaml_text(mode), "consecutive"))
		return;
	tw_yaml_use(mode);
	out = &add_groups(r, callee, mode)->outlier;
	failures = tw_manifest_annotation(r,
		"balancer.linkerd.io/failure-accrual-consecutive-max-failures");
	least = tw_manifest_annotation(r,
		"balancer.linkerd.io/failure-accrual-consecutive-min-penalty");
	most = tw_manifest_annotation(r,
		"balancer.linkerd.io/failure-accrual-consecutive-max-penalty");
	if (!read_number(r, failures, 1, &out->consecutive_5xx))
		set(r, &out->consecutive_5xx, 7, mode);
	if (!tw_manifest_duration(
		    r, tw_yaml_use(least), &out->base_ejection_time))
		set(r, &out->base_ejection_time, TW_S, mode);
	if (!tw_manifest_duration(
		    r, tw_yaml_use(most), &out->max_ejection_time))
		set(r, &out->max_ejection_time, 60 * TW_S, mode);
	set(r, &out->interval, TW_S, mode);
	tw_set_real(&out->max_ejection_percent, 1,
		tw_manifest_origin(r, mode, NULL));
	tw_set_real(
		&out->panic_threshold, 0, tw_manifest_origin(r, mode, NULL));
	tw_set_real(&out->success_rate_stdev_factor, 0,
		tw_manifest_origin(r, mode, NULL));
}

void tw_linkerd_services(struct tw_manifest_reader *r)
{
	for (size_t i = 0; i < r->m->objects.n; i++) {
		r->object = r->m->objects.v[i];
		if (*r->object->group ||
			strcmp(r->object->kind, "Service") != 0 ||
			!r->object->namespace || !r->object->name)
			continue;
		read_service(r, tw_spec_key(r->spec, r->object->namespace,
					r->object->name));
	}
}
