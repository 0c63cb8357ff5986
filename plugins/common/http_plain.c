/*
 * The messages that most recordings are made of, read without a state
 * machine: CRLF lines, a known method, an origin-form target, a body of a
 * Content-Length. Whatever is else, or could be, is left to llhttp; what is
 * read here is what llhttp reads (tests/unit/plugins/text_test.c holds the
 * two against each other).
 */
#include "plugins/common/http.h"
#include "plugins/common/text.h"

#include <endian.h>
#include <string.h>

enum { TOKEN = 1, TARGET = 2 };

struct text_at {
	const char *p, *end;
};

/* Field names are tokens (RFC 9110, 5.6.2); a target is of all that prints,
 * but for a fragment. */
static const uint8_t classes[256] = {
	['!'] = TOKEN | TARGET,
	['"'] = TARGET,
	['#'] = TOKEN,
	['$' ... '\''] = TOKEN | TARGET,
	['(' ... ')'] = TARGET,
	['*' ... '+'] = TOKEN | TARGET,
	[','] = TARGET,
	['-' ... '.'] = TOKEN | TARGET,
	['/'] = TARGET,
	['0' ... '9'] = TOKEN | TARGET,
	[':' ... '@'] = TARGET,
	['A' ... 'Z'] = TOKEN | TARGET,
	['[' ... ']'] = TARGET,
	['^' ... 'z'] = TOKEN | TARGET,
	['{'] = TARGET,
	['|'] = TOKEN | TARGET,
	['}'] = TARGET,
	['~'] = TOKEN | TARGET,
};

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* Where the first lane is that is not 0; 16: there is none. */
static inline unsigned first_lane(bytes16 lanes)
{
	uint64_t half[2];

	memcpy(half, &lanes, 16);
	if (half[0])
		return (unsigned)__builtin_ctzll(le64toh(half[0])) / 8;
	return half[1] ? 8 + (unsigned)__builtin_ctzll(le64toh(half[1])) / 8
		       : 16;
}

static const char *skip_class(struct text_at at, unsigned class)
{
	while (at.p < at.end && classes[(unsigned char)*at.p] & class)
		at.p++;
	return at.p;
}

/* The first control character, or the end; bytes from 0x80 are text. */
static const char *skip_text(struct text_at at)
{
	for (; at.end - at.p >= 16; at.p += 16) {
		unsigned lane;
		bytes16 v;

		memcpy(&v, at.p, 16);
		lane = first_lane((bytes16)(v < 0x20) | (bytes16)(v == 0x7f));
		if (lane < 16)
			return at.p + lane;
	}
	while (at.p < at.end && (unsigned char)*at.p >= 0x20 && *at.p != 0x7f)
		at.p++;
	return at.p;
}

static inline bool skip_word(struct text_at *at, const char *word, size_t n)
{
	if ((size_t)(at->end - at->p) < n || memcmp(at->p, word, n))
		return false;
	at->p += n;
	return true;
}

static bool skip_protocol(struct tw_http *http, struct text_at *at)
{
	if (!skip_word(at, "HTTP/1.", 7) || at->p == at->end ||
		(*at->p != '1' && *at->p != '0'))
		return false;
	memcpy(http->protocol_text, at->p++ - 7, 8);
	http->protocol = (struct twinrig_text){http->protocol_text, 8};
	return true;
}

static bool request_line(struct tw_http *http, struct text_at *at)
{
	http->method.p = at->p;
	if (!skip_word(at, "GET ", 4) && !skip_word(at, "POST ", 5) &&
		!skip_word(at, "PUT ", 4) && !skip_word(at, "DELETE ", 7) &&
		!skip_word(at, "HEAD ", 5) && !skip_word(at, "PATCH ", 6))
		return false;
	http->method.n = (size_t)(at->p - http->method.p - 1);
	http->target.p = at->p;
	if (at->p == at->end || *at->p != '/')
		return false;
	at->p = skip_class(*at, TARGET);
	http->target.n = (size_t)(at->p - http->target.p);
	return skip_word(at, " ", 1) && skip_protocol(http, at) &&
	       skip_word(at, "\r\n", 2);
}

