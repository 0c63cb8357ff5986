#include "harness/commands/prove/mutants.h"

#include "harness/config/config.h"
#include "tests/unit/test.h"

#include <string.h>

static const char model[] =
	"version: 1\n"
	"services:\n"
	"  app/web:\n"
	"    replicas: 3\n"
	"    endpoints:\n"
	"      GET /:\n"
	"        - wait: 10ms\n"
	"        - parallel:\n"
	"            - {call: \"db:GET /row\"}\n"
	"            - {call: \"app/cache:GET /\", probability: 50%}\n"
	"  app/db:\n"
	"    endpoints: {GET /row: {steps: [wait: 4ms], errors: 10%}}\n"
	"  app/cache: {endpoints: {GET /: [wait: 1ms]}}\n"
	"policies:\n"
	"  - {callee: app/db, timeout: 100ms, try-timeout: 40ms, retries: 1}\n"
	"  - {callee: app/cache, retries: 2}\n";

static struct tw_spec *spec;
static struct tw_diags diags;
static struct tw_arena arena;
static struct tw_mutants mutants;

static void start(void)
{
	struct tw_map reached;

	spec = tw_spec_new();
	tw_diags_init(&diags);
	tw_arena_init(&arena);
	mutants = (struct tw_mutants){0};
	ck_assert(!tw_config_parse_model(
		spec, "m.yaml", model, sizeof model - 1, &diags));
	tw_map_init(&reached, &arena);
	tw_map_put(&reached, "app/web", spec);
	tw_map_put(&reached, "app/db", spec);
	tw_mutants_of(spec, &reached, &arena, &mutants);
}

static void stop(void)
{
	tw_spec_free(spec);
	tw_diags_release(&diags);
	tw_arena_release(&arena);
}

static const struct tw_mutant *find(enum tw_mutation kind, const char *where)
{
	for (size_t i = 0; i < mutants.n; i++)
		if (mutants.v[i].kind == kind &&
			!strcmp(mutants.v[i].where, where))
			return &mutants.v[i];
	return NULL;
}

static struct tw_spec *mutated(
	enum tw_mutation kind, const char *where, double size)
{
	struct tw_spec *copy = tw_spec_copy(spec);

	ck_assert_ptr_nonnull(find(kind, where));
	tw_mutant_apply(copy, find(kind, where), size);
	return copy;
}

static struct tw_spec_endpoint *endpoint(struct tw_spec *of, const char *key)
{
	struct tw_spec_service *service = tw_map_get(&of->services, key);

	return service->endpoints.v[0].value;
}

START_TEST(what_there_is)
{
	size_t kinds[TW_MUTATIONS] = {0};

	start();
	for (size_t i = 0; i < mutants.n; i++)
		kinds[mutants.v[i].kind]++;
	ck_assert_uint_eq(kinds[TW_MUTANT_SLOWER], 2);
	ck_assert_uint_eq(kinds[TW_MUTANT_WAITS], 2);
	ck_assert_uint_eq(kinds[TW_MUTANT_ERRORS], 2);
	ck_assert_uint_eq(kinds[TW_MUTANT_DROPPED_CALL], 2);
	ck_assert_uint_eq(kinds[TW_MUTANT_LOST_REPLICAS], 1);
	ck_assert_uint_eq(kinds[TW_MUTANT_SHORT_TIMEOUT], 1);
	ck_assert_uint_eq(kinds[TW_MUTANT_MORE_RETRIES], 1);
	ck_assert_uint_eq(find(TW_MUTANT_LOST_REPLICAS, "app/web")->n, 2);
	ck_assert_ptr_nonnull(
		find(TW_MUTANT_DROPPED_CALL, "app/web -> app/db"));
	ck_assert_ptr_null(find(TW_MUTANT_SLOWER, "app/cache"));
	for (size_t i = 0; i < mutants.n; i++)
		for (size_t k = 1; k < mutants.v[i].n; k++)
			ck_assert(mutants.v[i].kind == TW_MUTANT_SHORT_TIMEOUT
					  ? mutants.v[i].sizes[k] <
						    mutants.v[i].sizes[k - 1]
					  : mutants.v[i].sizes[k] >
						    mutants.v[i].sizes[k - 1]);
	stop();
}
END_TEST

START_TEST(each_changes_what_it_says)
{
	struct tw_spec *m;
	const struct tw_spec_steps *steps;
	struct tw_buf text = {0};

	start();
	m = mutated(TW_MUTANT_SLOWER, "app/db", 0.5);
	tw_dist_text(&endpoint(m, "app/db")->steps.v[0]->law.v, &text);
	ck_assert_str_eq(tw_buf_text(&text), "constant 6ms");
	tw_spec_free(m);
	m = mutated(TW_MUTANT_WAITS, "app/db", 25e6);
	steps = &endpoint(m, "app/db")->steps;
	ck_assert_uint_eq(steps->n, 2);
	tw_buf_clear(&text);
	tw_dist_text(&steps->v[0]->law.v, &text);
	ck_assert_str_eq(tw_buf_text(&text), "constant 25ms");
	tw_spec_free(m);
	m = mutated(TW_MUTANT_ERRORS, "app/db", 0.5);
	ck_assert_double_eq_tol(endpoint(m, "app/db")->errors.v, 0.55, 1e-12);
	tw_spec_free(m);
	m = mutated(TW_MUTANT_DROPPED_CALL, "app/web -> app/cache", 0.25);
	steps = &endpoint(m, "app/web")->steps.v[1]->children;
	ck_assert(!steps->v[0]->probability.origin);
	ck_assert_double_eq_tol(steps->v[1]->probability.v, 0.375, 1e-12);
	tw_spec_free(m);
	m = mutated(TW_MUTANT_LOST_REPLICAS, "app/web", 2);
	ck_assert_int_eq(
		((struct tw_spec_service *)tw_map_get(&m->services, "app/web"))
			->replicas.v,
		1);
	tw_spec_free(m);
	m = mutated(TW_MUTANT_SHORT_TIMEOUT, "app/db", 0.5);
	ck_assert_int_eq(m->policies.v[0]->timeout.v, 50 * TW_MS);
	ck_assert_int_eq(m->policies.v[0]->try_timeout.v, 20 * TW_MS);
	tw_spec_free(m);
	m = mutated(TW_MUTANT_MORE_RETRIES, "app/db", 3);
	ck_assert_int_eq(m->policies.v[0]->retries.v, 4);
	ck_assert_int_eq(m->policies.v[1]->retries.v, 2);
	tw_spec_free(m);
	/* The first is as it was. */
	ck_assert_uint_eq(endpoint(spec, "app/db")->steps.n, 1);
	ck_assert_int_eq(spec->policies.v[0]->retries.v, 1);
	tw_buf_release(&text);
	stop();
}
END_TEST

TW_TESTS("commands/prove/mutants", what_there_is, each_changes_what_it_says)
