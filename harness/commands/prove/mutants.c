#include "harness/commands/prove/mutants.h"

#include "twins/base/assert.h"
#include "twins/base/units.h"

#include <string.h>

const char *const tw_mutation_names[TW_MUTATIONS] = {"slower", "waits",
	"errors", "dropped-call", "lost-replicas", "short-timeout",
	"more-retries"};

static const double sizes[TW_MUTATIONS][TW_MUTANT_SIZES] = {
	[TW_MUTANT_SLOWER] = {0.05, 0.1, 0.2, 0.5, 1, 2, 4, 9},
	[TW_MUTANT_WAITS] = {1e6, 5e6, 10e6, 25e6, 50e6, 100e6, 500e6, 2e9},
	[TW_MUTANT_ERRORS] = {0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5},
	[TW_MUTANT_DROPPED_CALL] = {0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1},
	[TW_MUTANT_SHORT_TIMEOUT] = {0.9, 0.75, 0.5, 0.25, 0.1, 0.05, 0.02,
		0.01},
	[TW_MUTANT_MORE_RETRIES] = {1, 2, 3, 4, 6, 8, 12, 16},
};

/* ---- what there is to mutate -------------------------------------------- */

static void add(struct tw_mutants *to, struct tw_arena *arena,
	enum tw_mutation kind, const char *service, const char *callee)
{
	struct tw_mutant mutant = {.kind = kind,
		.service = service,
		.callee = callee,
		.where = callee ? tw_arena_printf(
					  arena, "%s -> %s", service, callee)
				: service,
		.n = TW_MUTANT_SIZES};

	memcpy(mutant.sizes, sizes[kind], sizeof mutant.sizes);
	tw_vec_push_in(arena, to, mutant);
}

/* All but one of so many replicas may go, in at most as many steps as there
 * are sizes. */
static void add_replicas(struct tw_mutants *to, struct tw_arena *arena,
	const char *key, int64_t replicas)
{
	struct tw_mutant mutant = {
		.kind = TW_MUTANT_LOST_REPLICAS, .where = key, .service = key};
	int64_t lost = 0, most = replicas - 1;

	for (int64_t i = 1; i <= TW_MUTANT_SIZES && lost < most; i++) {
		int64_t next = most <= TW_MUTANT_SIZES
				       ? i
				       : most * i / TW_MUTANT_SIZES;

		if (next <= lost)
			continue;
		lost = next;
		mutant.sizes[mutant.n++] = (double)lost;
	}
	if (mutant.n)
		tw_vec_push_in(arena, to, mutant);
}

/* The services that steps call, each once. */
static void note_calls(const struct tw_spec_steps *steps, struct tw_map *to)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct tw_spec_step *step = steps->v[i];

		if (step->kind == TW_STEP_CALL && step->service.v)
			tw_map_put(to, step->service.v, to);
		note_calls(&step->children, to);
	}
}

/* The key of whom a step calls: it may say the plain name. */
static const char *key_of(const struct tw_spec *spec, const char *name)
{
	const struct tw_spec_service *service =
		tw_spec_find_service(spec, NULL, name);

	return service ? service->key : name;
}

static void add_calls(struct tw_mutants *to, struct tw_arena *arena,
	const struct tw_spec *spec, const struct tw_spec_service *service)
{
	struct tw_map callees;

	tw_map_init(&callees, arena);
	for (size_t i = 0; i < service->endpoints.n; i++) {
		const struct tw_spec_endpoint *endpoint =
			service->endpoints.v[i].value;

		note_calls(&endpoint->steps, &callees);
	}
	for (size_t i = 0; i < callees.n; i++) {
		add(to, arena, TW_MUTANT_DROPPED_CALL, service->key,
			callees.v[i].key);
		to->v[to->n - 1].where = tw_arena_printf(arena, "%s -> %s",
			service->key, key_of(spec, callees.v[i].key));
	}
}

static bool has_timeout(const struct tw_spec_policy *policy)
{
	return policy->timeout.origin || policy->try_timeout.origin;
}

