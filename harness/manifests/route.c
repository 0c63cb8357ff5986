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
		tw_rule_entry(r, &rule);
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
			tw_rule_entry(r, &rule);
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

static bool has_conditions(struct tw_manifest_reader *r, struct tw_yaml *match)
{
	static const char *const keys[] = {"headers", "queryParams"};

	for (size_t i = 0; i < 2; i++) {
		struct tw_yaml *it = tw_yaml_get(match, keys[i]);

		if (!tw_yaml_count(it))
			continue;
		tw_manifest_note(r, it,
			"a match on %s is not modelled; this match was left "
			"out",
			keys[i]);
		return true;
	}
	return false;
}

static void http_match(struct tw_manifest_reader *r, struct tw_yaml *match,
	struct tw_rule *rule)
{
	struct tw_yaml *path = tw_yaml_use_all(tw_yaml_get(match, "path"));
	const char *type = tw_yaml_text(tw_yaml_get(path, "type"));

	if (has_conditions(r, match))
		return;
	rule->method = tw_yaml_text(tw_yaml_use(tw_yaml_get(match, "method")));
	rule->path = tw_yaml_text(tw_yaml_get(path, "value"));
	rule->match = TW_PATH_PREFIX;
	if (type && !strcmp(type, "Exact"))
		rule->match = TW_PATH_EXACT;
	if (type && !strcmp(type, "RegularExpression")) {
		tw_manifest_note(r, path,
			"a regular expression is not modelled; this match was "
			"left out");
		return;
	}
	emit(r, rule);
}

/* {service: pkg.Svc, method: M}: the path /pkg.Svc/M. */
static void grpc_match(struct tw_manifest_reader *r, struct tw_yaml *match,
	struct tw_rule *rule)
{
	struct tw_yaml *it = tw_yaml_use_all(tw_yaml_get(match, "method"));
	const char *service = tw_yaml_text(tw_yaml_get(it, "service"));
	const char *method = tw_yaml_text(tw_yaml_get(it, "method"));

	if (has_conditions(r, match))
		return;
	rule->path = NULL;
	if (service) {
		rule->path = tw_arena_printf(&r->m->arena, "/%s%s%s", service,
			method ? "/" : "", method ? method : "");
		rule->match = method ? TW_PATH_EXACT : TW_PATH_PREFIX;
	}
	emit(r, rule);
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
		if (!tw_yaml_count(matches))
			emit(r, &rule);
		for (size_t k = 0; k < tw_yaml_count(matches); k++)
			read_match(r, tw_yaml_item(matches, k), &rule);
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
