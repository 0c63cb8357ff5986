/*
 * Probes that cannot succeed.
 */
#include "harness/lint/rules.h"

/* core/v1 Probe: defaults of what is not given. */
#define TIMEOUT	 (1 * TW_S)

static bool has_port_name(
	const struct tw_spec_container *container, const char *name)
{
	for (size_t i = 0; i < container->ports.n; i++)
		if (container->ports.v[i].name.v &&
			!strcmp(container->ports.v[i].name.v, name))
			return true;
	return false;
}

/* A probe's port name is looked up in its own container. */
static void check_name(const struct tw_lint_context *c,
	const struct tw_spec_container *container, const char *what,
	const struct tw_spec_probe *probe)
{
	struct tw_diag *diag;

	if (!probe->port_name.v || has_port_name(container, probe->port_name.v))
		return;
	diag = tw_lint_find(c, "probe-cannot-succeed", NULL,
		probe->port_name.origin,
		"container %s has no port named '%s' for its %s probe",
		container->name, probe->port_name.v, what);
	diag->why = "the probe fails every time";
}

/* The endpoint of the container's service that the probe asks for. */
static const struct tw_spec_endpoint *probed(const struct tw_spec *spec,
	const struct tw_spec_workload *w, const struct tw_spec_probe *probe)
{
	if (probe->kind != TW_PROBE_HTTP || !probe->path.v)
		return NULL;
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *s = spec->services.v[i].value;

		for (size_t k = 0; k < s->workloads.n; k++) {
			struct tw_buf name = {0};
			struct tw_spec_endpoint *endpoint;

			if (s->workloads.v[k] != w)
				continue;
			tw_buf_printf(&name, "GET %s", probe->path.v);
			endpoint =
				tw_map_get(&s->endpoints, tw_buf_text(&name));
			tw_buf_release(&name);
			if (endpoint)
				return endpoint;
		}
	}
	return NULL;
}

/* The medians of its own work, one after the other; calls add to it. */
static tw_time work_of(const struct tw_spec_steps *steps)
{
	tw_time sum = 0;

	for (size_t i = 0; i < steps->n; i++) {
		const struct tw_spec_step *it = steps->v[i];

		if (it->kind == TW_STEP_CPU || it->kind == TW_STEP_WAIT)
			sum += (tw_time)tw_dist_quantile(&it->law.v, 0.5);
		else if (it->kind == TW_STEP_SEQUENCE)
			sum += work_of(&it->children);
	}
	return sum;
}

static void check_time(const struct tw_lint_context *c,
	const struct tw_spec_workload *w, const char *what,
	const struct tw_spec_probe *probe)
{
	const struct tw_spec_endpoint *endpoint = probed(c->spec, w, probe);
	tw_time timeout = tw_int_or(probe->timeout, TIMEOUT);
	tw_time work = endpoint ? work_of(&endpoint->steps) : 0;
	char a[TW_TIME_TEXT], b[TW_TIME_TEXT];
	struct tw_diag *diag;

	if (work <= timeout)
		return;
	diag = tw_lint_find(c, "probe-cannot-succeed", NULL,
		probe->timeout.origin ? probe->timeout.origin : probe->origin,
		"the %s probe of %s waits %s for %s, which takes %s", what,
		w->key, tw_time_text(timeout, a), endpoint->name,
		tw_time_text(work, b));
	diag->why = "the probe fails most of the time";
	diag->hint = "raise timeoutSeconds, or probe something cheaper";
}

/* The API server takes no other number (core validation). */
static void check_success(const struct tw_lint_context *c,
	const struct tw_spec_container *container, const char *what,
	const struct tw_spec_probe *probe)
{
	struct tw_diag *diag;

	if (!probe->success.origin || probe->success.v <= 1)
		return;
	diag = tw_lint_find(c, "probe-cannot-succeed", NULL,
		probe->success.origin,
		"successThreshold of the %s probe of container %s has to be 1",
		what, container->name);
	diag->why = "the API server refuses the pod";
}

void tw_lint_probes(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->workloads.n; i++) {
		const struct tw_spec_workload *w =
			c->spec->workloads.v[i].value;

		for (size_t k = 0; k < w->containers.n; k++) {
			const struct tw_spec_container *it = w->containers.v[k];

			check_name(c, it, "readiness", &it->readiness);
			check_name(c, it, "liveness", &it->liveness);
			check_name(c, it, "startup", &it->startup);
			check_time(c, w, "readiness", &it->readiness);
			check_time(c, w, "liveness", &it->liveness);
			check_success(c, it, "liveness", &it->liveness);
			check_success(c, it, "startup", &it->startup);
		}
	}
}
