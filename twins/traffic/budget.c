/*
 * May a retry be made? Envoy's and Linkerd's budgets, gRPC's throttle
 * (twins/model/policy.h).
 */
#include "twins/traffic/traffic.h"

/* ---- a span of time ------------------------------------------------- */

/* The slot of now; those that have gone by are emptied. */
static int64_t *slot_of(const struct tw_world *world,
	const struct tw_upstream *model, struct tw_span *span)
{
	tw_time width = model->budget_interval / TW_SPAN_SLOTS;
	int64_t turn = tw_world_now(world) / (width > 0 ? width : 1);

	if (turn - span->turn >= TW_SPAN_SLOTS)
		*span = (struct tw_span){.turn = turn};
	while (span->turn < turn)
		span->slots[++span->turn % TW_SPAN_SLOTS] = 0;
	return &span->slots[turn % TW_SPAN_SLOTS];
}

void tw_budget_earn(const struct tw_world *world,
	const struct tw_upstream *model, struct tw_proxy *proxy)
{
	if (model->budget == TW_BUDGET_SPAN)
		*slot_of(world, model, &proxy->span) +=
			(int64_t)(1000 * model->budget_ratio + 0.5);
}

/* What min_per_second gives in a span is there at any time; what is earned and
 * spent counts for as long as the span. */
static bool take_of_span(const struct tw_world *world,
	const struct tw_upstream *model, struct tw_span *span)
{
	int64_t *slot = slot_of(world, model, span);
	int64_t sum = (int64_t)(1000 * model->budget_rate *
				((double)model->budget_interval / TW_S));

	for (int i = 0; i < TW_SPAN_SLOTS; i++)
		sum += span->slots[i];
	if (sum < 1000)
		return false;
	*slot -= 1000;
	return true;
}

bool tw_budget_take(const struct tw_world *world,
	const struct tw_upstream *model, struct tw_proxy *proxy)
{
	double most;

	switch ((enum tw_budget_kind)model->budget) {
	case TW_BUDGET_NONE:
		return proxy->retries < model->max_retries;
	case TW_BUDGET_AT_ONCE:
		most = model->budget_ratio *
		       (double)(proxy->active + proxy->pending);
		if (most < model->budget_min)
			most = model->budget_min;
		return proxy->retries < (uint32_t)most;
	case TW_BUDGET_SPAN:
		return take_of_span(world, model, &proxy->span);
	}
	return true;
}

/* ---- the throttle --------------------------------------------------- */

void tw_throttle_record(
	const struct tw_upstream *model, struct tw_proxy *proxy, bool failed)
{
	proxy->tokens += failed ? -1000 : model->token_ratio;
	if (proxy->tokens < 0)
		proxy->tokens = 0;
	if (proxy->tokens > model->max_tokens)
		proxy->tokens = model->max_tokens;
}

bool tw_throttle_allows(
	const struct tw_upstream *model, const struct tw_proxy *proxy)
{
	return proxy->tokens > model->max_tokens / 2;
}
