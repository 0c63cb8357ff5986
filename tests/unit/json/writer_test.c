#include "harness/json/writer.h"

#include "tests/unit/test.h"

static void write(struct tw_json_writer *w)
{
	tw_json_object(w);
	tw_json_key(w, "a\"b");
	tw_json_array(w);
	tw_json_int(w, INT64_MIN);
	tw_json_uint(w, UINT64_MAX);
	tw_json_real(w, 0.1);
	tw_json_real(w, 1.0 / 0.0);
	tw_json_bool(w, true);
	tw_json_null(w);
	tw_json_end(w);
	tw_json_key(w, "empty");
	tw_json_object(w);
	tw_json_end(w);
	tw_json_key(w, "text");
	tw_json_text(w, (struct tw_str){"\x01\xff\xc3\xa9\n", 5});
	tw_json_end(w);
	tw_json_finish(w);
}

START_TEST(compact)
{
	struct tw_buf out = {0};
	struct tw_json_writer w;

	tw_json_writer_init(&w, &out, false);
	write(&w);
	ck_assert_str_eq(tw_buf_text(&out),
		"{\"a\\\"b\":[-9223372036854775808,18446744073709551615,"
		"0.1,null,true,null],\"empty\":{},"
		"\"text\":\"\\u0001\xef\xbf\xbd\xc3\xa9\\n\"}");
	tw_buf_release(&out);
}
END_TEST

START_TEST(pretty)
{
	struct tw_buf out = {0};
	struct tw_json_writer w;

	tw_json_writer_init(&w, &out, true);
	tw_json_object(&w);
	tw_json_key(&w, "a");
	tw_json_array(&w);
	tw_json_int(&w, 1);
	tw_json_int(&w, 2);
	tw_json_end(&w);
	tw_json_end(&w);
	tw_json_finish(&w);
	ck_assert_str_eq(
		tw_buf_text(&out), "{\n  \"a\": [\n    1,\n    2\n  ]\n}\n");
	tw_buf_release(&out);
}
END_TEST

TW_TESTS("json/writer", compact, pretty)
