#include "harness/trial/flow.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"

struct poisson {
	struct tw_flow flow;
	struct tw_arena arena;
	double gap; /* mean, ns */
	struct tw_users *users;
};

struct cursor {
	const struct poisson *from;
	uint64_t seed, position;
	tw_time at;
	uint64_t keys[TW_KEYS_MAX];
};

static void *poisson_open(const struct tw_flow *flow, enum tw_flow_side side,
	uint64_t seed, uint32_t replication)
{
	struct cursor *cursor = tw_calloc(1, sizeof *cursor);

	(void)side;
	cursor->from = (const struct poisson *)flow;
	cursor->seed = tw_hash_combine(seed, replication);
	return cursor;
}

static bool poisson_next(void *p, struct tw_flow_arrival *arrival)
{
	struct cursor *cursor = p;
	const struct poisson *from = cursor->from;
	double gap =
		tw_draw(cursor->seed, cursor->position, TW_DRAW_ARRIVAL, 0);
	double which =
		tw_draw(cursor->seed, cursor->position, TW_DRAW_ARRIVAL, 1);

	cursor->at += (tw_time)(-tw_log(gap) * from->gap);
	if (cursor->at >= from->flow.duration)
		return false;
	if (from->users) {
		uint64_t user = tw_users_key(
			from->users, tw_draw(cursor->seed, cursor->position,
					     TW_DRAW_ARRIVAL, 2));

		for (int i = 0; i < TW_KEYS_MAX; i++)
			cursor->keys[i] = user;
	}
	*arrival = (struct tw_flow_arrival){
		.keys = from->users ? cursor->keys : NULL,
		.at = cursor->at,
		.target = (uint32_t)(which * (double)from->flow.n_targets),
		.position = cursor->position++,
	};
	return true;
}

static void poisson_free(struct tw_flow *flow)
{
	struct poisson *poisson = (struct poisson *)flow;

	tw_arena_release(&poisson->arena);
	tw_users_free(poisson->users);
	tw_free(poisson);
}

static const struct tw_flow_vtable poisson_vtable = {
	.open = poisson_open,
	.next = poisson_next,
	.close = tw_free,
	.free = poisson_free,
};

struct tw_flow *tw_flow_poisson(const struct tw_flow_target *targets,
	size_t n_targets, double rate, tw_time duration, struct tw_users *users)
{
	struct poisson *poisson = tw_calloc(1, sizeof *poisson);
	struct tw_flow_target *copies;

	tw_assert(n_targets && rate > 0 && duration > 0);
	tw_arena_init(&poisson->arena);
	copies =
		tw_new_array(&poisson->arena, n_targets, struct tw_flow_target);
	for (size_t i = 0; i < n_targets; i++) {
		copies[i].service =
			tw_arena_strdup(&poisson->arena, targets[i].service);
		copies[i].endpoint =
			tw_arena_strdup(&poisson->arena, targets[i].endpoint);
	}
	poisson->gap = (double)TW_S / rate;
	poisson->users = users;
	poisson->flow = (struct tw_flow){
		.vtable = &poisson_vtable,
		.targets = copies,
		.n_targets = n_targets,
		.duration = duration,
	};
	for (int side = 0; users && side < 2; side++)
		poisson->flow.n_keys[side] = TW_KEYS_MAX;
	return &poisson->flow;
}
