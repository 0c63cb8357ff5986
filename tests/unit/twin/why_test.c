/* What a failed request is told to have failed by: web -> mid -> leaf. */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

static struct tw_spec *spec;
static struct tw_spec_endpoint *mid, *leaf;
static struct tw_spec_step *to_mid, *to_leaf;

static void begin(int queue)
{
	struct tw_spec_endpoint *home;

	spec = tw_spec_new();
	home = b_endpoint(spec, b_service(spec, "web", 1, 1000, 0), "*");
	mid = b_endpoint(spec, b_service(spec, "mid", 1, 1000, 0), "*");
	leaf = b_endpoint(spec, b_service(spec, "leaf", 1, 1, queue), "*");
	b_work(spec, &leaf->steps, TW_STEP_WAIT, b_constant(5 * TW_MS));
	to_mid = b_call(spec, &home->steps, "mid", NULL);
	to_leaf = b_call(spec, &mid->steps, "leaf", NULL);
}

/* `n` requests, one each 10 ms; the why of the first and the last that
 * failed, or NULL where none did. */
static void run(uint64_t n, tw_time gap, const char *kind, const char *args,
	char first[static 128], char last[static 128])
{
	struct tw_model *model = b_model(spec);
	struct tw_scenario scenario;
	struct tw_diags diags;
	struct tw_observation obs;

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	if (kind)
		ck_assert(b_fault(&scenario, model, kind, args, &diags));
	b_run(model, &(struct tw_options){.seed = 2, .scenario = &scenario},
		(struct b_traffic){.n = n,
			.gap = gap,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		&obs);
	*first = *last = '\0';
	if (obs.failed.n) {
		snprintf(first, 128, "%s", obs.failed.v[0].why);
		snprintf(last, 128, "%s", obs.failed.v[obs.failed.n - 1].why);
	}
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
}

#define EXPECT(n, gap, kind, args, text)                                       \
	do {                                                                   \
		char first[128], last[128];                                    \
		run(n, gap, kind, args, first, last);                          \
		ck_assert_str_eq(first, text);                                 \
		ck_assert_str_eq(last, text);                                  \
	} while (0)

START_TEST(where_it_begins)
{
	begin(0);
	tw_set_real(&leaf->errors, 1, leaf->origin);
	EXPECT(10, 10 * TW_MS, NULL, NULL, "default/leaf-1 answered 500");
	/* Not leaf's, which nobody waits for. */
	begin(0);
	tw_set_real(&leaf->errors, 1, leaf->origin);
	tw_set_real(&mid->errors, 1, mid->origin);
	to_leaf->optional = true;
	EXPECT(10, 10 * TW_MS, NULL, NULL, "default/mid-1 answered 500");
	begin(0);
	EXPECT(2, 1 * TW_MS, NULL, NULL, "default/leaf-1 refused it: no room");
	begin(0);
	tw_set_int(&to_leaf->timeout, 1 * TW_MS, leaf->origin);
	EXPECT(10, 10 * TW_MS, NULL, NULL,
		"default/mid -> default/leaf timed out");
	begin(0);
	EXPECT(10, 10 * TW_MS, "replica-kill", "service=leaf at=0s for=1s",
		"default/leaf-1 did not listen");
}
END_TEST

/* The second try's failure, not the first one's. */
START_TEST(of_the_last_try)
{
	begin(0);
	tw_set_real(&mid->errors, 1, mid->origin);
	tw_set_int(&to_mid->retries, 1, mid->origin);
	EXPECT(1, 10 * TW_MS, "replica-kill",
		"service=leaf at=0s for=12ms restart=0s",
		"default/mid-1 answered 500");
}
END_TEST

TW_TESTS("twin/why", where_it_begins, of_the_last_try)
