#include "harness/commands/prove/run.h"

#include "harness/commands/output.h"
#include "harness/trial/parallel.h"

#include <stdio.h>
#include <time.h>

#define SIZES 5 /* of a mutant that are tried, about */

#define NONE TW_MUTANT_SIZES
#define ANY  SIZE_MAX /* check: whichever */

const char *const tw_proved_names[TW_PROVED_OUTCOMES] = {
	"caught", "untried", "doubted", "blind"};

/* ---- which size is next ------------------------------------------------- */

static bool fails(const struct tw_proof *proof, const struct tw_proved_test *it,
	size_t check)
{
	if (check != ANY)
		return it->scenarios[check] > 0;
	for (size_t i = 0; i < proof->checks.n; i++)
		if (it->scenarios[i])
			return true;
	return false;
}

/* The smallest size at which it failed, as far as was tried. */
static size_t smallest(const struct tw_proof *proof,
	const struct tw_proved_mutant *it, size_t check)
{
	for (size_t i = 0; i < it->mutant->n; i++)
		if (it->tests[i].tried && fails(proof, &it->tests[i], check))
			return i;
	return NONE;
}

/* The smallest size that may fail, by what the smaller ones did. */
static size_t lowest(const struct tw_proved_mutant *it, size_t high)
{
	size_t low = 0;

	for (size_t i = 0; i < high; i++)
		if (it->tests[i].tried)
			low = i + 1;
	return low;
}

static size_t halfway(const struct tw_proof *proof,
	const struct tw_proved_mutant *it, size_t check)
{
	size_t high = smallest(proof, it, check);
	size_t low = high == NONE ? 0 : lowest(it, high);

	return high == NONE || low == high ? NONE : low + (high - low) / 2;
}

/* For the gate as a whole. */
static size_t next_size(
	const struct tw_proof *proof, const struct tw_proved_mutant *it)
{
	size_t last = it->mutant->n - 1;

	if (!it->tests[last].tried)
		return last;
	/* What is gone altogether may leave nothing to be measured. */
	if (last && !it->tests[last - 1].tried &&
		!fails(proof, &it->tests[last], ANY))
		return last - 1;
	return halfway(proof, it, ANY);
}

/* And then for each check. */
static size_t next_of_checks(
	const struct tw_proof *proof, const struct tw_proved_mutant *it)
{
	size_t next = next_size(proof, it);

	for (size_t i = 0; next == NONE && i < proof->checks.n; i++)
		next = halfway(proof, it, i);
	return next;
}

bool tw_proved_exactly(const struct tw_proved_mutant *it, size_t check)
{
	size_t from = it->from[check];

	return from && lowest(it, from - 1) == from - 1;
}

/* ---- rounds ------------------------------------------------------------- */

typedef size_t choose(
	const struct tw_proof *proof, const struct tw_proved_mutant *it);

/* One size of each mutant that has one left. */
static int go_round(struct tw_proving *p, choose *next, bool *done)
{
	struct tw_proof *proof = p->proof;
	size_t n = 0;
	struct tw_prove_try *tries =
		tw_calloc(proof->mutants.n + 1, sizeof *tries);
	int status = 0;

	for (size_t i = 0; i < proof->mutants.n; i++) {
		struct tw_proved_mutant *it = &proof->mutants.v[i];
		size_t size = it->elsewhere ? NONE : next(proof, it);

		if (size != NONE)
			tries[n++] =
				(struct tw_prove_try){.it = it, .size = size};
	}
	*done = !n;
	if (n)
		status = tw_prove_try(p, tries, n);
	tw_free(tries);
	return status;
}

static int try_all(struct tw_proving *p)
{
	choose *const phases[] = {next_size, next_of_checks};
	int status = 0;

	for (size_t i = 0; i < 2; i++)
		for (bool done = false; !status && !done && !p->out_of_time;)
			status = go_round(p, phases[i], &done);
	return status;
}

/* ---- what it comes to --------------------------------------------------- */

/* A scenario after the other; where time is dear until one catches it. */
static size_t trials_of(
	const struct tw_proving *p, const struct tw_proved_test *test)
{
	size_t scenes = p->stages.n;

	for (size_t i = 0; p->player->one_scene && i < p->proof->checks.n; i++)
		if (test->scenarios[i])
			scenes = test->scenarios[i];
	return test->tried ? scenes * p->gate->runs : 0;
}

