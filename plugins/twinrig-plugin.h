/*
 * twinrig-plugin.h: all that a plugin of twinrig sees of twinrig.
 *
 * A plugin is one constant, struct twinrig_plugin, filled in by the macro
 * TWINRIG_PLUGIN at the end of this file. The same source links into the
 * program (its folder below plugins/ and a row in harness/plugin/builtin.c)
 * or is loaded from a directory as a shared object of its own:
 *
 *	#include "plugins/twinrig-plugin.h"
 *	static int probe(const char *data, size_t size, int whole) { ... }
 *	static int read_all(struct twinrig_source *, struct twinrig_sink *)
 *	{ ... }
 *	static const struct twinrig_capture_reader reader = {
 *		.struct_size = sizeof reader, .name = "mine",
 *		.description = "my own log", .probe = probe, .read = read_all,
 *	};
 *	TWINRIG_PLUGIN(twinrig_plugin_mine, .name = "mine",
 *		.description = "reads my own log", .capture_reader = &reader);
 *
 *	cc -shared -fPIC -fvisibility=hidden -I. -o mine.so mine.c
 *
 * ABI. Structs only ever grow, at their end. The first member of each is the
 * size that its maker knew: whoever reads a struct made by the other side
 * looks at no member beyond that size (TWINRIG_HAS). TWINRIG_PLUGIN_ABI
 * changes only when that promise is broken; a plugin of another ABI is
 * refused with a message. Functions may be left out (NULL) where it says so.
 *
 * Threads. One reader or writer is used by one thread; several may be at
 * work at once on different threads, so a plugin keeps no global state.
 *
 * Errors. A plugin never prints, exits or asserts on its input. What is wrong
 * with one record is told by sink->malformed() and reading goes on. What
 * makes the rest unreadable is told by sink->fail(), and read() returns -1.
 * Every function that returns int returns 0, or -1 to stop; a -1 that comes
 * from the host (source->more, sink->exchange, out->write) is passed on: the
 * host knows why.
 *
 * Lifetimes. What the host hands over (window, exchange) is valid until the
 * plugin calls the host again or returns; what the plugin hands over, until
 * the host's function returns. Nobody frees what he did not allocate.
 */
#ifndef TWINRIG_PLUGIN_H
#define TWINRIG_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define TWINRIG_PLUGIN_ABI 1u

/* Whether the maker of *object knew `member`. */
#define TWINRIG_HAS(object, type, member)                                      \
	((object)->struct_size >=                                              \
		offsetof(type, member) + sizeof((object)->member))

/* Bytes that somebody else owns, not NUL-terminated.
 * p NULL: unknown or absent; n 0 with p set: known to be empty. */
struct twinrig_text {
	const char *p;
	size_t n;
};

struct twinrig_header {
	struct twinrig_text name, value; /* as written, in order, repeated */
};

#define TWINRIG_NO_TIME INT64_MIN

/*
 * A request with its answer, as far as the capture knows them.
 *
 * Times are nanoseconds since 1970-01-01T00:00:00Z.
 */
struct twinrig_exchange {
	size_t struct_size;

	/* When the request came in. TWINRIG_NO_TIME: not recorded. The true
	 * instant is in [time, time + resolution): a log with seconds says
	 * 1000000000, a recorder with nanoseconds 1. */
	int64_t time;
	int64_t resolution;
	/* From the request's start to the end of its answer; -1: unknown. */
	int64_t latency;
	/* When the answer was complete; TWINRIG_NO_TIME: unknown. */
	int64_t response_time;

	uint64_t line; /* of the source, from 1; 0: it has no lines */

	struct twinrig_text method;   /* "GET" */
	struct twinrig_text target;   /* path and query: "/a?b=c", or "*" */
	struct twinrig_text host;     /* authority: "shop.example:8080" */
	struct twinrig_text scheme;   /* "http", "https" */
	struct twinrig_text protocol; /* "HTTP/1.1" */

	/* Headers without HTTP/2's pseudo headers. A body is as the
	 * application sees it on the wire: transfer coding (chunked) undone,
	 * content coding (gzip) as the header says. */
	const struct twinrig_header *headers;
	size_t n_headers;
	struct twinrig_text body;

	int has_response; /* 0: no answer, or it is unknown */
	int status;	  /* 100..599; 0: the connection ended without one */
	const struct twinrig_header *response_headers;
	size_t n_response_headers;
	struct twinrig_text response_body;

	struct twinrig_text id;		/* the recorder's, where it has one */
	struct twinrig_text connection; /* requests that share one */
	/* Who asked and who answered, as namespace/name or name. Caller
	 * absent: from outside. Caller set: a call between services; the live
	 * twin answers such calls from the record. */
	struct twinrig_text caller;
	struct twinrig_text service;
	/* Whose request it is: the address of the client ("10.1.2.3", without
	 * a port), and the name or id of the user or session, where the
	 * recorder tells them. twinrig keeps hashes of them only. Later than
	 * service: TWINRIG_HAS(). */
	struct twinrig_text client;
	struct twinrig_text user;
	/* Bytes on the wire as the recorder counted them, as far as it did
	 * (a log: of the body); 0: it did not. */
	int64_t request_bytes, response_bytes;
};

