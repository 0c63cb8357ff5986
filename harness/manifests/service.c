/*
 * Services and the names by which callers know them.
 */
#include "harness/manifests/reader.h"

/* targetPort: a number or the name of a container's port. */
static void read_target(struct tw_manifest_reader *r, struct tw_yaml *target,
	struct tw_spec_port *port)
{
	int64_t number;

	if (tw_yaml_is_null(target))
		return;
	if (tw_yaml_int(target, &number))
		tw_manifest_int(r, target, 0, 65535, &port->target);
	else if (tw_manifest_text(r, target, &port->target_name))
		tw_yaml_use(target);
	if (port->target.origin && !port->target.v)
		port->target.origin = NULL; /* 0: as if it were not there */
}

static void read_ports(struct tw_manifest_reader *r, struct tw_yaml *ports,
	struct tw_spec_service *service)
{
	size_t n = tw_yaml_count(ports);

	for (size_t i = 0; i < n; i++) {
		struct tw_yaml *it = tw_yaml_item(ports, i);
		struct tw_spec_port port = {
			.origin = tw_manifest_origin(r, it, NULL)};

		tw_manifest_text(r, tw_yaml_get(it, "name"), &port.name);
		tw_manifest_text(
			r, tw_yaml_get(it, "protocol"), &port.protocol);
		read_target(r, tw_yaml_get(it, "targetPort"), &port);
		if (!tw_yaml_get(it, "port"))
			tw_manifest_error(r, it, "a port has no 'port'");
		if (n > 1 && !port.name.origin)
			tw_manifest_error(r, it,
				"with several ports each needs a 'name'");
		if (tw_manifest_int(
			    r, tw_yaml_get(it, "port"), 1, 65535, &port.port))
			tw_vec_push_in(&r->spec->arena, &service->ports, port);
	}
}

void tw_manifest_word(struct tw_manifest_reader *r, struct tw_yaml *node,
	const char *what, const char *const *words, struct tw_text *to)
{
	const char *text = tw_yaml_text(node), *nearest;
	struct tw_buf all = {0};
	size_t n = 0;

	if (!node || tw_yaml_is_null(node))
		return;
	for (; words[n]; n++) {
		tw_buf_printf(&all, "%s%s", n ? ", " : "", words[n]);
		if (text && !strcmp(text, words[n]))
			tw_manifest_text(r, node, to);
	}
	nearest = text ? tw_nearest(text, words, n) : NULL;
	if (!to->origin)
		tw_manifest_error(r, node, "%s is one of %s%s%s%s", what,
			tw_buf_text(&all), nearest ? "; did you mean '" : "",
			nearest ? nearest : "", nearest ? "'?" : "");
	else
		tw_yaml_use(node);
	tw_buf_release(&all);
}

/* Which endpoints kube-proxy sends to: world/endpoints.h. */
static void read_endpoints(
	struct tw_manifest_reader *r, struct tw_spec_service *service)
{
	static const char *const policies[] = {"Cluster", "Local", NULL};
	static const char *const ways[] = {
		"PreferClose", "PreferSameZone", "PreferSameNode", NULL};
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *annotations = tw_yaml_get(
		tw_yaml_get(r->object->doc, "metadata"), "annotations");
	struct tw_yaml *always = tw_yaml_get(spec, "publishNotReadyAddresses");
	struct tw_yaml *mode =
		tw_yaml_get(annotations, "service.kubernetes.io/topology-mode");
	const char *text = tw_yaml_text(mode);
	bool yes;

	tw_manifest_word(r, tw_yaml_get(spec, "internalTrafficPolicy"),
		"internalTrafficPolicy", policies, &service->internal_policy);
	tw_manifest_word(r, tw_yaml_get(spec, "externalTrafficPolicy"),
		"externalTrafficPolicy", policies, &service->external_policy);
	tw_manifest_word(r, tw_yaml_get(spec, "trafficDistribution"),
		"trafficDistribution", ways, &service->distribution);
	/* topologycache.go, EndpointSliceCache: either case; it goes before. */
	if (text && (!strcmp(text, "Auto") || !strcmp(text, "auto"))) {
		service->distribution = (struct tw_text){
			"Auto", tw_manifest_origin(r, mode, NULL)};
		tw_yaml_use(mode);
	}
	if (tw_yaml_bool(always, &yes)) {
		service->publish_not_ready = (struct tw_int){
			yes, tw_manifest_origin(r, always, NULL)};
		tw_yaml_use(always);
	}
}

