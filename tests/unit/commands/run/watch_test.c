#include "tests/unit/test.h"

#include "harness/commands/run/watch.h"

START_TEST(ages_are_kubectls)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {{-5, "0s"}, {0, "0s"}, {119, "119s"}, {120, "2m"},
		{121, "2m1s"}, {599, "9m59s"}, {601, "10m"}, {10799, "179m"},
		{10800, "3h"}, {10860, "3h1m"}, {28800, "8h"}, {172799, "47h"},
		{172800, "2d"}, {176400, "2d1h"}, {691200, "8d"},
		{694800, "8d"}};
	char text[TW_AGE_TEXT];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_str_eq(tw_age_text(cases[i].seconds * TW_S, text),
			cases[i].text);
}
END_TEST

START_TEST(what_is_no_kind_is_refused)
{
	struct tw_watcher watcher;
	struct tw_error error = {0};

	ck_assert_int_eq(tw_watch_init(&watcher, "events", stdout, &error), 0);
	ck_assert_ptr_nonnull(watcher.event);
	ck_assert_int_eq(tw_watch_init(&watcher, "event", stdout, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.message, "did you mean 'events'?"));
}
END_TEST

TW_TESTS("commands/run/watch", ages_are_kubectls, what_is_no_kind_is_refused)
