/*
 * Copying a spec: every struct that the walk can reach is duplicated, names
 * and origins are shared. Vectors are re-made in the copy's arena, so that a
 * push into one spec never shows in the other.
 */
#include "twins/model/spec.h"

#include <string.h>

static void *copied(struct tw_arena *arena, const void *p, size_t size)
{
	return memcpy(tw_arena_alloc(arena, 1, size), p, size);
}

/* Gives a vector that was copied bitwise an array of its own. */
#define OWN_VEC(arena, vec)                                                    \
	do {                                                                   \
		void *v_ = NULL;                                               \
		if ((vec)->n) {                                                \
			v_ = tw_arena_alloc(                                   \
				(arena), (vec)->n, sizeof *(vec)->v);          \
			memcpy(v_, (vec)->v, (vec)->n * sizeof *(vec)->v);     \
		}                                                              \
		(vec)->v = v_;                                                 \
		(vec)->cap = (vec)->n;                                         \
	} while (0)

static void own_steps(struct tw_arena *arena, struct tw_spec_steps *steps)
{
	OWN_VEC(arena, steps);
	for (size_t i = 0; i < steps->n; i++) {
		steps->v[i] =
			copied(arena, steps->v[i], sizeof(struct tw_spec_step));
		OWN_VEC(arena, &steps->v[i]->headers);
		own_steps(arena, &steps->v[i]->children);
	}
}

static void own_endpoints(struct tw_arena *arena, struct tw_map *endpoints)
{
	struct tw_map old = *endpoints;

	tw_map_init(endpoints, arena);
	for (size_t i = 0; i < old.n; i++) {
		struct tw_spec_endpoint *endpoint = copied(
			arena, old.v[i].value, sizeof(struct tw_spec_endpoint));

		own_steps(arena, &endpoint->steps);
		tw_map_put(endpoints, old.v[i].key, endpoint);
	}
}

static struct tw_spec_service *copy_service(
	struct tw_arena *arena, const struct tw_spec_service *from)
{
	struct tw_spec_service *to = copied(arena, from, sizeof *from);

	OWN_VEC(arena, &to->selector);
	OWN_VEC(arena, &to->ports);
	OWN_VEC(arena, &to->subsets);
	OWN_VEC(arena, &to->job.calls);
	OWN_VEC(arena, &to->starts_after);
	for (size_t i = 0; i < to->job.calls.n; i++)
		to->job.calls.v[i] = copied(arena, to->job.calls.v[i],
			sizeof(struct tw_spec_job_call));
	OWN_VEC(arena, &to->init);
	for (size_t i = 0; i < to->init.n; i++)
		to->init.v[i] = copied(
			arena, to->init.v[i], sizeof(struct tw_spec_init));
	own_endpoints(arena, &to->endpoints);
	to->workloads = (struct tw_spec_workload_refs){0};
	return to;
}

static void own_claims(struct tw_arena *arena, struct tw_spec_claims *claims)
{
	OWN_VEC(arena, claims);
	for (size_t i = 0; i < claims->n; i++)
		claims->v[i] = copied(
			arena, claims->v[i], sizeof(struct tw_spec_claim));
}

static struct tw_spec_workload *copy_workload(
	struct tw_arena *arena, const struct tw_spec_workload *from)
{
	struct tw_spec_workload *to = copied(arena, from, sizeof *from);

	OWN_VEC(arena, &to->labels);
	OWN_VEC(arena, &to->resolver.searches);
	OWN_VEC(arena, &to->claims);
	own_claims(arena, &to->claim_templates);
	own_claims(arena, &to->ephemeral);
	OWN_VEC(arena, &to->containers);
	for (size_t i = 0; i < to->containers.n; i++) {
		struct tw_spec_container *container = copied(arena,
			to->containers.v[i], sizeof(struct tw_spec_container));

		OWN_VEC(arena, &container->ports);
		OWN_VEC(arena, &container->env);
		OWN_VEC(arena, &container->args);
		to->containers.v[i] = container;
	}
	own_endpoints(arena, &to->behaviour);
	return to;
}

static void copy_policies(struct tw_spec *to)
{
	OWN_VEC(&to->arena, &to->policies);
	for (size_t i = 0; i < to->policies.n; i++) {
		struct tw_spec_policy *policy = copied(&to->arena,
			to->policies.v[i], sizeof(struct tw_spec_policy));

		OWN_VEC(&to->arena, &policy->retry_codes);
		OWN_VEC(&to->arena, &policy->destinations);
		OWN_VEC(&to->arena, &policy->conditions);
		OWN_VEC(&to->arena, &policy->mirrors);
		OWN_VEC(&to->arena, &policy->locality.shares);
		OWN_VEC(&to->arena, &policy->locality.failovers);
		OWN_VEC(&to->arena, &policy->locality.priority);
		OWN_VEC(&to->arena, &policy->balancing.weights);
		to->policies.v[i] = policy;
	}
}

