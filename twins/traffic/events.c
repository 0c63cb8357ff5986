#include "twins/base/hash.h"
#include "twins/traffic/traffic.h"

uint64_t tw_arrival_key(uint64_t position, uint32_t pass)
{
	return tw_hash_combine(
		tw_hash_name("arrival"), tw_hash_combine(position, pass));
}

uint64_t tw_call_key(const struct tw_model *model, uint64_t parent,
	uint32_t endpoint, uint32_t n)
{
	return tw_hash_combine(
		tw_hash_combine(parent, model->endpoints[endpoint].hash), n);
}

static bool is_task(const struct tw_world *world, uint32_t task,
	uint64_t generation, enum tw_task_state state)
{
	return world->tasks[task].generation == (uint32_t)generation &&
	       world->tasks[task].state == state;
}

static void do_soon(struct tw_world *world, const struct tw_soon *soon)
{
	switch ((enum tw_soon_kind)soon->kind) {
	case TW_SOON_START:
		/* Its replica may have died at this instant. */
		if (is_task(world, soon->index, soon->data, TW_TASK_QUEUED))
			tw_serve_next(world, soon->index);
		break;
	case TW_SOON_ANSWER:
		tw_call_answered(world, soon->index, soon->data);
		break;
	case TW_SOON_CONNECTION:
		tw_connections_ready(world, soon->index, (uint32_t)soon->data);
		break;
	case TW_SOON_BULKHEAD:
		tw_upstream_enter(world, soon->index, (uint32_t)soon->data);
		break;
	case TW_SOON_REFUSED:
		if (world->tasks[soon->index].generation ==
			(uint32_t)(soon->data >> 1))
			tw_serve_called(world, soon->index, !(soon->data & 1));
		break;
	}
}

void tw_traffic_settle(struct tw_world *world)
{
	struct tw_soon soon;

	while (tw_world_take_soon(world, &soon))
		do_soon(world, &soon);
}

static __attribute__((noinline)) bool handle(
	struct tw_world *world, const struct tw_event *event)
{
	switch (event->kind) {
	case TW_EV_ARRIVE:
		tw_serve_arrive(world, event->a);
		return true;
	case TW_EV_WORKED:
		tw_serve_worked(world, event->a);
		return true;
	case TW_EV_COPY:
		tw_copy_arrive(world, event->a);
		return true;
	case TW_EV_CLOSED:
		tw_serve_closed(world, event->a, (uint32_t)event->b);
		return true;
	case TW_EV_PAUSE:
		tw_serve_pause_event(world, event->a, event->b);
		return true;
	case TW_EV_CPU:
		tw_serve_cpu(world, event->a);
		return true;
	case TW_EV_ANSWER:
		tw_call_answered(world, event->a, event->b);
		return true;
	case TW_EV_TRY_TIMEOUT:
		tw_call_try_timeout(world, event->a, (uint32_t)event->b);
		return true;
	case TW_EV_ROUTE_TIMEOUT:
		tw_call_route_timeout(world, event->a, (uint32_t)event->b);
		return true;
	case TW_EV_APP_TIMEOUT:
		tw_call_app_timeout(world, event->a, (uint32_t)event->b);
		return true;
	case TW_EV_DELAYED:
		tw_call_delayed(world, event->a, (uint32_t)event->b);
		return true;
	case TW_EV_AGAIN:
		tw_call_again(world, event->a, event->b);
		return true;
	case TW_EV_CONNECTED:
		tw_connections_made(world, event->a, event->b);
		return true;
	case TW_EV_BULKHEAD:
		tw_application_impatient(world, event->a);
		return true;
	case TW_EV_LOOKUP:
		tw_lookup_failed(world, event->a);
		return true;
	case TW_EV_IDLE:
		tw_connections_idle(world, event->a, (uint32_t)event->b);
		return true;
	case TW_EV_SWEEP:
		tw_outlier_sweep(world, event->a, (uint32_t)event->b);
		return true;
	default:
		return false;
	}
}

/* Most events end some work. */
bool tw_traffic_event(struct tw_world *world, const struct tw_event *event)
{
	if (event->kind != TW_EV_WORKED || world->paused)
		return handle(world, event);
	run(world, event->a);
	return true;
}
