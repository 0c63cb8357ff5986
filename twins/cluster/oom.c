#include "twins/cluster/oom.h"

#include "twins/cluster/life.h"
#include "twins/cluster/vpa.h"
#include "twins/model/cgroup.h"
#include "twins/world/memory.h"
#include "twins/world/standing.h"

static int64_t points_of(
	const struct tw_world *world, uint32_t replica, int64_t room)
{
	const struct tw_spec_workload *workload =
		tw_world_revision(world, replica)->resources;
	const struct tw_spec_container *main =
		workload ? tw_main_container(workload) : NULL;
	int64_t adjust =
		main ? tw_oom_score(workload, main, room, false) : 1000;

	return (int64_t)((double)world->replicas[replica].memory->used /
			 (double)room * 1000) +
	       adjust;
}

/* Ties: the first in the model. */
static uint32_t victim_of(const struct tw_world *world, uint32_t node)
{
	int64_t room = world->model->nodes[node].memory, most = INT64_MIN;
	struct tw_standing pods = tw_standing_on(world, node);
	uint32_t victim = TW_NONE;

	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];
		const struct tw_world_replica *it = &world->replicas[r];
		int64_t points;

		if (!it->memory || it->health != TW_UP)
			continue;
		points = points_of(world, r, room);
		if (points > most) {
			most = points;
			victim = r;
		}
	}
	tw_vec_release(&pods);
	return victim;
}

/* "271Mi": rounded up, so that it is never said to be at most its limit. */
static void add_bytes(struct tw_buf *out, int64_t bytes, bool up)
{
	int64_t unit = bytes < 10 * 1024 * 1024 ? 1024 : 1024 * 1024;

	tw_buf_printf(out, "%lld%s",
		(long long)((bytes + (up ? unit - 1 : 0)) / unit),
		unit == 1024 ? "Ki" : "Mi");
}

static const char *cause_of(
	struct tw_world *world, int64_t used, int64_t limit, const char *node)
{
	struct tw_buf text = {0};
	const char *cause;

	tw_buf_add_text(&text, "OOMKilled: ");
	if (node)
		tw_buf_printf(&text, "node %s has ", node);
	add_bytes(&text, used, true);
	tw_buf_add_text(&text, " of ");
	add_bytes(&text, limit, false);
	cause = tw_observation_name(&world->obs, tw_buf_text(&text));
	tw_buf_release(&text);
	return cause;
}

static void die(struct tw_world *world, uint32_t replica, const char *cause)
{
	world->services[world->replicas[replica].service].ooms++;
	if (world->vpa)
		tw_vpa_oom(world, replica);
	tw_cluster_crash(world, replica, cause);
}

static void container(struct tw_world *world, uint32_t replica)
{
	const struct tw_memory *it = world->replicas[replica].memory;

	die(world, replica, cause_of(world, it->used, it->limit, NULL));
}

/* Until it fits. */
static void node(struct tw_world *world, uint32_t at)
{
	int64_t room = world->model->nodes[at].memory;
	uint32_t victim;

	while (world->node_memory[at] > room &&
		(victim = victim_of(world, at)) != TW_NONE)
		die(world, victim,
			cause_of(world, world->node_memory[at], room,
				world->model->nodes[at].name));
}

bool tw_oom_event(struct tw_world *world, const struct tw_event *event)
{
	struct tw_world_replica *it = &world->replicas[event->a];

	if (event->kind != TW_EV_OOM)
		return false;
	if (it->health != TW_UP || it->life != (uint32_t)(event->b >> 1))
		return true;
	it->memory->told = false;
	if ((event->b & 1) == TW_OOM_NODE)
		node(world, it->node);
	else if (it->memory->used > it->memory->limit)
		container(world, event->a);
	return true;
}
