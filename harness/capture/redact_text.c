#include "harness/capture/redact.h"
#include "plugins/common/text.h"
#include "twins/base/text.h"

#include <inttypes.h>
#include <stdio.h>

static inline uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static void sip_rounds(uint64_t v[4], int rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static uint64_t little_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

uint64_t tw_siphash(const uint64_t key[2], const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573)};
	uint64_t last = (uint64_t)n << 56;

	for (; n >= 8; n -= 8, p += 8) {
		uint64_t m = little_endian(p, 8);

		v[3] ^= m;
		sip_rounds(v, 2);
		v[0] ^= m;
	}
	last |= little_endian(p, n);
	v[3] ^= last;
	sip_rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* What an earlier redaction wrote stays: doing it twice changes nothing. */
static bool is_placeholder(struct twinrig_text value)
{
	if (value.n != 21 || memcmp(value.p, "redacted-", 9))
		return false;
	for (size_t i = 9; i < value.n; i++)
		if (!memchr("0123456789abcdef", value.p[i], 16))
			return false;
	return true;
}

struct twinrig_text tw_redact_value(
	struct tw_redact *redact, struct twinrig_text value)
{
	char *p;
	uint64_t hash;

	if (!value.n || is_placeholder(value))
		return value;
	hash = tw_siphash(redact->key, value.p, value.n);
	p = tw_scratch_alloc(&redact->pool, 24);
	snprintf(p, 24, "redacted-%012" PRIx64, hash >> 16);
	redact->count++;
	return (struct twinrig_text){p, 21};
}

/* Found within a name of lower-case letters and digits. */
static const char *const parts[] = {
	"password",
	"passwd",
	"passphrase",
	"secret",
	"token",
	"apikey",
	"accesskey",
	"privatekey",
	"credential",
	"session",
	"authorization",
	"signature",
	"cardnumber",
	"creditcard",
};

/* The whole name. */
static const char *const names[] = {
	"auth",
	"bearer",
	"csrf",
	"cvc",
	"cvv",
	"jwt",
	"otp",
	"pass",
	"phpsessid",
	"pin",
	"pwd",
	"sid",
	"sig",
	"ssn",
	"xauth",
	"xsrf",
};

bool tw_redact_name(struct twinrig_text name)
{
	char plain[64];
	size_t n = 0;

	for (size_t i = 0; i < name.n && n < sizeof plain - 1; i++) {
		char c = name.p[i];

		c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			plain[n++] = c;
	}
	plain[n] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(plain, names[i]))
			return true;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strstr(plain, parts[i]))
			return true;
	return false;
}

/* ---- secrets by their form -------------------------------------------- */

/* Prefixes that the makers of keys document, and how much must follow. */
static const struct {
	const char *prefix;
	size_t follows;
} prefixes[] = {
	{"AKIA", 16}, /* AWS */
	{"ASIA", 16},
	{"ghp_", 20}, /* GitHub */
	{"gho_", 20},
	{"ghs_", 20},
	{"ghu_", 20},
	{"github_pat_", 20},
	{"glpat-", 16}, /* GitLab */
	{"xoxb-", 10},	/* Slack */
	{"xoxp-", 10},
	{"xoxa-", 10},
	{"sk_live_", 10}, /* Stripe */
	{"rk_live_", 10},
	{"sk-ant-", 20},
	{"sk-proj-", 20},
	{"AIza", 30}, /* Google */
	{"npm_", 30},
};

static bool is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static size_t run(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && is_key_char(*p))
		p++;
	return (size_t)(p - from);
}

/* A JSON Web Token: "eyJ…", '.', a run, and mostly '.' and another. */
static size_t token_length(const char *p, const char *end)
{
	size_t n, second;

	if (end - p < 20 || memcmp(p, "eyJ", 3))
		return 0;
	n = run(p, end);
	if (n < 10 || p + n >= end || p[n] != '.')
		return 0;
	second = run(p + n + 1, end);
	if (second < 4)
		return 0;
	n += 1 + second;
	if (p + n < end && p[n] == '.')
		n += 1 + run(p + n + 1, end);
	return n;
}

