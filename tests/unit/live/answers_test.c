#include "harness/live/answers.h"

#include "tests/unit/test.h"

static struct twinrig_text text(const char *s)
{
	return (struct twinrig_text){s, strlen(s)};
}

static struct tw_live_exchange recorded(
	const char *target, const char *body, const char *answer)
{
	struct tw_live_exchange e = {.service = 1, .endpoint = 7};

	e.exchange.method = text("POST");
	e.exchange.target = text(target);
	e.exchange.body = text(body);
	e.exchange.has_response = 1;
	e.exchange.status = 200;
	e.exchange.response_body = text(answer);
	return e;
}

/* What was asked; how it was found; the answer, "" for none. In this order:
 * the n-th call gets the n-th answer. */
static const struct {
	uint32_t service, endpoint;
	const char *target, *body;
	enum tw_answer kind;
	const char *answer;
} rows[] = {
	{1, 7, "/a?x=1&y=2", "{\"k\":1,\"l\":2}", TW_ANSWER_EXACT, "first"},
	{1, 7, "/a?y=2&x=1", "{\"l\":2, \"k\":1}", TW_ANSWER_EXACT, "second"},
	{1, 7, "/a?x=1&y=2", "{\"k\":1,\"l\":2}", TW_ANSWER_EXACT, "second"},
	{1, 7, "/a?x=1&y=3", "{\"k\":1,\"l\":2}", TW_ANSWER_QUERY, "first"},
	{1, 7, "/a", "", TW_ANSWER_QUERY, "second"},
	{1, 7, "/a?x=1&y=2", "{\"k\":2}", TW_ANSWER_QUERY, "plain"},
	{1, 7, "/a?z", "text", TW_ANSWER_EXACT, "plain"},
	{1, 7, "/b", "", TW_ANSWER_TEMPLATE, "first"},
	{1, 8, "/b", "", TW_ANSWER_MISS, ""},
	{1, TW_NONE, "/b", "", TW_ANSWER_MISS, ""},
	{2, 7, "/a", "", TW_ANSWER_SYNTHETIC, ""},
};

START_TEST(the_best_match_wins)
{
	struct tw_live_exchange list[] = {
		recorded("/a?x=1&y=2", "{\"k\":1,\"l\":2}", "first"),
		recorded("/a?x=1&y=2", "{\"k\":1,\"l\":2}", "second"),
		recorded("/a?z", "text", "plain"),
		recorded("/unanswered", "", "never"),
	};
	struct tw_answers answers;

	list[3].exchange.has_response = 0;
	list[3].service = 2;
	tw_answers_init(&answers, list, 4);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum tw_answer kind;
		const struct twinrig_exchange *e = tw_answers_find(&answers,
			&(struct tw_asked){rows[i].service, rows[i].endpoint,
				TW_STR("POST"), tw_str_of(rows[i].target),
				tw_str_of(rows[i].body)},
			&kind);

		ck_assert_msg(kind == rows[i].kind, "row %zu: %s", i,
			tw_answer_name(kind));
		ck_assert_int_eq(e != NULL, rows[i].answer[0] != '\0');
		if (e)
			ck_assert_str_eq(e->response_body.p, rows[i].answer);
	}
	tw_answers_release(&answers);
}
END_TEST

TW_TESTS("live/answers", the_best_match_wins)
