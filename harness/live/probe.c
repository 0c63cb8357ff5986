/*
 * Readiness, as the kubelet would see it (core/v1 Probe): the HTTP path of the
 * manifest's readinessProbe where there is one, else that somebody accepts a
 * connection. It is tried every INTERVAL instead of every period: nobody gains
 * by waiting.
 */
#include "harness/live/run.h"

#define INTERVAL 20 /* ms */

struct waiting {
	struct tw_live_run *run;
	const struct tw_spec_probe *http; /* NULL: connect only */
	uv_timer_t timer;
	uv_tcp_t tcp;
	uv_connect_t connect;
	bool connecting;
};

/* A probe of another port than the one that is ours cannot be made: nobody
 * knows where the candidate has put that. */
static const struct tw_spec_probe *http_probe(const struct tw_live_run *run)
{
	const struct tw_spec_container *c = tw_live_container(run->service);
	int64_t own = tw_live_container_port(run->service);

	if (!c || c->readiness.kind != TW_PROBE_HTTP)
		return NULL;
	if (!c->readiness.port_name.v && c->readiness.port.origin &&
		c->readiness.port.v != own)
		return NULL;
	for (size_t i = 0; i < c->ports.n; i++)
		if (c->readiness.port_name.v && c->ports.v[i].name.v &&
			strcmp(c->readiness.port_name.v,
				c->ports.v[i].name.v) == 0 &&
			c->ports.v[i].port.v != own)
			return NULL;
	return &c->readiness;
}

static void on_closed(uv_handle_t *handle)
{
	struct waiting *w = handle->data;

	w->connecting = false;
}

static void on_connect(uv_connect_t *connect, int status)
{
	struct waiting *w = connect->data;

	if (status != UV_ECANCELED)
		uv_close((uv_handle_t *)&w->tcp, on_closed);
	if (!status)
		tw_live_loop_stop(&w->run->loop);
}

static void try_connect(struct waiting *w)
{
	struct sockaddr_in to;

	uv_ip4_addr("127.0.0.1", w->run->port, &to);
	uv_tcp_init(&w->run->loop.uv, &w->tcp);
	w->tcp.data = w->connect.data = w;
	w->connecting = true;
	if (uv_tcp_connect(
		    &w->connect, &w->tcp, (struct sockaddr *)&to, on_connect))
		uv_close((uv_handle_t *)&w->tcp, on_closed);
}

static void try_http(struct waiting *w)
{
	struct tw_live_send send = {
		.method = TW_STR("GET"),
		.target = tw_str_of(w->http->path.v ? w->http->path.v : "/"),
		.port = w->run->port,
		.deadline = tw_int_or(w->http->timeout, TW_S),
	};

	tw_live_send(w->run->client, &send, TW_LIVE_PROBE);
}

static void on_timer(uv_timer_t *timer)
{
	struct waiting *w = timer->data;

	if (w->http && tw_live_client_pending(w->run->client) == 0)
		try_http(w);
	else if (!w->http && !w->connecting)
		try_connect(w);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct waiting *w = handle->data;

	w->run = NULL;
}

/* The handles are on the stack: they must be gone before it is. */
static void clear(struct waiting *w)
{
	uv_loop_t *uv = &w->run->loop.uv;

	uv_close((uv_handle_t *)&w->timer, on_timer_closed);
	if (w->connecting && !uv_is_closing((uv_handle_t *)&w->tcp))
		uv_close((uv_handle_t *)&w->tcp, on_closed);
	while (w->run || w->connecting)
		uv_run(uv, UV_RUN_NOWAIT);
}

enum tw_live_end tw_live_await(struct tw_live_run *run)
{
	struct waiting w = {.run = run, .http = http_probe(run)};
	tw_time limit = run->options->ready ? run->options->ready : 30 * TW_S;
	tw_time from = tw_live_loop_now(&run->loop);
	bool ready;

	uv_timer_init(&run->loop.uv, &w.timer);
	w.timer.data = &w;
	uv_timer_start(&w.timer, on_timer, 0, INTERVAL);
	ready = tw_live_loop_run(&run->loop, limit);
	clear(&w);
	run->result->ready_after = tw_live_loop_now(&run->loop) - from;
	if (run->has_exited)
		return TW_LIVE_EXITED;
	return ready ? TW_LIVE_PLAYED : TW_LIVE_NEVER_READY;
}
