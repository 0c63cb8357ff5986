#include "plugins/accesslog/pairs.h"

#include "plugins/common/text.h"

#include <stdlib.h>
#include <string.h>

enum tw_log_direction tw_log_direction_of(struct twinrig_text cluster)
{
	if (tw_text_starts(cluster, "outbound|"))
		return TW_LOG_OUTBOUND;
	if (tw_text_starts(cluster, "inbound|") ||
		tw_text_starts(cluster, "InboundPassthroughCluster"))
		return TW_LOG_INBOUND;
	return TW_LOG_NEITHER;
}

void tw_pairs_release(struct tw_log_pairs *pairs)
{
	for (uint32_t i = 0; i < pairs->n_held; i++)
		free(pairs->held[i].text);
	free(pairs->held);
	free(pairs->chains);
	free(pairs->seen[0]);
	free(pairs->seen[1]);
	*pairs = (struct tw_log_pairs){0};
}

/* FNV-1a, 64 bits (draft-eastlake-fnv), each part with its end. */
static uint64_t add(uint64_t hash, struct twinrig_text text)
{
	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) *
		       UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

uint64_t tw_pairs_key(const struct twinrig_exchange *exchange)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (!exchange->id.n)
		return 0;
	hash = add(hash, exchange->id);
	hash = add(hash, exchange->method);
	hash = add(hash, exchange->target);
	hash = add(hash, exchange->host);
	return hash ? hash : 1;
}

/* ---- outbound lines --------------------------------------------------- */

#define SEEN_SLOTS (2 * TW_PAIRS_SEEN)

/* The key's slot, or the free one where it would be. */
static uint64_t *slot_of(uint64_t *seen, uint64_t key)
{
	uint64_t at = (key >> 20) % SEEN_SLOTS;

	while (seen[at] && seen[at] != key)
		at = (at + 1) % SEEN_SLOTS;
	return &seen[at];
}

static bool was_seen(const struct tw_log_pairs *pairs, uint64_t key)
{
	return (pairs->seen[0] && *slot_of(pairs->seen[0], key)) ||
	       (pairs->seen[1] && *slot_of(pairs->seen[1], key));
}

static int note_seen(struct tw_log_pairs *pairs, uint64_t key)
{
	uint64_t *slot;

	if (!pairs->seen[0] || pairs->n_seen == TW_PAIRS_SEEN) {
		free(pairs->seen[1]);
		pairs->seen[1] = pairs->seen[0];
		pairs->n_seen = 0;
		pairs->seen[0] = calloc(SEEN_SLOTS, sizeof *pairs->seen[0]);
		if (!pairs->seen[0])
			return -1;
	}
	slot = slot_of(pairs->seen[0], key);
	pairs->n_seen += !*slot;
	*slot = key;
	return 0;
}

/* ---- inbound lines ---------------------------------------------------- */

static uint32_t *chain_of(struct tw_log_pairs *pairs, uint64_t key)
{
	return &pairs->chains[(key >> 20) % TW_PAIRS_HELD];
}

int tw_pairs_outbound(struct tw_log_pairs *pairs, uint64_t key,
	void (*left_out)(void *context, uint64_t number), void *context)
{
	uint32_t at = pairs->n_held ? *chain_of(pairs, key) : 0;

	for (; at; at = pairs->held[at - 1].next) {
		struct tw_held_line *line = &pairs->held[at - 1];

		if (line->key != key || !line->text)
			continue;
		free(line->text);
		line->text = NULL;
		left_out(context, line->number);
	}
	return note_seen(pairs, key);
}

static int make_room(struct tw_log_pairs *pairs)
{
	if (pairs->held)
		return 0;
	pairs->held = malloc(TW_PAIRS_HELD * sizeof *pairs->held);
	pairs->chains = calloc(TW_PAIRS_HELD, sizeof *pairs->chains);
	return pairs->held && pairs->chains ? 0 : -1;
}

int tw_pairs_inbound(struct tw_log_pairs *pairs, uint64_t key, const char *text,
	size_t n, uint64_t number)
{
	struct tw_held_line *line;
	uint32_t *chain;
	char *copy;

	if (was_seen(pairs, key))
		return 1;
	copy = make_room(pairs) ? NULL : malloc(n);
	if (!copy)
		return -1;
	memcpy(copy, text, n);
	chain = chain_of(pairs, key);
	line = &pairs->held[pairs->n_held++];
	*line = (struct tw_held_line){key, number, n, copy, *chain};
	*chain = pairs->n_held;
	return 0;
}

int tw_pairs_flush(struct tw_log_pairs *pairs, bool all,
	int (*emit)(void *context, const struct tw_held_line *line),
	void *context)
{
	uint32_t n = all ? pairs->n_held : pairs->n_held / 2;
	uint32_t left = pairs->n_held - n;
	int status = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct tw_held_line *line = &pairs->held[i];

		if (line->text && !status)
			status = emit(context, line);
		free(line->text);
	}
	if (!n)
		return status;
	memmove(pairs->held, pairs->held + n, left * sizeof *pairs->held);
	memset(pairs->chains, 0, TW_PAIRS_HELD * sizeof *pairs->chains);
	pairs->n_held = left;
	for (uint32_t i = 0; i < left; i++) {
		uint32_t *chain = chain_of(pairs, pairs->held[i].key);

		pairs->held[i].next = *chain;
		*chain = i + 1;
	}
	return status;
}
