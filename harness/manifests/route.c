/*
 * The ways in: Ingress (networking.k8s.io/v1 and the forms before it) and the
 * Gateway API's HTTPRoute and GRPCRoute, which with a Service as its parent
 * (GAMMA) is a rule of the mesh instead.
 */
#include "harness/manifests/rule.h"

static const char *service_key(
	struct tw_manifest_reader *r, const char *namespace, const char *name)
{
	return tw_spec_key(
		r->spec, namespace ? namespace : r->object->namespace, name);
}

static void number_or_name(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_rule *rule)
{
	int64_t number;

	if (tw_yaml_int(node, &number))
		tw_manifest_int(r, node, 1, 65535, &rule->port);
	else
		tw_manifest_text(r, node, &rule->port_name);
}

/* Both forms of a backend: {service: {name, port}} and {serviceName,
 * servicePort}. False where it is no Service. */
static bool ingress_backend(struct tw_manifest_reader *r,
	struct tw_yaml *backend, struct tw_rule *rule)
{
	struct tw_yaml *service = tw_yaml_get(backend, "service");
	struct tw_yaml *name = tw_yaml_get(service, "name");
	struct tw_yaml *port = tw_yaml_path(service, "port", "number", NULL);

	if (!port)
		port = tw_yaml_path(service, "port", "name", NULL);
	if (!name) {
		name = tw_yaml_get(backend, "serviceName");
		port = tw_yaml_get(backend, "servicePort");
	}
	if (!tw_yaml_text(name))
		return false;
	/* AWS' load balancer: the name is that of an action in an annotation,
	 * and not of a Service. */
	if (tw_yaml_text(port) &&
		!strcmp(tw_yaml_text(port), "use-annotation")) {
		tw_manifest_note(r, backend,
			"a backend in an annotation is not modelled");
		return false;
	}
	number_or_name(r, port, rule);
	tw_rule_destination(r, rule,
		service_key(r, NULL, tw_yaml_text(tw_yaml_use(name))), NULL,
		NULL, name);
	return true;
}

static void ingress_entry(
	struct tw_manifest_reader *r, const struct tw_rule *rule)
{
	tw_rule_entry(r, rule);
	tw_ingress_affinity(r, tw_rule_service(rule));
}

static void ingress_path(
	struct tw_manifest_reader *r, struct tw_yaml *it, struct tw_yaml *host)
{
	struct tw_yaml *path = tw_yaml_use(tw_yaml_get(it, "path"));
	struct tw_yaml *type = tw_yaml_use(tw_yaml_get(it, "pathType"));
	struct tw_rule rule = {.host = tw_yaml_text(tw_yaml_use(host)),
		.path = tw_yaml_text(path),
		.match = TW_PATH_PREFIX,
		.origin = tw_manifest_origin(r, it, NULL)};
	const char *kind = tw_yaml_text(type);

	if (rule.host && !*rule.host)
		rule.host = NULL;
	if (rule.path && *rule.path && *rule.path != '/') {
		tw_manifest_error(r, path, "a path starts with '/'");
		return;
	}
	if (rule.path && !*rule.path)
		rule.path = NULL;
	if (kind && !strcmp(kind, "Exact"))
		rule.match = TW_PATH_EXACT;
	/* ImplementationSpecific: a regular expression for some. */
	if (rule.path && strpbrk(rule.path, "(*[")) {
		rule.path = tw_arena_strndup(
			&r->m->arena, rule.path, strcspn(rule.path, "(*["));
		tw_manifest_note(r, path,
			"the pattern is read as the prefix '%s'", rule.path);
	}
	if (ingress_backend(r, tw_yaml_get(it, "backend"), &rule))
		ingress_entry(r, &rule);
}

