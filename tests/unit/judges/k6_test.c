#include "harness/judges/k6.h"

#include "harness/judges/judges.h"
#include "tests/unit/test.h"

START_TEST(grammar)
{
	static const struct {
		const char *text;
		enum tw_k6_method method;
		double p;
		enum tw_k6_op op;
		double limit;
	} good[] = {
		{"avg<200", TW_K6_AVG, 0, TW_K6_LT, 200},
		{" p(95) <= 500.5 ", TW_K6_P, 95, TW_K6_LE, 500.5},
		{"p(99.99)<1e3", TW_K6_P, 99.99, TW_K6_LT, 1000},
		{"rate>=0.9", TW_K6_RATE, 0, TW_K6_GE, 0.9},
		{"count==0", TW_K6_COUNT, 0, TW_K6_EQ, 0},
		{"value===1", TW_K6_VALUE, 0, TW_K6_EQ, 1},
		{"med!=-1", TW_K6_MED, 0, TW_K6_NE, -1},
		{"min>0.5", TW_K6_MIN, 0, TW_K6_GT, 0.5},
		{"max<10", TW_K6_MAX, 0, TW_K6_LT, 10},
	};
	static const char *const bad[] = {"", "p<5", "p()<5", "p(101)<5",
		"p(95<5", "average<5", "avg 5", "avg<", "avg<x", "avg<5ms",
		"avg=5", "rate<0.1 and count>1", "P(95)<5", "p (95)<5",
		"p( 95)<5", "p(95 )<5", "p(-1)<5", "p(NaN)<5", "count!20"};
	struct tw_k6_threshold t;
	struct tw_k6_wrong why;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		t = (struct tw_k6_threshold){0};
		ck_assert_msg(tw_k6_parse(good[i].text, &t, &why), "%s",
			good[i].text);
		ck_assert_int_eq(t.method, good[i].method);
		ck_assert_int_eq(t.op, good[i].op);
		ck_assert(t.p == good[i].p && t.limit == good[i].limit);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!tw_k6_parse(bad[i], &t, &why), "%s", bad[i]);
}
END_TEST

/* Where it is wrong, in bytes. */
START_TEST(points_at_it)
{
	static const struct {
		const char *text;
		size_t at, width;
	} rows[] = {{"average<5", 0, 7}, {" P(95)<5", 1, 1}, {"p<5", 1, 1},
		{"p(101)<5", 2, 3}, {"p(95<5", 4, 1}, {"avg 5", 4, 1},
		{"avg<", 4, 1}, {"avg<x", 4, 1}, {"avg<5ms", 5, 2},
		{"rate<0.1 and count>1", 9, 11}, {"", 0, 1}};
	struct tw_k6_threshold t;
	struct tw_k6_wrong why;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert(!tw_k6_parse(rows[i].text, &t, &why));
		ck_assert_msg(
			why.at == rows[i].at && why.width == rows[i].width,
			"%s: %zu, %zu", rows[i].text, why.at, why.width);
		ck_assert_ptr_nonnull(why.what);
	}
}
END_TEST

START_TEST(comparisons)
{
	static const struct {
		const char *text;
		bool at[3]; /* of 1, 2, 3 */
	} rows[] = {{"avg<2", {true, false, false}},
		{"avg<=2", {true, true, false}},
		{"avg>2", {false, false, true}},
		{"avg>=2", {false, true, true}},
		{"avg==2", {false, true, false}},
		{"avg!=2", {true, false, true}}};
	struct tw_k6_threshold t;
	struct tw_k6_wrong why;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int v = 1; v <= 3; v++) {
			ck_assert(tw_k6_parse(rows[i].text, &t, &why));
			ck_assert(tw_k6_holds(&t, v) == rows[i].at[v - 1]);
		}
}
END_TEST

START_TEST(scripts)
{
	static const char *const rows[][2] = {
		{"const a = 1;\nexport const options = {\n  thresholds: {\n"
		 "    // p(1)<1\n    http_reqs: ['count>1', `rate>0.5`],\n  "
		 "},\n"
		 "  vus: 1,\n};\n",
			"\n\nthresholds:  {\n    \n    http_reqs: ['count>1', "
			"'rate>0.5'],\n  }\n"},
		{"{\"thresholds\" : {'a{b:c}': [\"avg<1\"]}}",
			"thresholds:  {'a{b:c}': [\"avg<1\"]}\n"},
		{"thresholds: {a: /* { */ ['avg<1']} // }",
			"thresholds:  {a:  ['avg<1']}\n"},
		{"export default function () {}", ""},
		{"thresholds", ""},
	};
	struct tw_buf out = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		tw_buf_clear(&out);
		tw_k6_script(rows[i][0], &out);
		ck_assert_str_eq(tw_buf_text(&out), rows[i][1]);
	}
	tw_buf_release(&out);
}
END_TEST

TW_TESTS("judges/k6", grammar, points_at_it, comparisons, scripts)
