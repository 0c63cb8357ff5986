/*
 * Private to the live server: server.c (listeners, and the server's own life)
 * and connection.c (what one client says and is told).
 */
#ifndef TW_LIVE_SERVER_INNER_H
#define TW_LIVE_SERVER_INNER_H

#include "harness/live/server.h"

#include <llhttp.h>

enum state { READING, WAITING, WRITING, CLOSING };

/* A header within `head`: offsets, because the buffer moves as it grows. */
struct span {
	size_t name, name_n, value, value_n;
};

struct listener {
	uv_tcp_t tcp;
	struct tw_live_server *server;
	size_t index;
};

struct connection {
	struct tw_live_request request; /* first: a request is a connection */
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_write_t write;
	struct tw_live_server *server;
	struct connection *prev, *next;
	llhttp_t parser;
	enum state state;
	int handles; /* still open */
	bool owed;   /* the handler has the request */
	bool held;   /* it will never be answered */
	bool eof;    /* the client sends no more */
	bool stopped;
	bool begun; /* the first byte of a request is here */
	bool keep;  /* the connection, after this answer */
	bool expect;
	int refuse;	    /* status to refuse with */
	struct tw_buf in;   /* received, not parsed */
	struct tw_buf head; /* method, target, names and values */
	size_t method_n, target_n;
	TW_VEC(struct span) spans;
	struct tw_buf body;
	struct tw_buf out;
	char chunk[16 << 10];
};

struct tw_live_server {
	uv_loop_t *uv;
	struct tw_live_limits limits;
	tw_live_on_request *handler;
	void *context;
	llhttp_settings_t settings;
	TW_VEC(struct listener *) listeners;
	struct connection *connections;
	size_t n_connections;
	size_t handles; /* listeners and connections still open */
	bool closing;
	struct tw_live_server_counts counts;
};

/* server.c: its memory goes with the last of its handles. */
void tw_live_server_maybe_free(struct tw_live_server *server);

/* connection.c: one that is not yet accepted; it is the server's. */
struct connection *tw_live_connection_new(
	struct tw_live_server *server, size_t listener);
/* It is accepted: its first request is read. */
void tw_live_connection_start(struct connection *c);
/* `reset`: with a TCP reset. */
void tw_live_connection_close(struct connection *c, bool reset);
/* Unless a handle of it is open or its request is owed an answer. */
void tw_live_connection_maybe_free(struct connection *c);
/* What the parser calls. */
void tw_live_parser_settings(llhttp_settings_t *settings);

#endif
