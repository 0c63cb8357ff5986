/*
 * A Compose service: a Service and a workload in one.
 *
 * Its sizes are binary (go-units: "300M" is 300 * 2^20 bytes), and a
 * healthcheck's defaults are its own (Compose specification: interval 30 s,
 * timeout 30 s, 3 retries).
 */
#include "harness/manifests/reader.h"

#define LABEL "com.docker.compose.service"

/* "300M", "1.5gb", "64k", "1024". */
static bool parse_bytes(struct tw_str text, int64_t *bytes)
{
	static const char units[] = "bkmgt";
	int64_t scale = 1;
	double value;
	size_t n = text.n;

	if (n > 1 && (text.p[n - 1] == 'b' || text.p[n - 1] == 'B') &&
		(text.p[n - 2] < '0' || text.p[n - 2] > '9'))
		n--;
	if (n > 1 && (text.p[n - 1] == 'i'))
		n--;
	if (n && (text.p[n - 1] < '0' || text.p[n - 1] > '9')) {
		char c = (char)(text.p[n - 1] | 0x20);
		const char *unit = strchr(units, c);

		if (!unit)
			return false;
		for (const char *u = units; u < unit; u++)
			scale *= 1024;
		n--;
	}
	if (!tw_parse_real((struct tw_str){text.p, n}, &value) || value < 0 ||
		value > 9e15 / (double)scale)
		return false;
	*bytes = (int64_t)(value * (double)scale);
	return true;
}

static bool read_bytes(
	struct tw_manifest_reader *r, struct tw_yaml *node, struct tw_int *to)
{
	int64_t bytes;

	if (tw_yaml_is_null(node))
		return false;
	if (!tw_yaml_text(node) || !parse_bytes(tw_yaml_str(node), &bytes)) {
		struct tw_diag *d =
			tw_manifest_error(r, node, "'%s' is not a size",
				tw_yaml_text(node) ? tw_yaml_text(node)
						   : tw_yaml_kind_name(node));

		d->hint = "such as 300M or 1g";
		return false;
	}
	return tw_set_int(to, bytes, tw_manifest_origin(r, node, NULL));
}

static void read_resources(
	struct tw_manifest_reader *r, struct tw_spec_container *c)
{
	struct tw_yaml *doc = r->object->doc;
	struct tw_yaml *limits =
		tw_yaml_path(doc, "deploy", "resources", "limits", NULL);
	struct tw_yaml *wanted =
		tw_yaml_path(doc, "deploy", "resources", "reservations", NULL);
	struct tw_yaml *cpus = tw_yaml_get(wanted, "cpus");
	struct tw_yaml *memory = tw_yaml_get(wanted, "memory");

	tw_manifest_quantity(
		r, tw_yaml_get(limits, "cpus"), true, &c->cpu_limit);
	tw_manifest_quantity(r, tw_yaml_get(doc, "cpus"), true, &c->cpu_limit);
	read_bytes(r, tw_yaml_get(limits, "memory"), &c->memory_limit);
	read_bytes(r, tw_yaml_get(doc, "mem_limit"), &c->memory_limit);
	if (tw_manifest_quantity(r, cpus, true, &c->cpu_request))
		tw_yaml_use(cpus);
	if (read_bytes(r, memory, &c->memory_request))
		tw_yaml_use(memory);
}

static void read_environment(
	struct tw_manifest_reader *r, struct tw_spec_container *c)
{
	struct tw_yaml *map = tw_yaml_get(r->object->doc, "environment");

	for (size_t i = 0; i < tw_yaml_count(map); i++) {
		const char *name = tw_yaml_text(map->pairs.v[i].key);
		struct tw_yaml *value = map->pairs.v[i].value;
		struct tw_spec_env env = {.name = tw_manifest_keep(r, name)};

		if (!name)
			continue;
		env.value.v = tw_manifest_keep(r, tw_yaml_text(value));
		env.value.origin = tw_manifest_origin(r, value,
			tw_arena_printf(&r->m->arena, "env %s", name));
		tw_vec_push_in(&r->spec->arena, &c->env, env);
	}
}

static void read_arguments(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_spec_container *c)
{
	struct tw_text arg = {0};

	if (tw_yaml_is(node, TW_YAML_SEQUENCE)) {
		for (size_t i = 0; i < tw_yaml_count(node); i++)
			read_arguments(r, tw_yaml_item(node, i), c);
	} else if (tw_manifest_text(r, node, &arg)) {
		tw_vec_push_in(&r->spec->arena, &c->args, arg);
	}
}

static void read_healthcheck(
	struct tw_manifest_reader *r, struct tw_spec_container *c)
{
	struct tw_yaml *it = tw_yaml_get(r->object->doc, "healthcheck");
	struct tw_spec_probe *probe = &c->readiness;
	const struct tw_origin *origin;

	if (!tw_yaml_get(it, "test"))
		return;
	origin = tw_manifest_origin(r, it, NULL);
	probe->kind = TW_PROBE_EXEC;
	probe->origin = origin;
	tw_manifest_duration(r, tw_yaml_get(it, "interval"), &probe->period);
	tw_manifest_duration(r, tw_yaml_get(it, "timeout"), &probe->timeout);
	tw_manifest_duration(
		r, tw_yaml_get(it, "start_period"), &probe->initial_delay);
	tw_manifest_int(
		r, tw_yaml_get(it, "retries"), 0, INT32_MAX, &probe->failure);
	if (!probe->period.origin)
		tw_set_int(&probe->period, 30 * TW_S, origin);
	if (!probe->timeout.origin)
		tw_set_int(&probe->timeout, 30 * TW_S, origin);
}

