/*
 * Containers: ports, environment, resources, probes. Of these the twin
 * honours the requests (placement, shares of a node's CPU); limits count once
 * a model says what they bear on (link.c), values of the environment once an
 * edge comes of them (edges.c).
 */
#include "harness/manifests/reader.h"

static void read_ports(struct tw_manifest_reader *r, struct tw_yaml *ports,
	struct tw_spec_container *container)
{
	for (size_t i = 0; i < tw_yaml_count(ports); i++) {
		struct tw_yaml *it = tw_yaml_item(ports, i);
		struct tw_spec_container_port port = {0};

		tw_manifest_text(r, tw_yaml_get(it, "name"), &port.name);
		tw_manifest_protocol(
			r, tw_yaml_get(it, "protocol"), &port.protocol);
		if (tw_manifest_int(r, tw_yaml_get(it, "containerPort"), 1,
			    65535, &port.port))
			tw_vec_push_in(
				&r->spec->arena, &container->ports, port);
		else if (!tw_yaml_get(it, "containerPort"))
			tw_manifest_error(
				r, it, "a port has no 'containerPort'");
	}
}

/* A later value of the same name replaces the earlier one, as in a pod. */
static void put_env(struct tw_manifest_reader *r,
	struct tw_spec_container *container, const char *name,
	const char *value, const struct tw_yaml *node, const char *detail)
{
	struct tw_spec_env env = {.name = tw_manifest_keep(r, name)};

	env.value.v = tw_manifest_keep(r, value);
	env.value.origin = tw_manifest_origin(r, node, detail);
	for (size_t i = 0; i < container->env.n; i++) {
		if (!strcmp(container->env.v[i].name, name)) {
			container->env.v[i] = env;
			return;
		}
	}
	tw_vec_push_in(&r->spec->arena, &container->env, env);
}

static struct tw_yaml *config_data(
	struct tw_manifest_reader *r, const char *name)
{
	struct tw_object *map;

	if (!name)
		return NULL;
	map = tw_manifests_find(r->m, "ConfigMap", r->object->namespace, name);
	return map ? tw_yaml_get(map->doc, "data") : NULL;
}

static void read_env_from(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_spec_container *container)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		const char *prefix = tw_yaml_text(tw_yaml_get(it, "prefix"));
		const char *name = tw_yaml_text(
			tw_yaml_path(it, "configMapRef", "name", NULL));
		struct tw_yaml *data = config_data(r, name);

		if (!tw_yaml_is(data, TW_YAML_MAPPING))
			continue;
		for (size_t k = 0; k < data->pairs.n; k++) {
			const char *key = tw_yaml_text(data->pairs.v[k].key);
			struct tw_yaml *value = data->pairs.v[k].value;

			if (!key)
				continue;
			key = tw_arena_printf(&r->m->arena, "%s%s",
				prefix ? prefix : "", key);
			put_env(r, container, key, tw_yaml_text(value), value,
				tw_arena_printf(&r->m->arena,
					"env %s, ConfigMap %s", key, name));
		}
	}
}

static void read_env_item(struct tw_manifest_reader *r, struct tw_yaml *it,
	struct tw_spec_container *container)
{
	struct tw_yaml *value = tw_yaml_get(it, "value");
	struct tw_yaml *ref =
		tw_yaml_path(it, "valueFrom", "configMapKeyRef", NULL);
	const char *name = tw_yaml_text(tw_yaml_get(it, "name"));
	const char *detail;

	if (!name) {
		tw_manifest_error(
			r, it, "an environment variable has no 'name'");
		return;
	}
	detail = tw_arena_printf(&r->m->arena, "env %s", name);
	if (ref) {
		const char *map = tw_yaml_text(tw_yaml_get(ref, "name"));
		const char *key = tw_yaml_text(tw_yaml_get(ref, "key"));

		value = key ? tw_yaml_get(config_data(r, map), key) : NULL;
		detail = tw_arena_printf(&r->m->arena, "env %s, ConfigMap %s",
			name, map ? map : "?");
		put_env(r, container, name, tw_yaml_text(value),
			value ? value : it, detail);
		return;
	}
	if (tw_yaml_get(it, "valueFrom")) {
		put_env(r, container, name, NULL, it, detail);
		return;
	}
	put_env(r, container, name, value ? tw_yaml_text(value) : "",
		value ? value : it, detail);
}

static void read_args(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_spec_container *container)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_text arg = {0};

		if (tw_manifest_text(r, tw_yaml_item(list, i), &arg))
			tw_vec_push_in(&r->spec->arena, &container->args, arg);
	}
}

static void read_probe(struct tw_manifest_reader *r, struct tw_yaml *it,
	struct tw_spec_probe *probe)
{
	static const struct {
		const char *key;
		enum tw_probe_kind kind;
	} kinds[] = {{"httpGet", TW_PROBE_HTTP}, {"tcpSocket", TW_PROBE_TCP},
		{"grpc", TW_PROBE_GRPC}, {"exec", TW_PROBE_EXEC}};
	struct tw_yaml *port;
	int64_t number;

	if (!tw_yaml_is(it, TW_YAML_MAPPING))
		return;
	probe->origin = tw_manifest_origin(r, it, NULL);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct tw_yaml *how = tw_yaml_get(it, kinds[i].key);

