#include "plugins/accesslog/accesslog.h"

#include <string.h>

static unsigned month_of(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (unsigned i = 0; i < 12; i++)
		if (!memcmp(p, names + 3 * i, 3))
			return i + 1;
	return 0;
}

static bool two(const char *p, unsigned max, unsigned *value)
{
	unsigned tens = (unsigned char)p[0] - '0';
	unsigned ones = (unsigned char)p[1] - '0';

	*value = tens * 10 + ones;
	return tens < 10 && ones < 10 && *value <= max;
}

static bool set_hour(struct tw_log_clock *clock, const char *p)
{
	unsigned day, month = month_of(p + 3), hour, east, east_minutes;
	uint64_t year;
	int64_t offset;

	if (!two(p, 31, &day) || !day || p[2] != '/' || !month || p[6] != '/' ||
		!tw_digits(p + 7, 4, &year) || year < 1971 || year > 2261 ||
		/* in 64 bits of ns */ p[11] != ':' ||
		!two(p + 12, 23, &hour) || (p[21] != '+' && p[21] != '-') ||
		!two(p + 22, 23, &east) || !two(p + 24, 59, &east_minutes))
		return false;
	offset = (int64_t)east * 3600 + east_minutes * 60;
	if (p[21] == '-')
		offset = -offset;
	clock->seconds = tw_days((int64_t)year, month, day) * 86400 +
			 hour * 3600 - offset;
	memcpy(clock->hour, p, sizeof clock->hour);
	memcpy(clock->zone, p + 21, sizeof clock->zone);
	return true;
}

/* "23/Nov/2026:10:05:03 +0000", as Apache and nginx write it. */
static bool log_time(
	struct tw_log_clock *clock, struct twinrig_text text, int64_t *time)
{
	const char *p = text.p;
	unsigned minute, second;

	if (text.n != 26 || p[14] != ':' || p[17] != ':' || p[20] != ' ' ||
		!two(p + 15, 59, &minute) || !two(p + 18, 60, &second))
		return false;
	if ((memcmp(p, clock->hour, sizeof clock->hour) ||
		    memcmp(p + 21, clock->zone, sizeof clock->zone)) &&
		!set_hour(clock, p))
		return false;
	*time = (clock->seconds + minute * 60 + second) * 1000000000;
	return true;
}

bool tw_log_request(struct twinrig_text text, struct twinrig_exchange *exchange)
{
	const char *end = text.p + text.n, *last;
	const char *blank = memchr(text.p, ' ', text.n);

	if (!blank || blank == text.p || blank + 1 == end)
		return false;
	for (const char *p = text.p; p < blank; p++)
		if ((*p < 'A' || *p > 'Z') && *p != '-' && *p != '_')
			return false;
	exchange->method =
		(struct twinrig_text){text.p, (size_t)(blank - text.p)};
	/* HTTP/0.9 has no protocol; a target may hold blanks in a log. */
	last = memrchr(blank + 1, ' ', (size_t)(end - blank - 1));
	if (last && end - last > 5 && !memcmp(last + 1, "HTTP/", 5))
		exchange->protocol = (struct twinrig_text){
			last + 1, (size_t)(end - last - 1)};
	else
		last = end;
	if (last == blank + 1)
		return false;
	tw_split_url(
		(struct twinrig_text){blank + 1, (size_t)(last - blank - 1)},
		&exchange->scheme, &exchange->host, &exchange->target);
	return true;
}

/* Whether the quote at `at` is written with a backslash before it. */
static bool is_escaped(const char *from, const char *at)
{
	bool escaped = false;

	while (at-- > from && *at == '\\')
		escaped = !escaped;
	return escaped;
}

static const char *closing(const char *p, const char *end, char open)
{
	const char *close =
		memchr(p, open == '"' ? '"' : ']', (size_t)(end - p));

	while (close && open == '"' && is_escaped(p, close))
		close = memchr(close + 1, '"', (size_t)(end - close - 1));
	return close;
}