static void sum_up(struct tw_proving *p, struct tw_proved_mutant *it)
{
	struct tw_proof *proof = p->proof;
	bool doubted = false;

	it->size = smallest(proof, it, ANY);
	it->from = tw_new_array(&p->gate->arena, proof->checks.n + 1, size_t);
	for (size_t i = 0; i < it->mutant->n; i++) {
		it->n_tests += it->tests[i].tried;
		proof->trials += trials_of(p, &it->tests[i]);
		doubted = doubted || it->tests[i].doubted;
	}
	it->outcome = it->size != NONE		     ? TW_PROVED_CAUGHT
		      : next_size(proof, it) != NONE ? TW_PROVED_UNTRIED
		      : doubted			     ? TW_PROVED_DOUBTED
						     : TW_PROVED_BLIND;
	proof->outcomes[it->outcome]++;
	for (size_t i = 0; it->size != NONE && i < proof->checks.n; i++) {
		size_t from = smallest(proof, it, i);

		it->from[i] = from == NONE ? 0 : from + 1;
		proof->checks.v[i].catches += from != NONE;
		proof->checks.v[i].first += from == it->size;
	}
}

/* Checks that no candidate can pass: they prove nothing. */
static void note_failing_anyway(struct tw_proving *p)
{
	for (size_t i = 0; i < p->proof->checks.n; i++)
		for (size_t s = 0; s < p->stages.n; s++)
			if (p->stages.v[s].fails && p->stages.v[s].fails[i])
				p->proof->checks.v[i].fails_anyway =
					p->stages.v[s].one->name;
}

static int conclude(struct tw_proving *p)
{
	struct tw_proof *proof = p->proof;
	double alpha = (1 - (p->confidence > 0 ? p->confidence : 0.95)) / 2;

	for (size_t i = 0; i < proof->mutants.n; i++)
		sum_up(p, &proof->mutants.v[i]);
	note_failing_anyway(p);
	proof->trials += (proof->blocks ? proof->blocks : 1) * p->stages.n *
			 p->gate->runs;
	/* More than alpha allows: what many false alarms cannot be is chance.
	 */
	proof->alarmed = (double)proof->false_alarms >
			 2 * alpha * (double)proof->pairs + 1;
	if (proof->alarmed || proof->too_late)
		return TW_EXIT_INCONCLUSIVE;
	if (proof->outcomes[TW_PROVED_BLIND])
		return TW_EXIT_FAIL;
	return proof->outcomes[TW_PROVED_UNTRIED] ? TW_EXIT_INCONCLUSIVE : 0;
}

/* ---- telling ------------------------------------------------------------ */

static int tell(struct tw_proving *p)
{
	const struct tw_cli *cli = p->gate->cli;
	const struct tw_proof *proof = p->proof;
	struct tw_arena *arena = &p->gate->arena;
	const char *const paths[] = {cli->json, cli->junit, cli->html};
	struct tw_buf texts[4] = {{0}};
	bool taken = false;
	int failed = 0;

	tw_proof_json(proof, arena, &texts[0]);
	tw_proof_junit(proof, p->gate->setup.file, cli->junit_strict, arena,
		&texts[1]);
	tw_proof_page(proof, arena, &texts[2]);
	tw_proof_terminal(proof, cli->quiet && !cli->verbose, cli->colour,
		arena, &texts[3]);
	for (size_t i = 0; i < 3; i++) {
		if (!paths[i])
			continue;
		taken = taken || !strcmp(paths[i], "-");
		failed |= tw_output_write(paths[i], &texts[i]);
	}
	if (!taken)
		failed |= tw_output_write("-", &texts[3]);
	tw_prove_store_finish(p, &texts[0]);
	for (size_t i = 0; i < 4; i++)
		tw_buf_release(&texts[i]);
	return failed ? TW_EXIT_RUN : proof->status;
}

/* ---- the whole ---------------------------------------------------------- */

static tw_time now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * TW_S + t.tv_nsec;
}

bool tw_prove_time_is_up(struct tw_proving *p)
{
	p->out_of_time = p->out_of_time || now() > p->deadline;
	return p->out_of_time;
}

bool tw_prove_is_plain(const struct tw_case *one)
{
	return !tw_case_is_search(one) &&
	       !(one->config && one->config->rollout.origin);
}

