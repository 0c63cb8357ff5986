#include "harness/capture/identity.h"

#include "harness/capture/ask.h"
#include "harness/plugin/plugin.h"

/* "a=1; b=2" */
static bool find_cookie(
	struct tw_str cookies, const char *name, struct tw_str *value)
{
	const char *p = cookies.p, *end = p + cookies.n;
	size_t n = strlen(name);

	while (p < end) {
		const char *semicolon = memchr(p, ';', (size_t)(end - p));
		const char *stop = semicolon ? semicolon : end;

		if ((size_t)(stop - p) > n && !memcmp(p, name, n) &&
			p[n] == '=') {
			*value = (struct tw_str){
				p + n + 1, (size_t)(stop - p) - n - 1};
			return true;
		}
		p = stop;
		while (p < end && (*p == ';' || *p == ' '))
			p++;
	}
	return false;
}

static struct tw_str client_of(const struct twinrig_exchange *exchange)
{
	struct tw_str value = tw_plugin_text(exchange->client);

	if (value.n)
		return value;
	if (tw_exchange_header(exchange, "x-forwarded-for", &value) ||
		tw_exchange_header(exchange, "x-real-ip", &value)) {
		const char *comma =
			value.n ? memchr(value.p, ',', value.n) : NULL;

		if (comma)
			value.n = (size_t)(comma - value.p);
	}
	return value.n ? value : tw_plugin_text(exchange->user);
}

/* Who asked, where his requests have no such key. */
static struct tw_str stand_in(
	enum tw_key_of of, const struct twinrig_exchange *exchange)
{
	struct tw_str none = {NULL, 0};

	if (of == TW_KEY_COOKIE)
		return exchange->user.n ? tw_plugin_text(exchange->user)
					: client_of(exchange);
	return of == TW_KEY_HEADER && !tw_exchange_has_headers(exchange)
		       ? tw_plugin_text(exchange->user)
		       : none;
}

uint64_t tw_exchange_key(const struct tw_key_source *source,
	const struct twinrig_exchange *exchange)
{
	struct tw_str value = {NULL, 0}, cookies;
	bool there = false;

	switch (source->of) {
	case TW_KEY_HEADER:
		there = tw_exchange_header(exchange, source->name, &value);
		break;
	case TW_KEY_COOKIE:
		there = tw_exchange_header(exchange, "cookie", &cookies) &&
			find_cookie(cookies, source->name, &value);
		break;
	case TW_KEY_QUERY:
		there = tw_exchange_query(exchange, source->name, &value);
		break;
	case TW_KEY_SOURCE:
		value = client_of(exchange);
		there = value.n != 0;
		break;
	}
	if (!there)
		value = stand_in(source->of, exchange);
	return there || value.n ? tw_key_hash(value.p, value.n) : 0;
}
