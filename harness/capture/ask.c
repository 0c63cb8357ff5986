#include "harness/capture/ask.h"

#include "harness/plugin/plugin.h"

static bool is_of_logs(struct tw_str name)
{
	static const char *const names[] = {"host", "user-agent", "referer"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (tw_str_equal_nocase(name, tw_str_of(names[i])))
			return true;
	return name.n > 12 && tw_str_equal_nocase((struct tw_str){name.p, 12},
				      TW_STR("x-forwarded-"));
}

bool tw_exchange_has_headers(const struct twinrig_exchange *exchange)
{
	for (size_t i = 0; i < exchange->n_headers; i++)
		if (!is_of_logs(tw_plugin_text(exchange->headers[i].name)))
			return true;
	return false;
}

bool tw_exchange_header(const struct twinrig_exchange *exchange,
	const char *name, struct tw_str *value)
{
	struct tw_str wanted = tw_str_of(name);

	if (tw_str_equal_nocase(wanted, TW_STR("host")) && exchange->host.n) {
		*value = tw_plugin_text(exchange->host);
		return true;
	}
	for (size_t i = 0; i < exchange->n_headers; i++) {
		if (!tw_str_equal_nocase(
			    tw_plugin_text(exchange->headers[i].name), wanted))
			continue;
		*value = tw_plugin_text(exchange->headers[i].value);
		return true;
	}
	return false;
}

bool tw_exchange_query(const struct twinrig_exchange *exchange,
	const char *name, struct tw_str *value)
{
	struct tw_str target = tw_plugin_text(exchange->target);
	const char *at = memchr(target.p, '?', target.n);
	const char *end = target.p + target.n;
	size_t n = strlen(name);

	while (at && ++at <= end) {
		const char *next = memchr(at, '&', (size_t)(end - at));
		size_t length = (size_t)((next ? next : end) - at);

		if (length >= n && !memcmp(at, name, n) &&
			(length == n || at[n] == '=')) {
			*value = (struct tw_str){at + n + (length > n),
				length - n - (length > n)};
			return true;
		}
		at = next;
	}
	return false;
}

static struct tw_str path_of(struct tw_str target)
{
	for (size_t i = 0; i < target.n; i++)
		if (target.p[i] == '?' || target.p[i] == '#')
			return (struct tw_str){target.p, i};
	return target;
}

tw_traits tw_exchange_traits(const struct tw_conditions *conditions,
	const struct twinrig_exchange *exchange)
{
	tw_traits traits = TW_TRAITS_UNKNOWN;
	bool whole = conditions->n && tw_exchange_has_headers(exchange);

	for (uint32_t i = 0; i < conditions->n; i++) {
		const struct tw_spec_condition *it = conditions->of[i];
		struct tw_str value = {"", 0};
		bool there = true, known = true;

		switch (it->of) {
		case TW_CONDITION_HEADER:
			there = tw_exchange_header(exchange, it->name, &value);
			known = there || whole;
			break;
		case TW_CONDITION_QUERY:
			there = tw_exchange_query(exchange, it->name, &value);
			break;
		case TW_CONDITION_PATH:
			value = path_of(tw_plugin_text(exchange->target));
			break;
		}
		if (known && tw_condition_is_usable(conditions, i))
			traits |= tw_trait(i, tw_condition_holds(conditions, i,
						      there, value));
	}
	return traits;
}
