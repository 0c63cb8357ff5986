/*
 * What the calling application puts around a call, all its tries together:
 * resilience4j's CircuitBreaker and Bulkhead (twins/model/policy.h).
 */
#include "twins/traffic/traffic.h"

enum { CLOSED, OPEN, HALF_OPEN };

enum { FAILED = 1, SLOW = 2 };

static void forget(struct tw_app_breaker_state *it, uint8_t state)
{
	it->state = state;
	it->n = it->next = it->failed = it->slow = 0;
	it->let_through = 0;
}

/* CircuitBreakerStateMachine: closed calls count in a ring of the last
 * `window`, those of the half-open state among themselves. */
static void count(const struct tw_app_breaker *by,
	struct tw_app_breaker_state *it, uint8_t what)
{
	uint32_t size = it->state == HALF_OPEN ? by->half_open : by->window;

	if (it->n == size) {
		it->failed -= it->ring[it->next] & FAILED;
		it->slow -= (it->ring[it->next] & SLOW) / SLOW;
	} else {
		it->n++;
	}
	it->ring[it->next] = what;
	it->failed += what & FAILED;
	it->slow += (what & SLOW) / SLOW;
	it->next = (it->next + 1) % size;
}

static bool is_bad(
	const struct tw_app_breaker *by, const struct tw_app_breaker_state *it)
{
	return it->failed >= by->failure_rate * it->n ||
	       it->slow >= by->slow_rate * it->n;
}

static void record(struct tw_world *world, const struct tw_app_breaker *by,
	struct tw_app_breaker_state *it, uint8_t what, uint32_t turn)
{
	if (it->state == OPEN || it->turn != turn)
		return; /* a call from before it opened */
	count(by, it, what);
	if (it->state == CLOSED && (it->n < by->min_calls || !is_bad(by, it)))
		return;
	if (it->state == HALF_OPEN && it->n < by->half_open)
		return;
	if (is_bad(by, it)) {
		forget(it, OPEN);
		it->opened_at = tw_world_now(world);
	} else {
		forget(it, CLOSED);
	}
	it->turn++;
}

static bool permits(struct tw_world *world, const struct tw_app_breaker *by,
	struct tw_app_breaker_state *it)
{
	if (it->state == OPEN &&
		tw_world_now(world) - it->opened_at >= by->open_for) {
		forget(it, HALF_OPEN);
		it->turn++;
	}
	if (it->state == CLOSED)
		return true;
	if (it->state == OPEN || it->let_through == by->half_open)
		return false;
	it->let_through++;
	return true;
}

bool tw_application_begin(struct tw_world *world,
	const struct tw_upstream *model, struct tw_ticket *ticket)
{
	struct tw_proxy *proxy = ticket->proxy;

	/* CircuitBreaker(Bulkhead(call)), as resilience4j-spring nests them: a
	 * full bulkhead is a failure that the breaker sees. */
	if (model->app_breaker.on &&
		!permits(world, &model->app_breaker, proxy->app_breaker))
		return false;
	ticket->inside = true;
	ticket->app_turn = model->app_breaker.on ? proxy->app_breaker->turn : 0;
	ticket->began = tw_world_now(world);
	ticket->in_bulkhead = proxy->calls < model->max_calls;
	proxy->calls += ticket->in_bulkhead;
	return ticket->in_bulkhead;
}

void tw_application_end(struct tw_world *world, const struct tw_upstream *model,
	struct tw_ticket *ticket, bool failed)
{
	const struct tw_app_breaker *by = &model->app_breaker;
	bool slow = tw_world_now(world) - ticket->began >= by->slow_call;

	if (!ticket->inside)
		return;
	ticket->inside = false;
	ticket->proxy->calls -= ticket->in_bulkhead;
	ticket->in_bulkhead = false;
	if (by->on)
		record(world, by, ticket->proxy->app_breaker,
			(uint8_t)((failed ? FAILED : 0) | (slow ? SLOW : 0)),
			ticket->app_turn);
}
