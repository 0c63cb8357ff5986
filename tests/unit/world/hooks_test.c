/*
 * What faults do to the CPU and the memory of a replica, without a fault: a
 * world with one request in it.
 */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"
#include "twins/traffic/traffic.h"
#include "twins/world/cpu.h"
#include "twins/world/memory.h"

struct stage {
	struct tw_spec *spec;
	struct tw_model *model;
	struct tw_world world;
};

/* One service that computes 30 ms, on a node of two cores. */
static void set_up(struct stage *stage, bool on_a_node)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *s = b_service(spec, "s", 1, 10, 10);
	uint32_t node_of[1] = {0};

	b_work(spec, &b_endpoint(spec, s, "*")->steps, TW_STEP_CPU,
		b_constant(30 * TW_MS));
	if (on_a_node) {
		struct tw_spec_node *node = b_node(spec, "n", 1, "a");

		tw_set_int(&node->cpu, 2000, node->origin);
	}
	tw_set_int(&s->memory_base, 100, s->origin);
	tw_set_int(&s->memory_limit, 200, s->origin);
	stage->spec = spec;
	stage->model = b_model(spec);
	tw_world_init(&stage->world, stage->model,
		&(struct tw_world_options){.seed = 1,
			.slice = TW_S,
			.max_in_flight = 100,
			.node_of = node_of});
}

static void tear_down(struct stage *stage)
{
	tw_world_release(&stage->world);
	tw_model_free(stage->model);
	tw_spec_free(stage->spec);
}

/* One request from now on: how long it takes. */
static tw_time serve(struct stage *stage)
{
	struct tw_world *world = &stage->world;
	tw_time start = tw_world_now(world);
	struct tw_event event;

	tw_call_arrive(world,
		&(struct tw_arrival){.at = start,
			.caller = TW_NONE,
			.key = tw_arrival_key(1, 0)},
		0);
	tw_traffic_settle(world);
	while (world->live_calls) {
		ck_assert(tw_queue_pop(&world->queue, &event));
		ck_assert(tw_traffic_event(world, &event));
		tw_traffic_settle(world);
	}
	return tw_world_now(world) - start;
}

START_TEST(stress_takes_shares)
{
	struct stage stage;

	set_up(&stage, true);
	ck_assert_int_eq(serve(&stage), 30 * TW_MS);
	tw_cpu_stress(&stage.world, 0, 1); /* a core for each */
	ck_assert_int_eq(serve(&stage), 30 * TW_MS);
	tw_cpu_stress(&stage.world, 0, 7); /* a quarter for each of eight */
	ck_assert_int_eq(serve(&stage), 120 * TW_MS);
	ck_assert_int_eq(tw_cpu_used(&stage.world, 0),
		30 * TW_MS + 60 * TW_MS + 240 * TW_MS);
	tw_cpu_stress(&stage.world, 0, 0);
	ck_assert_int_eq(serve(&stage), 30 * TW_MS);
	tear_down(&stage);
}
END_TEST

/* A replica without a CPU of its own can be given one. */
START_TEST(a_cpu_for_a_fault)
{
	struct stage stage;

	set_up(&stage, false);
	ck_assert_ptr_null(stage.world.replicas[0].cpu);
	tw_cpu_ensure(&stage.world, 0);
	ck_assert_int_eq(serve(&stage), 30 * TW_MS);
	tw_cpu_stress(&stage.world, 0, 100); /* without bound */
	ck_assert_int_eq(serve(&stage), 30 * TW_MS);
	tear_down(&stage);
}
END_TEST

START_TEST(extra_memory_kills)
{
	struct stage stage;
	struct tw_event event;

	set_up(&stage, false);
	ck_assert(tw_memory_set_extra(&stage.world, 0, 100));
	ck_assert_int_eq(tw_queue_next(&stage.world.queue), TW_NEVER);
	ck_assert(tw_memory_set_extra(&stage.world, 0, 101));
	ck_assert(tw_queue_pop(&stage.world.queue, &event));
	ck_assert_int_eq(event.kind, TW_EV_OOM);
	ck_assert_int_eq(event.b & 1, TW_OOM_CONTAINER);
	ck_assert_int_eq(stage.world.replicas[0].memory->used, 201);
	tw_memory_reset(&stage.world, 0);
	ck_assert_int_eq(stage.world.replicas[0].memory->used, 0);
	tear_down(&stage);
}
END_TEST

TW_TESTS("world/hooks", stress_takes_shares, a_cpu_for_a_fault,
	extra_memory_kills)
