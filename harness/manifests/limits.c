/*
 * Limits, pull policies and autoscalers count where the model says what they
 * bear on: work on a CPU, memory, images, a metric.
 */
#include "harness/manifests/link.h"

#include "twins/model/cgroup.h"

#include <string.h>

static bool has_memory(const struct tw_spec_service *service)
{
	return service->memory_base.origin || service->memory_request.origin ||
	       service->memory_leak.origin;
}

static void use_field(struct tw_manifests *m, struct tw_int field)
{
	if (field.origin && field.origin->pos.file)
		tw_manifests_use(m, field.origin->pos);
}

/* Of an image that is not there all is known: its pods do not start. What
 * another one does is not in its name. */
static void use_missing(struct tw_manifests *m,
	const struct tw_spec_images *images, struct tw_text image)
{
	if (image.v && image.origin && image.origin->pos.file &&
		tw_image_is_missing(images, image.v))
		tw_manifests_use(m, image.origin->pos);
}

void tw_link_images(struct tw_manifests *m, const struct tw_spec *spec)
{
	if (!spec->images.origin || (!m->managed && !m->rollouts))
		return;
	for (size_t w = 0; w < spec->workloads.n; w++) {
		const struct tw_spec_workload *it = spec->workloads.v[w].value;

		for (size_t i = 0; i < it->containers.n; i++) {
			struct tw_text policy =
				it->containers.v[i]->pull_policy;

			if (policy.origin && policy.origin->pos.file)
				tw_manifests_use(m, policy.origin->pos);
			use_missing(
				m, &spec->images, it->containers.v[i]->image);
		}
	}
}

static void use_probe(struct tw_manifests *m, const struct tw_spec_probe *it)
{
	use_field(m, it->initial_delay);
	use_field(m, it->period);
	use_field(m, it->timeout);
	use_field(m, it->success);
	use_field(m, it->failure);
}

void tw_link_probes(struct tw_manifests *m, const struct tw_spec *spec)
{
	for (size_t w = 0; spec->probes && w < spec->workloads.n; w++) {
		const struct tw_spec_workload *it = spec->workloads.v[w].value;

		for (size_t i = 0; i < it->containers.n; i++) {
			use_probe(m, &it->containers.v[i]->readiness);
			use_probe(m, &it->containers.v[i]->liveness);
			use_probe(m, &it->containers.v[i]->startup);
		}
	}
}

void tw_link_limits(
	struct tw_manifests *m, const struct tw_spec_service *service)
{
	for (size_t i = 0; i < service->workloads.n; i++) {
		const struct tw_spec_workload *it = service->workloads.v[i];
		const struct tw_spec_container *main = tw_main_container(it);

		if (!main)
			continue;
		if (tw_spec_computes(&service->endpoints) ||
			tw_spec_computes(&it->behaviour)) {
			use_field(m, main->cpu_limit);
			use_field(m, it->cpu_limit);
		}
		if (has_memory(service)) {
			use_field(m, main->memory_limit);
			use_field(m, it->memory_limit);
		}
	}
}

/* ---- autoscalers ---------------------------------------------------- */

static bool is_behind(const struct tw_spec_service *service,
	const struct tw_spec_workload *workload)
{
	for (size_t i = 0; i < service->workloads.n; i++)
		if (service->workloads.v[i] == workload)
			return true;
	return false;
}

static bool knows_use(const struct tw_spec *spec,
	const struct tw_spec_workload *workload, bool cpu)
{
	if (cpu && tw_spec_computes(&workload->behaviour))
		return true;
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;

		if (is_behind(it, workload) &&
			(cpu ? tw_spec_computes(&it->endpoints)
			     : has_memory(it)))
			return true;
	}
	return false;
}

static bool knows(const struct tw_spec *spec,
	const struct tw_spec_workload *workload,
	const struct tw_spec_hpa_metric *metric)
{
	const char *name = metric->name.v ? metric->name.v : "";

	if (metric->source != TW_HPA_RESOURCE &&
		metric->source != TW_HPA_CONTAINER)
		return tw_map_get(&spec->metrics, name);
	return knows_use(spec, workload, !strcmp(name, "cpu"));
}

static void forget(struct tw_yaml *node)
{
	if (!node)
		return;
	node->used = false;
	for (size_t i = 0; i < node->items.n; i++)
		forget(node->items.v[i]);
	for (size_t i = 0; i < node->pairs.n; i++)
		forget(node->pairs.v[i].value);
}

static void unmark(struct tw_manifests *m, const char *kind,
	const char *namespace, const char *name)
{
	for (size_t i = 0; i < m->objects.n; i++) {
		struct tw_object *object = m->objects.v[i];

		if (strcmp(object->kind, kind) ||
			strcmp(object->namespace, namespace) ||
			strcmp(object->name, name))
			continue;
		forget(tw_yaml_get(object->doc, "spec"));
		object->modelled = false;
	}
}

void tw_link_scalers(struct tw_manifests *m, const struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->autoscalers.n; i++) {
		const struct tw_spec_autoscaler *it = spec->autoscalers.v[i];
		const struct tw_spec_workload *workload =
			tw_spec_scaled(spec, it);
		bool known = false;

		for (size_t k = 0; workload && k < it->metrics.n; k++)
			known |= knows(spec, workload, &it->metrics.v[k]);
		if (!known)
			unmark(m, it->kind, it->namespace, it->name);
	}
}

/* It does something where a use is known, or its status says what it
 * recommends. */
void tw_link_verticals(struct tw_manifests *m, const struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->verticals.n; i++) {
		const struct tw_spec_vertical *it = spec->verticals.v[i];
		const struct tw_spec_workload *workload =
			tw_spec_vertical_target(spec, it);

		if (!workload ||
			(!it->advice.n && !knows_use(spec, workload, true) &&
				!knows_use(spec, workload, false)))
			unmark(m, "VerticalPodAutoscaler", it->namespace,
				it->name);
	}
}
