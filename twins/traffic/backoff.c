#include "twins/traffic/traffic.h"

/* Envoy, router filter, x-envoy-max-retries: uniform in [0, (2^n - 1) * base),
 * the range at most `max`. */
tw_time tw_backoff_range(tw_time base, tw_time max, uint32_t n)
{
	if (n < 31 && base <= max / ((1 << n) - 1))
		return base * ((1 << n) - 1);
	return max;
}

/* gRPC A6: min(base * multiplier^(n-1), max) * random(1 - jitter, 1 + jitter).
 */
static tw_time exponential(
	const struct tw_channel *channel, uint32_t n, double u)
{
	double wait = (double)channel->backoff_base;
	double most = (double)channel->backoff_max;

	for (uint32_t i = 1; i < n && wait < most; i++)
		wait *= channel->backoff_multiplier;
	if (wait > most)
		wait = most;
	return (tw_time)(wait * (1 + channel->backoff_jitter * (2 * u - 1)));
}

tw_time tw_backoff(const struct tw_channel *channel, uint32_t n, double u)
{
	if (channel->backoff_multiplier > 0)
		return exponential(channel, n, u);
	return (tw_time)((double)tw_backoff_range(channel->backoff_base,
				 channel->backoff_max, n) *
			 u);
}

/* A server that refuses for want of room says it, too. */
tw_time tw_backoff_said(const struct tw_world *world, const struct tw_call *it,
	enum tw_reason reason, int status)
{
	const struct tw_channel *channel = tw_call_channel(world, it);
	const struct tw_service *service;
	uint32_t number;

	if ((status != 429 && status != 503) || it->replica == TW_NONE ||
		(reason != TW_ANSWERED && reason != TW_SHED))
		return -1;
	number = world->model->replicas[it->replica].service;
	if (number == TW_NONE)
		return -1;
	service = &world->model->services[number];
	if (service->no_retry && channel->push_back)
		return TW_NEVER;
	if (!service->retry_after)
		return -1;
	if (channel->push_back || service->retry_after <= channel->reset_max)
		return service->retry_after;
	return -1;
}

/* Envoy, JitteredLowerBoundBackOffStrategy: from it to half of it more. */
tw_time tw_backoff_as_said(
	const struct tw_channel *channel, tw_time said, double u)
{
	return channel->push_back ? said
				  : said + (tw_time)((double)said / 2 * u);
}