void tw_read_service(struct tw_manifest_reader *r)
{
	const struct tw_object *object = r->object;
	struct tw_yaml *spec = tw_yaml_get(object->doc, "spec");
	struct tw_yaml *selector = tw_yaml_get(spec, "selector");
	const struct tw_origin *origin = tw_manifest_origin(r, NULL, NULL);
	struct tw_spec_service *service = tw_spec_service(
		r->spec, object->namespace, object->name, origin);
	const char *ip = tw_yaml_text(tw_yaml_get(spec, "clusterIP"));
	const char *type = tw_yaml_text(tw_yaml_get(spec, "type"));

	tw_refused_service(r);
	service->has_object = true;
	service->origin = origin;
	tw_manifest_labels(r, selector, &service->selector);
	tw_yaml_use_all(selector);
	service->has_selector = service->selector.n != 0;
	tw_manifest_text(r, tw_yaml_get(spec, "type"), &service->type);
	tw_manifest_text(
		r, tw_yaml_get(spec, "externalName"), &service->external_name);
	if (type && !strcmp(type, "ExternalName") && service->external_name.v) {
		service->external = true;
		tw_yaml_use(tw_yaml_get(spec, "externalName"));
	}
	read_endpoints(r, service);
	service->headless = ip && !strcmp(ip, "None");
	if (service->headless)
		tw_yaml_use(tw_yaml_get(spec, "clusterIP"));
	tw_session_affinity(r, service);
	read_ports(r, tw_yaml_get(spec, "ports"), service);
	if (!service->ports.n && !service->headless &&
		!tw_yaml_count(tw_yaml_get(spec, "ports")) &&
		(!type || strcmp(type, "ExternalName") != 0))
		tw_manifest_error(r, spec, "'spec.ports' is missing");
}

/* Istio: hosts that the mesh may call, in it (MESH_INTERNAL, with endpoints or
 * a workloadSelector) or outside. All of them are black boxes here. */
void tw_read_service_entry(struct tw_manifest_reader *r)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *hosts = tw_yaml_get(spec, "hosts");

	for (size_t i = 0; i < tw_yaml_count(hosts); i++) {
		struct tw_yaml *host = tw_yaml_item(hosts, i);
		const char *name = tw_yaml_text(host);
		struct tw_spec_service *it;

		if (!name || !*name || strchr(name, '/'))
			continue;
		if (strchr(name, '*')) {
			tw_manifest_note(r, host,
				"a host with a wildcard is not modelled");
			continue;
		}
		it = tw_spec_external(r->spec, tw_manifest_keep(r, name),
			tw_manifest_origin(r, host, NULL));
		it->has_object = true;
		tw_yaml_use(host);
	}
}

/* The labels of a name that ends in ".svc" or ".svc.cluster.local" are cut
 * off; false where other labels follow. */
static bool split_host(
	struct tw_str host, struct tw_str *name, struct tw_str *namespace)
{
	static const char *const ends[] = {".svc.cluster.local", ".svc"};
	const char *dot;
	bool full = false;

	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	for (size_t i = 0; i < 2 && !full; i++) {
		size_t k = strlen(ends[i]);

		if (host.n > k && !memcmp(host.p + host.n - k, ends[i], k)) {
			host.n -= k;
			full = true;
		}
	}
	dot = host.n ? memchr(host.p, '.', host.n) : NULL;
	*name = (struct tw_str){host.p, dot ? (size_t)(dot - host.p) : host.n};
	*namespace = (struct tw_str){NULL, 0};
	if (dot)
		*namespace = (struct tw_str){dot + 1, host.n - name->n - 1};
	if (!name->n || (dot && !namespace->n) || (full && !dot))
		return false;
	return !dot || !memchr(namespace->p, '.', namespace->n);
}

const char *tw_manifests_host_key(
	struct tw_spec *spec, const char *namespace, struct tw_str host)
{
	struct tw_str name, ns;
	const struct tw_spec_service *outside;

	if (host.n && !memchr(host.p, '*', host.n) &&
		memchr(host.p, '.', host.n)) {
		outside = tw_spec_find_external(
			spec, tw_arena_strndup(&spec->arena, host.p, host.n));
		if (outside)
			return outside->key;
	}
	if (memchr(host.p, '*', host.n) || !split_host(host, &name, &ns))
		return NULL;
	if (ns.n)
	namespace = tw_arena_strndup(&spec->arena, ns.p, ns.n);
	return tw_arena_printf(
		&spec->arena, "%s/%.*s", namespace, (int)name.n, name.p);
}

struct tw_spec_service *tw_manifests_host(
	struct tw_spec *spec, const char *namespace, struct tw_str host)
{
	const char *key = tw_manifests_host_key(spec, namespace, host);
	struct tw_spec_service *service =
		key ? tw_map_get(&spec->services, key) : NULL;

	return service && service->has_object ? service : NULL;
}
