/*
 * What the calling application puts around a call, all its tries together:
 * resilience4j's CircuitBreaker and Bulkhead (twins/model/policy.h).
 */
#include "twins/base/assert.h"
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

/* ---- who waits for the bulkhead --------------------------------------- */

static void enqueue(struct tw_world *world, const struct tw_upstream *model,
	struct tw_proxy *proxy, uint32_t ticket)
{
	struct tw_ticket *it = tw_ticket_at(world, ticket);

	it->queued = true;
	it->after = TW_NONE;
	it->before = proxy->waiting_calls ? proxy->last_call : TW_NONE;
	if (proxy->waiting_calls++)
		tw_ticket_at(world, proxy->last_call)->after = ticket;
	else
		proxy->first_call = ticket;
	proxy->last_call = ticket;
	it->patience = TW_NO_EVENT;
	if (model->max_wait)
		it->patience = tw_queue_schedule(&world->queue,
			tw_world_now(world) + model->max_wait, TW_CLASS_TIMEOUT,
			TW_EV_BULKHEAD, ticket, 0);
}

static void dequeue(struct tw_world *world, uint32_t ticket)
{
	struct tw_ticket *it = tw_ticket_at(world, ticket);
	struct tw_proxy *proxy = it->proxy;

	it->queued = false;
	if (it->before == TW_NONE)
		proxy->first_call = it->after;
	else
		tw_ticket_at(world, it->before)->after = it->after;
	if (it->after == TW_NONE)
		proxy->last_call = it->before;
	else
		tw_ticket_at(world, it->after)->before = it->before;
	proxy->waiting_calls--;
	tw_queue_cancel(&world->queue, it->patience);
	it->patience = TW_NO_EVENT;
}

/* The place of one that left is the first one's that waits. */
static void leave(struct tw_world *world, struct tw_proxy *proxy)
{
	struct tw_ticket *next;
	uint32_t ticket = proxy->first_call;

	if (!proxy->waiting_calls) {
		proxy->calls--;
		return;
	}
	dequeue(world, ticket);
	next = tw_ticket_at(world, ticket);
	next->in_bulkhead = true;
	tw_world_soon(world, TW_SOON_BULKHEAD, next->call,
		world->calls[next->call].generation);
}

void tw_application_impatient(struct tw_world *world, uint32_t ticket)
{
	struct tw_ticket *it = tw_ticket_at(world, ticket);

	tw_assert(it->queued);
	it->patience = TW_NO_EVENT;
	dequeue(world, ticket);
	tw_upstream_reject(world, it->call);
}

/* ---- the call --------------------------------------------------------- */

enum tw_entrance tw_application_begin(struct tw_world *world,
	const struct tw_upstream *model, uint32_t ticket)
{
	struct tw_ticket *it = tw_ticket_at(world, ticket);
	struct tw_proxy *proxy = it->proxy;

	/* CircuitBreaker(Bulkhead(call)), as resilience4j-spring nests them: a
	 * full bulkhead is a failure that the breaker sees, and what waits for
	 * it takes its time. */
	if (model->app_breaker.on &&
		!permits(world, &model->app_breaker, proxy->app_breaker))
		return TW_LET_OUT;
	it->inside = true;
	it->app_turn = model->app_breaker.on ? proxy->app_breaker->turn : 0;
	it->began = tw_world_now(world);
	it->in_bulkhead = proxy->calls < model->max_calls;
	if (it->in_bulkhead) {
		proxy->calls++;
		return TW_LET_IN;
	}
	if (proxy->waiting_calls >= model->max_waiting)
		return TW_LET_OUT;
	enqueue(world, model, proxy, ticket);
	return TW_LET_WAIT;
}

void tw_application_end(struct tw_world *world, const struct tw_upstream *model,
	uint32_t ticket, bool failed)
{
	const struct tw_app_breaker *by = &model->app_breaker;
	struct tw_ticket *it = tw_ticket_at(world, ticket);
	bool slow = tw_world_now(world) - it->began >= by->slow_call;

	if (!it->inside)
		return;
	it->inside = false;
	if (it->queued)
		dequeue(world, ticket);
	if (it->in_bulkhead)
		leave(world, it->proxy);
	it->in_bulkhead = false;
	if (by->on)
		record(world, by, it->proxy->app_breaker,
			(uint8_t)((failed ? FAILED : 0) | (slow ? SLOW : 0)),
			it->app_turn);
}