static size_t pem_length(const char *p, const char *end)
{
	static const char begin[] = "-----BEGIN ", mark[] = "PRIVATE KEY-----";
	static const char stop[] = "-----END ";
	const char *at;

	if ((size_t)(end - p) < sizeof begin ||
		memcmp(p, begin, sizeof begin - 1))
		return 0;
	at = memmem(p, (size_t)(end - p < 64 ? end - p : 64), mark,
		sizeof mark - 1);
	if (!at)
		return 0;
	at = memmem(at, (size_t)(end - at), stop, sizeof stop - 1);
	return (size_t)((at ? at : end) - p);
}

/* How long a secret is that begins here; 0: none does. */
static size_t secret_length(const char *p, const char *end)
{
	size_t n;

	if (*p == '-')
		return pem_length(p, end);
	if (*p == 'e')
		return token_length(p, end);
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		size_t length = strlen(prefixes[i].prefix);

		if ((size_t)(end - p) < length ||
			memcmp(p, prefixes[i].prefix, length))
			continue;
		n = run(p + length, end);
		if (n >= prefixes[i].follows)
			return length + n;
	}
	return 0;
}

static struct twinrig_text take(struct tw_redact *redact, struct tw_buf *buf)
{
	struct twinrig_text text = tw_scratch_copy(
		&redact->pool, (struct twinrig_text){buf->p, buf->n});

	tw_buf_release(buf);
	return text;
}

struct twinrig_text tw_redact_text(
	struct tw_redact *redact, struct twinrig_text text)
{
	const char *p = text.p, *end = p + text.n, *kept = p;
	struct tw_buf out = {0};
	bool found = false;

	while (p < end) {
		size_t n = strchr("eAgxsrn-", *p) && *p &&
					   (p == text.p || *p == '-' ||
						   !is_key_char(p[-1]))
				   ? secret_length(p, end)
				   : 0;
		struct twinrig_text placeholder;

		if (!n) {
			p++;
			continue;
		}
		placeholder =
			tw_redact_value(redact, (struct twinrig_text){p, n});
		tw_buf_add(&out, kept, (size_t)(p - kept));
		tw_buf_add(&out, placeholder.p, placeholder.n);
		p += n;
		kept = p;
		found = true;
	}
	if (!found)
		return text;
	tw_buf_add(&out, kept, (size_t)(end - kept));
	return take(redact, &out);
}

/* ---- parameters ------------------------------------------------------- */

/* "%5F" in a name is '_'. */
static bool parameter_is_secret(struct twinrig_text name)
{
	char plain[128];
	size_t n = 0;

	for (size_t i = 0; i < name.n && n < sizeof plain; i++) {
		if (name.p[i] == '%' && i + 2 < name.n)
			i += 2;
		else
			plain[n++] = name.p[i];
	}
	return tw_redact_name((struct twinrig_text){plain, n});
}

struct twinrig_text tw_redact_query(
	struct tw_redact *redact, struct twinrig_text query)
{
	const char *p = query.p, *end = p + query.n;
	struct tw_buf out = {0};

	while (p < end) {
		const char *amp = memchr(p, '&', (size_t)(end - p));
		const char *stop = amp ? amp : end;
		const char *equal = memchr(p, '=', (size_t)(stop - p));
		struct twinrig_text name = {
			p, (size_t)((equal ? equal : stop) - p)};
		struct twinrig_text value = {equal ? equal + 1 : stop,
			equal ? (size_t)(stop - equal - 1) : 0};

		tw_buf_add(&out, name.p, name.n);
		if (equal) {
			value = parameter_is_secret(name)
					? tw_redact_value(redact, value)
					: tw_redact_text(redact, value);
			tw_buf_add_char(&out, '=');
			tw_buf_add(&out, value.p, value.n);
		}
		if (amp)
			tw_buf_add_char(&out, '&');
		p = stop + (amp != NULL);
	}
	if (!out.n)
		return query;
	return take(redact, &out);
}

