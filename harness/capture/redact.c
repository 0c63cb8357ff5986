#include "harness/capture/redact.h"

#include "plugins/common/text.h"
#include "twins/base/text.h"

#include <stdio.h>
#include <sys/random.h>
#include <zlib.h>

void tw_redact_init(struct tw_redact *redact, const uint8_t key[16])
{
	*redact = (struct tw_redact){0};
	if (key)
		memcpy(redact->key, key, sizeof redact->key);
	else if (getrandom(redact->key, sizeof redact->key, 0) !=
		 sizeof redact->key)
		redact->key[0] = (uintptr_t)redact;
	tw_json_init_text(&redact->json, "", 0);
}

void tw_redact_release(struct tw_redact *redact)
{
	tw_scratch_release(&redact->pool);
	tw_json_release(&redact->json);
}

/* ---- headers ---------------------------------------------------------- */

/* "Bearer x": the scheme stays. */
static struct twinrig_text authorization(
	struct tw_redact *redact, struct twinrig_text value)
{
	const char *blank = value.n ? memchr(value.p, ' ', value.n) : NULL;
	struct twinrig_text secret = value, placeholder;
	char *p;
	size_t n;

	if (!blank)
		return tw_redact_value(redact, value);
	n = (size_t)(blank + 1 - value.p);
	secret.p += n;
	secret.n -= n;
	placeholder = tw_redact_value(redact, secret);
	p = tw_scratch_alloc(&redact->pool, n + placeholder.n + 1);
	memcpy(p, value.p, n);
	memcpy(p + n, placeholder.p, placeholder.n);
	return (struct twinrig_text){p, n + placeholder.n};
}

/* "a=b; c=d": the names stay; of Set-Cookie all behind the first ';'. */
static struct twinrig_text cookies(
	struct tw_redact *redact, struct twinrig_text value, bool set)
{
	const char *p = value.p, *end = p + value.n;
	struct tw_buf out = {0};
	struct twinrig_text result;

	while (p < end) {
		const char *semicolon = memchr(p, ';', (size_t)(end - p));
		const char *stop = semicolon ? semicolon : end;
		const char *equal = memchr(p, '=', (size_t)(stop - p));
		const char *from = equal ? equal + 1 : p;
		struct twinrig_text secret = tw_redact_value(redact,
			(struct twinrig_text){from, (size_t)(stop - from)});

		tw_buf_add(&out, p, (size_t)(from - p));
		tw_buf_add(&out, secret.p, secret.n);
		if (semicolon && set) {
			tw_buf_add(&out, stop, (size_t)(end - stop));
			break;
		}
		p = stop;
		while (p < end && (*p == ';' || *p == ' '))
			tw_buf_add_char(&out, *p++);
	}
	result = tw_scratch_copy(
		&redact->pool, (struct twinrig_text){tw_buf_text(&out), out.n});
	tw_buf_release(&out);
	return result;
}

/* What a proxy tells of the client. */
static bool is_address(struct twinrig_text name)
{
	return tw_text_is_nocase(name, "X-Forwarded-For") ||
	       tw_text_is_nocase(name, "X-Real-IP") ||
	       tw_text_is_nocase(name, "Forwarded");
}

static struct twinrig_text header(
	struct tw_redact *redact, const struct twinrig_header *header)
{
	struct twinrig_text name = header->name, value = header->value;

	if (!value.n)
		return value;
	if (tw_text_is_nocase(name, "Cookie"))
		return cookies(redact, value, false);
	if (tw_text_is_nocase(name, "Set-Cookie"))
		return cookies(redact, value, true);
	if (tw_text_is_nocase(name, "Authorization") ||
		tw_text_is_nocase(name, "Proxy-Authorization"))
		return authorization(redact, value);
	if (tw_redact_name(name) || is_address(name))
		return tw_redact_value(redact, value);
	/* Referer, Location and their like. */
	return tw_redact_target(redact, value);
}

static struct twinrig_header *headers(
	struct tw_redact *redact, const struct twinrig_header *from, size_t n)
{
	struct twinrig_header *to =
		tw_scratch_alloc(&redact->pool, (n + 1) * sizeof *to);

	for (size_t i = 0; i < n; i++)
		to[i] = (struct twinrig_header){
			from[i].name, header(redact, &from[i])};
	return to;
}