bool tw_log_next(struct tw_log_cursor *cursor, struct tw_log_field *field)
{
	const char *p = cursor->p, *close;

	while (p < cursor->end && *p == ' ')
		p++;
	if (p == cursor->end)
		return false;
	field->open = *p == '"' || *p == '[' ? *p : 0;
	if (field->open) {
		close = closing(++p, cursor->end, field->open);
		if (!close)
			return false;
		cursor->p = close + 1;
	} else {
		close = memchr(p, ' ', (size_t)(cursor->end - p));
		if (!close)
			close = cursor->end;
		cursor->p = close;
	}
	field->text = (struct twinrig_text){p, (size_t)(close - p)};
	return true;
}

/* `rt=0.012` or `"rt=0.012"`: seconds. */
static const struct {
	const char *key;
	int rank; /* the whole request before what the upstream took */
} time_keys[] = {
	{"rt=", 3},
	{"request_time=", 3},
	{"urt=", 1},
	{"upstream_response_time=", 1},
};

struct tail {
	int rank;
	int64_t latency;
	unsigned fields, ingress; /* how many fields, and of ingress-nginx */
};

static void take_key(struct twinrig_text text, struct tail *tail,
	struct twinrig_exchange *exchange)
{
	for (size_t i = 0; i < sizeof time_keys / sizeof *time_keys; i++) {
		size_t n = strlen(time_keys[i].key);
		struct twinrig_text value;
		int64_t ns;

		if (!tw_text_starts(text, time_keys[i].key))
			continue;
		value = (struct twinrig_text){text.p + n, text.n - n};
		if (value.n && value.p[0] == '"') {
			value.p++;
			value.n--;
		}
		if (value.n && value.p[value.n - 1] == '"')
			value.n--;
		if (time_keys[i].rank > tail->rank &&
			tw_decimal(value, 9, &ns)) {
			tail->rank = time_keys[i].rank;
			tail->latency = ns;
		}
	}
	if (tw_text_starts(text, "host=") && !exchange->host.p) {
		exchange->host = (struct twinrig_text){text.p + 5, text.n - 5};
		if (exchange->host.n > 1 && exchange->host.p[0] == '"') {
			exchange->host.p++;
			exchange->host.n -= 2;
		}
	}
}

/*
 * ingress-nginx's upstreaminfo, behind the user agent: request_length
 * request_time [upstream] [alternative] address length time status request_id
 */
static void take_tail(struct tw_log_cursor cursor, struct tail *tail,
	struct twinrig_exchange *exchange)
{
	struct tw_log_field field, before = {{NULL, 0}, 0};
	int64_t ns;

	while (tw_log_next(&cursor, &field)) {
		if (field.open == '[' && before.text.p && !before.open &&
			tail->fields == 2 && tail->rank < 2 &&
			tw_decimal(before.text, 9, &ns)) {
			tail->rank = 2;
			tail->latency = ns;
			tail->ingress = 1;
		}
		tail->fields++;
		if (tail->ingress && ++tail->ingress == 9 && field.text.n > 1)
			exchange->id = field.text;
		if (field.open != '[' &&
			memchr(field.text.p, '=', field.text.n))
			take_key(field.text, tail, exchange);
		before = field;
	}
	/* nginx's bare $request_time: one field with a point. */
	if (tail->fields == 1 && !before.open && !tail->rank &&
		memchr(before.text.p, '.', before.text.n) &&
		tw_decimal(before.text, 9, &ns)) {
		tail->rank = 2;
		tail->latency = ns;
	}
}

int64_t tw_log_bytes(struct twinrig_text text)
{
	uint64_t n;

	return tw_digits(text.p, text.n, &n) && n < INT64_MAX ? (int64_t)n : 0;
}