struct twinrig_text tw_redact_target(
	struct tw_redact *redact, struct twinrig_text target)
{
	const char *mark = target.n ? memchr(target.p, '?', target.n) : NULL;
	struct twinrig_text path, query;
	struct tw_buf out = {0};

	if (!mark)
		return tw_redact_text(redact, target);
	path = tw_redact_text(redact,
		(struct twinrig_text){target.p, (size_t)(mark - target.p)});
	query = tw_redact_query(
		redact, (struct twinrig_text){mark + 1,
				(size_t)(target.p + target.n - mark - 1)});
	tw_buf_add(&out, path.p, path.n);
	tw_buf_add_char(&out, '?');
	tw_buf_add(&out, query.p, query.n);
	return take(redact, &out);
}

/* ---- JSON ------------------------------------------------------------- */

static void put_string(struct tw_buf *out, struct twinrig_text text)
{
	const char *p = text.p, *end = p + text.n;
	char piece[256];

	tw_buf_add_char(out, '"');
	while (p < end) {
		size_t n = tw_json_escape(&p, end, piece, sizeof piece);

		tw_buf_add(out, piece, n);
	}
	tw_buf_add_char(out, '"');
}

static void put_scalar(struct tw_redact *redact, struct tw_buf *out,
	struct twinrig_text raw, bool secret)
{
	struct tw_json *json = &redact->json;
	struct twinrig_text value;

	if (secret && json->type == TW_JSON_STRING) {
		value = tw_redact_value(redact, json->text);
		tw_buf_printf(out, "\"%.*s\"", (int)value.n, value.p);
	} else if (secret && json->type == TW_JSON_NUMBER) {
		tw_buf_printf(out, "%u",
			(unsigned)(tw_siphash(redact->key, raw.p, raw.n) %
				   1000000000));
		redact->count++;
	} else if (json->type == TW_JSON_STRING) {
		value = tw_redact_text(redact, json->text);
		if (value.p == json->text.p)
			tw_buf_add(out, raw.p, raw.n);
		else
			put_string(out, value);
	} else {
		tw_buf_add(out, raw.p, raw.n);
	}
}

struct twinrig_text tw_redact_json(
	struct tw_redact *redact, struct twinrig_text text)
{
	struct tw_json *json = &redact->json;
	unsigned secret_from = 0; /* depth of the key that says so, plus 1 */
	bool secret_next = false;
	struct tw_buf out = {0};
	size_t kept = 0;

	tw_json_reset(json, text.p, text.n);
	while (tw_json_next(json) > TW_JSON_END) {
		bool secret = secret_next || secret_from;
		struct twinrig_text raw = {
			text.p + json->begin, json->end - json->begin};

		if (json->type == TW_JSON_KEY) {
			secret_next = tw_redact_name(json->text);
			continue;
		}
		if (json->type == TW_JSON_OBJECT ||
			json->type == TW_JSON_ARRAY) {
			if (secret_next && !secret_from)
				secret_from = json->depth;
		} else if (json->type == TW_JSON_OBJECT_END ||
			   json->type == TW_JSON_ARRAY_END) {
			if (json->depth < secret_from)
				secret_from = 0;
		} else {
			tw_buf_add(&out, text.p + kept, json->begin - kept);
			put_scalar(redact, &out, raw, secret);
			kept = json->end;
		}
		secret_next = false;
	}
	if (json->type == TW_JSON_END) {
		tw_buf_add(&out, text.p + kept, text.n - kept);
	} else {
		/* What is broken cannot be told apart: not kept. */
		struct twinrig_text rest = tw_redact_value(redact,
			(struct twinrig_text){text.p + kept, text.n - kept});

		tw_buf_add(&out, rest.p, rest.n);
	}
	return take(redact, &out);
}
