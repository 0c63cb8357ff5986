/*
 * The judge on what the twin itself saw: web -> shop -> pay -> bank and
 * shop -> mail, where pay may be slow for ten seconds.
 */
#include "harness/gate/judge.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#define RUNS 4

/* What a pull request may change. */
struct change {
	tw_time try_timeout, bank_work, mail_work;
	int retries, pay_replicas, mail_calls;
};

static const struct change plain = {.try_timeout = 400 * TW_MS,
	.bank_work = 5 * TW_MS,
	.mail_work = 5 * TW_MS,
	.retries = 1,
	.pay_replicas = 3,
	.mail_calls = 1};

static struct tw_spec *system_of(const struct change *change)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *web, *shop, *pay, *bank, *mail;
	struct tw_spec_policy *policy = b_policy(spec, "default/pay");

	web = b_endpoint(spec, b_service(spec, "web", 6, 512, 512), "*");
	shop = b_endpoint(spec, b_service(spec, "shop", 6, 512, 512), "*");
	pay = b_endpoint(spec,
		b_service(spec, "pay", change->pay_replicas, 4, 200), "*");
	bank = b_endpoint(spec, b_service(spec, "bank", 3, 32, 200), "*");
	mail = b_endpoint(spec, b_service(spec, "mail", 3, 32, 200), "*");
	b_node(spec, "node", 3, "a");
	tw_set_int(&policy->try_timeout, change->try_timeout, policy->origin);
	tw_set_int(&policy->retries, change->retries, policy->origin);
	tw_set_int(&policy->retry_on, TW_RETRY_5XX, policy->origin);
	b_work(spec, &web->steps, TW_STEP_WAIT, b_constant(TW_MS));
	b_call(spec, &web->steps, "shop", NULL);
	b_work(spec, &shop->steps, TW_STEP_WAIT, b_constant(TW_MS));
	b_call(spec, &shop->steps, "pay", NULL);
	for (int i = 0; i < change->mail_calls; i++)
		b_call(spec, &shop->steps, "mail", NULL);
	b_work(spec, &pay->steps, TW_STEP_WAIT, b_exponential(15 * TW_MS));
	b_call(spec, &pay->steps, "bank", NULL);
	b_work(spec, &bank->steps, TW_STEP_WAIT,
		b_exponential(change->bank_work));
	b_work(spec, &mail->steps, TW_STEP_WAIT,
		b_exponential(change->mail_work));
	return spec;
}

struct side {
	struct tw_observation obs[RUNS];
	const struct tw_observation *at[RUNS];
};

static void run_side(
	struct side *side, const struct change *change, const char *fault)
{
	struct tw_spec *spec = system_of(change);
	struct tw_model *model = b_model(spec);
	struct tw_scenario scenario;
	struct tw_diags diags;

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	ck_assert(!fault || b_fault(&scenario, model, "slow", fault, &diags));
	for (uint32_t i = 0; i < RUNS; i++) {
		b_run(model,
			&(struct tw_options){.seed = 2,
				.replication = i,
				.scenario = &scenario},
			(struct b_traffic){.seed = 7 + i,
				.n = 9000,
				.gap = 3500 * TW_US,
				.endpoint = tw_model_endpoint(model,
					tw_model_service(model, "web"), NULL)},
			&side->obs[i]);
		tw_observation_sort(&side->obs[i]);
		side->at[i] = &side->obs[i];
	}
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
}

struct trial {
	struct tw_arena arena;
	struct side b, c;
	struct tw_scenario_result *result;
	struct tw_judge_options options;
};

static void judge(struct trial *t, const struct change *change,
	const char *fault, const char *text)
{
	struct tw_check *check;
	struct tw_diags diags;

	*t = (struct trial){0};
	tw_arena_init(&t->arena);
	tw_diags_init(&diags);
	check = tw_new(&t->arena, struct tw_check);
	ck_assert(!tw_check_parse(
		check, &t->arena, tw_str_of(text), (struct tw_pos){0}, &diags));
	tw_diags_release(&diags);
	run_side(&t->b, &plain, fault);
	run_side(&t->c, change, fault);
	t->result = tw_judge_scenario("test",
		(const struct tw_check *const[]){check}, 1,
		(struct tw_runs){t->b.at, RUNS},
		(struct tw_runs){t->c.at, RUNS}, &t->options, &t->arena);
}

static void release(struct trial *t)
{
	for (int i = 0; i < RUNS; i++) {
		tw_observation_release(&t->b.obs[i]);
		tw_observation_release(&t->c.obs[i]);
	}
	tw_arena_release(&t->arena);
}

static void expect(const struct change *change, const char *fault,
	const char *check, const char *caller, const char *service,
	enum tw_cause cause)
{
	struct trial t;
	const struct tw_group *group;

	judge(&t, change, fault, check);
	group = t.result->checks.v[0]->groups.v[0];
	ck_assert_msg(
		group->verdict == (caller ? TW_VERDICT_FAIL : TW_VERDICT_PASS),
		"%s: %s", tw_verdict_names[group->verdict], group->why);
	if (caller) {
		const struct tw_edge *guilty = group->blame->guilty;

		ck_assert_ptr_nonnull(guilty);
		ck_assert_msg(!strcmp(guilty->caller, caller) &&
				      !strcmp(guilty->service, service) &&
				      guilty->cause == cause,
			"%s; %s", group->blame->text, group->why);
	}
	release(&t);
}

#define SLOW	"service=default/pay factor=2 at=8s for=10s"
#define LATENCY "p95(latency) <= baseline * 1.10 + 1ms"
#define ERRORS	"ratio(errors) <= baseline + 0.1pp"

START_TEST(no_change_passes)
{
	expect(&plain, NULL, LATENCY, NULL, NULL, 0);
	expect(&plain, SLOW, ERRORS, NULL, NULL, 0);
}
END_TEST

START_TEST(slower_bank)
{
	struct change c = plain;

	c.bank_work = 12 * TW_MS;
	expect(&c, NULL, LATENCY, "default/pay", "default/bank", TW_CAUSE_WORK);
}
END_TEST

START_TEST(slower_mail)
{
	struct change c = plain;

	c.mail_work = 25 * TW_MS;
	expect(&c, NULL, LATENCY, "default/shop", "default/mail",
		TW_CAUSE_WORK);
}
END_TEST

START_TEST(fewer_replicas)
{
	struct change c = plain;

	c.pay_replicas = 2;
	expect(&c, NULL, "p95(latency) <= baseline + 1ms", "default/shop",
		"default/pay", TW_CAUSE_QUEUE);
}
END_TEST

START_TEST(one_more_call)
{
	struct change c = plain;

	c.mail_calls = 3;
	expect(&c, NULL, LATENCY, "default/shop", "default/mail",
		TW_CAUSE_CALLS);
}
END_TEST

/* Fine while all is well; a storm when pay is slow. */
START_TEST(retry_storm)
{
	struct change c = plain;

	c.try_timeout = 60 * TW_MS;
	c.retries = 3;
	expect(&c, NULL, ERRORS, NULL, NULL, 0);
	expect(&c, SLOW, ERRORS, "default/shop", "default/pay",
		TW_CAUSE_RETRIES);
}
END_TEST

TW_TESTS("gate/twin", no_change_passes, slower_bank, slower_mail,
	fewer_replicas, one_more_call, retry_storm)
