#include "plugins/accesslog/accesslog.h"

#include "plugins/common/lines.h"

#include <string.h>

static const char *parse(struct tw_log *log, const char *line, size_t n,
	struct twinrig_exchange *exchange)
{
	tw_exchange_init(exchange);
	log->direction = TW_LOG_NEITHER;
	if (line[0] == '{')
		return tw_log_json(log, line, n, exchange);
	if (line[0] == '[')
		return tw_log_envoy(log, line, n, exchange);
	return tw_log_combined(log, line, n, exchange);
}

static void leave_out(void *context, uint64_t line)
{
	struct twinrig_sink *sink = context;

	if (TWINRIG_HAS(sink, struct twinrig_sink, left_out) && sink->left_out)
		sink->left_out(sink, line,
			"the inbound line of a request whose outbound line is "
			"there");
}

struct reading {
	struct tw_log *log;
	struct twinrig_sink *sink;
};

/* What was held back, read again. */
static int emit(void *context, const struct tw_held_line *line)
{
	const struct reading *it = context;
	struct twinrig_exchange exchange;

	if (parse(it->log, line->text, line->n, &exchange))
		return 0; /* it could be read before */
	exchange.line = line->number;
	return it->sink->exchange(it->sink, &exchange);
}

static int out_of_memory(struct twinrig_sink *sink, uint64_t number)
{
	sink->fail(sink, number, 0, "memory is out");
	return -1;
}

/* An inbound line. */
static int hold(struct reading *it, const char *line, size_t n, uint64_t key,
	uint64_t number)
{
	struct tw_log *log = it->log;
	struct twinrig_sink *sink = it->sink;
	int seen;

	if (tw_pairs_full(&log->pairs) &&
		tw_pairs_flush(&log->pairs, false, emit, it))
		return -1;
	seen = tw_pairs_inbound(&log->pairs, key, line, n, number);
	if (seen < 0)
		return out_of_memory(sink, number);
	if (seen)
		leave_out(sink, number);
	return 0;
}

static int take(void *context, const char *line, size_t n, uint64_t number)
{
	struct reading *it = context;
	struct tw_log *log = it->log;
	struct twinrig_sink *sink = it->sink;
	struct twinrig_exchange exchange;
	const char *error;

	if (n && line[n - 1] == '\r')
		n--;
	if (!n)
		return 0;
	error = parse(log, line, n, &exchange);
	if (error) {
		sink->malformed(sink, number, error);
		return 0;
	}
	exchange.line = number;
	if (log->direction != TW_LOG_NEITHER) {
		uint64_t key = tw_pairs_key(&exchange);

		if (key && log->direction == TW_LOG_INBOUND)
			return hold(it, line, n, key, number);
		if (key && tw_pairs_outbound(&log->pairs, key, leave_out, sink))
			return out_of_memory(sink, number);
	}
	return sink->exchange(sink, &exchange);
}

static void log_init(struct tw_log *log)
{
	*log = (struct tw_log){0};
	tw_json_init_text(&log->json, "", 0);
}

static void log_release(struct tw_log *log)
{
	tw_json_release(&log->json);
	tw_scratch_release(&log->pool);
	tw_pairs_release(&log->pairs);
}

static int read_log(struct twinrig_source *source, struct twinrig_sink *sink)
{
	struct tw_log log;
	struct reading reading = {&log, sink};
	int result;

	log_init(&log);
	result = tw_lines_each(source, take, &reading);
	if (!result)
		result = tw_pairs_flush(&log.pairs, true, emit, &reading);
	log_release(&log);
	return result;
}

/* How many of the first lines are lines of a log. */
static int probe(const char *data, size_t size, int whole)
{
	const char *at = data, *end = data + size;
	struct twinrig_exchange exchange;
	struct tw_log log;
	int good = 0, lines = 0;

	log_init(&log);
	while (at < end && lines < 32) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((newline ? newline : end) - at);

		if (!newline && !whole)
			break;
		n -= n && at[n - 1] == '\r';
		if (n) {
			lines++;
			good += !parse(&log, at, n, &exchange);
		}
		at = newline ? newline + 1 : end;
	}
	log_release(&log);
	return lines && good * 2 >= lines ? 50 + 40 * good / lines : 0;
}

static const struct twinrig_capture_reader reader = {
	.struct_size = sizeof reader,
	.name = "accesslog",
	.description = "access logs: common, combined, Envoy, JSON",
	.probe = probe,
	.read = read_log,
};

TWINRIG_PLUGIN(twinrig_plugin_accesslog, .name = "accesslog",
	.description = "access logs of nginx, Apache, Envoy and Istio",
	.capture_reader = &reader);
