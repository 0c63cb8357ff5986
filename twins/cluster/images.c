#include "twins/cluster/images.h"

#include "twins/base/assert.h"
#include "twins/cluster/kubelet.h"

#include <string.h>

enum pull_state { PULL_FREE, PULL_QUEUED, PULL_ASKING, PULL_LOADING };

struct pull {
	uint8_t state; /* enum pull_state */
	uint32_t replica, life, node, image;
	uint32_t generation; /* of its event */
	tw_time wanted, begun;
	/* Loading: what is left, in bytes * 1e9, as of `since`. */
	unsigned __int128 left;
	uint64_t rate; /* bytes/s */
	tw_time since;
	tw_event_id event;
};

struct node {
	TW_VEC(uint32_t) pulls; /* in the order in which they were wanted */
	uint32_t under_way, loading;
};

struct tw_images {
	bool *there;	/* [node * n_images + image] */
	uint32_t *down; /* by image: faults that keep it away */
	TW_VEC(struct pull) pulls;
	struct node *nodes;
	uint32_t loading; /* of all nodes */
};

static const struct tw_pulls *model_of(const struct tw_world *world)
{
	return &world->model->pulls;
}

static bool *place_of(
	const struct tw_world *world, uint32_t node, uint32_t image)
{
	return &world->images->there[(size_t)node * model_of(world)->n_images +
				     image];
}

/* ---- how fast ------------------------------------------------------- */

static void advance(struct tw_world *world, struct pull *it)
{
	tw_time now = tw_world_now(world);
	unsigned __int128 done =
		(unsigned __int128)it->rate * (uint64_t)(now - it->since);

	it->left = done < it->left ? it->left - done : 0;
	it->since = now;
}

static uint64_t rate_of(const struct tw_world *world, uint32_t node)
{
	const struct tw_pulls *model = model_of(world);
	double rate = model->bandwidth / world->images->nodes[node].loading;
	double share = model->registry_bandwidth / world->images->loading;

	if (model->registry_bandwidth > 0 && share < rate)
		rate = share;
	return rate < 1 ? 1 : (uint64_t)rate;
}

static void schedule(struct tw_world *world, uint32_t slot, tw_time at)
{
	struct pull *it = &world->images->pulls.v[slot];

	it->event = tw_queue_schedule(&world->queue, at, TW_CLASS_WORLD,
		TW_EV_PULL, slot, ++it->generation);
}

static void retune_pull(struct tw_world *world, uint32_t slot)
{
	struct pull *it = &world->images->pulls.v[slot];

	if (it->state != PULL_LOADING)
		return;
	advance(world, it);
	tw_queue_cancel(&world->queue, it->event);
	it->rate = rate_of(world, it->node);
	schedule(world, slot,
		it->since + (tw_time)((it->left + it->rate - 1) / it->rate));
}

/* Who shares with the pulls of a node gets another share. */
static void retune(struct tw_world *world, uint32_t node)
{
	struct node *it = &world->images->nodes[node];

	if (model_of(world)->registry_bandwidth > 0) {
		for (uint32_t i = 0; i < world->images->pulls.n; i++)
			retune_pull(world, i);
		return;
	}
	for (size_t i = 0; i < it->pulls.n; i++)
		retune_pull(world, it->pulls.v[i]);
}

/* ---- one after the other -------------------------------------------- */

static bool is_under_way(
	const struct tw_world *world, uint32_t node, uint32_t image)
{
	const struct node *it = &world->images->nodes[node];

	for (size_t i = 0; i < it->pulls.n; i++) {
		const struct pull *pull =
			&world->images->pulls.v[it->pulls.v[i]];

		if (pull->image == image && pull->state != PULL_QUEUED)
			return true;
	}
	return false;
}

static void begin_next(struct tw_world *world, uint32_t node)
{
	struct node *it = &world->images->nodes[node];

	for (size_t i = 0;
		i < it->pulls.n && it->under_way < model_of(world)->parallel;
		i++) {
		struct pull *pull = &world->images->pulls.v[it->pulls.v[i]];

		if (pull->state != PULL_QUEUED ||
			is_under_way(world, node, pull->image))
			continue;
		it->under_way++;
		pull->state = PULL_ASKING;
		pull->begun = tw_world_now(world);
		schedule(world, it->pulls.v[i],
			pull->begun + model_of(world)->latency);
	}
}

static uint32_t new_pull(struct tw_world *world)
{
	struct tw_images *images = world->images;

	for (uint32_t i = 0; i < images->pulls.n; i++)
		if (images->pulls.v[i].state == PULL_FREE)
			return i;
	tw_vec_push(&images->pulls, (struct pull){0});
	return (uint32_t)images->pulls.n - 1;
}

enum tw_image_state tw_images_ensure(struct tw_world *world, uint32_t replica,
	const struct tw_container *container)
{
	uint32_t node = world->replicas[replica].node, slot;
	bool there = *place_of(world, node, container->image);
	struct pull *it;

	if (container->pull == TW_PULL_NEVER)
		return there ? TW_IMAGE_PRESENT : TW_IMAGE_NEVER;
	if (there && container->pull == TW_PULL_IF_NOT_PRESENT)
		return TW_IMAGE_PRESENT;
	slot = new_pull(world);
	it = &world->images->pulls.v[slot];
	*it = (struct pull){.state = PULL_QUEUED,
		.replica = replica,
		.life = world->replicas[replica].life,
		.node = node,
		.image = container->image,
		.generation = it->generation,
		.wanted = tw_world_now(world)};
	tw_vec_push(&world->images->nodes[node].pulls, slot);
	begin_next(world, node);
	return TW_IMAGE_PULLED;
}

