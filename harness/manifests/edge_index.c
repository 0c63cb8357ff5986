#include "harness/manifests/edge_index.h"

static void see_service(
	struct tw_edge_index *index, struct tw_spec_service *service)
{
	for (size_t i = 0; i < service->workloads.n; i++) {
		const struct tw_spec_workload *it = service->workloads.v[i];
		const struct tw_spec_service *known =
			tw_map_get(&index->fronts, it->key);

		if (!known || (strcmp(known->name, it->name) &&
				      !strcmp(service->name, it->name)))
			tw_map_put(&index->fronts, it->key, service);
	}
}

static const char *label_text(
	struct tw_buf *to, const char *namespace, const struct tw_label *label)
{
	tw_buf_clear(to);
	tw_buf_printf(to, "%s %s=%s", namespace, label->key, label->value);
	return tw_buf_text(to);
}

static void see_labels(
	struct tw_edge_index *index, const struct tw_spec_workload *workload)
{
	struct tw_buf text = {0};

	for (size_t i = 0; i < workload->labels.n; i++) {
		const char *key = label_text(
			&text, workload->namespace, &workload->labels.v[i]);
		struct tw_edge_workloads *list =
			tw_map_get(&index->labelled, key);

		if (!list) {
			list = tw_new(&index->arena, struct tw_edge_workloads);
			tw_map_put(&index->labelled, key, list);
		}
		if (!list->n || list->v[list->n - 1] != workload)
			tw_vec_push_in(&index->arena, list, workload);
	}
	tw_buf_release(&text);
}

struct tw_edge_index *tw_edge_index_new(const struct tw_spec *spec)
{
	struct tw_edge_index *index = tw_calloc(1, sizeof *index);

	tw_arena_init(&index->arena);
	tw_map_init(&index->fronts, &index->arena);
	tw_map_init(&index->edges, &index->arena);
	tw_map_init(&index->labelled, &index->arena);
	for (size_t i = 0; i < spec->services.n; i++)
		see_service(index, spec->services.v[i].value);
	for (size_t i = 0; i < spec->workloads.n; i++)
		see_labels(index, spec->workloads.v[i].value);
	return index;
}

void tw_edge_index_free(struct tw_edge_index *index)
{
	tw_arena_release(&index->arena);
	tw_free(index);
}

struct tw_spec_service *tw_edge_front(const struct tw_edge_index *index,
	const struct tw_spec_workload *workload)
{
	return tw_map_get(&index->fronts, workload->key);
}

struct tw_edge_workloads tw_edge_workloads_of(struct tw_edge_index *index,
	const char *namespace, const struct tw_labels *labels)
{
	struct tw_edge_workloads found = {0};
	const struct tw_edge_workloads *some;
	struct tw_buf text = {0};

	some = tw_map_get(
		&index->labelled, label_text(&text, namespace, &labels->v[0]));
	tw_buf_release(&text);
	for (size_t i = 0; some && i < some->n; i++)
		if (tw_labels_match(labels, &some->v[i]->labels))
			tw_vec_push_in(&index->arena, &found, some->v[i]);
	return found;
}

bool tw_edge_find(struct tw_edge_index *index, const char *from, const char *to,
	size_t next, size_t *at)
{
	struct tw_buf text = {0};
	uintptr_t known;

	tw_buf_printf(&text, "%s %s", from, to);
	known = (uintptr_t)tw_map_get(&index->edges, tw_buf_text(&text));
	if (known)
		*at = known - 1;
	else
		tw_map_put(&index->edges, tw_buf_text(&text),
			(void *)(uintptr_t)(next + 1));
	tw_buf_release(&text);
	return known != 0;
}
