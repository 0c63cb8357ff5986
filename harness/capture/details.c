#include "harness/capture/details.h"

#include "twins/base/assert.h"

#include <stddef.h>

/* The texts of an exchange, in the order in which they are stored. */
static const size_t texts[] = {
	offsetof(struct twinrig_exchange, method),
	offsetof(struct twinrig_exchange, target),
	offsetof(struct twinrig_exchange, host),
	offsetof(struct twinrig_exchange, scheme),
	offsetof(struct twinrig_exchange, protocol),
	offsetof(struct twinrig_exchange, body),
	offsetof(struct twinrig_exchange, response_body),
	offsetof(struct twinrig_exchange, id),
	offsetof(struct twinrig_exchange, connection),
	offsetof(struct twinrig_exchange, caller),
	offsetof(struct twinrig_exchange, service),
	offsetof(struct twinrig_exchange, client),
	offsetof(struct twinrig_exchange, user),
};

#define ABSENT UINT64_MAX

/* Before them: this, and then the exchange itself with its pointers, which
 * mean nothing when it is read back. */
struct head {
	uint64_t size; /* of all, the head included */
	struct twinrig_exchange exchange;
};

static void put(struct tw_buf *out, struct twinrig_text text)
{
	uint64_t n = text.p ? text.n : ABSENT;

	tw_buf_add(out, &n, sizeof n);
	if (text.p)
		tw_buf_add(out, text.p, text.n);
}

static void put_headers(
	struct tw_buf *out, const struct twinrig_header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put(out, headers[i].name);
		put(out, headers[i].value);
	}
}

int tw_details_add(struct tw_store *store, struct tw_buf *scratch,
	const struct twinrig_exchange *exchange, uint64_t *offset,
	struct tw_error *error)
{
	struct head head = {.exchange = *exchange};

	tw_buf_clear(scratch);
	tw_buf_add(scratch, &head, sizeof head);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put(scratch,
			*(const struct twinrig_text *)(const void
					*)((const char *)exchange + texts[i]));
	put_headers(scratch, exchange->headers, exchange->n_headers);
	put_headers(scratch, exchange->response_headers,
		exchange->n_response_headers);
	head.size = scratch->n;
	memcpy(scratch->p, &head.size, sizeof head.size);
	*offset = tw_store_size(store);
	return tw_store_add(store, scratch->p, scratch->n, error);
}

struct reader {
	const char *p, *end;
};

static struct twinrig_text get(struct reader *reader)
{
	struct twinrig_text text = {NULL, 0};
	uint64_t n;

	tw_assert((size_t)(reader->end - reader->p) >= sizeof n);
	memcpy(&n, reader->p, sizeof n);
	reader->p += sizeof n;
	if (n == ABSENT)
		return text;
	tw_assert((uint64_t)(reader->end - reader->p) >= n);
	text = (struct twinrig_text){reader->p, (size_t)n};
	reader->p += n;
	return text;
}

static const struct twinrig_header *get_headers(
	struct reader *reader, struct tw_scratch *pool, size_t n)
{
	struct twinrig_header *headers =
		tw_scratch_alloc(pool, (n + 1) * sizeof *headers);

	for (size_t i = 0; i < n; i++) {
		headers[i].name = get(reader);
		headers[i].value = get(reader);
	}
	return headers;
}

int tw_details_get(const struct tw_store *store, uint64_t offset,
	struct tw_scratch *pool, struct twinrig_exchange *exchange,
	struct tw_error *error)
{
	struct reader reader;
	struct head head;
	char *bytes;

	if (tw_store_get(store, offset, &head, sizeof head, error))
		return -1;
	tw_assert(head.size >= sizeof head);
	bytes = tw_scratch_alloc(pool, head.size);
	if (tw_store_get(store, offset, bytes, head.size, error))
		return -1;
	*exchange = head.exchange;
	reader = (struct reader){bytes + sizeof head, bytes + head.size};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*(struct twinrig_text *)(void *)((char *)exchange + texts[i]) =
			get(&reader);
	exchange->headers = get_headers(&reader, pool, exchange->n_headers);
	exchange->response_headers =
		get_headers(&reader, pool, exchange->n_response_headers);
	return 0;
}