static void copy_autoscalers(struct tw_spec *to)
{
	struct tw_map metrics = to->metrics;

	OWN_VEC(&to->arena, &to->autoscalers);
	for (size_t i = 0; i < to->autoscalers.n; i++) {
		struct tw_spec_autoscaler *it =
			copied(&to->arena, to->autoscalers.v[i],
				sizeof(struct tw_spec_autoscaler));

		OWN_VEC(&to->arena, &it->metrics);
		OWN_VEC(&to->arena, &it->up.policies);
		OWN_VEC(&to->arena, &it->down.policies);
		to->autoscalers.v[i] = it;
	}
	tw_map_init(&to->metrics, &to->arena);
	for (size_t i = 0; i < metrics.n; i++)
		tw_map_put(&to->metrics, metrics.v[i].key,
			copied(&to->arena, metrics.v[i].value,
				sizeof(struct tw_spec_metric)));
}

static void copy_verticals(struct tw_spec *to)
{
	OWN_VEC(&to->arena, &to->verticals);
	for (size_t i = 0; i < to->verticals.n; i++) {
		struct tw_spec_vertical *it = copied(&to->arena,
			to->verticals.v[i], sizeof(struct tw_spec_vertical));

		OWN_VEC(&to->arena, &it->containers);
		OWN_VEC(&to->arena, &it->requirements);
		OWN_VEC(&to->arena, &it->advice);
		to->verticals.v[i] = it;
	}
}

static void own_map(struct tw_arena *arena, struct tw_map *map)
{
	struct tw_map old = *map;

	tw_map_init(map, arena);
	for (size_t i = 0; i < old.n; i++)
		tw_map_put(map, old.v[i].key, old.v[i].value);
}

static void copy_volumes(struct tw_spec *to)
{
	struct tw_arena *arena = &to->arena;

	OWN_VEC(arena, &to->classes);
	for (size_t i = 0; i < to->classes.n; i++)
		to->classes.v[i] = copied(
			arena, to->classes.v[i], sizeof(struct tw_spec_class));
	OWN_VEC(arena, &to->volumes);
	for (size_t i = 0; i < to->volumes.n; i++)
		to->volumes.v[i] = copied(
			arena, to->volumes.v[i], sizeof(struct tw_spec_volume));
	own_claims(arena, &to->claims);
}

static void copy_ground(struct tw_spec *to)
{
	OWN_VEC(&to->arena, &to->entries);
	for (size_t i = 0; i < to->entries.n; i++) {
		to->entries.v[i] = copied(&to->arena, to->entries.v[i],
			sizeof(struct tw_spec_entry));
		OWN_VEC(&to->arena, &to->entries.v[i]->conditions);
	}
	OWN_VEC(&to->arena, &to->propagate);
	OWN_VEC(&to->arena, &to->nodes);
	for (size_t i = 0; i < to->nodes.n; i++)
		to->nodes.v[i] = copied(&to->arena, to->nodes.v[i],
			sizeof(struct tw_spec_node));
	OWN_VEC(&to->arena, &to->links);
	for (size_t i = 0; i < to->links.n; i++)
		to->links.v[i] = copied(&to->arena, to->links.v[i],
			sizeof(struct tw_spec_link));
	OWN_VEC(&to->arena, &to->kept);
	OWN_VEC(&to->arena, &to->names);
	OWN_VEC(&to->arena, &to->dns.names);
	OWN_VEC(&to->arena, &to->dns.search);
	OWN_VEC(&to->arena, &to->images.sizes);
	OWN_VEC(&to->arena, &to->images.missing);
	/* What stands in them is never changed: the first spec's serves. */
	OWN_VEC(&to->arena, &to->netpols);
	OWN_VEC(&to->arena, &to->budgets);
	for (size_t i = 0; i < to->budgets.n; i++)
		to->budgets.v[i] = copied(&to->arena, to->budgets.v[i],
			sizeof(struct tw_spec_budget));
	own_map(&to->arena, &to->namespaces);
	own_map(&to->arena, &to->priorities);
	own_map(&to->arena, &to->polite);
}

struct tw_spec *tw_spec_copy(const struct tw_spec *from)
{
	struct tw_spec *to = tw_malloc(sizeof *to);

	*to = *from;
	tw_arena_init(&to->arena);
	tw_map_init(&to->services, &to->arena);
	for (size_t i = 0; i < from->services.n; i++)
		tw_map_put(&to->services, from->services.v[i].key,
			copy_service(&to->arena, from->services.v[i].value));
	tw_map_init(&to->workloads, &to->arena);
	for (size_t i = 0; i < from->workloads.n; i++)
		tw_map_put(&to->workloads, from->workloads.v[i].key,
			copy_workload(&to->arena, from->workloads.v[i].value));
	copy_policies(to);
	copy_autoscalers(to);
	copy_verticals(to);
	OWN_VEC(&to->arena, &to->severed);
	copy_volumes(to);
	copy_ground(to);
	tw_spec_link(to);
	return to;
}
