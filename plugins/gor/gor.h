/*
 * GoReplay recordings (.gor): records of a meta line, a raw HTTP/1 message
 * and a separator.
 *
 *	<type> <id> <unix ns> [<ns>]\n
 *	<message>
 *	\n🐵🙈🙉\n
 *
 * Type 1 is a request, 2 its answer, 3 the answer of a replay. The format is
 * told by GoReplay's protocol.go and input_file.go; unlike its reader, ours
 * keeps a last record that has no separator, and needs no order.
 *
 * A request and its answer share the id. Latency is the difference of their
 * instants: the fourth field of types 1 and 2 is the message's own transfer
 * time, not that. A type 3 is taken where there is no type 2; its fourth
 * field is the round trip.
 */
#ifndef TW_PLUGINS_GOR_H
#define TW_PLUGINS_GOR_H

#include "plugins/twinrig-plugin.h"

#include <stdbool.h>

#define TW_GOR_SEPARATOR "\n\xF0\x9F\x90\xB5\xF0\x9F\x99\x88\xF0\x9F\x99\x89\n"

/* A record, as slices of the window. */
struct tw_gor_record {
	int type; /* 1, 2, 3 */
	struct twinrig_text id;
	int64_t time;  /* ns since 1970 */
	int64_t extra; /* the fourth field of type 3; -1: there is none */
	struct twinrig_text message;
	uint64_t line;
};

/* NULL, or why it is no record. */
const char *tw_gor_record_parse(
	struct tw_gor_record *record, const char *data, size_t size);

/* Requests that wait for their answers, bounded in number and bytes: beyond
 * that the oldest goes out without one. */
struct tw_gor_join;

struct tw_gor_join *tw_gor_join_new(void); /* NULL: out of memory */
void tw_gor_join_free(struct tw_gor_join *join);
/* Takes a record (copies it) and hands over what is complete. -1: stop. */
int tw_gor_join_add(struct tw_gor_join *join,
	const struct tw_gor_record *record, struct twinrig_sink *sink);
/* Hands over what still waits, oldest first. */
int tw_gor_join_finish(struct tw_gor_join *join, struct twinrig_sink *sink);

int tw_gor_write(
	struct twinrig_out *out, const struct twinrig_exchange *exchange);

#endif
