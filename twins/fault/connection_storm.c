#include "twins/fault/kinds.h"

#include "twins/base/hash.h"
#include "twins/kernel/random.h"
#include "twins/traffic/traffic.h"

/*
 * Clients lose their connections and come back at once: each makes one
 * request (its handshake, its log-in) of the endpoint within `jitter`, so
 * that N clients are a peak of N / jitter a second, and without jitter one
 * instant.
 */
#define MAX_CLIENTS 10000000

static const struct tw_fault_param params[] = {
	{"clients", TW_PARAM_COUNT, true, NULL, "how many come back", NULL},
	{"jitter", TW_PARAM_DURATION, false, "0s",
		"the time that they are spread over, uniformly", NULL},
};

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	const struct tw_model *model = world->model;
	tw_time jitter = tw_fault_value(fault, "jitter")->integer;
	int64_t clients = tw_fault_value(fault, "clients")->integer;
	uint32_t endpoint = 0;

	while (!((!fault->endpoints || fault->endpoints[endpoint]) &&
		 (!fault->callees ||
			 fault->callees[model->endpoints[endpoint].service])))
		endpoint++;
	for (int64_t i = 0; i < clients && i < MAX_CLIENTS; i++) {
		struct tw_copy copy = {
			.key = tw_hash_combine(fault->hash, (uint64_t)i),
			.position = UINT64_MAX,
			.endpoint = endpoint,
			.next = 1,
		};
		double u = tw_draw(world->seed, copy.key, TW_DRAW_FAULT, 0);

		if (fault->probability >= 1 ||
			tw_draw(world->seed, copy.key, TW_DRAW_FAULT, 1) <
				fault->probability)
			tw_copy_add(
				world, &copy, (tw_time)((double)jitter * u));
	}
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	if (!fault->lasts)
		fault->end =
			fault->at + tw_fault_value(fault, "jitter")->integer;
}

const struct tw_fault_kind tw_fault_connection_storm = {
	.name = "connection-storm",
	.help = "clients come back all at once, with a request each",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_SERVICE | TW_SELECT_ENDPOINT,
	.needs = ~0U,
	.instant = true,
	.prepare = prepare,
	.start = start,
};