static void add_policies(struct tw_mutants *to, struct tw_arena *arena,
	const struct tw_spec *spec, const struct tw_map *reached,
	enum tw_mutation kind)
{
	struct tw_map done;

	tw_map_init(&done, arena);
	for (size_t i = 0; i < spec->policies.n; i++) {
		const struct tw_spec_policy *policy = spec->policies.v[i];

		if (kind == TW_MUTANT_SHORT_TIMEOUT ? !has_timeout(policy)
						    : !policy->retries.origin)
			continue;
		if (tw_map_get(reached, policy->callee) &&
			tw_map_put(&done, policy->callee, to))
			add(to, arena, kind, policy->callee, NULL);
	}
}

static void add_services(struct tw_mutants *to, struct tw_arena *arena,
	const struct tw_spec *spec, const struct tw_map *reached,
	enum tw_mutation kind)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;

		if (!it->endpoints.n || !tw_map_get(reached, it->key))
			continue;
		if (kind == TW_MUTANT_DROPPED_CALL)
			add_calls(to, arena, spec, it);
		else
			add(to, arena, kind, it->key, NULL);
	}
}

static void add_workloads(struct tw_mutants *to, struct tw_arena *arena,
	const struct tw_spec *spec, const struct tw_map *reached)
{
	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *it = spec->workloads.v[i].value;

		if (tw_map_get(reached, it->key))
			add_replicas(
				to, arena, it->key, tw_int_or(it->replicas, 1));
	}
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;

		if (tw_map_get(reached, it->key) && it->replicas.origin &&
			!tw_map_get(&spec->workloads, it->key))
			add_replicas(to, arena, it->key, it->replicas.v);
	}
}

void tw_mutants_of(struct tw_spec *spec, const struct tw_map *reached,
	struct tw_arena *arena, struct tw_mutants *to)
{
	for (int kind = 0; kind < TW_MUTATIONS; kind++) {
		if (kind == TW_MUTANT_LOST_REPLICAS)
			add_workloads(to, arena, spec, reached);
		else if (kind >= TW_MUTANT_SHORT_TIMEOUT)
			add_policies(to, arena, spec, reached,
				(enum tw_mutation)kind);
		else
			add_services(to, arena, spec, reached,
				(enum tw_mutation)kind);
	}
}

void tw_mutants_of_process(const char *service, const char *const *callees,
	size_t n, struct tw_arena *arena, struct tw_mutants *to)
{
	add(to, arena, TW_MUTANT_WAITS, service, NULL);
	add(to, arena, TW_MUTANT_ERRORS, service, NULL);
	for (size_t i = 0; i < n; i++)
		add(to, arena, TW_MUTANT_DROPPED_CALL, service, callees[i]);
}

/* ---- making one --------------------------------------------------------- */

static void scale_steps(struct tw_spec_steps *steps, double factor)
{
	for (size_t i = 0; i < steps->n; i++) {
		struct tw_spec_step *step = steps->v[i];

		if (step->law.origin)
			tw_dist_scale(&step->law.v, factor);
		scale_steps(&step->children, factor);
	}
}

static void drop_calls(struct tw_spec_steps *steps, const char *callee,
	double keep, const struct tw_origin *origin)
{
	for (size_t i = 0; i < steps->n; i++) {
		struct tw_spec_step *step = steps->v[i];

		if (step->kind == TW_STEP_CALL && step->service.v &&
			!strcmp(step->service.v, callee)) {
			step->probability.v =
				tw_real_or(step->probability, 1) * keep;
			step->probability.origin = origin;
		}
		drop_calls(&step->children, callee, keep, origin);
	}
}

static void wait_first(struct tw_spec *spec, struct tw_spec_steps *steps,
	double ns, const struct tw_origin *origin)
{
	struct tw_spec_step *step = tw_spec_step(spec, TW_STEP_WAIT, origin);
	struct tw_spec_steps all = {0};
	struct tw_error error;

	if (tw_dist_constant(&step->law.v, (tw_time)ns, &error))
		tw_unreachable();
	step->law.origin = origin;
	tw_vec_push_in(&spec->arena, &all, step);
	for (size_t i = 0; i < steps->n; i++)
		tw_vec_push_in(&spec->arena, &all, steps->v[i]);
	*steps = all;
}

