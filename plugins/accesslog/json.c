#include "plugins/accesslog/accesslog.h"

#include <string.h>

enum key {
	TIME,
	METHOD,
	TARGET,
	REQUEST,
	PROTOCOL,
	STATUS,
	HOST,
	ID,
	CLUSTER,
	LATENCY_MS,
	LATENCY_S,
	SCHEME,
	ORIGINAL_PATH,
	FORWARDED,
	CLIENT,
	USER,
	RECEIVED,
	SENT,
};

/* The names that Envoy's and Istio's JSON, and the usual nginx formats with
 * escape=json, give them. */
static const struct {
	const char *name;
	enum key key;
} keys[] = {
	{"start_time", TIME},
	{"time", TIME},
	{"time_iso8601", TIME},
	{"time_local", TIME},
	{"@timestamp", TIME},
	{"timestamp", TIME},
	{"method", METHOD},
	{"request_method", METHOD},
	{"path", TARGET},
	{"request_uri", TARGET},
	{"uri", TARGET},
	{"x_envoy_original_path", ORIGINAL_PATH},
	{"request", REQUEST},
	{"protocol", PROTOCOL},
	{"server_protocol", PROTOCOL},
	{"response_code", STATUS},
	{"status", STATUS},
	{"response", STATUS},
	{"authority", HOST},
	{"host", HOST},
	{"http_host", HOST},
	{"request_id", ID},
	{"upstream_cluster", CLUSTER},
	{"duration", LATENCY_MS},
	{"request_time", LATENCY_S},
	{"scheme", SCHEME},
	{"x_forwarded_for", FORWARDED},
	{"http_x_forwarded_for", FORWARDED},
	{"downstream_remote_address", CLIENT},
	{"remote_addr", CLIENT},
	{"client_ip", CLIENT},
	{"client", CLIENT},
	{"remote_user", USER},
	{"user_id", USER},
	{"user", USER},
	{"bytes_received", RECEIVED},
	{"request_length", RECEIVED},
	{"bytes_sent", SENT},
	{"body_bytes_sent", SENT},
};

struct line {
	struct twinrig_text value[SENT + 1];
};

static bool take_key(struct tw_log *log, struct line *line)
{
	struct tw_json *json = &log->json;
	enum tw_json_type type;
	size_t i = 0;

	while (i < sizeof keys / sizeof *keys &&
		!tw_json_is(json, keys[i].name))
		i++;
	type = tw_json_next(json);
	if (type != TW_JSON_STRING && type != TW_JSON_NUMBER)
		return tw_json_skip(json);
	if (i == sizeof keys / sizeof *keys || tw_json_is(json, "-") ||
		!json->text.n || line->value[keys[i].key].p)
		return true;
	/* Decoded text lives until the next token only. */
	line->value[keys[i].key] = tw_scratch_copy(&log->pool, json->text);
	return true;
}

/* ISO 8601, seconds since 1970, or nginx's $time_local. */
static bool take_time(struct tw_log *log, struct twinrig_text text,
	struct twinrig_exchange *exchange)
{
	struct twinrig_exchange scratch = {0};
	char line[96];
	int64_t ns;

	if (tw_time_iso(text, &exchange->time, &exchange->resolution))
		return true;
	if (tw_decimal(text, 9, &ns) && ns > 0) {
		exchange->time = ns;
		exchange->resolution =
			memchr(text.p, '.', text.n) ? 1000000 : 1000000000;
		return true;
	}
	if (text.n != 26)
		return false;
	memcpy(line, "- - - [", 7);
	memcpy(line + 7, text.p, 26);
	memcpy(line + 33, "] \"GET / HTTP/1.1\" 200 -", 24);
	if (tw_log_combined(log, line, 57, &scratch))
		return false;
	exchange->time = scratch.time;
	exchange->resolution = scratch.resolution;
	return true;
}

static void take_latency(
	const struct line *line, struct twinrig_exchange *exchange)
{
	struct twinrig_text ms = line->value[LATENCY_MS];
	struct twinrig_text s = line->value[LATENCY_S];
	int64_t ns;

	if (ms.p && tw_decimal(ms, 6, &ns) && ns >= 0) {
		exchange->latency = ns;
		if (exchange->time <= INT64_MAX - ns)
			exchange->response_time = exchange->time + ns;
	} else if (s.p && tw_decimal(s, 9, &ns) && ns >= 0 &&
		   ns <= exchange->time) { /* nginx: logged at the end */
		exchange->latency = ns;
		exchange->response_time = exchange->time;
		exchange->time -= ns;
	}
}

static const char *take_request(
	const struct line *line, struct twinrig_exchange *exchange)
{
	struct twinrig_text target = line->value[ORIGINAL_PATH];

	exchange->host = line->value[HOST];
	exchange->scheme = line->value[SCHEME];
	exchange->protocol = line->value[PROTOCOL];
	if (!target.p)
		target = line->value[TARGET];
	if (line->value[METHOD].p && target.p) {
		exchange->method = line->value[METHOD];
		tw_split_url(target, &exchange->scheme, &exchange->host,
			&exchange->target);
		return NULL;
	}
	if (!line->value[REQUEST].p ||
		!tw_log_request(line->value[REQUEST], exchange))
		return "no method and path";
	return NULL;
}

static const char *understand(struct tw_log *log, const struct line *line,
	struct twinrig_exchange *exchange)
{
	struct twinrig_text status = line->value[STATUS];
	struct twinrig_text cluster = line->value[CLUSTER];
	const char *error = take_request(line, exchange);
	uint64_t code;

	if (error)
		return error;
	if (!line->value[TIME].p ||
		!take_time(log, line->value[TIME], exchange))
		return "no time that could be understood";
	if (!tw_digits(status.p, status.n, &code) || code > 999)
		return "no status";
	exchange->status = (int)code;
	exchange->has_response = code != 0;
	exchange->id = line->value[ID];
	exchange->client = tw_log_address(line->value[FORWARDED]);
	if (!exchange->client.p)
		exchange->client = tw_log_address(line->value[CLIENT]);
	exchange->user = line->value[USER];
	exchange->request_bytes = tw_log_bytes(line->value[RECEIVED]);
	exchange->response_bytes = tw_log_bytes(line->value[SENT]);
	log->direction = tw_log_direction_of(cluster);
	if (tw_text_starts(cluster, "outbound|")) {
		const char *bar = memrchr(cluster.p, '|', cluster.n);

		exchange->service = (struct twinrig_text){
			bar + 1, (size_t)(cluster.p + cluster.n - bar - 1)};
	}
	take_latency(line, exchange);
	return NULL;
}

const char *tw_log_json(struct tw_log *log, const char *text, size_t n,
	struct twinrig_exchange *exchange)
{
	struct line line = {0};

	tw_scratch_reset(&log->pool);
	tw_json_reset(&log->json, text, n);
	if (tw_json_next(&log->json) != TW_JSON_OBJECT)
		return log->json.error ? log->json.error
				       : "the line is no JSON object";
	while (tw_json_next(&log->json) == TW_JSON_KEY)
		if (!take_key(log, &line))
			return log->json.error;
	if (log->json.type == TW_JSON_OBJECT_END)
		tw_json_next(&log->json);
	if (log->json.type != TW_JSON_END)
		return log->json.error;
	return understand(log, &line, exchange);
}
