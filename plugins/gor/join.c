#include "plugins/gor/gor.h"

#include "plugins/common/http.h"
#include "plugins/common/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * A table of entries by id, chained, and a queue of the same entries by age.
 * Entries and their buffers are used again, so that a long recording
 * allocates nothing once it is under way.
 */
#define ENTRIES	    65536u
#define BUCKETS	    (2 * ENTRIES)
#define BYTES_MAX   ((size_t)256 << 20)
#define KEEP_BUFFER ((size_t)64 << 10)
#define NONE	    UINT32_MAX

struct part { /* a message kept for later */
	char *p;
	size_t n, cap;
	int type; /* 0: not there */
	int64_t time, extra;
};

struct entry {
	uint64_t hash;
	char id[32];
	uint8_t id_size;
	uint64_t line;
	struct part request, answer;
	uint32_t chain;	       /* next of the bucket, or of the free */
	uint32_t older, newer; /* the queue */
};

struct tw_gor_join {
	struct entry *entries;
	uint32_t *buckets;
	uint32_t n, free, oldest, newest;
	size_t bytes;
	struct tw_http request, answer;
};

struct tw_gor_join *tw_gor_join_new(void)
{
	struct tw_gor_join *join = calloc(1, sizeof *join);

	if (!join)
		return NULL;
	join->entries = calloc(ENTRIES, sizeof *join->entries);
	join->buckets = malloc(BUCKETS * sizeof *join->buckets);
	if (!join->entries || !join->buckets) {
		tw_gor_join_free(join);
		return NULL;
	}
	memset(join->buckets, 0xff, BUCKETS * sizeof *join->buckets);
	join->free = join->oldest = join->newest = NONE;
	return join;
}

void tw_gor_join_free(struct tw_gor_join *join)
{
	if (!join)
		return;
	for (uint32_t i = 0; i < join->n; i++) {
		free(join->entries[i].request.p);
		free(join->entries[i].answer.p);
	}
	tw_http_release(&join->request);
	tw_http_release(&join->answer);
	free(join->entries);
	free(join->buckets);
	free(join);
}

