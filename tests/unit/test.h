/*
 * What every unit test starts with: one file, one suite, one main.
 *
 *	START_TEST(adds) { ck_assert_int_eq(1 + 1, 2); } END_TEST
 *	TW_TESTS("base/numbers", adds, subtracts)
 */
#ifndef TW_TESTS_UNIT_TEST_H
#define TW_TESTS_UNIT_TEST_H

#include <check.h>
#include <stdlib.h>

/* Seconds that one test may take, sanitizers included. */
#define TW_TEST_DEADLINE 120

#define TW_TESTS(name, ...)                                                    \
	int main(void)                                                         \
	{                                                                      \
		const TTest *tests[] = {__VA_ARGS__};                          \
		Suite *suite = suite_create(name);                             \
		TCase *tcase = tcase_create(name);                             \
		SRunner *runner;                                               \
		int failed;                                                    \
                                                                               \
		tcase_set_timeout(tcase, TW_TEST_DEADLINE);                    \
		for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)      \
			tcase_add_test(tcase, tests[i]);                       \
		suite_add_tcase(suite, tcase);                                 \
		runner = srunner_create(suite);                                \
		srunner_run_all(runner, CK_NORMAL);                            \
		failed = srunner_ntests_failed(runner);                        \
		srunner_free(runner);                                          \
		return failed != 0;                                            \
	}

#endif
