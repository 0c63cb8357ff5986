/*
 * Pools: the replicas behind a Service, or a subset of them. A cluster has
 * thousands of Services, so the revisions of a workload are looked up.
 */
#include "twins/model/build.h"

#include <stdlib.h>

/* Revisions by the key of their workload and, of those without one, by
 * service: chains of numbers. */
struct members {
	struct tw_map of_workload; /* key -> first revision + 1 */
	uint32_t *of_service;
	uint32_t *next; /* by revision; TW_NONE: the last */
	TW_VEC(uint32_t) found;
};

static void members_init(struct members *members, const struct tw_model *model)
{
	uint32_t n = model->n_revisions;

	*members = (struct members){.next = tw_calloc(n + 1, sizeof(uint32_t)),
		.of_service =
			tw_calloc(model->n_services + 1, sizeof(uint32_t))};
	tw_map_init(&members->of_workload, NULL);
	for (uint32_t s = 0; s < model->n_services; s++)
		members->of_service[s] = TW_NONE;
	for (uint32_t r = n; r--;) {
		const struct tw_revision *it = &model->revisions[r];
		uintptr_t first;

		members->next[r] = TW_NONE;
		if (it->spec) {
			first = (uintptr_t)tw_map_get(
				&members->of_workload, it->spec->key);
			if (first)
				members->next[r] = (uint32_t)first - 1;
			tw_map_put(&members->of_workload, it->spec->key,
				(void *)(uintptr_t)(r + 1));
		} else if (it->service != TW_NONE) {
			members->next[r] = members->of_service[it->service];
			members->of_service[it->service] = r;
		}
	}
}

static void members_release(struct members *members)
{
	tw_map_release(&members->of_workload);
	tw_free(members->of_service);
	tw_free(members->next);
	tw_vec_release(&members->found);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The revisions of a service's pods, in their order. */
static void find_members(const struct tw_model *model, struct members *members,
	uint32_t service, const struct tw_spec_subset *subset)
{
	const struct tw_spec_service *spec = model->services[service].spec;

	members->found.n = 0;
	for (uint32_t r = members->of_service[service]; r != TW_NONE;
		r = members->next[r])
		tw_vec_push(&members->found, r);
	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *it = spec->workloads.v[i];
		uintptr_t r =
			(uintptr_t)tw_map_get(&members->of_workload, it->key);

		if (subset && !tw_labels_match(&subset->labels, &it->labels))
			continue;
		for (uint32_t n = r ? (uint32_t)r - 1 : TW_NONE; n != TW_NONE;
			n = members->next[n])
			if (model->revisions[n].spec == it)
				tw_vec_push(&members->found, n);
	}
	if (members->found.n)
		qsort(members->found.v, members->found.n,
			sizeof *members->found.v, by_number);
}

static void add_pool(struct build *b, struct members *members, uint32_t service,
	const struct tw_spec_subset *subset)
{
	struct tw_model *model = b->model;
	struct tw_pool pool = {
		.service = service, .subset = subset ? subset->name : NULL};
	uint32_t n = 0, *replicas;

	find_members(model, members, service, subset);
	for (size_t i = 0; i < members->found.n; i++)
		n += model->revisions[members->found.v[i]].n_replicas;
	replicas = tw_new_array(&model->arena, n, uint32_t);
	for (size_t i = 0; i < members->found.n; i++) {
		const struct tw_revision *it =
			&model->revisions[members->found.v[i]];

		for (uint32_t k = 0; k < it->n_replicas; k++)
			replicas[pool.n_replicas++] = it->first_replica + k;
	}
	pool.replicas = replicas;
	build_push(b, pools, pool);
}

void build_pools(struct build *b)
{
	struct tw_model *model = b->model;
	struct members members;

	members_init(&members, model);
	for (uint32_t s = 0; s < model->n_services; s++) {
		const struct tw_spec_service *spec = model->services[s].spec;

		model->services[s].pool = (uint32_t)b->pools.n;
		add_pool(b, &members, s, NULL);
		for (size_t i = 0; i < spec->subsets.n; i++)
			add_pool(b, &members, s, &spec->subsets.v[i]);
	}
	members_release(&members);
}
