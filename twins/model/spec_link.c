/*
 * Services and the workloads that their selectors select. A cluster has
 * thousands of each, so workloads are looked up by one label.
 */
#include "twins/model/spec.h"

#include "twins/base/text.h"

/* Workloads by "namespace key=value" of their labels, by "namespace" and by
 * "namespace/name", each in the spec's order. */
struct index {
	struct tw_map by; /* -> struct tw_spec_workload_refs * */
	struct tw_arena arena;
	struct tw_buf key;
};

static const char *text_of(struct index *index, const char *namespace,
	const char *mark, const char *a, const char *b)
{
	tw_buf_clear(&index->key);
	tw_buf_printf(&index->key, "%s%s%s=%s", namespace, mark, a, b);
	return tw_buf_text(&index->key);
}

static void add(
	struct index *index, const char *key, struct tw_spec_workload *workload)
{
	struct tw_spec_workload_refs *list = tw_map_get(&index->by, key);

	if (!list) {
		list = tw_new(&index->arena, struct tw_spec_workload_refs);
		tw_map_put(&index->by, key, list);
	}
	tw_vec_push_in(&index->arena, list, workload);
}

static void add_workload(struct index *index, struct tw_spec_workload *it)
{
	add(index, text_of(index, it->namespace, "", "", ""), it);
	add(index, text_of(index, it->namespace, "/", it->name, ""), it);
	for (size_t i = 0; i < it->labels.n; i++)
		add(index,
			text_of(index, it->namespace, " ", it->labels.v[i].key,
				it->labels.v[i].value),
			it);
}

/* Who may be a service's: its selector decides. */
static const struct tw_spec_workload_refs *candidates(
	struct index *index, const struct tw_spec_service *service)
{
	const char *key;

	/* A model's service without an object takes the workload of its own
	 * name. */
	if (!service->has_object)
		key = text_of(
			index, service->namespace, "/", service->name, "");
	else if (!service->has_selector)
		return NULL;
	else if (!service->selector.n)
		key = text_of(index, service->namespace, "", "", "");
	else
		key = text_of(index, service->namespace, " ",
			service->selector.v[0].key,
			service->selector.v[0].value);
	return tw_map_get(&index->by, key);
}

static void link_service(struct tw_spec *spec, struct index *index,
	struct tw_spec_service *service)
{
	const struct tw_spec_workload_refs *all = candidates(index, service);

	service->workloads = (struct tw_spec_workload_refs){0};
	for (size_t i = 0; all && i < all->n; i++)
		if (!service->has_object ||
			tw_labels_match(&service->selector, &all->v[i]->labels))
			tw_vec_push_in(
				&spec->arena, &service->workloads, all->v[i]);
}

void tw_spec_link(struct tw_spec *spec)
{
	struct index index = {.key = {0}};

	tw_arena_init(&index.arena);
	tw_map_init(&index.by, &index.arena);
	for (size_t i = 0; i < spec->workloads.n; i++)
		add_workload(&index, spec->workloads.v[i].value);
	for (size_t i = 0; i < spec->services.n; i++)
		link_service(spec, &index, spec->services.v[i].value);
	tw_buf_release(&index.key);
	tw_arena_release(&index.arena);
}

bool tw_spec_is_backed_by(const struct tw_spec_service *service,
	const struct tw_spec_workload *workload)
{
	for (size_t i = 0; i < service->workloads.n; i++)
		if (service->workloads.v[i] == workload)
			return true;
	return false;
}

static bool computes(const struct tw_spec_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		if (steps->v[i]->kind == TW_STEP_CPU ||
			computes(&steps->v[i]->children))
			return true;
	return false;
}

bool tw_spec_computes(const struct tw_map *endpoints)
{
	for (size_t i = 0; i < endpoints->n; i++) {
		const struct tw_spec_endpoint *it = endpoints->v[i].value;

		if (computes(&it->steps))
			return true;
	}
	return false;
}
