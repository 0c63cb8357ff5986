#include "plugins/common/scratch.h"
#include "plugins/common/text.h"
#include "plugins/gor/gor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int put(struct twinrig_out *out, struct twinrig_text text)
{
	return text.n ? out->write(out, text.p, text.n) : 0;
}

static int put_text(struct twinrig_out *out, const char *text)
{
	return out->write(out, text, strlen(text));
}

/* What GoReplay joins a request and its answer by: 24 hexadecimal digits. Its
 * own are kept; others are made from the exchange. */
static void make_id(const struct twinrig_exchange *e, char id[static 25])
{
	const struct twinrig_text parts[] = {e->id, e->method, e->target,
		e->host, {(const char *)&e->time, sizeof e->time},
		{(const char *)&e->line, sizeof e->line}};
	uint64_t hash = UINT64_C(14695981039346656037);
	bool ours = e->id.n == 24;

	for (size_t i = 0; ours && i < 24; i++)
		ours = memchr("0123456789abcdef", e->id.p[i], 16) != NULL;
	if (ours) {
		memcpy(id, e->id.p, 24);
		id[24] = '\0';
		return;
	}
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		for (size_t k = 0; k < parts[i].n; k++)
			hash = (hash ^ (unsigned char)parts[i].p[k]) *
			       UINT64_C(1099511628211);
	snprintf(id, 25, "%016" PRIx64 "%08" PRIx32, hash,
		(uint32_t)(hash >> 32 ^ hash * 31));
}

static int put_meta(struct twinrig_out *out, int type, const char *id,
	int64_t time, int64_t extra)
{
	char line[96];
	int n = snprintf(line, sizeof line, "%d %s %" PRId64 " %" PRId64 "\n",
		type, id, time, extra);

	return out->write(out, line, (size_t)n);
}

/* The body is written as one piece, whatever coding it came in. */
static int put_headers(struct twinrig_out *out,
	const struct twinrig_header *headers, size_t n, size_t body,
	bool *has_host)
{
	bool length = false;
	char line[64];

	for (size_t i = 0; i < n; i++) {
		const struct twinrig_header *h = &headers[i];

		if (tw_text_is_nocase(h->name, "Transfer-Encoding"))
			continue;
		length |= tw_text_is_nocase(h->name, "Content-Length");
		*has_host |= tw_text_is_nocase(h->name, "Host");
		if (put(out, h->name) || put_text(out, ": ") ||
			put(out, h->value) || put_text(out, "\r\n"))
			return -1;
	}
	if (length || !body)
		return 0;
	snprintf(line, sizeof line, "Content-Length: %zu\r\n", body);
	return put_text(out, line);
}

static int put_request(
	struct twinrig_out *out, const struct twinrig_exchange *e)
{
	static const struct twinrig_text get = {"GET", 3}, root = {"/", 1};
	bool has_host = false;

	if (put(out, e->method.n ? e->method : get) || put_text(out, " ") ||
		put(out, e->target.n ? e->target : root) ||
		put_text(out, " HTTP/1.1\r\n") ||
		put_headers(
			out, e->headers, e->n_headers, e->body.n, &has_host))
		return -1;
	if (!has_host && (put_text(out, "Host: ") || put(out, e->host) ||
				 put_text(out, "\r\n")))
		return -1;
	if (put_text(out, "\r\n") || put(out, e->body))
		return -1;
	return put_text(out, TW_GOR_SEPARATOR);
}

static int put_answer(struct twinrig_out *out, const struct twinrig_exchange *e)
{
	bool host = false;
	char line[32];

	snprintf(line, sizeof line, "HTTP/1.1 %03d \r\n", e->status % 1000);
	if (put_text(out, line) ||
		put_headers(out, e->response_headers, e->n_response_headers,
			e->response_body.n, &host) ||
		put_text(out, "\r\n") || put(out, e->response_body))
		return -1;
	return put_text(out, TW_GOR_SEPARATOR);
}

int tw_gor_write(struct twinrig_out *out, const struct twinrig_exchange *e)
{
	int64_t time = e->time == TWINRIG_NO_TIME || e->time < 0 ? 0 : e->time;
	int64_t end = e->latency > 0 ? time + e->latency : time;
	char id[25];

	make_id(e, id);
	if (put_meta(out, 1, id, time, 0) || put_request(out, e))
		return -1;
	if (!e->has_response || e->status < 100)
		return 0;
	return put_meta(out, 2, id, end, 0) || put_answer(out, e) ? -1 : 0;
}
