/*
 * Which replicas and nodes a fault hits in one run: what the mode picks of
 * those that its selectors fit, and each one's coin.
 */
#include "twins/fault/kinds.h"

#include "twins/base/hash.h"
#include "twins/base/memory.h"
#include "twins/cluster/pods.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"
#include "twins/world/cpu.h"

#include <stdlib.h>

enum { DRAW_COIN, DRAW_RANK, DRAW_PERCENT };

struct candidate {
	double rank;
	uint32_t index;
};

static double draw(const struct tw_fault *fault, const struct tw_world *world,
	uint64_t target, uint32_t n)
{
	uint64_t hash = fault->hash;

	if (n != DRAW_COIN && fault->name)
		hash = tw_hash_combine(tw_hash_name(fault->name), fault->turn);
	return tw_draw(
		world->seed, tw_hash_combine(hash, target), TW_DRAW_FAULT, n);
}

static bool coin(const struct tw_fault *fault, const struct tw_world *world,
	uint64_t target)
{
	return fault->probability >= 1 ||
	       draw(fault, world, target, DRAW_COIN) < fault->probability;
}

static size_t amount(
	const struct tw_fault *fault, const struct tw_world *world, size_t n)
{
	double share = fault->amount ? fault->amount->real : 0;
	int64_t count = 1;

	switch (fault->mode) {
	case TW_MODE_ALL:
		return n;
	case TW_MODE_ONE:
		break;
	case TW_MODE_FIXED:
		count = fault->amount->integer;
		break;
	case TW_MODE_FIXED_PERCENT:
		count = (int64_t)tw_floor((double)n * share);
		break;
	case TW_MODE_RANDOM_MAX_PERCENT:
		share *= draw(fault, world, 0, DRAW_PERCENT);
		count = (int64_t)tw_floor((double)n * share);
		break;
	}
	return count < (int64_t)n ? (size_t)count : n;
}

static int by_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->rank < y->rank || x->rank > y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Sets hit[] of those that the mode picks, each by a draw of its name. */
static void pick(const struct tw_fault *fault, const struct tw_world *world,
	struct candidate *candidates, size_t n, bool *hit)
{
	size_t most = amount(fault, world, n);

	if (most < n)
		qsort(candidates, n, sizeof *candidates, by_rank);
	for (size_t i = 0; i < most; i++)
		hit[candidates[i].index] = true;
}

static bool stands_there(const struct tw_fault *fault,
	const struct tw_world *world, uint32_t replica)
{
	uint32_t node = world->replicas[replica].node;

	/* A name that no pod has. */
	if (world->replicas[replica].managed &&
		tw_pod_of(world, replica)->state == TW_POD_ABSENT)
		return false;
	return !fault->nodes || (node != TW_NONE && fault->nodes[node]);
}

static bool *pick_replicas(const struct tw_fault *fault, struct tw_world *world)
{
	const struct tw_model *model = world->model;
	bool *hit = tw_new_array(&world->arena, model->n_replicas + 1, bool);
	struct candidate *candidates =
		tw_calloc(model->n_replicas + 1, sizeof *candidates);
	size_t n = 0;

	for (uint32_t r = 0; r < model->n_replicas; r++)
		if ((!fault->picks || fault->picks[r]) &&
			stands_there(fault, world, r))
			candidates[n++] = (struct candidate){
				draw(fault, world, model->replicas[r].hash,
					DRAW_RANK),
				r};
	pick(fault, world, candidates, n, hit);
	tw_free(candidates);
	return hit;
}

const bool *tw_fault_replicas_hit(
	const struct tw_fault *fault, struct tw_world *world)
{
	bool *hit = pick_replicas(fault, world);

	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		hit[r] = hit[r] &&
			 coin(fault, world, world->model->replicas[r].hash);
	return hit;
}

const bool *tw_fault_nodes_hit(
	const struct tw_fault *fault, struct tw_world *world)
{
	const struct tw_model *model = world->model;
	bool *hit = tw_new_array(&world->arena, model->n_nodes + 1, bool);
	struct candidate *candidates =
		tw_calloc(model->n_nodes + 1, sizeof *candidates);
	size_t n = 0;

	for (uint32_t i = 0; i < model->n_nodes; i++)
		if (!fault->nodes || fault->nodes[i])
			candidates[n++] = (struct candidate){
				draw(fault, world, model->nodes[i].hash,
					DRAW_RANK),
				i};
	pick(fault, world, candidates, n, hit);
	tw_free(candidates);
	for (uint32_t i = 0; i < model->n_nodes; i++)
		hit[i] = hit[i] && coin(fault, world, model->nodes[i].hash);
	return hit;
}

void tw_fault_ensure_cpu(const struct tw_fault *fault, struct tw_world *world)
{
	const bool *hit = tw_fault_replicas_hit(fault, world);

	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (hit[r])
			tw_cpu_ensure(world, r);
}

void tw_fault_start_effect(const struct tw_fault *fault, struct tw_world *world)
{
	tw_effect_add(world, fault->effect,
		fault->mode == TW_MODE_ALL ? NULL
					   : pick_replicas(fault, world));
}

void tw_fault_stop_effect(const struct tw_fault *fault, struct tw_world *world)
{
	tw_effect_remove(world, fault->effect);
}
