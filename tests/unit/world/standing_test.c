/* Lists by node say what a look at all replicas would. */
#include "tests/unit/test.h"

#include "twins/kernel/random.h"
#include "twins/world/standing.h"

#define NODES	 7
#define REPLICAS 50

static void compare(const struct tw_world *world)
{
	for (uint32_t n = 0; n < NODES; n++) {
		struct tw_standing on = tw_standing_on(world, n);
		size_t seen = 0;

		for (uint32_t r = 0; r < REPLICAS; r++) {
			if (world->replicas[r].node != n)
				continue;
			ck_assert_uint_lt(seen, on.n);
			ck_assert_uint_eq(on.v[seen++], r);
		}
		ck_assert_uint_eq(seen, on.n);
		ck_assert_uint_eq(tw_standing_count(world, n), on.n);
		tw_vec_release(&on);
	}
}

START_TEST(lists_follow_moves)
{
	struct tw_model model = {.n_nodes = NODES, .n_replicas = REPLICAS};
	struct tw_world world = {.model = &model};

	tw_arena_init(&world.arena);
	world.replicas =
		tw_new_array(&world.arena, REPLICAS, struct tw_world_replica);
	for (uint32_t r = 0; r < REPLICAS; r++)
		world.replicas[r].node = r % 3 ? r % NODES : TW_NONE;
	tw_standing_init(&world);
	compare(&world);
	for (uint32_t i = 0; i < 2000; i++) {
		uint64_t bits = tw_draw_bits(1, i, TW_DRAW_WORK, 0);
		uint32_t to = (uint32_t)(bits >> 32) % (NODES + 1);

		tw_stand(&world, (uint32_t)bits % REPLICAS,
			to == NODES ? TW_NONE : to);
		compare(&world);
	}
	tw_arena_release(&world.arena);
}
END_TEST

TW_TESTS("world/standing", lists_follow_moves)
