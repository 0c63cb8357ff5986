#include "twins/cluster/prober.h"

static const uint8_t initial[] = {
	[TW_LIVENESS] = TW_PROBE_SUCCESS,
	[TW_READINESS] = TW_PROBE_FAILURE,
	[TW_STARTUP] = TW_PROBE_UNKNOWN,
};

static void see_container(struct tw_prober *prober, enum tw_probe_type type,
	const struct tw_probed *found)
{
	if (prober->container == found->container)
		return;
	prober->container = found->container;
	prober->result = initial[type];
	prober->on_hold = false;
}

static void answer(struct tw_prober *prober,
	const struct tw_probe_config *config, bool well)
{
	uint8_t result = well ? TW_PROBE_SUCCESS : TW_PROBE_FAILURE;

	if (prober->last != result)
		prober->run = 0;
	prober->last = result;
	prober->run++;
	if (prober->run < (well ? config->success : config->failure))
		return;
	prober->result = result;
	if (config->type == TW_STARTUP ||
		(config->type == TW_LIVENESS && !well)) {
		prober->on_hold = true;
		prober->run = 0;
	}
}

bool tw_prober_step(struct tw_prober *prober,
	const struct tw_probe_config *config, const struct tw_probed *found)
{
	if (found->pod_ended)
		return false;
	if (found->state == TW_CONTAINER_NONE)
		return true;
	see_container(prober, config->type, found);
	if (prober->on_hold)
		return true;
	if (found->state != TW_CONTAINER_RUNNING) {
		prober->result = TW_PROBE_FAILURE;
		return found->state != TW_CONTAINER_ENDED || found->restarts;
	}
	if (found->deleted && config->type != TW_READINESS) {
		prober->result = TW_PROBE_SUCCESS;
		return false;
	}
	if (found->age < config->delay ||
		found->started == (config->type == TW_STARTUP))
		return true;
	answer(prober, config, found->answers);
	return true;
}
