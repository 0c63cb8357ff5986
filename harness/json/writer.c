#include "harness/json/writer.h"

#include "plugins/common/json.h"
#include "plugins/common/text.h"
#include "twins/base/assert.h"
#include "twins/base/units.h"

#include <inttypes.h>

void tw_json_writer_init(
	struct tw_json_writer *writer, struct tw_buf *out, bool pretty)
{
	*writer = (struct tw_json_writer){.out = out, .pretty = pretty};
}

void tw_json_finish(struct tw_json_writer *writer)
{
	tw_assert(!writer->depth && !writer->keyed);
	if (writer->pretty)
		tw_buf_add_char(writer->out, '\n');
}

static void new_line(struct tw_json_writer *writer)
{
	if (!writer->pretty)
		return;
	tw_buf_add_char(writer->out, '\n');
	for (unsigned i = 0; i < writer->depth; i++)
		tw_buf_add_text(writer->out, "  ");
}

/* What stands before a member: a comma, a new line. */
static void separate(struct tw_json_writer *writer)
{
	if (writer->level[writer->depth - 1].any)
		tw_buf_add_char(writer->out, ',');
	writer->level[writer->depth - 1].any = true;
	new_line(writer);
}

static void begin_value(struct tw_json_writer *writer)
{
	if (writer->keyed) {
		writer->keyed = false;
		return;
	}
	if (!writer->depth)
		return;
	tw_assert(!writer->level[writer->depth - 1].object);
	separate(writer);
}

static void open(struct tw_json_writer *writer, bool object)
{
	begin_value(writer);
	tw_assert(writer->depth < TW_JSON_WRITER_DEPTH);
	writer->level[writer->depth].object = object;
	writer->level[writer->depth].any = false;
	writer->depth++;
	tw_buf_add_char(writer->out, object ? '{' : '[');
}

void tw_json_object(struct tw_json_writer *writer)
{
	open(writer, true);
}

void tw_json_array(struct tw_json_writer *writer)
{
	open(writer, false);
}

void tw_json_end(struct tw_json_writer *writer)
{
	bool object, any;

	tw_assert(writer->depth && !writer->keyed);
	writer->depth--;
	object = writer->level[writer->depth].object;
	any = writer->level[writer->depth].any;
	if (any)
		new_line(writer);
	tw_buf_add_char(writer->out, object ? '}' : ']');
}

static void put_escaped(struct tw_json_writer *writer, const char *p, size_t n)
{
	const char *end = p + n;
	char piece[256];

	while (p < end) {
		size_t length = tw_json_escape(&p, end, piece, sizeof piece);

		tw_buf_add(writer->out, piece, length);
	}
}

static void put_string(struct tw_json_writer *writer, struct tw_str s)
{
	tw_buf_add_char(writer->out, '"');
	if (tw_is_utf8(s.p, s.n)) {
		put_escaped(writer, s.p, s.n);
	} else {
		for (size_t i = 0, n; i < s.n; i += n) {
			for (n = 4; n > 1; n--)
				if (n <= s.n - i && tw_is_utf8(s.p + i, n))
					break;
			if (tw_is_utf8(s.p + i, n))
				put_escaped(writer, s.p + i, n);
			else
				tw_buf_add_text(writer->out, "\xef\xbf\xbd");
		}
	}
	tw_buf_add_char(writer->out, '"');
}

void tw_json_key(struct tw_json_writer *writer, const char *key)
{
	tw_assert(writer->depth && !writer->keyed &&
		  writer->level[writer->depth - 1].object);
	separate(writer);
	put_string(writer, tw_str_of(key));
	tw_buf_add_text(writer->out, writer->pretty ? ": " : ":");
	writer->keyed = true;
}

void tw_json_null(struct tw_json_writer *writer)
{
	begin_value(writer);
	tw_buf_add_text(writer->out, "null");
}

void tw_json_bool(struct tw_json_writer *writer, bool value)
{
	begin_value(writer);
	tw_buf_add_text(writer->out, value ? "true" : "false");
}

void tw_json_int(struct tw_json_writer *writer, int64_t value)
{
	begin_value(writer);
	tw_buf_printf(writer->out, "%" PRId64, value);
}

void tw_json_uint(struct tw_json_writer *writer, uint64_t value)
{
	begin_value(writer);
	tw_buf_printf(writer->out, "%" PRIu64, value);
}

void tw_json_real(struct tw_json_writer *writer, double value)
{
	char text[TW_REAL_TEXT];

	if (!__builtin_isfinite(value)) {
		tw_json_null(writer);
		return;
	}
	begin_value(writer);
	tw_buf_add_text(writer->out, tw_real_text(value, text));
}

void tw_json_text(struct tw_json_writer *writer, struct tw_str value)
{
	begin_value(writer);
	put_string(writer, value);
}

void tw_json_string(struct tw_json_writer *writer, const char *value)
{
	tw_json_text(writer, tw_str_of(value));
}

/* ---- members --------------------------------------------------------- */

static void key_of(struct tw_json_writer *writer, const char *key)
{
	if (key)
		tw_json_key(writer, key);
}

void tw_json_put_object(struct tw_json_writer *writer, const char *key)
{
	key_of(writer, key);
	tw_json_object(writer);
}

void tw_json_put_array(struct tw_json_writer *writer, const char *key)
{
	key_of(writer, key);
	tw_json_array(writer);
}

void tw_json_put_bool(
	struct tw_json_writer *writer, const char *key, bool value)
{
	key_of(writer, key);
	tw_json_bool(writer, value);
}

void tw_json_put_int(
	struct tw_json_writer *writer, const char *key, int64_t value)
{
	key_of(writer, key);
	tw_json_int(writer, value);
}

void tw_json_put_uint(
	struct tw_json_writer *writer, const char *key, uint64_t value)
{
	key_of(writer, key);
	tw_json_uint(writer, value);
}

void tw_json_put_real(
	struct tw_json_writer *writer, const char *key, double value)
{
	key_of(writer, key);
	tw_json_real(writer, value);
}

void tw_json_put_string(
	struct tw_json_writer *writer, const char *key, const char *value)
{
	if (!value)
		return;
	key_of(writer, key);
	tw_json_string(writer, value);
}
