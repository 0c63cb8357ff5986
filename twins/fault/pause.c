#include "twins/fault/kinds.h"

#include "twins/traffic/traffic.h"
#include "twins/world/cpu.h"

/* Replicas stand still: nothing computes, and what is due waits (SIGSTOP, a
 * long collection of garbage; JVMChaos gc). They stay listed. */
static void set(
	const struct tw_fault *fault, struct tw_world *world, bool paused)
{
	const bool *hit = tw_fault_replicas_hit(fault, world);

	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (hit[r])
			tw_serve_pause(world, r, paused);
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	set(fault, world, true);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	set(fault, world, false);
}

/* One that never ends would keep the run from ending. */
static const char *lacks(
	const struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	return fault->lasts ? NULL
			    : "a pause needs a 'for': who waits for "
			      "what is paused would wait for ever";
}

const struct tw_fault_kind tw_fault_pause = {
	.name = "pause",
	.help = "replicas stand still",
	.selectors = TW_SELECT_SERVICE | TW_SELECT_REPLICA | TW_SELECT_NODE |
		     TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = ~0U,
	.lacks = lacks,
	.setup = tw_fault_ensure_cpu,
	.start = start,
	.stop = stop,
};
