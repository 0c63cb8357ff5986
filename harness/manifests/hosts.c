/*
 * Host names inside values: "cart:7070", "http://cart.shop.svc/x",
 * "--cart-addr=cart:7070", "Host=db;Port=5432", "kafka-0:9092,kafka-1:9092".
 *
 * A word with a scheme or a port is an address. A word alone ("cart") is one
 * only where its name says so: CART_HOST, but neither POSTGRES_DB nor
 * OTEL_SERVICE_NAME.
 */
#include "harness/manifests/edges.h"

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.';
}

static bool is_word_char(char c)
{
	return is_host_char(c) || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == ':' || c == '/' || c == '@' || c == '%' || c == '~' ||
	       c == '*' || c == '#' || c == '[' || c == ']' || c == '$' ||
	       c == '+' || c == '!';
}

static bool has_part(struct tw_str name, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= name.n; i++)
		if (tw_str_equal_nocase((struct tw_str){name.p + i, n},
			    (struct tw_str){part, n}))
			return true;
	return false;
}

static bool ends_in(struct tw_str name, const char *part)
{
	size_t n = strlen(part);

	return name.n >= n &&
	       has_part((struct tw_str){name.p + name.n - n, n}, part);
}

bool tw_host_is_named(struct tw_str name)
{
	static const char *const yes[] = {"host", "addr", "url", "uri",
		"endpoint", "server", "broker", "target", "upstream", "backend",
		"peer", "datasource", "data source", "service", "svc",
		"connect"};
	static const char *const no[] = {"name", "user", "username", "password",
		"database", "_db", "dbname", "service_id", "type", "mode",
		"topic"};

	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (ends_in(name, no[i]))
			return false;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (has_part(name, yes[i]))
			return true;
	return false;
}

static bool all_digits(struct tw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n && s.n <= 5;
}

/* The port that a scheme stands for; 0: none that we know. */
static int64_t scheme_port(struct tw_str word)
{
	if (tw_str_starts(word, "http:") || tw_str_starts(word, "ws:"))
		return 80;
	if (tw_str_starts(word, "https:") || tw_str_starts(word, "wss:"))
		return 443;
	return 0;
}

/* The host of one word: without scheme, user, port and path. */
static bool word_host(
	struct tw_str word, struct tw_str *host, int64_t *number, bool *address)
{
	const char *at = memmem(word.p, word.n, "://", 3);
	struct tw_str port = {NULL, 0};
	const char *end;

	*address = at != NULL;
	*number = at ? scheme_port(word) : 0;
	if (at) {
		word.n -= (size_t)(at + 3 - word.p);
		word.p = at + 3;
	}
	end = memchr(word.p, '/', word.n);
	if (end)
		word.n = (size_t)(end - word.p);
	at = memrchr(word.p, '@', word.n);
	if (at) { /* user:password@host */
		word.n -= (size_t)(at + 1 - word.p);
		word.p = at + 1;
	}
	at = memchr(word.p, ':', word.n);
	if (at) {
		port = (struct tw_str){
			at + 1, word.n - (size_t)(at + 1 - word.p)};
		word.n = (size_t)(at - word.p);
	}
	if (port.n && !all_digits(port))
		return false;
	*address |= port.n != 0;
	if (port.n)
		tw_parse_int(port, number);
	for (size_t i = 0; i < word.n; i++)
		if (!is_host_char(word.p[i]))
			return false;
	*host = word;
	return word.n != 0;
}

/* Whether the whole value is one word or a list of words. */
static bool is_plain_list(struct tw_str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!is_word_char(value.p[i]) && value.p[i] != ',' &&
			value.p[i] != ' ')
			return false;
	return true;
}

static void give(
	const struct tw_host_search *search, struct tw_str word, bool named)
{
	struct tw_str host;
	int64_t port;
	bool address;

	if (!word_host(word, &host, &port, &address))
		return;
	if (address || named || memmem(host.p, host.n, ".svc", 4))
		search->found(search->to, host, port, address);
}

void tw_hosts_find(const struct tw_host_search *search, struct tw_str name,
	struct tw_str value)
{
	bool plain = is_plain_list(value);
	bool named = plain && name.n && tw_host_is_named(name);
	struct tw_str key = {NULL, 0};
	size_t at = 0;

	while (at < value.n) {
		size_t from = at;
		struct tw_str word;

		while (at < value.n && is_word_char(value.p[at]))
			at++;
		word = (struct tw_str){value.p + from, at - from};
		if (at < value.n && value.p[at] == '=') {
			key = word;
		} else if (word.n) {
			give(search, word,
				named || (key.n && tw_host_is_named(key)));
			key = (struct tw_str){NULL, 0};
		}
		at++;
	}
}
