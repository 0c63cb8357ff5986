/*
 * The back-off between restarts: cases of our own, and the kubelet's where the
 * conformance data is there.
 */
#include "tests/unit/conformance.h"
#include "tests/unit/test.h"
#include "twins/cluster/crash.h"

START_TEST(doubles_up_to_five_minutes)
{
	static const tw_time waits[] = {0, 10, 20, 40, 80, 160, 300, 300};
	struct tw_backoff backoff = {0};
	tw_time now = TW_S;

	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		tw_time wait = tw_crash(&backoff, now);

		ck_assert_int_eq(wait, waits[i] * TW_S);
		now += wait + TW_S; /* it runs for a second */
	}
}
END_TEST

START_TEST(forgets_after_ten_minutes)
{
	struct tw_backoff backoff = {0};

	ck_assert_int_eq(tw_crash(&backoff, 0), 0);
	ck_assert_int_eq(tw_crash(&backoff, 600 * TW_S), 10 * TW_S);
	/* Started at 610 s; it runs for more than 600 s. */
	ck_assert_int_eq(tw_crash(&backoff, 1211 * TW_S), 0);
}
END_TEST

static int64_t number(const cJSON *from, const char *name)
{
	return (int64_t)cJSON_GetObjectItemCaseSensitive(from, name)
		->valuedouble;
}

static void check_case(const cJSON *in, const cJSON *want, const char *name)
{
	const cJSON *delay = cJSON_GetObjectItemCaseSensitive(want, "delays_s");
	const cJSON *check = cJSON_GetObjectItemCaseSensitive(want, "checks");
	tw_time initial = number(in, "initial_s") * TW_S;
	tw_time max = number(in, "max_s") * TW_S;
	struct tw_backoff backoff = {0};
	const cJSON *event;

	delay = delay->child;
	check = check->child;
	cJSON_ArrayForEach(
		event, cJSON_GetObjectItemCaseSensitive(in, "events"))
	{
		const char *op = cJSON_GetObjectItemCaseSensitive(event, "op")
					 ->valuestring;
		tw_time at = number(event, "at_s") * TW_S;

		if (!strcmp(op, "failure")) {
			tw_time is =
				tw_backoff_next(&backoff, at, initial, max);

			ck_assert_msg(cJSON_IsNull(delay) ||
					      is == delay->valueint * TW_S,
				"%s: delay %lld", name, (long long)is);
			delay = delay->next;
		} else {
			ck_assert_msg(tw_backoff_waits(&backoff, at, max) ==
					      cJSON_IsTrue(check),
				"%s: check at %lld", name, (long long)at);
			check = check->next;
		}
	}
	ck_assert(!delay && !check);
}

START_TEST(kubelet_conformance)
{
	cJSON *all = tw_conformance("kubelet.json");
	const cJSON *it;
	size_t n = 0;

	if (!all)
		return;
	cJSON_ArrayForEach(it, cJSON_GetObjectItemCaseSensitive(all, "cases"))
	{
		const cJSON *in = cJSON_GetObjectItemCaseSensitive(it, "in");

		if (strcmp(cJSON_GetObjectItemCaseSensitive(in, "kind")
				    ->valuestring,
			    "backoff"))
			continue;
		n++;
		check_case(in, cJSON_GetObjectItemCaseSensitive(it, "want"),
			cJSON_GetObjectItemCaseSensitive(it, "name")
				->valuestring);
	}
	ck_assert_uint_eq(n, 4);
	cJSON_Delete(all);
}
END_TEST

TW_TESTS("cluster/crash", doubles_up_to_five_minutes, forgets_after_ten_minutes,
	kubelet_conformance)
