/*
 * What comes before a call is routed: which variant of its channel the
 * request's traits want, the look-up of its callee's name (lookup.c), and what
 * the caller's proxy does first. In Envoy the
 * fault filter stands before the router ("must be inserted before any other
 * filter, including the router filter"): delay, then abort; then the router
 * answers itself, or mirrors and routes. So neither the route's timeout nor its
 * retries know of an injected fault.
 */
#include "twins/base/hash.h"
#include "twins/kernel/random.h"
#include "twins/traffic/traffic.h"

/* Draws of one start of a call (an application may start it over). */
#define ASIDE_DRAWS 64

enum { DRAW_DELAY, DRAW_ABORT, DRAW_MIRROR };

void tw_call_choose(
	struct tw_world *world, struct tw_call *it, tw_traits traits)
{
	const struct tw_channel *channel = tw_call_channel(world, it);
	uint32_t untold = 0;

	it->traits = traits;
	for (uint32_t v = 0; v < channel->n_variants; v++) {
		struct tw_wanted wanted = channel->variants[v].wanted;
		enum tw_told told = tw_traits_tell(traits, wanted);

		if (told == TW_TOLD_YES) {
			it->channel = channel->variants[v].channel;
			break;
		}
		if (told == TW_TOLD_UNKNOWN)
			untold |= (wanted.yes | wanted.no) &
				  ~(uint32_t)(traits >> 32);
	}
	world->obs.undecided += untold != 0;
	world->obs.untold |= untold;
}

static bool is_hit(const struct tw_world *world, const struct tw_call *it,
	double share, uint32_t n)
{
	return share > 0 && tw_draw(world->seed, it->key, TW_DRAW_FAULT,
				    it->app_tries * ASIDE_DRAWS + n) < share;
}

/* The proxy's own answer: the route's retries do not see it. */
static void answer(struct tw_world *world, uint32_t call, int status)
{
	struct tw_call *it = &world->calls[call];

	it->route_tries = UINT16_MAX;
	tw_world_soon(world, TW_SOON_ANSWER, call,
		tw_answer_pack((struct tw_answer){
			it->generation, it->tries, TW_ANSWERED, status}));
}

static void mirror(struct tw_world *world, const struct tw_call *it,
	uint32_t channel, uint32_t n)
{
	static const uint64_t salt = UINT64_C(0x6d6972726f72); /* "mirror" */
	bool calling = world->calling;
	uint32_t call;
	struct tw_call *copy = tw_call_new(world, &call);

	if (!copy)
		return;
	copy->key = tw_hash_combine(
		it->key, salt + it->app_tries * (uint64_t)ASIDE_DRAWS + n);
	copy->traits = it->traits;
	copy->position = it->position;
	copy->channel = channel;
	copy->from = it->from;
	copy->root = it->root;
	copy->root_generation = it->root_generation;
	copy->mirror = true;
	if (world->call_keys)
		tw_keys_of_mirror(world, call, (uint32_t)(it - world->calls));
	world->calling = true;
	tw_call_route(world, call);
	world->calling = calling;
}

/* What follows the delay. */
static void go_on(struct tw_world *world, uint32_t call)
{
	struct tw_call *it = &world->calls[call];
	const struct tw_aside *aside = tw_call_channel(world, it)->aside;

	if (is_hit(world, it, aside->abort_share, DRAW_ABORT)) {
		answer(world, call, aside->abort);
		return;
	}
	if (aside->respond) {
		answer(world, call, aside->respond);
		return;
	}
	for (uint32_t m = 0; m < aside->n_mirrors; m++)
		if (is_hit(world, it, aside->mirrors[m].share, DRAW_MIRROR + m))
			mirror(world, it, aside->mirrors[m].channel, m);
	tw_call_route(world, call);
}

void tw_call_aside(struct tw_world *world, uint32_t call)
{
	if (!tw_call_channel(world, &world->calls[call])->aside->lookup ||
		!tw_lookup_for_call(world, call))
		tw_call_looked_up(world, call);
}

void tw_call_looked_up(struct tw_world *world, uint32_t call)
{
	struct tw_call *it = &world->calls[call];
	const struct tw_aside *aside = tw_call_channel(world, it)->aside;

	if (!is_hit(world, it, aside->delay_share, DRAW_DELAY)) {
		go_on(world, call);
		return;
	}
	it->backing_off = true;
	tw_queue_schedule(&world->queue, tw_world_now(world) + aside->delay,
		TW_CLASS_COMPLETION, TW_EV_DELAYED, call, it->generation);
}

void tw_call_delayed(struct tw_world *world, uint32_t call, uint32_t generation)
{
	struct tw_call *it = &world->calls[call];

	if (!it->live || it->generation != generation || !it->backing_off)
		return;
	it->backing_off = false;
	go_on(world, call);
}
