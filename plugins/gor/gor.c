#include "plugins/gor/gor.h"

#include "plugins/common/text.h"

#include <string.h>

#define SEPARATOR_SIZE (sizeof TW_GOR_SEPARATOR - 1)

static bool next_field(struct twinrig_text *rest, struct twinrig_text *field)
{
	const char *blank = memchr(rest->p, ' ', rest->n);

	field->p = rest->p;
	field->n = blank ? (size_t)(blank - rest->p) : rest->n;
	rest->p += field->n + (blank != NULL);
	rest->n -= field->n + (blank != NULL);
	return field->n > 0;
}

const char *tw_gor_record_parse(
	struct tw_gor_record *record, const char *data, size_t size)
{
	const char *newline = memchr(data, '\n', size);
	struct twinrig_text meta = {
		data, newline ? (size_t)(newline - data) : size};
	struct twinrig_text type, time, extra;
	uint64_t value;

	if (meta.n && meta.p[meta.n - 1] == '\r')
		meta.n--;
	if (!next_field(&meta, &type) || type.n != 1 || type.p[0] < '1' ||
		type.p[0] > '3')
		return "its first line does not begin with 1, 2 or 3";
	record->type = type.p[0] - '0';
	if (!next_field(&meta, &record->id))
		return "its first line has no id";
	if (!next_field(&meta, &time) || !tw_digits(time.p, time.n, &value) ||
		value > INT64_MAX)
		return "its first line has no time in nanoseconds";
	record->time = (int64_t)value;
	record->extra = -1;
	if (record->type == 3 && next_field(&meta, &extra) &&
		tw_digits(extra.p, extra.n, &value) && value < INT64_MAX)
		record->extra = (int64_t)value;
	if (!newline)
		return "there is no message after its first line";
	record->message = (struct twinrig_text){
		newline + 1, (size_t)(data + size - newline - 1)};
	return NULL;
}

static int probe(const char *data, size_t size, int whole)
{
	const char *newline = memchr(data, '\n', size);
	struct tw_gor_record record;

	(void)whole;
	if (!newline || newline - data > 200 ||
		tw_gor_record_parse(&record, data, size))
		return 0;
	return memmem(data, size, TW_GOR_SEPARATOR, SEPARATOR_SIZE) ? 100 : 80;
}

/* Where the next separator begins; NULL: not in these bytes. Its second byte
 * is rare in text, so that memchr() does nearly all of the work. */
static const char *find_separator(const char *data, const char *end)
{
	const char *p = data;

	while ((p = memchr(p, TW_GOR_SEPARATOR[1], (size_t)(end - p)))) {
		if (p > data && (size_t)(end - p) >= SEPARATOR_SIZE - 1 &&
			!memcmp(p - 1, TW_GOR_SEPARATOR, SEPARATOR_SIZE))
			return p - 1;
		p++;
	}
	return NULL;
}

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static uint64_t sum_lanes(bytes16 lanes)
{
	const uint64_t even = UINT64_C(0x00ff00ff00ff00ff);
	uint64_t half[2], sum;

	memcpy(half, &lanes, 16);
	sum = (half[0] & even) + (half[0] >> 8 & even) + (half[1] & even) +
	      (half[1] >> 8 & even);
	return sum * UINT64_C(0x0001000100010001) >> 48;
}

/* Sixteen at a time: a lane of `found` counts up by one for each newline, and
 * is emptied before it can overflow. Of the last sixteen only those count that
 * have not been. */
static uint64_t count_lines(const char *data, size_t size)
{
	static const uint8_t fresh[32] = {[16 ... 31] = 1};
	bytes16 found = {0}, v, mask;
	uint64_t lines = 0;
	size_t i = 0;

	for (; size - i >= 16; i += 16) {
		memcpy(&v, data + i, 16);
		found -= (bytes16)(v == '\n');
		if (i % 2048 == 2032) {
			lines += sum_lanes(found);
			found = (bytes16){0};
		}
	}
	if (i) {
		memcpy(&v, data + size - 16, 16);
		memcpy(&mask, fresh + (size - i), 16);
		found += (bytes16)(v == '\n') & mask;
		return lines + sum_lanes(found);
	}
	for (; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

static int take(struct tw_gor_join *join, const char *data, size_t size,
	uint64_t line, struct twinrig_sink *sink)
{
	struct tw_gor_record record = {.line = line};
	const char *error;

	if (!size)
		return 0;
	error = tw_gor_record_parse(&record, data, size);
	if (error) {
		sink->malformed(sink, line, error);
		return 0;
	}
	return tw_gor_join_add(join, &record, sink);
}

static int read_with(struct tw_gor_join *join, struct twinrig_source *source,
	struct twinrig_sink *sink)
{
	size_t used = 0, searched = 0;
	uint64_t line = 1;
	int got;

	while ((got = source->more(source, used)) > 0) {
		const char *at = source->data;
		const char *end = at + source->size;
		const char *separator = find_separator(at + searched, end);

		while (separator) {
			size_t n = (size_t)(separator - at);

			if (take(join, at, n, line, sink))
				return -1;
			at = separator + SEPARATOR_SIZE;
			line += count_lines(
				at - n - SEPARATOR_SIZE, n + SEPARATOR_SIZE);
			separator = find_separator(at, end);
		}
		used = (size_t)(at - source->data);
		/* A big record is not searched again from its start. */
		searched = (size_t)(end - at);
		searched -=
			searched < SEPARATOR_SIZE ? searched : SEPARATOR_SIZE;
	}
	if (got < 0)
		return -1;
	return take(join, source->data, source->size, line, sink);
}

static int read_gor(struct twinrig_source *source, struct twinrig_sink *sink)
{
	struct tw_gor_join *join = tw_gor_join_new();
	int result;

	if (!join) {
		sink->fail(sink, 0, 0, "out of memory");
		return -1;
	}
	result = read_with(join, source, sink);
	if (!result)
		result = tw_gor_join_finish(join, sink);
	tw_gor_join_free(join);
	return result;
}

static const struct twinrig_capture_reader reader = {
	.struct_size = sizeof reader,
	.name = "gor",
	.description = "GoReplay recordings",
	.probe = probe,
	.read = read_gor,
};

static const struct twinrig_capture_writer writer = {
	.struct_size = sizeof writer,
	.name = "gor",
	.description = "GoReplay recordings",
	.exchange = tw_gor_write,
	.loses = "caller, service, client, user, scheme, and how exact times were",
};

TWINRIG_PLUGIN(twinrig_plugin_gor, .name = "gor",
	.description = "GoReplay recordings (.gor)", .capture_reader = &reader,
	.capture_writer = &writer);
