/*
 * With a sidecar at both ends, Istio logs one request twice: the caller's
 * proxy as outbound, the callee's as inbound (the prefix of UPSTREAM_CLUSTER:
 * Envoy, "Command operators"; Istio, "Understanding outbound and inbound
 * clusters"). Both lines have one x-request-id, method, path and authority.
 * The outbound line stays: it names the callee. Inbound lines are left out
 * where there is an outbound one, several of them too: the caller's retries
 * are in its one line. Without an outbound line they are all there is.
 *
 * An inbound line is held back until its outbound one comes, or too many are
 * held, or the log ends. How far apart two lines may stand is bounded, by
 * TW_PAIRS_HELD inbound lines or TW_PAIRS_SEEN outbound ones between them, and
 * so is memory; other logs cost nothing.
 */
#ifndef TW_PLUGINS_ACCESSLOG_PAIRS_H
#define TW_PLUGINS_ACCESSLOG_PAIRS_H

#include "plugins/twinrig-plugin.h"

#include <stdbool.h>

#define TW_PAIRS_HELD 65536
#define TW_PAIRS_SEEN 262144

enum tw_log_direction { TW_LOG_NEITHER, TW_LOG_OUTBOUND, TW_LOG_INBOUND };

/* Of an upstream cluster. */
enum tw_log_direction tw_log_direction_of(struct twinrig_text cluster);

struct tw_held_line {
	uint64_t key;
	uint64_t number; /* of the line */
	size_t n;
	char *text;    /* NULL: left out */
	uint32_t next; /* in its chain, + 1 */
};

/* Zeroed, it is empty. */
struct tw_log_pairs {
	struct tw_held_line *held;
	uint32_t n_held;
	uint32_t *chains;  /* first of held by key, + 1 */
	uint64_t *seen[2]; /* keys of outbound lines: these and those
			    * before; 0: free */
	uint32_t n_seen;   /* in seen[0] */
};

void tw_pairs_release(struct tw_log_pairs *pairs);

/* 0: without an id it has no pair. */
uint64_t tw_pairs_key(const struct twinrig_exchange *exchange);

/* An outbound line; calls left_out(context, number) for each held inbound one
 * of its key. -1: memory is out. */
int tw_pairs_outbound(struct tw_log_pairs *pairs, uint64_t key,
	void (*left_out)(void *context, uint64_t number), void *context);
/* An inbound line: 1: its outbound one was there; 0: it is held now; -1:
 * memory is out. */
int tw_pairs_inbound(struct tw_log_pairs *pairs, uint64_t key, const char *text,
	size_t n, uint64_t number);

/* Calls emit(context, line) for the older half of those held, all of them
 * where `all`, in order, and forgets them. -1 as soon as emit gives that. */
int tw_pairs_flush(struct tw_log_pairs *pairs, bool all,
	int (*emit)(void *context, const struct tw_held_line *line),
	void *context);

static inline bool tw_pairs_full(const struct tw_log_pairs *pairs)
{
	return pairs->n_held == TW_PAIRS_HELD;
}

#endif
