#include "plugins/common/lines.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

/* A stream that comes in windows that grow by `step` bytes. */
struct stream {
	struct twinrig_source source;
	const char *text;
	size_t n, from, to, step;
	int end; /* what more() says in the end */
};

static int more(struct twinrig_source *source, size_t used)
{
	struct stream *s = (struct stream *)source;
	int got = s->to < s->n ? 1 : s->end;

	ck_assert_uint_le(used, source->size);
	s->from += used;
	s->to += s->step;
	if (s->to > s->n)
		s->to = s->n;
	source->data = s->text + s->from;
	source->size = s->to - s->from;
	return got;
}

struct lines {
	char text[256];
	size_t n;
	uint64_t stop; /* at this line; 0: never */
};

static int take(void *context, const char *line, size_t n, uint64_t number)
{
	struct lines *to = context;

	to->n += (size_t)snprintf(to->text + to->n, sizeof to->text - to->n,
		"%d:%.*s;", (int)number, (int)n, line);
	return number == to->stop ? 1 : 0;
}

static int read_by(
	const char *text, size_t step, int end, uint64_t stop, struct lines *to)
{
	struct stream s = {.source = {sizeof s.source, "", 0, more},
		.text = text,
		.n = strlen(text),
		.step = step,
		.end = end};

	*to = (struct lines){.stop = stop};
	return tw_lines_each(&s.source, take, to);
}

/* Whatever the windows are. */
START_TEST(lines_come_one_by_one)
{
	static const struct {
		const char *text, *lines;
	} rows[] = {
		{"", "1:;"},
		{"a", "1:a;"},
		{"a\n", "1:a;2:;"},
		{"a\n\nbcd\nefghij\nk", "1:a;2:;3:bcd;4:efghij;5:k;"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t step = 1; step < 20; step++) {
			struct lines got;

			ck_assert_int_eq(
				read_by(rows[i].text, step, 0, 0, &got), 0);
			ck_assert_str_eq(got.text, rows[i].lines);
		}
}
END_TEST

START_TEST(it_stops_where_it_is_told_to)
{
	struct lines got;

	ck_assert_int_eq(read_by("a\nb\nc", 9, 0, 2, &got), -1);
	ck_assert_str_eq(got.text, "1:a;2:b;");
	/* Also at the last one. */
	ck_assert_int_eq(read_by("a\nb", 9, 0, 2, &got), -1);
	/* A source that fails: what it has left is no line. */
	ck_assert_int_eq(read_by("a\nb", 1, -1, 0, &got), -1);
	ck_assert_str_eq(got.text, "1:a;");
}
END_TEST

TW_TESTS("plugins/lines", lines_come_one_by_one, it_stops_where_it_is_told_to)