static void mutate_endpoint(struct tw_spec *spec,
	struct tw_spec_endpoint *endpoint, const struct tw_mutant *mutant,
	double size, const struct tw_origin *origin)
{
	double errors = tw_real_or(endpoint->errors, 0);

	switch (mutant->kind) {
	case TW_MUTANT_SLOWER:
		scale_steps(&endpoint->steps, 1 + size);
		break;
	case TW_MUTANT_WAITS:
		wait_first(spec, &endpoint->steps, size, origin);
		break;
	case TW_MUTANT_ERRORS:
		endpoint->errors.v = errors + (1 - errors) * size;
		endpoint->errors.origin = origin;
		break;
	default:
		drop_calls(&endpoint->steps, mutant->callee, 1 - size, origin);
		break;
	}
}

static void mutate_endpoints(struct tw_spec *spec, struct tw_map *endpoints,
	const struct tw_mutant *mutant, double size,
	const struct tw_origin *origin)
{
	for (size_t i = 0; i < endpoints->n; i++)
		mutate_endpoint(
			spec, endpoints->v[i].value, mutant, size, origin);
}

static void fewer(
	struct tw_int *replicas, double size, const struct tw_origin *origin)
{
	replicas->v = tw_int_or(*replicas, 1) - (int64_t)size;
	replicas->origin = origin;
}

static void mutate_policy(struct tw_spec_policy *policy,
	const struct tw_mutant *mutant, double size)
{
	if (mutant->kind == TW_MUTANT_MORE_RETRIES) {
		if (policy->retries.origin)
			policy->retries.v += (int64_t)size;
		return;
	}
	if (policy->timeout.origin && policy->timeout.v > 0)
		policy->timeout.v = (int64_t)((double)policy->timeout.v * size);
	if (policy->try_timeout.origin && policy->try_timeout.v > 0)
		policy->try_timeout.v =
			(int64_t)((double)policy->try_timeout.v * size);
}

void tw_mutant_apply(
	struct tw_spec *spec, const struct tw_mutant *mutant, double size)
{
	const struct tw_origin *origin = tw_spec_origin(
		spec, TW_FROM_OVERRIDE, (struct tw_pos){0}, "a mutant");
	struct tw_spec_service *service =
		tw_map_get(&spec->services, mutant->service);
	struct tw_spec_workload *workload =
		tw_map_get(&spec->workloads, mutant->service);

	if (mutant->kind == TW_MUTANT_LOST_REPLICAS) {
		if (workload)
			fewer(&workload->replicas, size, origin);
		else if (service)
			fewer(&service->replicas, size, origin);
	} else if (mutant->kind >= TW_MUTANT_SHORT_TIMEOUT) {
		for (size_t i = 0; i < spec->policies.n; i++)
			if (!strcmp(spec->policies.v[i]->callee,
				    mutant->service))
				mutate_policy(
					spec->policies.v[i], mutant, size);
	} else {
		if (service)
			mutate_endpoints(spec, &service->endpoints, mutant,
				size, origin);
		if (workload)
			mutate_endpoints(spec, &workload->behaviour, mutant,
				size, origin);
	}
}

const char *tw_mutant_size_text(
	struct tw_arena *arena, enum tw_mutation kind, double size)
{
	char text[TW_TIME_TEXT];

	switch (kind) {
	case TW_MUTANT_SLOWER:
		return tw_arena_printf(arena, "+%g%%", size * 100);
	case TW_MUTANT_WAITS:
		return tw_arena_printf(
			arena, "%s", tw_time_text((tw_time)size, text));
	case TW_MUTANT_LOST_REPLICAS:
		return tw_arena_printf(arena, "%g fewer", size);
	case TW_MUTANT_SHORT_TIMEOUT:
		return tw_arena_printf(arena, "to %g%%", size * 100);
	case TW_MUTANT_MORE_RETRIES:
		return tw_arena_printf(arena, "%g more", size);
	default:
		return tw_arena_printf(arena, "%g%%", size * 100);
	}
}