void tw_read_ingress(struct tw_manifest_reader *r)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *rules = tw_yaml_get(spec, "rules");
	struct tw_yaml *backend = tw_yaml_get(spec, "defaultBackend");

	for (size_t i = 0; i < tw_yaml_count(rules); i++) {
		struct tw_yaml *it = tw_yaml_item(rules, i);
		struct tw_yaml *paths = tw_yaml_path(it, "http", "paths", NULL);

		for (size_t k = 0; k < tw_yaml_count(paths); k++)
			ingress_path(r, tw_yaml_item(paths, k),
				tw_yaml_get(it, "host"));
	}
	if (!backend)
		backend = tw_yaml_get(spec, "backend");
	if (backend) {
		struct tw_rule rule = {
			.origin = tw_manifest_origin(r, backend, NULL)};

		if (ingress_backend(r, backend, &rule))
			ingress_entry(r, &rule);
	}
}

/* ---- Gateway API ------------------------------------------------------ */

static void backend_refs(struct tw_manifest_reader *r, struct tw_yaml *refs,
	struct tw_rule *rule)
{
	for (size_t i = 0; i < tw_yaml_count(refs); i++) {
		struct tw_yaml *it = tw_yaml_item(refs, i);
		struct tw_yaml *name = tw_yaml_use(tw_yaml_get(it, "name"));
		const char *kind = tw_yaml_text(tw_yaml_get(it, "kind"));

		if (!tw_yaml_text(name)) {
			tw_manifest_error(r, it, "a backend has no 'name'");
			continue;
		}
		if (kind && strcmp(kind, "Service") != 0) {
			tw_manifest_note(r, it,
				"a backend of kind %s is not modelled", kind);
			continue;
		}
		if (!rule->port.origin)
			tw_manifest_int(r, tw_yaml_get(it, "port"), 1, 65535,
				&rule->port);
		tw_rule_destination(r, rule,
			service_key(r,
				tw_yaml_text(tw_yaml_get(it, "namespace")),
				tw_yaml_text(name)),
			NULL, tw_yaml_get(it, "weight"), it);
	}
}

/* `timeouts` and `retry` of a rule (apis/v1/httproute_types.go): request is
 * for all tries, backendRequest for one; "0s" switches off. */
static void rule_policy(
	struct tw_manifest_reader *r, struct tw_yaml *it, struct tw_rule *rule)
{
	struct tw_yaml *timeouts = tw_yaml_use_all(tw_yaml_get(it, "timeouts"));
	struct tw_yaml *retry = tw_yaml_use_all(tw_yaml_get(it, "retry"));
	struct tw_yaml *codes = tw_yaml_get(retry, "codes");
	struct tw_spec_policy *p = &rule->policy;

	tw_manifest_duration(r, tw_yaml_get(timeouts, "request"), &p->timeout);
	tw_manifest_duration(
		r, tw_yaml_get(timeouts, "backendRequest"), &p->try_timeout);
	tw_linkerd_route(r, p);
	if (!retry)
		return;
	tw_manifest_int(
		r, tw_yaml_get(retry, "attempts"), 0, 1000, &p->retries);
	if (!p->retries.origin)
		tw_set_int(&p->retries, 1, tw_manifest_origin(r, retry, NULL));
	tw_manifest_duration(
		r, tw_yaml_get(retry, "backoff"), &p->backoff_base);
	for (size_t i = 0; i < tw_yaml_count(codes); i++) {
		struct tw_int code = {0};

		if (tw_manifest_int(r, tw_yaml_item(codes, i), 400, 599, &code))
			tw_vec_push_in(
				&r->spec->arena, &p->retry_codes, (int)code.v);
	}
	tw_set_int(&p->retry_on, TW_RETRY_CONNECT_FAILURE | TW_RETRY_TIMEOUT,
		tw_manifest_origin(r, retry, NULL));
}