/* Eight bytes a step; only the place in a bucket depends on it. */
static uint64_t hash_id(struct twinrig_text id)
{
	uint64_t hash = id.n;

	for (size_t i = 0; i < id.n; i += 8) {
		uint64_t word = 0;

		if (id.n - i >= 8)
			memcpy(&word, id.p + i, 8);
		else
			memcpy(&word, id.p + i, id.n - i);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

static struct entry *find(
	struct tw_gor_join *join, struct twinrig_text id, uint64_t hash)
{
	uint32_t at = join->buckets[hash % BUCKETS];

	while (at != NONE) {
		struct entry *entry = &join->entries[at];

		if (entry->hash == hash && entry->id_size == id.n &&
			!memcmp(entry->id, id.p, id.n))
			return entry;
		at = entry->chain;
	}
	return NULL;
}

static void unlink_entry(struct tw_gor_join *join, struct entry *entry)
{
	uint32_t index = (uint32_t)(entry - join->entries);
	uint32_t *at = &join->buckets[entry->hash % BUCKETS];

	while (*at != index)
		at = &join->entries[*at].chain;
	*at = entry->chain;
	if (entry->older == NONE)
		join->oldest = entry->newer;
	else
		join->entries[entry->older].newer = entry->newer;
	if (entry->newer == NONE)
		join->newest = entry->older;
	else
		join->entries[entry->newer].older = entry->older;
	entry->chain = join->free;
	join->free = index;
}

static void drop_part(struct tw_gor_join *join, struct part *part)
{
	join->bytes -= part->type ? part->n : 0;
	part->type = 0;
	if (part->cap > KEEP_BUFFER) {
		free(part->p);
		part->p = NULL;
		part->cap = 0;
	}
}

static void describe_request(struct twinrig_exchange *exchange,
	const struct tw_http *http, const struct entry *entry)
{
	struct twinrig_text host =
		tw_header_find(http->headers.v, http->headers.n, "Host");

	exchange->line = entry->line;
	exchange->time = entry->request.time;
	exchange->method = http->method;
	exchange->protocol = http->protocol;
	exchange->host = host;
	exchange->target = http->target;
	tw_split_url(http->target, &exchange->scheme, &exchange->host,
		&exchange->target);
	exchange->headers = http->headers.v;
	exchange->n_headers = http->headers.n;
	exchange->body = http->body;
	exchange->id = (struct twinrig_text){entry->id, entry->id_size};
	/* Ids of GoReplay's own capture: ports, address, sequence number; the
	 * first 16 digits are the connection's. */
	if (entry->id_size == 24)
		exchange->connection = (struct twinrig_text){entry->id, 16};
}

static void describe_answer(struct twinrig_exchange *exchange,
	const struct tw_http *http, const struct tw_gor_record *answer)
{
	exchange->has_response = 1;
	exchange->status = http->status;
	exchange->response_headers = http->headers.v;
	exchange->n_response_headers = http->headers.n;
	exchange->response_body = http->body;
	if (answer->type == 3 && answer->extra > 0)
		exchange->latency = answer->extra;
	else if (answer->type == 2 && answer->time > exchange->time)
		exchange->latency = answer->time - exchange->time;
	if (exchange->latency >= 0 &&
		exchange->time <= INT64_MAX - exchange->latency)
		exchange->response_time = exchange->time + exchange->latency;
}

/* Hands over a request, with its answer where there is one (a type). */
static int emit(struct tw_gor_join *join, const struct entry *entry,
	const struct tw_gor_record *answer, struct twinrig_sink *sink)
{
	struct twinrig_exchange exchange;

	if (!entry->request.type) {
		sink->malformed(
			sink, entry->line, "an answer without its request");
		return 0;
	}
	if (tw_http_parse(&join->request, TW_HTTP_REQUEST, entry->request.p,
		    entry->request.n)) {
		sink->malformed(sink, entry->line, join->request.error);
		return 0;
	}
	tw_exchange_init(&exchange);
	describe_request(&exchange, &join->request, entry);
	if (answer->type) {
		if (tw_http_parse(&join->answer, TW_HTTP_RESPONSE,
			    answer->message.p, answer->message.n))
			sink->malformed(sink, entry->line, join->answer.error);
		else
			describe_answer(&exchange, &join->answer, answer);
	}
	return sink->exchange(sink, &exchange);
}

static int retire_with(struct tw_gor_join *join, struct entry *entry,
	const struct tw_gor_record *answer, struct twinrig_sink *sink)
{
	int result = emit(join, entry, answer, sink);

	drop_part(join, &entry->request);
	drop_part(join, &entry->answer);
	unlink_entry(join, entry);
	return result;
}

static int retire(struct tw_gor_join *join, struct entry *entry,
	struct twinrig_sink *sink)
{
	const struct part *answer = &entry->answer;
	const struct tw_gor_record record = {.type = answer->type,
		.time = answer->time,
		.extra = answer->extra,
		.message = {answer->p, answer->n}};

	return retire_with(join, entry, &record, sink);
}

static bool keep(struct tw_gor_join *join, struct part *part,
	const struct tw_gor_record *record)
{
	size_t n = record->message.n;

	drop_part(join, part);
	if (part->cap < n) {
		char *p = realloc(part->p, n);

		if (!p)
			return false;
		part->p = p;
		part->cap = n;
	}
	if (n)
		memcpy(part->p, record->message.p, n);
	part->n = n;
	part->type = record->type;
	part->time = record->time;
	part->extra = record->extra;
	join->bytes += n;
	return true;
}

static struct entry *add_entry(struct tw_gor_join *join,
	const struct tw_gor_record *record, uint64_t hash)
{
	uint32_t index = join->free;
	struct entry *entry;

	if (index == NONE)
		index = join->n++;
	else
		join->free = join->entries[index].chain;
	entry = &join->entries[index];
	entry->hash = hash;
	entry->id_size = (uint8_t)record->id.n;
	memcpy(entry->id, record->id.p, record->id.n);
	entry->line = record->line;
	entry->chain = join->buckets[hash % BUCKETS];
	join->buckets[hash % BUCKETS] = index;
	entry->newer = NONE;
	entry->older = join->newest;
	if (join->newest == NONE)
		join->oldest = index;
	else
		join->entries[join->newest].newer = index;
	join->newest = index;
	return entry;
}

static int make_room(struct tw_gor_join *join, struct twinrig_sink *sink)
{
	while (join->oldest != NONE && join->bytes > BYTES_MAX)
		if (retire(join, &join->entries[join->oldest], sink))
			return -1;
	if (join->free == NONE && join->n == ENTRIES)
		return retire(join, &join->entries[join->oldest], sink);
	return 0;
}

int tw_gor_join_add(struct tw_gor_join *join,
	const struct tw_gor_record *record, struct twinrig_sink *sink)
{
	uint64_t hash = hash_id(record->id);
	struct entry *entry;
	struct part *part;

	if (record->id.n > sizeof entry->id) {
		sink->malformed(sink, record->line, "its id is too long");
		return 0;
	}
	entry = find(join, record->id, hash);
	/* The same id again: the earlier request goes as it is. */
	if (entry && record->type == 1 && entry->request.type) {
		if (retire(join, entry, sink))
			return -1;
		entry = NULL;
	}
	if (!entry && record->type == 3)
		return 0; /* its request went out with the original answer */
	if (!entry) {
		if (make_room(join, sink))
			return -1;
		entry = add_entry(join, record, hash);
	}
	/* The common case: what is last need not be kept. */
	if (record->type == 2 && entry->request.type)
		return retire_with(join, entry, record, sink);
	part = record->type == 1 ? &entry->request : &entry->answer;
	if (!keep(join, part, record)) {
		sink->fail(sink, record->line, 0, "out of memory");
		return -1;
	}
	if (record->type == 1)
		entry->line = record->line;
	/* A replay's answer waits: the original one may yet come. */
	if (entry->request.type && entry->answer.type == 2)
		return retire(join, entry, sink);
	return 0;
}

int tw_gor_join_finish(struct tw_gor_join *join, struct twinrig_sink *sink)
{
	while (join->oldest != NONE)
		if (retire(join, &join->entries[join->oldest], sink))
			return -1;
	return 0;
}