/*
 * Where a reader's bytes come from: a window into the stream, compression
 * undone. Work through data[0..size); what is left at the end (a record that
 * is not complete) stays for the next window:
 *
 *	while ((got = source->more(source, used)) > 0) {
 *		used = 0;
 *		... data and size are new; advance `used` over whole records
 *	}
 *	the rest of the window is the last record; got < 0: return -1
 */
struct twinrig_source {
	size_t struct_size;
	const char *data;
	size_t size; /* 0 before the first more() */
	/*
	 * Drops the first `used` bytes of the window, moves the rest to its
	 * front and adds at least one more byte. 1: done. 0: the stream has
	 * ended; data and size hold the rest. -1: I/O error, or a record
	 * beyond the host's limit; return -1.
	 */
	int (*more)(struct twinrig_source *source, size_t used);
};

struct twinrig_sink {
	size_t struct_size;
	/* 0: go on; -1: the host wants no more. Exchanges need not come in
	 * order of time. */
	int (*exchange)(struct twinrig_sink *sink,
		const struct twinrig_exchange *exchange);
	/* One request of the capture is lost; `message` says why, without
	 * the place ("no HTTP status"). line as in struct twinrig_exchange. */
	void (*malformed)(
		struct twinrig_sink *sink, uint64_t line, const char *message);
	/* The rest cannot be read. column from 1; 0: unknown. */
	void (*fail)(struct twinrig_sink *sink, uint64_t line, uint64_t column,
		const char *message);
	/* One record is left out on purpose, because another one of the
	 * capture stands for it; `reason` is a constant text. Later than
	 * fail: TWINRIG_HAS(). */
	void (*left_out)(
		struct twinrig_sink *sink, uint64_t line, const char *reason);
};

/* Reads captured traffic. */
struct twinrig_capture_reader {
	size_t struct_size;
	const char *name;	 /* "gor": --format's word, unique */
	const char *description; /* "GoReplay recordings" */
	/*
	 * How sure it is that a stream that begins with these bytes (up to
	 * 64 KiB; whole: that is all of it) is its format: 0 no .. 100
	 * certain. By content, never by name. The highest score reads; two
	 * equal ones are an error that names both.
	 */
	int (*probe)(const char *data, size_t size, int whole);
	/* Reads the stream to its end. */
	int (*read)(struct twinrig_source *source, struct twinrig_sink *sink);
};

struct twinrig_out {
	size_t struct_size;
	int (*write)(struct twinrig_out *out, const void *data, size_t size);
};

/* Writes captured traffic, one exchange after the other. */
struct twinrig_capture_writer {
	size_t struct_size;
	const char *name; /* --to's word */
	const char *description;
	int (*begin)(struct twinrig_out *out); /* may be NULL */
	int (*exchange)(struct twinrig_out *out,
		const struct twinrig_exchange *exchange);
	int (*end)(struct twinrig_out *out); /* may be NULL */
	/* What of an exchange does not survive, for the user ("caller and
	 * service"); NULL: nothing is lost. */
	const char *loses;
};

struct twinrig_plugin {
	size_t struct_size;
	unsigned abi;
	const char *name;	 /* unique among the plugins loaded */
	const char *description; /* one line */
	/* What it offers; NULL: not this. */
	const struct twinrig_capture_reader *capture_reader;
	const struct twinrig_capture_writer *capture_writer;
};

/*
 * Defines the plugin `symbol` and the entry point by which a shared object
 * is loaded. The entry point is weak, so that many plugins link into one
 * program, each reached there by its symbol.
 */
#define TWINRIG_PLUGIN(symbol, ...)                                            \
	__attribute__((visibility(                                             \
		"hidden"))) extern const struct twinrig_plugin symbol;         \
	const struct twinrig_plugin symbol = {                                 \
		.struct_size = sizeof(struct twinrig_plugin),                  \
		.abi = TWINRIG_PLUGIN_ABI,                                     \
		__VA_ARGS__};                                                  \
	__attribute__((weak, visibility("default")))                           \
	const struct twinrig_plugin *                                          \
	twinrig_plugin_init(void);                                             \
	const struct twinrig_plugin *twinrig_plugin_init(void)                 \
	{                                                                      \
		return &symbol;                                                \
	}                                                                      \
	_Static_assert(1, "takes the semicolon")

#define TWINRIG_PLUGIN_ENTRY "twinrig_plugin_init"
typedef const struct twinrig_plugin *twinrig_plugin_entry(void);

#endif