/* Gives a rule to what the route hangs on. */
static void emit(struct tw_manifest_reader *r, const struct tw_rule *rule)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *parents = tw_yaml_get(spec, "parentRefs");
	struct tw_yaml *hosts = tw_yaml_use_all(tw_yaml_get(spec, "hostnames"));
	struct tw_rule copy = *rule;
	bool gateway = !tw_yaml_count(parents);

	for (size_t i = 0; i < tw_yaml_count(parents); i++) {
		struct tw_yaml *it = tw_yaml_item(parents, i);
		const char *kind = tw_yaml_text(tw_yaml_get(it, "kind"));
		const char *name = tw_yaml_text(tw_yaml_get(it, "name"));

		if (!kind || strcmp(kind, "Service") != 0)
			gateway = true;
		else if (name)
			tw_rule_policy(r, rule, TW_CALLER_MESH,
				service_key(r,
					tw_yaml_text(
						tw_yaml_get(it, "namespace")),
					name));
	}
	if (gateway && !tw_yaml_count(hosts))
		tw_rule_entry(r, rule);
	for (size_t i = 0; gateway && i < tw_yaml_count(hosts); i++) {
		copy.host = tw_yaml_text(tw_yaml_item(hosts, i));
		tw_rule_entry(r, &copy);
	}
}

static void http_match(struct tw_manifest_reader *r, struct tw_yaml *match,
	struct tw_rule *rule)
{
	struct tw_yaml *path = tw_yaml_use_all(tw_yaml_get(match, "path"));
	const char *type = tw_yaml_text(tw_yaml_get(path, "type"));

	rule->method = tw_yaml_text(tw_yaml_use(tw_yaml_get(match, "method")));
	rule->path = tw_yaml_text(tw_yaml_get(path, "value"));
	rule->match = TW_PATH_PREFIX;
	if (type && !strcmp(type, "Exact"))
		rule->match = TW_PATH_EXACT;
	if (type && !strcmp(type, "RegularExpression")) {
		rule->path = NULL;
		tw_rule_condition(r, rule, TW_CONDITION_PATH, NULL,
			TW_CONDITION_REGEX, tw_yaml_get(path, "value"), false);
	}
	tw_rule_value_matches(
		r, rule, TW_CONDITION_HEADER, tw_yaml_get(match, "headers"));
	tw_rule_value_matches(
		r, rule, TW_CONDITION_QUERY, tw_yaml_get(match, "queryParams"));
	emit(r, rule);
}

/* {service: pkg.Svc, method: M}: the path /pkg.Svc/M. */
static void grpc_match(struct tw_manifest_reader *r, struct tw_yaml *match,
	struct tw_rule *rule)
{
	struct tw_yaml *it = tw_yaml_use_all(tw_yaml_get(match, "method"));
	const char *service = tw_yaml_text(tw_yaml_get(it, "service"));
	const char *method = tw_yaml_text(tw_yaml_get(it, "method"));
	const char *type = tw_yaml_text(tw_yaml_get(it, "type"));

	rule->path = NULL;
	if (service && type && !strcmp(type, "RegularExpression")) {
		tw_manifest_note(r, it,
			"a regular expression for a gRPC method is not "
			"modelled; this match was left out");
		return;
	}
	if (service) {
		rule->path = tw_arena_printf(&r->m->arena, "/%s%s%s", service,
			method ? "/" : "", method ? method : "");
		rule->match = method ? TW_PATH_EXACT : TW_PATH_PREFIX;
	}
	tw_rule_value_matches(
		r, rule, TW_CONDITION_HEADER, tw_yaml_get(match, "headers"));
	emit(r, rule);
}

static void mirror_filter(
	struct tw_manifest_reader *r, struct tw_yaml *it, struct tw_rule *rule)
{
	struct tw_yaml *to = tw_yaml_get(it, "backendRef");
	struct tw_yaml *name = tw_yaml_use(tw_yaml_get(to, "name"));
	struct tw_yaml *fraction = tw_yaml_get(it, "fraction");
	struct tw_int above = {0}, below = {0};
	struct tw_real share = {0};

