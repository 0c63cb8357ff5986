#include "twins/cluster/eviction.h"

#include "twins/cluster/nodes.h"
#include "twins/cluster/pressure.h"
#include "twins/kernel/random.h"
#include "twins/model/cgroup.h"
#include "twins/world/memory.h"
#include "twins/world/standing.h"

#define THRESHOLD  (INT64_C(100) << 20)
#define MONITORING (10 * TW_S)
#define TRANSITION (300 * TW_S)
#define GRACE	   TW_S
/* Its process has ended, that was seen, and so was that all is cleaned up. */
#define CLEANED_UP (GRACE + TW_S)

/* pkg/apis/scheduling: SystemCriticalPriority. */
#define CRITICAL 2000000000

struct tw_pressing {
	tw_time *phase; /* of its looks, by node */
	tw_time *seen;	/* when it was short last */
	bool *pressed;
};

static int64_t room_of(const struct tw_world *world, uint32_t node)
{
	return world->model->nodes[node].memory;
}

static void look_at(struct tw_world *world, uint32_t node, tw_time at)
{
	tw_queue_schedule(&world->queue, at, TW_CLASS_WORLD, TW_EV_PRESSURE,
		node, TW_PRESSURE_LOOK);
}

static void look_next(struct tw_world *world, uint32_t node)
{
	tw_time phase = world->eviction->phase[node];
	tw_time past = tw_world_now(world) - phase;

	look_at(world, node,
		phase + (past < 0 ? 0 : past / MONITORING + 1) * MONITORING);
}

/* ---- who goes ------------------------------------------------------- */

static struct tw_pressed standing_of(
	const struct tw_world *world, uint32_t replica)
{
	const struct tw_replica *it = &world->model->replicas[replica];
	const struct tw_revision *revision = tw_world_revision(world, replica);
	const struct tw_memory *memory = world->replicas[replica].memory;

	return (struct tw_pressed){.request = revision->memory,
		.usage = memory ? memory->used : 0,
		.priority = revision->pod->priority,
		.tie = it->hash};
}

static uint32_t victim_of(const struct tw_world *world, uint32_t node)
{
	struct tw_standing pods = tw_standing_on(world, node);
	struct tw_pressed first = {0};
	uint32_t victim = TW_NONE;

	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];
		struct tw_pressed it;
		int way;

		if (!world->replicas[r].managed ||
			tw_pod_of(world, r)->state != TW_POD_RUNNING)
			continue;
		it = standing_of(world, r);
		if (it.priority >= CRITICAL)
			continue;
		way = victim == TW_NONE
			      ? -1
			      : tw_press_compare(&it, &first, TW_PRESS_MEMORY);
		if (way < 0 || (!way && it.tie < first.tie)) {
			victim = r;
			first = it;
		}
	}
	tw_vec_release(&pods);
	return victim;
}

/* ---- what is said --------------------------------------------------- */

static void tap(struct tw_world *world, enum tw_tap_kind kind, uint32_t node)
{
	tw_world_tap(world, .kind = kind, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.node = world->model->nodes[node].name);
}

/* As Kubernetes writes a binary quantity: "100Mi", "91540Ki", "0". */
static void add_quantity(struct tw_buf *to, int64_t bytes)
{
	static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti"};
	size_t unit = 0;

	while (bytes && bytes % 1024 == 0 && unit < 4) {
		bytes /= 1024;
		unit++;
	}
	tw_buf_printf(to, "%lld%s", (long long)bytes, units[unit]);
}