/* What stands before the time: [host] client identity user. */
static void take_front(struct twinrig_text front, struct twinrig_exchange *e)
{
	struct tw_log_cursor cursor = {front.p, front.p + front.n};
	struct tw_log_field field[4];
	size_t n = 0;

	while (n < 4 && tw_log_next(&cursor, &field[n]))
		n++;
	if (n == 4)
		e->host = field[0].text;
	if (n < 3)
		return;
	e->client = tw_log_address(field[n - 3].text);
	if (!tw_text_is(field[n - 1].text, "-"))
		e->user = field[n - 1].text;
}

struct twinrig_text tw_log_address(struct twinrig_text text)
{
	const char *comma = text.n ? memchr(text.p, ',', text.n) : NULL;
	const char *colon;

	if (comma)
		text.n = (size_t)(comma - text.p);
	colon = text.n ? memrchr(text.p, ':', text.n) : NULL;
	if (text.n && text.p[0] == '[') { /* [2001:db8::1]:443 */
		const char *close = memchr(text.p, ']', text.n);

		if (close)
			return (struct twinrig_text){
				text.p + 1, (size_t)(close - text.p - 1)};
	} else if (colon && memchr(text.p, ':', text.n) == colon) {
		text.n = (size_t)(colon - text.p);
	}
	if (!text.n || tw_text_is(text, "-"))
		return (struct twinrig_text){NULL, 0};
	return text;
}

static const char *status_of(
	struct tw_log_cursor *cursor, struct twinrig_exchange *exchange)
{
	struct tw_log_field field;
	uint64_t status;

	if (!tw_log_next(cursor, &field) || field.open || field.text.n != 3 ||
		!tw_digits(field.text.p, 3, &status))
		return "no status behind the request";
	exchange->status = (int)status;
	/* nginx's 499 and 000: the client left before there was an answer. */
	exchange->has_response = 1;
	return NULL;
}

static void take_latency(
	const struct tail *tail, struct twinrig_exchange *exchange)
{
	if (!tail->rank || tail->latency < 0 || tail->latency > exchange->time)
		return;
	exchange->latency = tail->latency;
	exchange->response_time = exchange->time;
	exchange->time -= tail->latency;
}

/* Past the referrer and the user agent. -1: one of them is cut off. */
static int skip_agents(struct tw_log_cursor *cursor)
{
	struct tw_log_field field;

	for (int i = 0; i < 2; i++) {
		struct tw_log_cursor at = *cursor;

		while (at.p < at.end && *at.p == ' ')
			at.p++;
		if (at.p == at.end || *at.p != '"')
			return 0;
		if (!tw_log_next(cursor, &field))
			return -1;
		/* A key in quotes is no referrer. */
		if (tw_text_starts(field.text, "rt=")) {
			*cursor = at;
			return 0;
		}
	}
	return 0;
}

const char *tw_log_combined(struct tw_log *log, const char *line, size_t n,
	struct twinrig_exchange *exchange)
{
	struct tw_log_cursor cursor = {line, line + n};
	const char *open = memchr(line, '[', n), *error;
	struct tw_log_field field;
	struct tail tail = {0};

	if (!open)
		return "no time in brackets";
	take_front(
		(struct twinrig_text){line, (size_t)(open - line)}, exchange);
	cursor.p = open;
	if (!tw_log_next(&cursor, &field) ||
		!log_time(&log->clock, field.text, &exchange->time))
		return "no time such as [23/Nov/2026:10:05:03 +0000]";
	exchange->resolution = 1000000000;
	if (!tw_log_next(&cursor, &field) || field.open != '"')
		return "no request in quotes";
	if (!tw_log_request(field.text, exchange))
		return "the request has no method and target";
	error = status_of(&cursor, exchange);
	if (error)
		return error;
	if (!tw_log_next(&cursor, &field))
		return NULL; /* no bytes: still a request */
	if (!field.open)
		exchange->response_bytes = tw_log_bytes(field.text);
	if (skip_agents(&cursor))
		return NULL; /* cut in its agent, as at the end of a log */
	take_tail(cursor, &tail, exchange);
	take_latency(&tail, exchange);
	return NULL;
}
