#include "plugins/accesslog/accesslog.h"

#include <string.h>

/*
 * Default: [START_TIME] "METHOD PATH PROTOCOL" CODE FLAGS RECEIVED SENT
 * DURATION UPSTREAM_TIME "XFF" "AGENT" "REQUEST_ID" "AUTHORITY" "UPSTREAM".
 * Istio puts CODE_DETAILS TERMINATION_DETAILS "TRANSPORT_FAILURE" behind FLAGS
 * and appends CLUSTER and addresses.
 */

#define FIELDS 24

struct line {
	struct tw_log_field field[FIELDS];
	size_t n;
};

static struct twinrig_text known(struct twinrig_text text)
{
	if (tw_text_is(text, "-") || !text.n)
		return (struct twinrig_text){NULL, 0};
	return text;
}

static bool is_number(struct tw_log_field field)
{
	uint64_t value;

	return !field.open && tw_digits(field.text.p, field.text.n, &value);
}

/* "outbound|9080|v1|reviews.shop.svc.cluster.local": the callee. */
static void take_cluster(
	struct twinrig_text cluster, struct twinrig_exchange *exchange)
{
	const char *bar = cluster.n ? memrchr(cluster.p, '|', cluster.n) : NULL;

	if (!tw_text_starts(cluster, "outbound|") || !bar)
		return;
	exchange->service = known((struct twinrig_text){
		bar + 1, (size_t)(cluster.p + cluster.n - bar - 1)});
}

static void take_rest(struct tw_log *log, struct line *line, size_t at,
	struct twinrig_exchange *e)
{
	struct tw_log_field *f = line->field;
	int64_t duration;

	/* RECEIVED SENT DURATION UPSTREAM_TIME */
	if (at + 2 < line->n && tw_decimal(f[at + 2].text, 6, &duration) &&
		duration >= 0) {
		e->latency = duration;
		if (e->time <= INT64_MAX - duration)
			e->response_time = e->time + duration;
	}
	if (at + 1 < line->n) {
		e->request_bytes = tw_log_bytes(f[at].text);
		e->response_bytes = tw_log_bytes(f[at + 1].text);
	}
	if (at + 4 < line->n)
		e->client = tw_log_address(f[at + 4].text);
	if (!e->client.p && at + 12 < line->n) /* Istio: the peer's */
		e->client = tw_log_address(f[at + 12].text);
	if (at + 6 < line->n)
		e->id = known(f[at + 6].text);
	if (at + 7 < line->n && known(f[at + 7].text).p)
		e->host = f[at + 7].text;
	if (at + 9 < line->n) {
		take_cluster(f[at + 9].text, e);
		log->direction = tw_log_direction_of(f[at + 9].text);
	}
}

const char *tw_log_envoy(struct tw_log *log, const char *text, size_t n,
	struct twinrig_exchange *exchange)
{
	struct tw_log_cursor cursor = {text, text + n};
	struct line line = {.n = 0};
	uint64_t status;
	size_t at = 4;

	while (line.n < FIELDS && tw_log_next(&cursor, &line.field[line.n]))
		line.n++;
	if (!line.n || !tw_time_iso(line.field[0].text, &exchange->time,
			       &exchange->resolution))
		return "no time such as [2026-11-23T10:05:03.123Z]";
	if (line.n < 2 || line.field[1].open != '"')
		return "no request in quotes";
	if (!tw_log_request(line.field[1].text, exchange))
		return "the request has no method and target";
	if (line.n < 3 || line.field[2].open ||
		!tw_digits(
			line.field[2].text.p, line.field[2].text.n, &status) ||
		status > 999)
		return "no status behind the request";
	/* 0: the client left before there was an answer. */
	exchange->status = (int)status;
	exchange->has_response = status != 0;
	/* Istio's three more fields are not numbers. */
	while (at < line.n && at < 12 && !is_number(line.field[at]))
		at++;
	take_rest(log, &line, at, exchange);
	return NULL;
}