		if (!how)
			continue;
		if (probe->kind)
			tw_manifest_error(r, how,
				"a probe is one of httpGet, tcpSocket, grpc "
				"and exec, not several");
		probe->kind = kinds[i].kind;
		tw_manifest_text(r, tw_yaml_get(how, "path"), &probe->path);
		port = tw_yaml_get(how, "port");
		if (tw_yaml_int(port, &number))
			tw_manifest_int(r, port, 1, 65535, &probe->port);
		else
			tw_manifest_text(r, port, &probe->port_name);
	}
	if (!probe->kind)
		tw_manifest_error(r, it,
			"a probe needs httpGet, tcpSocket, grpc or exec");
	tw_manifest_seconds(r, tw_yaml_get(it, "initialDelaySeconds"), 0,
		&probe->initial_delay);
	tw_manifest_seconds(
		r, tw_yaml_get(it, "periodSeconds"), 0, &probe->period);
	tw_manifest_seconds(
		r, tw_yaml_get(it, "timeoutSeconds"), 0, &probe->timeout);
	tw_manifest_int(r, tw_yaml_get(it, "successThreshold"), 0, INT32_MAX,
		&probe->success);
	tw_manifest_int(r, tw_yaml_get(it, "failureThreshold"), 0, INT32_MAX,
		&probe->failure);
}

/* What the API server refuses (core validation: ValidateResourceRequirements):
 * a request above its limit. A limit without a request is the request. */
static void settle_request(struct tw_manifest_reader *r, struct tw_int *request,
	struct tw_int limit, const struct tw_yaml *node, const char *what)
{
	if (!limit.origin)
		return;
	if (!request->origin)
		*request = limit;
	else if (request->v > limit.v)
		tw_manifest_error(
			r, node, "the %s request is more than its limit", what);
}

/* Of a container, or of a pod. */
struct resources {
	struct tw_int *cpu_request, *cpu_limit, *memory_request, *memory_limit;
};

static void read_resources(struct tw_manifest_reader *r,
	struct tw_yaml *resources, const struct resources *c)
{
	struct tw_yaml *requests = tw_yaml_get(resources, "requests");
	struct tw_yaml *limits = tw_yaml_get(resources, "limits");
	struct tw_yaml *cpu = tw_yaml_get(requests, "cpu");
	struct tw_yaml *memory = tw_yaml_get(requests, "memory");

	tw_manifest_quantity(r, tw_yaml_get(limits, "cpu"), true, c->cpu_limit);
	tw_manifest_quantity(
		r, tw_yaml_get(limits, "memory"), false, c->memory_limit);
	if (tw_manifest_quantity(r, cpu, true, c->cpu_request))
		tw_yaml_use(cpu);
	else if (!cpu)
		tw_yaml_use(tw_yaml_get(limits, "cpu"));
	if (tw_manifest_quantity(r, memory, false, c->memory_request))
		tw_yaml_use(memory);
	else if (!memory)
		tw_yaml_use(tw_yaml_get(limits, "memory"));
	settle_request(r, c->cpu_request, *c->cpu_limit, cpu, "CPU");
	settle_request(
		r, c->memory_request, *c->memory_limit, memory, "memory");
}

static void read_container(struct tw_manifest_reader *r, struct tw_yaml *it,
	bool is_init, struct tw_spec_workload *workload)
{
	struct tw_spec_container *c =
		tw_new(&r->spec->arena, struct tw_spec_container);
	const char *name = tw_yaml_text(tw_yaml_get(it, "name"));
	const char *restart = tw_yaml_text(tw_yaml_get(it, "restartPolicy"));

	if (!name)
		tw_manifest_error(r, it, "a container has no 'name'");
	for (size_t i = 0; name && i < workload->containers.n; i++)
		if (!strcmp(workload->containers.v[i]->name, name))
			tw_manifest_error(r, tw_yaml_get(it, "name"),
				"two containers are called '%s'", name);
	c->name = tw_manifest_keep(r, name ? name : "");
	c->is_init = is_init;
	c->is_sidecar = is_init && restart && !strcmp(restart, "Always");
	c->origin = tw_manifest_origin(r, it, NULL);
	tw_manifest_text(r, tw_yaml_get(it, "image"), &c->image);
	tw_manifest_text(
		r, tw_yaml_get(it, "imagePullPolicy"), &c->pull_policy);
	read_ports(r, tw_yaml_get(it, "ports"), c);
	read_env_from(r, tw_yaml_get(it, "envFrom"), c);
	for (size_t i = 0; i < tw_yaml_count(tw_yaml_get(it, "env")); i++)
		read_env_item(r, tw_yaml_item(tw_yaml_get(it, "env"), i), c);
	read_args(r, tw_yaml_get(it, "command"), c);
	read_args(r, tw_yaml_get(it, "args"), c);
	read_resources(r, tw_yaml_get(it, "resources"),
		&(struct resources){&c->cpu_request, &c->cpu_limit,
			&c->memory_request, &c->memory_limit});
	read_probe(r, tw_yaml_get(it, "readinessProbe"), &c->readiness);
	read_probe(r, tw_yaml_get(it, "livenessProbe"), &c->liveness);
	read_probe(r, tw_yaml_get(it, "startupProbe"), &c->startup);
	tw_vec_push_in(&r->spec->arena, &workload->containers, c);
}

void tw_read_containers(struct tw_manifest_reader *r, struct tw_yaml *pod_spec,
	struct tw_spec_workload *workload)
{
	struct tw_yaml *init = tw_yaml_get(pod_spec, "initContainers");
	struct tw_yaml *list = tw_yaml_get(pod_spec, "containers");

	read_resources(r, tw_yaml_get(pod_spec, "resources"),
		&(struct resources){&workload->cpu_request,
			&workload->cpu_limit, &workload->memory_request,
			&workload->memory_limit});
	if (!tw_yaml_count(list))
		tw_manifest_error(r, list ? list : pod_spec,
			"a pod needs at least one container");
	for (size_t i = 0; i < tw_yaml_count(init); i++)
		read_container(r, tw_yaml_item(init, i), true, workload);
	for (size_t i = 0; i < tw_yaml_count(list); i++)
		read_container(r, tw_yaml_item(list, i), false, workload);
}