/* Its memory is that of the container that does the work. */
static void tell(struct tw_world *world, uint32_t node, uint32_t replica)
{
	const struct tw_revision *revision = tw_world_revision(world, replica);
	const struct tw_spec_container *main =
		revision->resources ? tw_main_container(revision->resources)
				    : NULL;
	int64_t request = main ? tw_int_or(main->memory_request, 0) : 0;
	int64_t used = standing_of(world, replica).usage;
	int64_t left = room_of(world, node) - world->node_memory[node];
	struct tw_buf text = {0};

	tw_buf_add_text(&text, "The node was low on resource: memory. "
			       "Threshold quantity: ");
	add_quantity(&text, THRESHOLD);
	tw_buf_add_text(&text, ", available: ");
	add_quantity(&text, left > 0 ? left : 0);
	tw_buf_add_text(&text, ". ");
	if (used > request) {
		tw_buf_printf(&text, "Container %s was using ",
			main ? main->name : "main");
		add_quantity(&text, used);
		tw_buf_add_text(&text, ", request is ");
		add_quantity(&text, request);
		tw_buf_add_text(&text, ", has larger consumption of memory. ");
	}
	tw_world_tap(world, .kind = TW_TAP_CONTAINER,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.reason = "Evicted", .warning = true, .state = "Evicted",
		.cause = tw_buf_text(&text));
	tw_buf_release(&text);
}

/* ---- what is done --------------------------------------------------- */

static bool is_of_job(const struct tw_world *world, uint32_t replica)
{
	uint32_t w =
		world->model
			->workload_of[world->model->replicas[replica].revision];

	return world->model->workloads[w].job != NULL;
}

static void reclaim(struct tw_world *world, uint32_t node)
{
	uint32_t victim = victim_of(world, node);

	tap(world, TW_TAP_SHORT, node);
	if (victim == TW_NONE) {
		look_next(world, node);
		return;
	}
	tell(world, node, victim);
	world->obs.evicted++;
	if (is_of_job(world, victim))
		tw_pod_end(world, victim, false);
	else
		tw_pod_delete(world, victim, GRACE);
	look_at(world, node, tw_world_now(world) + CLEANED_UP);
}

static void press(struct tw_world *world, uint32_t node, bool pressed)
{
	if (world->eviction->pressed[node] == pressed)
		return;
	world->eviction->pressed[node] = pressed;
	tap(world, pressed ? TW_TAP_PRESSED : TW_TAP_NOT_PRESSED, node);
	tw_nodes_press(world, node, pressed);
}

static void look(struct tw_world *world, uint32_t node)
{
	struct tw_pressing *it = world->eviction;
	struct tw_node_pressure *watch = &world->node_pressure[node];
	tw_time now = tw_world_now(world);

	if (!world->node_down[node] &&
		world->node_memory[node] > watch->threshold) {
		it->seen[node] = now;
		press(world, node, true);
		reclaim(world, node);
	} else if (it->pressed[node] && now - it->seen[node] < TRANSITION) {
		look_next(world, node);
	} else {
		press(world, node, false);
		watch->told = false;
	}
}

bool tw_eviction_event(struct tw_world *world, const struct tw_event *event)
{
	if (event->kind != TW_EV_PRESSURE)
		return false;
	if (event->b == TW_PRESSURE_LOOK)
		look(world, event->a);
	else
		look_next(world, event->a);
	return true;
}

/* ---- life cycle ----------------------------------------------------- */

static bool has_memory(const struct tw_world *world)
{
	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (world->replicas[r].memory)
			return true;
	return false;
}

void tw_eviction_init(struct tw_world *world, bool aligned)
{
	const struct tw_model *model = world->model;
	struct tw_pressing *it;

	if (!world->nodes || !has_memory(world))
		return;
	it = tw_new(&world->arena, struct tw_pressing);
	it->phase = tw_new_array(&world->arena, model->n_nodes, tw_time);
	it->seen = tw_new_array(&world->arena, model->n_nodes, tw_time);
	it->pressed = tw_new_array(&world->arena, model->n_nodes, bool);
	world->eviction = it;
	world->node_pressure = tw_new_array(
		&world->arena, model->n_nodes, struct tw_node_pressure);
	for (uint32_t n = 0; n < model->n_nodes; n++) {
		world->node_pressure[n].threshold =
			room_of(world, n) - THRESHOLD;
		if (!aligned)
			it->phase[n] = (tw_time)((double)MONITORING *
						 tw_draw(world->seed,
							 model->nodes[n].hash,
							 TW_DRAW_ARRIVAL, 2));
		if (world->node_memory[n] > world->node_pressure[n].threshold) {
			world->node_pressure[n].told = true;
			look_next(world, n);
		}
	}
}