void tw_prove_block_release(struct tw_prove_block *block)
{
	for (size_t i = 0; i < block->n; i++)
		tw_observation_release(&block->seen[i]);
	tw_free(block->seen);
	*block = (struct tw_prove_block){0};
}

static void add_check(struct tw_proving *p, const char *text)
{
	tw_vec_push_in(&p->gate->arena, &p->proof->checks,
		((struct tw_proved_check){.text = text}));
}

static void list_checks(struct tw_proving *p)
{
	struct tw_gate *gate = p->gate;

	for (size_t i = 0; i < gate->checks.n; i++)
		add_check(p, gate->checks.v[i]->text);
	for (size_t i = 0; i < gate->judges.n; i++)
		add_check(p, tw_arena_printf(&gate->arena, "judge %s %s",
				     gate->judges.v[i].kind->name,
				     gate->judges.v[i].setup.file));
	if (!p->proof->process)
		return;
	add_check(p, "it starts, serves and stays up");
	add_check(p, "it answers as recorded");
}

static void list_mutants(struct tw_proving *p)
{
	struct tw_arena *arena = &p->gate->arena;
	struct tw_mutants mutants = {0};

	p->player->list(p, &mutants);
	for (size_t i = 0; i < mutants.n; i++) {
		struct tw_proved_mutant it = {.mutant = &mutants.v[i]};

		for (size_t k = 0; k < TW_MUTANT_SIZES; k++)
			it.tests[k].scenarios = tw_new_array(
				arena, p->proof->checks.n + 1, size_t);
		it.elsewhere = !tw_prove_is_mine(p, i);
		tw_vec_push_in(arena, &p->proof->mutants, it);
	}
}

static int prove(struct tw_proving *p)
{
	struct tw_gate *gate = p->gate;
	struct tw_proof *proof = p->proof;
	int status = 0;

	for (size_t i = 0; !status && i < p->stages.n; i++) {
		tw_vec_push_in(&gate->arena, &proof->scenarios,
			p->stages.v[i].one->name);
		status = tw_prove_know(p, &p->stages.v[i]);
	}
	if (status)
		return status;
	list_mutants(p);
	if (!gate->cli->quiet && !gate->merging)
		fprintf(stderr, "twinrig: %zu mutants in %zu scenarios\n",
			proof->mutants.n, p->stages.n);
	tw_progress_start(&p->progress, gate->cli,
		(proof->mutants.n * SIZES + p->player->blocks) * p->stages.n *
			gate->runs);
	status = try_all(p);
	if (!status)
		status = tw_prove_false_alarms(p);
	tw_progress_end(&p->progress);
	if (!status && gate->merging)
		status = tw_prove_merge_missing(p);
	if (status || gate->store.shards)
		return status ? status : tw_gate_shard_finish(gate);
	proof->out_of_time = p->out_of_time;
	proof->status = conclude(p);
	return tell(p);
}

static void release(struct tw_proving *p)
{
	for (size_t i = 0; i < p->stages.n; i++) {
		struct tw_prove_stage *stage = &p->stages.v[i];

		for (size_t b = 0; b < TW_PROVE_BLOCKS; b++)
			tw_prove_block_release(&stage->blocks[b]);
		tw_scenario_release(&stage->scenario);
	}
	tw_vec_release(&p->stages);
}

int tw_gate_prove(struct tw_gate *gate)
{
	bool live = gate->setup.config.candidate.process.n > 0;
	struct tw_proof proof = {.runs = gate->runs,
		.seed = gate->seed,
		.process =
			live ? gate->setup.config.candidate.service.v : NULL};
	struct tw_proving p = {.gate = gate,
		.proof = &proof,
		.player = live ? &tw_prove_process : &tw_prove_simulated,
		.confidence = tw_real_or(gate->policy->gate.confidence, 0),
		.threads = gate->cli->threads ? (size_t)gate->cli->threads
					      : tw_threads_default()};
	int status = tw_gate_store_open(gate);

	if (!status)
		status = tw_gate_shard_open(gate);
	p.deadline = now() + (gate->policy->gate.budget.origin
					     ? gate->policy->gate.budget.v
					     : p.player->budget);
	list_checks(&p);
	if (!status)
		status = p.player->open(&p);
	if (!status) {
		tw_prove_store_open(&p);
		status = prove(&p);
	}
	p.player->close(&p);
	release(&p);
	return status;
}
