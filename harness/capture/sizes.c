#include "harness/capture/sizes.h"

#include "plugins/common/text.h"

/* "HTTP/1.1 200 OK" with its end, and the empty line. */
#define STATUS_LINE 17
#define EMPTY_LINE  2

/* "name: value" with its end. */
static int64_t of_headers(const struct twinrig_header *headers, size_t n)
{
	size_t sum = EMPTY_LINE;

	for (size_t i = 0; i < n; i++)
		sum += headers[i].name.n + headers[i].value.n + 4;
	return (int64_t)sum;
}

static int64_t of_body(struct twinrig_text body,
	const struct twinrig_header *headers, size_t n)
{
	struct twinrig_text length =
		tw_header_find(headers, n, "Content-Length");
	uint64_t told;

	if (body.n || !tw_digits(length.p, length.n, &told) ||
		told > INT64_MAX / 2)
		return (int64_t)body.n;
	return (int64_t)told;
}

int64_t tw_exchange_request_bytes(const struct twinrig_exchange *e)
{
	if (e->request_bytes > 0)
		return e->request_bytes;
	if (!e->n_headers && !e->body.n)
		return 0;
	return (int64_t)(e->method.n + e->target.n) + 12 /* " HTTP/1.1" */ +
	       of_headers(e->headers, e->n_headers) +
	       of_body(e->body, e->headers, e->n_headers);
}

int64_t tw_exchange_answer_bytes(const struct twinrig_exchange *e)
{
	if (e->response_bytes > 0)
		return e->response_bytes;
	if (!e->has_response || (!e->n_response_headers && !e->response_body.n))
		return 0;
	return STATUS_LINE +
	       of_headers(e->response_headers, e->n_response_headers) +
	       of_body(e->response_body, e->response_headers,
		       e->n_response_headers);
}