/* ---- bodies ----------------------------------------------------------- */

static bool inflate_body(struct tw_redact *redact, struct twinrig_text body,
	struct twinrig_text *to)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)body.p,
		.avail_in = (unsigned)body.n};
	struct tw_buf out = {0};
	unsigned char piece[16384];
	int result;

	/* 32: gzip or zlib, by its header (zlib.h) */
	if (body.n > UINT32_MAX || inflateInit2(&stream, 15 + 32) != Z_OK)
		return false;
	do {
		stream.next_out = piece;
		stream.avail_out = sizeof piece;
		result = inflate(&stream, Z_NO_FLUSH);
		tw_buf_add(&out, piece, sizeof piece - stream.avail_out);
	} while (result == Z_OK && out.n <= TW_REDACT_BODY_MAX);
	inflateEnd(&stream);
	if (result == Z_STREAM_END)
		*to = tw_scratch_copy(&redact->pool,
			(struct twinrig_text){tw_buf_text(&out), out.n});
	tw_buf_release(&out);
	return result == Z_STREAM_END;
}

static bool multipart_has_secret(struct twinrig_text body)
{
	static const char mark[] = "name=\"";
	const char *p = body.p, *end = p + body.n;

	while ((p = memmem(p, (size_t)(end - p), mark, sizeof mark - 1))) {
		const char *quote;

		p += sizeof mark - 1;
		quote = memchr(p, '"', (size_t)(end - p));
		if (!quote)
			return false;
		if (tw_redact_name(
			    (struct twinrig_text){p, (size_t)(quote - p)}))
			return true;
	}
	return false;
}

static bool contains(struct twinrig_text text, const char *word)
{
	return text.n && memmem(text.p, text.n, word, strlen(word));
}

static struct twinrig_text plain_body(struct tw_redact *redact,
	struct twinrig_text body, struct twinrig_text type)
{
	if (contains(type, "json") ||
		(!type.n && (body.p[0] == '{' || body.p[0] == '[')))
		return tw_redact_json(redact, body);
	if (contains(type, "x-www-form-urlencoded"))
		return tw_redact_query(redact, body);
	if (contains(type, "multipart/") && multipart_has_secret(body))
		return tw_redact_value(redact, body);
	return tw_redact_text(redact, body);
}

/* The headers say what the body is now. */
static void mend_headers(struct tw_redact *redact, struct twinrig_header *list,
	size_t *n, size_t length, bool drop_coding)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		if (drop_coding &&
			tw_text_is_nocase(list[i].name, "Content-Encoding"))
			continue;
		if (tw_text_is_nocase(list[i].name, "Content-Length")) {
			char *text = tw_scratch_alloc(&redact->pool, 24);

			list[i].value = (struct twinrig_text){text,
				(size_t)snprintf(text, 24, "%zu", length)};
		}
		list[kept++] = list[i];
	}
	*n = kept;
}

static void body(struct tw_redact *redact, struct twinrig_text *body,
	struct twinrig_header *list, size_t *n)
{
	struct twinrig_text coding =
		tw_header_find(list, *n, "Content-Encoding");
	struct twinrig_text before = *body;
	bool coded = coding.n && !tw_text_is_nocase(coding, "identity");

	if (!body->n)
		return;
	if (coded && !inflate_body(redact, *body, body))
		*body = tw_redact_value(redact, *body);
	else if (body->n)
		*body = plain_body(redact, *body,
			tw_header_find(list, *n, "Content-Type"));
	if (coded || body->n != before.n)
		mend_headers(redact, list, n, body->n, coded);
}

void tw_redact_exchange(struct tw_redact *redact,
	const struct twinrig_exchange *from, struct twinrig_exchange *to)
{
	struct twinrig_header *request, *response;

	tw_scratch_reset(&redact->pool);
	*to = *from;
	to->target = tw_redact_target(redact, from->target);
	to->client = tw_redact_value(redact, from->client);
	to->user = tw_redact_value(redact, from->user);
	request = headers(redact, from->headers, from->n_headers);
	response = headers(
		redact, from->response_headers, from->n_response_headers);
	body(redact, &to->body, request, &to->n_headers);
	body(redact, &to->response_body, response, &to->n_response_headers);
	to->headers = request;
	to->response_headers = response;
}
