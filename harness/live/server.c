#include "harness/live/server_inner.h"

const struct tw_live_limits tw_live_limits_default = {
	.head = (size_t)64 << 10,
	.body = (size_t)16 << 20,
	.connections = 4096,
	.read = 10 * TW_S,
	.idle = 60 * TW_S,
};

void tw_live_server_maybe_free(struct tw_live_server *server)
{
	if (!server->closing || server->handles > 0)
		return;
	tw_vec_release(&server->listeners);
	tw_free(server);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct listener *listener = stream->data;
	struct tw_live_server *server = listener->server;
	struct connection *c;

	if (status || server->closing)
		return;
	c = tw_live_connection_new(server, listener->index);
	if (uv_accept(stream, (uv_stream_t *)&c->tcp)) {
		tw_live_connection_close(c, false);
		return;
	}
	if (server->n_connections > server->limits.connections) {
		server->counts.overflow++;
		tw_live_connection_close(c, true);
		return;
	}
	tw_live_connection_start(c);
}

struct tw_live_server *tw_live_server_new(uv_loop_t *uv,
	const struct tw_live_limits *limits, tw_live_on_request *handler,
	void *context)
{
	struct tw_live_server *server = tw_calloc(1, sizeof *server);

	server->uv = uv;
	server->limits = limits ? *limits : tw_live_limits_default;
	server->handler = handler;
	server->context = context;
	tw_live_parser_settings(&server->settings);
	return server;
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	struct tw_live_server *server = listener->server;

	tw_free(listener);
	server->handles--;
	tw_live_server_maybe_free(server);
}

static int bind_loopback(uv_tcp_t *tcp, uint16_t *port)
{
	struct sockaddr_in address;
	int size = sizeof address;
	int status;

	uv_ip4_addr("127.0.0.1", 0, &address);
	status = uv_tcp_bind(tcp, (struct sockaddr *)&address, 0);
	if (!status)
		status = uv_listen((uv_stream_t *)tcp, 512, on_connection);
	if (!status)
		status = uv_tcp_getsockname(
			tcp, (struct sockaddr *)&address, &size);
	*port = ntohs(address.sin_port);
	return status;
}

int tw_live_server_listen(
	struct tw_live_server *server, uint16_t *port, struct tw_error *error)
{
	struct listener *listener = tw_calloc(1, sizeof *listener);
	int status;

	listener->server = server;
	listener->index = server->listeners.n;
	uv_tcp_init(server->uv, &listener->tcp);
	listener->tcp.data = listener;
	server->handles++;
	status = bind_loopback(&listener->tcp, port);
	if (status) {
		uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
		return tw_fail(error, TW_E_RUN, "listen on 127.0.0.1: %s",
			uv_strerror(status));
	}
	tw_vec_push(&server->listeners, listener);
	return 0;
}

void tw_live_server_free(struct tw_live_server *server)
{
	struct connection *next;

	if (!server)
		return;
	server->closing = true;
	server->handles++; /* itself, until all are told */
	for (size_t i = 0; i < server->listeners.n; i++)
		uv_close((uv_handle_t *)&server->listeners.v[i]->tcp,
			on_listener_closed);
	for (struct connection *c = server->connections; c; c = next) {
		next = c->next;
		c->owed = false;
		tw_live_connection_close(c, false);
		if (c->handles == 0)
			tw_live_connection_maybe_free(c);
	}
	server->handles--;
	tw_live_server_maybe_free(server);
}

const struct tw_live_server_counts *tw_live_server_counts(
	const struct tw_live_server *server)
{
	return &server->counts;
}