/* Of one service: calls name single ports; ranges of thousands are those of
 * media relays, and quadratic to keep apart. */
#define PORTS_MAX 1000

static void add_port(struct tw_manifest_reader *r, const struct tw_yaml *node,
	int64_t number, struct tw_spec_service *service,
	struct tw_spec_container *c)
{
	const struct tw_origin *origin = tw_manifest_origin(r, node, NULL);
	struct tw_spec_port port = {.origin = origin};
	struct tw_spec_container_port opened = {0};

	for (size_t i = 0; i < service->ports.n; i++)
		if (service->ports.v[i].port.v == number)
			return;
	tw_set_int(&port.port, number, origin);
	tw_set_int(&opened.port, number, origin);
	tw_vec_push_in(&r->spec->arena, &service->ports, port);
	tw_vec_push_in(&r->spec->arena, &c->ports, opened);
}

/* "8080", "80:8080", "127.0.0.1:80:8080/tcp", "3000-3005": what the container
 * listens on stands last. */
static void read_port(struct tw_manifest_reader *r, const struct tw_yaml *node,
	struct tw_spec_service *service, struct tw_spec_container *c)
{
	struct tw_str text = tw_yaml_str(tw_yaml_is(node, TW_YAML_MAPPING)
						 ? tw_yaml_get(node, "target")
						 : node);
	const char *at = text.n ? memchr(text.p, '/', text.n) : NULL;
	int64_t first, last;

	if (at)
		text.n = (size_t)(at - text.p);
	at = text.n ? memrchr(text.p, ':', text.n) : NULL;
	if (at) {
		text.n -= (size_t)(at + 1 - text.p);
		text.p = at + 1;
	}
	at = text.n ? memchr(text.p, '-', text.n) : NULL;
	if (at && tw_parse_int((struct tw_str){at + 1,
				       text.n - (size_t)(at + 1 - text.p)},
			  &last))
		text.n = (size_t)(at - text.p);
	else
		at = NULL;
	if (!tw_parse_int(text, &first) || first < 1 || first > 65535 ||
		(at && (last < first || last > 65535))) {
		if (text.n) /* an unset variable was told of already */
			tw_manifest_error(r, node, "'%.*s' is not a port",
				(int)text.n, text.p);
		return;
	}
	for (int64_t n = first; n <= (at ? last : first); n++) {
		if (service->ports.n >= PORTS_MAX) {
			tw_manifest_note(r, node,
				"only the first %d ports are kept", PORTS_MAX);
			return;
		}
		add_port(r, node, n, service, c);
	}
}

static void read_ports(struct tw_manifest_reader *r,
	struct tw_spec_service *service, struct tw_spec_container *c)
{
	static const char *const keys[] = {"ports", "expose"};

	for (size_t k = 0; k < 2; k++) {
		struct tw_yaml *list = tw_yaml_get(r->object->doc, keys[k]);

		for (size_t i = 0; i < tw_yaml_count(list); i++)
			read_port(r, tw_yaml_item(list, i), service, c);
	}
}

static void read_replicas(
	struct tw_manifest_reader *r, struct tw_spec_workload *workload)
{
	struct tw_yaml *node =
		tw_yaml_path(r->object->doc, "deploy", "replicas", NULL);

	if (!node)
		node = tw_yaml_get(r->object->doc, "scale");
	if (tw_manifest_int(r, node, 0, INT32_MAX, &workload->replicas))
		tw_yaml_use(node);
}

void tw_read_compose(struct tw_manifest_reader *r)
{
	const struct tw_object *object = r->object;
	const struct tw_origin *origin = tw_manifest_origin(r, NULL, NULL);
	const char *name = tw_manifest_keep(r, object->name);
	const struct tw_label label = {LABEL, name};
	struct tw_spec_service *service =
		tw_spec_service(r->spec, object->namespace, name, origin);
	struct tw_spec_workload *workload = tw_spec_workload(
		r->spec, "compose", object->namespace, name, origin);
	struct tw_spec_container *c =
		tw_new(&r->spec->arena, struct tw_spec_container);

	if (!tw_yaml_get(object->doc, "image") &&
		!tw_yaml_get(object->doc, "build"))
		tw_manifest_error(
			r, NULL, "it has neither 'image' nor 'build'");
	service->has_object = service->has_selector = true;
	service->origin = origin;
	tw_vec_push_in(&r->spec->arena, &service->selector, label);
	tw_vec_push_in(&r->spec->arena, &workload->labels, label);
	c->name = name;
	c->origin = origin;
	tw_manifest_text(r, tw_yaml_get(object->doc, "image"), &c->image);
	read_replicas(r, workload);
	read_resources(r, c);
	read_environment(r, c);
	read_arguments(r, tw_yaml_get(object->doc, "entrypoint"), c);
	read_arguments(r, tw_yaml_get(object->doc, "command"), c);
	read_healthcheck(r, c);
	read_ports(r, service, c);
	tw_vec_push_in(&r->spec->arena, &workload->containers, c);
}
