#include "tests/unit/test.h"

#include "twins/model/cron.h"

#define DAY (24 * TW_H)

/* Day 0 is a Monday, the first of January. */
START_TEST(the_next_start)
{
	static const struct {
		const char *schedule;
		tw_time after, next;
	} cases[] = {
		{"* * * * *", -1, 0},
		{"* * * * *", 0, TW_MIN},
		{"*/15 * * * *", 10 * TW_MIN, 15 * TW_MIN},
		{"5-20/5 * * * *", 10 * TW_MIN, 15 * TW_MIN},
		{"5-20/5 * * * *", 20 * TW_MIN, TW_H + 5 * TW_MIN},
		{"50/5 * * * *", 0, 50 * TW_MIN}, /* to the end of the hour */
		{"30 3 * * *", 0, 3 * TW_H + 30 * TW_MIN},
		{"@hourly", 1, TW_H},
		{"@daily", 1, DAY},
		{"@weekly", 0, 6 * DAY}, /* the first Sunday */
		{"0 0 * * 7", 0, 6 * DAY},
		{"0 0 * * TUE-thu", 2 * DAY, 3 * DAY},
		{"0 0 2,4 * *", 2 * DAY, 3 * DAY},
		{"0 0 1 feb *", 0, 31 * DAY},
		/* The day or the weekday. */
		{"0 0 3 * sun", 0, 2 * DAY},
		{"0 0 3 * sun", 2 * DAY, 6 * DAY},
		/* The day and, as the other is a `*`, any weekday. */
		{"0 0 3 * *", 2 * DAY, (31 + 2) * DAY},
		{"0 0 29 2 *", 0, TW_NEVER},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tw_error error = {0};
		struct tw_cron cron;

		ck_assert_msg(!tw_cron_parse(&cron, cases[i].schedule, &error),
			"%s: %s", cases[i].schedule, error.message);
		ck_assert_msg(
			tw_cron_next(&cron, cases[i].after) == cases[i].next,
			"%s: %lld", cases[i].schedule,
			(long long)(tw_cron_next(&cron, cases[i].after) /
				    TW_MIN));
	}
}
END_TEST

START_TEST(what_is_no_schedule)
{
	static const struct {
		const char *schedule, *said;
	} cases[] = {
		{"", "this one has 0"},
		{"* * * *", "this one has 4"},
		{"* * * * * *", "has more"},
		{"60 * * * *", "'60' is no minute (0-59)"},
		{"* 24 * * *", "'24' is no hour (0-23)"},
		{"* * 0 * *", "is no day of the month"},
		{"* * * jaan *", "'jaan' is no month"},
		{"* * * * mon-", "is no day of the week"},
		{"5-1 * * * *", "'5-1' is no minute"},
		{"*/0 * * * *", "is no minute"},
		{"1,,2 * * * *", "is no minute"},
		{"@every 1h", "'@every' is no minute"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tw_error error = {0};
		struct tw_cron cron;

		ck_assert_msg(tw_cron_parse(&cron, cases[i].schedule, &error),
			"%s", cases[i].schedule);
		ck_assert_msg(strstr(error.message, cases[i].said) != NULL,
			"%s: %s", cases[i].schedule, error.message);
	}
}
END_TEST

TW_TESTS("model/cron", the_next_start, what_is_no_schedule)
