/* The keys under `traffic` of twinrig.yaml. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static void check_traffic(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_config_traffic *traffic = base;

	if (traffic->speed.origin && traffic->rate.origin)
		tw_diag(reader->diags, TW_ERROR, traffic->rate.origin->pos,
			"'speed' and 'rate' exclude each other");
	if (traffic->to.origin && traffic->to.v <= traffic->from.v)
		tw_diag(reader->diags, TW_ERROR, traffic->to.origin->pos,
			"'to' must be later than 'from'");
	if (traffic->loop.origin && !traffic->loop.v &&
		!traffic->duration.origin)
		tw_diag(reader->diags, TW_ERROR, traffic->loop.origin->pos,
			"'loop: 0' needs a 'duration' to end at");
	(void)node;
}

static const struct tw_row users_rows[] = {
	{.name = "count",
		.type = TW_ROW_INT,
		AT(tw_config_users, count),
		.required = true,
		.min = 1,
		.max = 1e7,
		.help = "how many there are"},
	{.name = "skew",
		.type = TW_ROW_REAL,
		AT(tw_config_users, skew),
		.otherwise = "0",
		.max = 10,
		.help = "the k-th most frequent makes a part of 1 / k^skew of "
			"the requests (Zipf); 0: all alike"},
	{0},
};

static const struct tw_table users_table = {
	.name = "users",
	.help = "whose requests they are, where the capture does not tell: "
		"for balancing by a key of the request",
	.rows = users_rows,
	.as_text = "count",
};

static const struct tw_row traffic_rows[] = {
	{.name = "capture",
		.type = TW_ROW_TEXTS,
		AT(tw_config_traffic, capture),
		.help = "captured requests: .gor, HAR, access logs, JSON "
			"Lines; known by content"},
	{.name = "speed",
		.type = TW_ROW_FACTOR,
		AT(tw_config_traffic, speed),
		.otherwise = "1x",
		.min = 0.001,
		.max = 1000,
		.help = "how fast the capture is played"},
	{.name = "rate",
		.type = TW_ROW_RATE,
		AT(tw_config_traffic, rate),
		.min = 1e-6,
		.max = 1e7,
		.help = "requests a second, instead of the recorded rate"},
	{.name = "loop",
		.type = TW_ROW_INT,
		AT(tw_config_traffic, loop),
		.otherwise = "1",
		.max = 1e6,
		.help = "how often the capture is played; 0: until `duration` "
			"is over"},
	{.name = "from",
		.type = TW_ROW_DURATION,
		AT(tw_config_traffic, from),
		.otherwise = "0s",
		.help = "where in the capture to start"},
	{.name = "to",
		.type = TW_ROW_DURATION,
		AT(tw_config_traffic, to),
		.help = "where in the capture to stop; its end if not given"},
	{.name = "duration",
		.type = TW_ROW_DURATION,
		AT(tw_config_traffic, duration),
		.min = 1e6,
		.help = "how long a run takes; as long as the capture if not "
			"given"},
	{.name = "warmup",
		.type = TW_ROW_DURATION,
		AT(tw_config_traffic, warmup),
		.otherwise = "0s",
		.help = "how much of its beginning is run but not judged: what "
			"ends before does not count"},
	{.name = "entry",
		.type = TW_ROW_TEXT,
		AT(tw_config_traffic, entry),
		.help = "the service that gets requests which no route takes"},
	{.name = "users",
		.type = TW_ROW_GROUP,
		AT(tw_config_traffic, users),
		.table = &users_table,
		.help = "made-up users, where nothing tells whose requests "
			"they are"},
	{0},
};

const struct tw_table tw_traffic_table = {
	.name = "traffic",
	.help = "the requests that are replayed",
	.rows = traffic_rows,
	.check = check_traffic,
};
