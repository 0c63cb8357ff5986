/*
 * Each node's replicas are a list, chained both ways through two numbers of
 * each replica.
 */
#include "twins/world/standing.h"

#include <stdlib.h>

struct tw_standing_node {
	uint32_t first, n;
};

static void enter(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_standing_node *node = &world->standing[it->node];

	it->stand_before = TW_NONE;
	it->stand_after = node->first;
	if (node->first != TW_NONE)
		world->replicas[node->first].stand_before = replica;
	node->first = replica;
	node->n++;
}

static void leave(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_standing_node *node = &world->standing[it->node];

	if (it->stand_before != TW_NONE)
		world->replicas[it->stand_before].stand_after = it->stand_after;
	else
		node->first = it->stand_after;
	if (it->stand_after != TW_NONE)
		world->replicas[it->stand_after].stand_before =
			it->stand_before;
	node->n--;
}

void tw_standing_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;

	world->standing = tw_new_array(
		&world->arena, model->n_nodes + 1, struct tw_standing_node);
	for (uint32_t n = 0; n < model->n_nodes; n++)
		world->standing[n].first = TW_NONE;
	for (uint32_t r = 0; r < model->n_replicas; r++)
		if (world->replicas[r].node != TW_NONE)
			enter(world, r);
}

void tw_stand(struct tw_world *world, uint32_t replica, uint32_t node)
{
	struct tw_world_replica *it = &world->replicas[replica];

	if (it->node != TW_NONE)
		leave(world, replica);
	it->node = node;
	if (node != TW_NONE)
		enter(world, replica);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

struct tw_standing tw_standing_on(const struct tw_world *world, uint32_t node)
{
	struct tw_standing all = {0};

	for (uint32_t r = world->standing[node].first; r != TW_NONE;
		r = world->replicas[r].stand_after)
		tw_vec_push(&all, r);
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, by_number);
	return all;
}

uint32_t tw_standing_count(const struct tw_world *world, uint32_t node)
{
	return world->standing[node].n;
}