static bool status_line(struct tw_http *http, struct text_at *at)
{
	uint64_t status;

	if (!skip_protocol(http, at) || !skip_word(at, " ", 1) ||
		at->end - at->p < 5 || !tw_digits(at->p, 3, &status))
		return false;
	http->status = (int)status;
	at->p += 3;
	/* These have no body, whatever their headers say. */
	if (status < 200 || status > 599 || status == 204 || status == 304)
		return false;
	if (*at->p == ' ')
		at->p = skip_text(*at);
	return skip_word(at, "\r\n", 2);
}

/* Whether it is that name of letters and '-', in lower case, of its length:
 * of the characters of a token, bit 0x20 tells no others apart. */
static inline bool is_name(struct twinrig_text name, const char *word)
{
	const char *p = name.p;

	for (size_t i = 0; i < name.n; i++)
		if ((p[i] | 0x20) != word[i])
			return false;
	return true;
}

/* Whether a field that frames the message is one that is read here. */
static bool framing(
	const struct twinrig_header *header, bool *has_length, uint64_t *length)
{
	struct twinrig_text name = header->name, value = header->value;

	switch (name.n) {
	case 7:
		return !is_name(name, "upgrade");
	case 10:
		return !is_name(name, "connection") ||
		       tw_text_is_nocase(value, "keep-alive") ||
		       tw_text_is_nocase(value, "close");
	case 14:
		if (!is_name(name, "content-length"))
			return true;
		if (*has_length || value.n > 15)
			return false;
		*has_length = true;
		return tw_digits(value.p, value.n, length);
	case 16:
		return !is_name(name, "proxy-connection");
	case 17:
		return !is_name(name, "transfer-encoding");
	default:
		return true;
	}
}

static bool add_header(
	struct tw_header_list *list, const struct twinrig_header *header)
{
	if (list->n == list->cap)
		return !tw_header_list_add(list, header->name, header->value);
	list->v[list->n++] = *header;
	return true;
}

/* Nearly all names are letters and '-'; what is left is looked up. */
static const char *skip_name(struct text_at at)
{
	if (at.end - at.p >= 16) {
		bytes16 v, letters;

		memcpy(&v, at.p, 16);
		letters = (v | 0x20) - 'a';
		at.p += first_lane(
			(bytes16)(letters > 25) & (bytes16)(v != '-'));
	}
	return skip_class(at, TOKEN);
}

static bool header_line(struct text_at *at, struct twinrig_header *header)
{
	struct twinrig_text *value = &header->value;

	header->name.p = at->p;
	at->p = skip_name(*at);
	header->name.n = (size_t)(at->p - header->name.p);
	if (!header->name.n || !skip_word(at, ":", 1))
		return false;
	while (at->p < at->end && *at->p == ' ')
		at->p++;
	value->p = at->p;
	at->p = skip_text(*at);
	value->n = (size_t)(at->p - value->p);
	while (value->n && value->p[value->n - 1] == ' ')
		value->n--;
	return value->n && skip_word(at, "\r\n", 2);
}

bool tw_http_plain(struct tw_http *http, enum tw_http_kind kind,
	const char *data, size_t size)
{
	/* An empty message may be nowhere. */
	struct text_at at = {data, size ? data + size : data};
	struct tw_header_list *list = &http->headers;
	bool has_length = false;
	uint64_t length = 0;

	http->method = http->target = http->body = (struct twinrig_text){0};
	http->status = 0;
	list->n = 0;
	if (kind == TW_HTTP_REQUEST ? !request_line(http, &at)
				    : !status_line(http, &at))
		return false;
	while (!skip_word(&at, "\r\n", 2)) {
		struct twinrig_header header;

		if (!header_line(&at, &header) ||
			!framing(&header, &has_length, &length) ||
			!add_header(list, &header))
			return false;
	}
	/* An answer without a length goes to the end of the connection. */
	if (length > (size_t)(at.end - at.p) ||
		(kind == TW_HTTP_RESPONSE && !has_length))
		return false;
	if (length)
		http->body = (struct twinrig_text){at.p, (size_t)length};
	return true;
}