	if (!tw_yaml_text(name))
		return;
	tw_rule_percent(r, tw_yaml_get(it, "percent"), &share);
	if (tw_manifest_int(r, tw_yaml_use(tw_yaml_get(fraction, "numerator")),
		    0, INT32_MAX, &above)) {
		tw_manifest_int(r,
			tw_yaml_use(tw_yaml_get(fraction, "denominator")), 1,
			INT32_MAX, &below);
		tw_set_real(&share,
			(double)above.v / (double)tw_int_or(below, 100),
			above.origin);
	}
	tw_rule_mirror(r, rule,
		service_key(r, tw_yaml_text(tw_yaml_get(to, "namespace")),
			tw_yaml_text(name)),
		NULL, share, name);
}

static void rewrite_filter(
	struct tw_manifest_reader *r, struct tw_yaml *it, struct tw_rule *rule)
{
	struct tw_yaml *path = tw_yaml_get(it, "path");
	struct tw_yaml *to = tw_yaml_get(path, "replacePrefixMatch");

	if (!to)
		to = tw_yaml_get(path, "replaceFullPath");
	tw_manifest_text(r, tw_yaml_use(to), &rule->policy.rewrite);
	if (to)
		tw_yaml_use(tw_yaml_get(path, "type"));
}

/* As in Istio, a redirect to another scheme alone says nothing of a request
 * that was captured behind it. False: the rule is left out. */
static bool redirect_filter(
	struct tw_manifest_reader *r, struct tw_yaml *it, struct tw_rule *rule)
{
	if (!tw_yaml_get(it, "hostname") && !tw_yaml_get(it, "path"))
		return false;
	tw_yaml_use_all(it);
	if (!tw_manifest_int(r, tw_yaml_get(it, "statusCode"), 300, 399,
		    &rule->policy.respond))
		tw_set_int(&rule->policy.respond, 302,
			tw_manifest_origin(r, it, NULL));
	return true;
}

static bool filters(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_rule *rule)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_yaml *mirror = tw_yaml_get(it, "requestMirror");
		struct tw_yaml *rewrite = tw_yaml_get(it, "urlRewrite");
		struct tw_yaml *redirect = tw_yaml_get(it, "requestRedirect");

		if (mirror || rewrite || redirect)
			tw_yaml_use(tw_yaml_get(it, "type"));
		if (mirror)
			mirror_filter(r, mirror, rule);
		if (rewrite)
			rewrite_filter(r, rewrite, rule);
		if (redirect && !redirect_filter(r, redirect, rule))
			return false;
	}
	return true;
}

static void gateway_rules(struct tw_manifest_reader *r,
	void (*read_match)(struct tw_manifest_reader *, struct tw_yaml *,
		struct tw_rule *))
{
	struct tw_yaml *rules =
		tw_yaml_path(r->object->doc, "spec", "rules", NULL);

	for (size_t i = 0; i < tw_yaml_count(rules); i++) {
		struct tw_yaml *it = tw_yaml_item(rules, i);
		struct tw_yaml *matches = tw_yaml_get(it, "matches");
		struct tw_rule rule = {
			.origin = tw_manifest_origin(r, it, NULL)};

		backend_refs(r, tw_yaml_get(it, "backendRefs"), &rule);
		rule_policy(r, it, &rule);
		if (!filters(r, tw_yaml_get(it, "filters"), &rule))
			continue;
		if (!tw_yaml_count(matches))
			emit(r, &rule);
		for (size_t k = 0; k < tw_yaml_count(matches); k++) {
			struct tw_rule one = rule;

			read_match(r, tw_yaml_item(matches, k), &one);
		}
	}
}

void tw_read_http_route(struct tw_manifest_reader *r)
{
	gateway_rules(r, http_match);
}

void tw_read_grpc_route(struct tw_manifest_reader *r)
{
	gateway_rules(r, grpc_match);
}