/* ---- it ends -------------------------------------------------------- */

static void forget(struct tw_world *world, uint32_t slot)
{
	struct pull *pull = &world->images->pulls.v[slot];
	struct node *it = &world->images->nodes[pull->node];
	size_t n = 0;

	for (size_t i = 0; i < it->pulls.n; i++)
		if (it->pulls.v[i] != slot)
			it->pulls.v[n++] = it->pulls.v[i];
	it->pulls.n = n;
	it->under_way -= pull->state != PULL_QUEUED;
	if (pull->state == PULL_LOADING) {
		it->loading--;
		world->images->loading--;
	}
	pull->state = PULL_FREE;
}

static void end(struct tw_world *world, uint32_t slot, bool well)
{
	const struct pull it = world->images->pulls.v[slot];
	tw_time now = tw_world_now(world);
	struct tw_pulled pulled = {.image = it.image,
		.well = well,
		.registry_down = world->images->down[it.image] > 0,
		.took = now - it.begun,
		.waited = now - it.wanted};

	forget(world, slot);
	if (well)
		*place_of(world, it.node, it.image) = true;
	retune(world, it.node);
	begin_next(world, it.node);
	/* Its pod is there no more. */
	if (world->replicas[it.replica].life == it.life)
		tw_kubelet_pulled(world, it.replica, &pulled);
}

/* The registry has answered. */
static void answered(struct tw_world *world, uint32_t slot)
{
	struct pull *it = &world->images->pulls.v[slot];
	const struct tw_image *image = &model_of(world)->images[it->image];

	if (world->images->down[it->image] || image->missing) {
		end(world, slot, false);
	} else if (*place_of(world, it->node, it->image) || !image->size) {
		end(world, slot, true);
	} else {
		it->state = PULL_LOADING;
		it->left = (unsigned __int128)image->size * 1000000000U;
		it->since = tw_world_now(world);
		world->images->nodes[it->node].loading++;
		world->images->loading++;
		retune(world, it->node);
	}
}

bool tw_images_event(struct tw_world *world, const struct tw_event *event)
{
	struct pull *it;

	if (event->kind != TW_EV_PULL)
		return false;
	it = &world->images->pulls.v[event->a];
	if (it->generation != event->b)
		return true;
	if (it->state == PULL_ASKING)
		answered(world, event->a);
	else
		end(world, event->a, true);
	return true;
}

/* ---- what happens to nodes and the registry ------------------------- */

void tw_images_node_down(struct tw_world *world, uint32_t node)
{
	struct node *it = &world->images->nodes[node];

	while (it->pulls.n) {
		uint32_t slot = it->pulls.v[it->pulls.n - 1];

		world->images->pulls.v[slot].generation++;
		forget(world, slot);
	}
	retune(world, node);
}

void tw_images_registry(struct tw_world *world, const char *glob, bool down)
{
	const struct tw_pulls *model = model_of(world);

	for (uint32_t i = 0; i < model->n_images; i++)
		if (tw_glob_match(glob, model->images[i].name))
			world->images->down[i] += down ? 1U : -1U;
}

/* ---- life cycle ----------------------------------------------------- */

static void stand_one(struct tw_world *world, uint32_t node, const char *name)
{
	const struct tw_pulls *model = model_of(world);

	for (uint32_t i = 0; i < model->n_images; i++)
		if (!strcmp(model->images[i].name, name))
			*place_of(world, node, i) = true;
}

/* What its Node object lists. */
static void stand_listed(struct tw_world *world, uint32_t node)
{
	const struct tw_node_spec *spec = world->model->nodes[node].spec;

	for (size_t i = 0; i < spec->images.n; i++)
		for (size_t k = 0; k < spec->images.v[i].names.n; k++)
			stand_one(world, node, spec->images.v[i].names.v[k]);
}

void tw_images_replaced(struct tw_world *world, uint32_t node)
{
	for (uint32_t i = 0; i < model_of(world)->n_images; i++)
		*place_of(world, node, i) = false;
	stand_listed(world, node);
}

static void stand_all(struct tw_world *world)
{
	const struct tw_model *model = world->model;

	for (uint32_t r = 0; r < model->n_replicas; r++) {
		const struct tw_pod_life *life =
			&model->lives[model->replicas[r].revision];
		uint32_t node = world->replicas[r].node;

		for (uint32_t i = 0; node != TW_NONE && i < life->n_containers;
			i++)
			if (life->containers[i].image != TW_NONE)
				*place_of(world, node,
					life->containers[i].image) = true;
	}
	for (uint32_t n = 0; n < model->n_nodes; n++)
		stand_listed(world, n);
}

void tw_images_init(struct tw_world *world)
{
	const struct tw_pulls *model = model_of(world);
	uint32_t n_nodes = world->model->n_nodes;
	struct tw_images *images;

	if (!model->on)
		return;
	images = tw_new(&world->arena, struct tw_images);
	images->there = tw_new_array(
		&world->arena, (size_t)n_nodes * model->n_images + 1, bool);
	images->down =
		tw_new_array(&world->arena, model->n_images + 1, uint32_t);
	images->nodes = tw_new_array(&world->arena, n_nodes + 1, struct node);
	world->images = images;
	stand_all(world);
}

void tw_images_release(struct tw_world *world)
{
	if (!world->images)
		return;
	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		tw_vec_release(&world->images->nodes[n].pulls);
	tw_vec_release(&world->images->pulls);
}
