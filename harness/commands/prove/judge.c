/* What the gate says of a mutant, and of the candidate beside itself. */
#include "harness/commands/prove/run.h"

#include "twins/base/assert.h"

#include <stdio.h>

/* The first n. */
static struct tw_runs first_of(
	const struct tw_prove_block *block, size_t n, struct tw_arena *arena)
{
	const struct tw_observation **v =
		tw_new_array(arena, n + 1, const struct tw_observation *);

	for (size_t i = 0; i < n; i++)
		v[i] = &block->seen[i];
	return (struct tw_runs){v, n};
}

static struct tw_runs runs_of(
	const struct tw_prove_block *block, struct tw_arena *arena)
{
	return first_of(block, block->n, arena);
}

static struct tw_scenario_result *judge(struct tw_proving *p,
	const struct tw_prove_stage *stage, struct tw_runs baseline,
	struct tw_runs candidate, struct tw_arena *arena)
{
	struct tw_gate *gate = p->gate;
	struct tw_judge_options options = {.confidence = p->confidence};
	struct tw_scenario_result *result =
		tw_judge_scenario(stage->one->name, gate->checks.v,
			gate->checks.n, baseline, candidate, &options, arena);

	tw_judges_ask(&gate->judges, baseline, candidate, arena, result);
	return result;
}

static enum tw_verdict concluded(struct tw_proving *p,
	struct tw_scenario_result *const *scenarios, struct tw_arena *arena)
{
	struct tw_gate_result result = {0};

	for (size_t i = 0; i < p->stages.n; i++)
		tw_vec_push_in(arena, &result.scenarios, scenarios[i]);
	tw_gate_conclude(
		&result, &(struct tw_evidence){0}, p->confidence, arena);
	tw_judges_count(&result);
	return result.verdict;
}

static void note_failed(struct tw_proving *p,
	const struct tw_scenario_result *scenario,
	const struct tw_prove_block *block, bool *checks)
{
	const struct tw_gate *gate = p->gate;
	size_t n = gate->checks.n + gate->judges.n;

	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < gate->checks.n; i++)
			if (scenario->checks.v[c]->check == gate->checks.v[i] &&
				!gate->checks.v[i]->muted &&
				scenario->checks.v[c]->verdict ==
					TW_VERDICT_FAIL)
				checks[i] = true;
	for (size_t k = 0; k < scenario->opinions.n; k++)
		for (size_t i = 0; i < gate->judges.n; i++)
			if (scenario->opinions.v[k]->gates &&
				scenario->opinions.v[k]->verdict ==
					TW_VERDICT_FAIL &&
				!strcmp(scenario->opinions.v[k]->file,
					gate->judges.v[i].setup.file))
				checks[gate->checks.n + i] = true;
	if (!p->proof->process)
		return;
	checks[n] = block->broken;
	checks[n + 1] = block->different > 0;
}

/* What fails in a scenario and does not without a change; NULL: nothing. */
static const bool *new_failures(struct tw_proving *p,
	const struct tw_prove_stage *stage,
	const struct tw_scenario_result *scenario,
	const struct tw_prove_block *block, struct tw_arena *arena)
{
	size_t n = p->proof->checks.n;
	bool *checks = tw_new_array(arena, n + 1, bool);
	bool any = false;

	note_failed(p, scenario, block, checks);
	for (size_t i = 0; i < n; i++) {
		checks[i] = checks[i] && !stage->fails[i];
		any = any || checks[i];
	}
	return any ? checks : NULL;
}

/* Whether a check that passes without the mutant cannot tell with it. */
static bool is_doubted(const struct tw_scenario_result *with,
	const struct tw_scenario_result *without)
{
	for (size_t c = 0; c < with->checks.n; c++)
		if (!with->checks.v[c]->check->muted &&
			with->checks.v[c]->verdict == TW_VERDICT_INCONCLUSIVE &&
			without->checks.v[c]->verdict == TW_VERDICT_PASS)
			return true;
	return false;
}

/* ---- the candidate as it is --------------------------------------------- */

static int judge_same(struct tw_proving *p, struct tw_prove_stage *stage)
{
	struct tw_runs runs;
	int status;

	if (stage->same)
		return 0;
	status = stage->blocks[0].n ? 0 : p->player->own(p, stage, 0);
	if (status)
		return status;
	if (!stage->blocks[0].n || stage->blocks[0].broken) {
		tw_diag(&p->gate->setup.diags, TW_ERROR, (struct tw_pos){0},
			"in %s the candidate itself does not play to its end%s",
			stage->one->name, p->out_of_time ? ": time was up" : "")
			->hint = "`twinrig gate` says why; what is broken "
				 "cannot be made worse";
		return p->out_of_time ? TW_EXIT_INCONCLUSIVE : TW_EXIT_FAIL;
	}
	runs = runs_of(&stage->blocks[0], &p->gate->arena);
	stage->same = judge(p, stage, runs, runs, &p->gate->arena);
	return 0;
}

/* The worst so far: a stored outcome tells of it again. */
static void write_late(const struct tw_proof *proof, struct tw_buf *to)
{
	char text[TW_REAL_TEXT];

	if (proof->process)
		tw_buf_printf(
			to, "late\t%s\n", tw_real_text(proof->late, text));
}

static void read_late(struct tw_proof *proof, char *const v[static 2])
{
	double late;

	if (!strcmp(v[0], "late") && tw_parse_real(tw_str_of(v[1]), &late))
		tw_prove_note_late(proof, late);
}

/* "fails CHECK" lines, "reached SERVICE" lines. */
static void write_stage(struct tw_proving *p,
	const struct tw_prove_stage *stage, struct tw_buf *to)
{
	for (size_t i = 0; i < p->proof->checks.n; i++)
		if (stage->fails[i])
			tw_buf_printf(to, "fails\t%zu\n", i);
	for (size_t i = 0; i < p->gate->reached.n; i++) {
		tw_buf_add_text(to, "reached\t");
		tw_line_add(to, p->gate->reached.v[i].key);
		tw_buf_add_char(to, '\n');
	}
	write_late(p->proof, to);
}

static void note_reached(struct tw_gate *gate, const char *service)
{
	if (!gate->reached.arena)
		tw_map_init(&gate->reached, &gate->arena);
	tw_map_put(
		&gate->reached, tw_arena_strdup(&gate->arena, service), gate);
}

static void read_stage(
	struct tw_proving *p, struct tw_prove_stage *stage, char *at)
{
	char *v[2];
	int64_t check;

	for (size_t n; (n = tw_line_next(&at, v, 2));) {
		if (n == 2)
			read_late(p->proof, v);
		if (n == 2 && !strcmp(v[0], "reached"))
			note_reached(p->gate, v[1]);
		if (n == 2 && !strcmp(v[0], "fails") &&
			tw_parse_int(tw_str_of(v[1]), &check) && check >= 0 &&
			(size_t)check < p->proof->checks.n)
			stage->fails[check] = true;
	}
}

int tw_prove_know(struct tw_proving *p, struct tw_prove_stage *stage)
{
	const char *name =
		tw_arena_printf(&p->gate->arena, "stage\t%s", stage->one->name);
	struct tw_buf text = {0};
	int status = 0;

	stage->fails =
		tw_new_array(&p->gate->arena, p->proof->checks.n + 1, bool);
	if (tw_prove_recall(p, name, &text)) {
		read_stage(p, stage,
			tw_arena_strdup(&p->gate->arena, tw_buf_text(&text)));
		tw_buf_release(&text);
		return 0;
	}
	/* Each shard has it. */
	if (p->gate->merging) {
		tw_prove_lacks(p, 0);
		return tw_gate_merge_missing(p->gate);
	}
	status = judge_same(p, stage);
	if (!status) {
		note_failed(p, stage->same, &stage->blocks[0], stage->fails);
		for (size_t i = 0; i < stage->blocks[0].n; i++)
			tw_gate_note_reached(
				p->gate, &stage->blocks[0].seen[i]);
		write_stage(p, stage, &text);
		tw_prove_keep(p, name, &text);
	}
	tw_buf_release(&text);
	return status;
}

/* ---- a mutant ----------------------------------------------------------- */

const char *tw_prove_name(
	const struct tw_prove_try *try, struct tw_arena *arena)
{
	const struct tw_mutant *mutant = try->it->mutant;

	return tw_arena_printf(arena, "test\t%s\t%s\t%.17g",
		tw_mutation_names[mutant->kind], mutant->where,
		mutant->sizes[try->size]);
}

/* "doubted", and "CHECK SCENARIO" lines. */
static void write_test(const struct tw_proof *proof,
	const struct tw_proved_test *test, struct tw_buf *to)
{
	if (test->doubted)
		tw_buf_add_text(to, "doubted\t1\n");
	for (size_t i = 0; i < proof->checks.n; i++)
		if (test->scenarios[i])
			tw_buf_printf(to, "%zu\t%zu\n", i, test->scenarios[i]);
	write_late(proof, to);
}

static void read_test(
	struct tw_proof *proof, struct tw_proved_test *test, char *at)
{
	int64_t check, scenario;
	char *v[2];

	for (size_t n; (n = tw_line_next(&at, v, 2));) {
		if (n == 2)
			read_late(proof, v);
		if (n == 2 && !strcmp(v[0], "doubted"))
			test->doubted = true;
		else if (n == 2 && tw_parse_int(tw_str_of(v[0]), &check) &&
			 tw_parse_int(tw_str_of(v[1]), &scenario) &&
			 check >= 0 && (size_t)check < proof->checks.n &&
			 scenario > 0 && (size_t)scenario <= proof->scenarios.n)
			test->scenarios[check] = (size_t)scenario;
	}
}

static struct tw_proved_test *test_of(const struct tw_prove_try *try)
{
	return &try->it->tests[try->size];
}

static bool recall(struct tw_proving *p, struct tw_prove_try *try)
{
	struct tw_arena *arena = &p->gate->arena;
	struct tw_buf text = {0};
	bool known = tw_prove_recall(p, tw_prove_name(try, arena), &text);

	if (known) {
		read_test(p->proof, test_of(try),
			tw_arena_strdup(arena, tw_buf_text(&text)));
		test_of(try)->tried = true;
	}
	tw_buf_release(&text);
	return known;
}

/* Whether the gate fails with the mutant in this scenario; the others stand as
 * they would without a change. */
static void judge_try(struct tw_proving *p, size_t s, struct tw_prove_try *try,
	const struct tw_prove_block *control)
{
	const struct tw_prove_stage *stage = &p->stages.v[s];
	struct tw_proved_test *test = test_of(try);
	const struct tw_scenario_result *without = stage->same;
	size_t n = control->n < try->block.n ? control->n : try->block.n;
	struct tw_prove_block seen = try->block;
	struct tw_scenario_result **all;
	struct tw_arena arena;
	const bool *failed;

	tw_arena_init(&arena);
	all = tw_new_array(&arena, p->stages.n, struct tw_scenario_result *);
	for (size_t i = 0; i < p->stages.n; i++)
		all[i] = p->stages.v[i].same;
	/* What it did in turns with the candidate as it is, and that did not.
	 */
	seen.broken = seen.broken && !control->broken;
	seen.different = control->different ? 0 : seen.different;
	/* A process that broke has fewer runs, or none. */
	if (n)
		all[s] = judge(p, stage, first_of(control, n, &arena),
			first_of(&try->block, n, &arena), &arena);
	concluded(p, all, &arena);
	failed = new_failures(p, stage, all[s], &seen, &arena);
	for (size_t i = 0; failed && i < p->proof->checks.n; i++)
		if (failed[i] && !test->scenarios[i])
			test->scenarios[i] = s + 1;
	test->doubted = test->doubted || is_doubted(all[s], without);
	try->left = failed && p->player->one_scene;
	tw_arena_release(&arena);
}

/* In one scenario. */
static int play(
	struct tw_proving *p, size_t s, struct tw_prove_try *tries, size_t n)
{
	struct tw_prove_stage *stage = &p->stages.v[s];
	const struct tw_prove_block *control = &stage->blocks[0];
	int status = p->player->play(p, stage, tries, n, &control);

	for (size_t i = 0; i < n; i++) {
		if (!status && !p->out_of_time &&
			(tries[i].block.n || tries[i].block.broken))
			judge_try(p, s, &tries[i], control);
		tw_prove_block_release(&tries[i].block);
	}
	return status;
}

/* Those that are left of some, in all scenarios. */
static int try_these(struct tw_proving *p, struct tw_prove_try *tries, size_t n)
{
	struct tw_buf text = {0};
	int status = 0;

	for (size_t s = 0; !status && !p->out_of_time && s < p->stages.n; s++) {
		size_t left = 0;

		for (size_t i = 0; i < n; i++)
			if (!tries[i].left) {
				struct tw_prove_try swap = tries[left];

				tries[left++] = tries[i];
				tries[i] = swap;
			}
		if (left)
			status = play(p, s, tries, left);
	}
	for (size_t i = 0; !status && !p->out_of_time && i < n; i++) {
		test_of(&tries[i])->tried = true;
		write_test(p->proof, test_of(&tries[i]), &text);
		tw_prove_keep(
			p, tw_prove_name(&tries[i], &p->gate->arena), &text);
		tw_buf_clear(&text);
	}
	tw_buf_release(&text);
	return status;
}

int tw_prove_try(struct tw_proving *p, struct tw_prove_try *tries, size_t n)
{
	size_t fresh = 0, step;
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		if (recall(p, &tries[i]))
			continue;
		if (p->gate->merging) {
			tries[i].it->elsewhere = true;
			tw_prove_lacks(
				p, (size_t)(tries[i].it - p->proof->mutants.v));
			continue;
		}
		tries[fresh++] = tries[i];
	}
	for (size_t i = 0; fresh && !status && i < p->stages.n; i++)
		status = judge_same(p, &p->stages.v[i]);
	step = p->player->together ? fresh : 1;
	for (size_t i = 0; !status && i < fresh; i += step)
		if (!tw_prove_time_is_up(p))
			status = try_these(p, tries + i, step);
	return status;
}

/* ---- A/A ---------------------------------------------------------------- */

/* Two blocks as two sides. Of a process each side gets every second run of
 * each, so that what the machine did meanwhile hits both alike. */
static struct tw_runs side_of(struct tw_proving *p,
	const struct tw_prove_stage *stage, size_t a, size_t b,
	struct tw_arena *arena)
{
	struct tw_runs own = runs_of(&stage->blocks[a], arena);
	struct tw_runs other = runs_of(&stage->blocks[b], arena);
	const struct tw_observation **v =
		tw_new_array(arena, own.n + 1, const struct tw_observation *);

	for (size_t i = 0; i < own.n; i++)
		v[i] = p->proof->process && i % 2 && i < other.n ? other.v[i]
								 : own.v[i];
	return (struct tw_runs){v, own.n};
}

static void compare(struct tw_proving *p, size_t a, size_t b)
{
	struct tw_proof *proof = p->proof;
	struct tw_scenario_result **all;
	struct tw_arena arena;
	bool alarm = false;

	tw_arena_init(&arena);
	all = tw_new_array(&arena, p->stages.n, struct tw_scenario_result *);
	for (size_t s = 0; s < p->stages.n; s++)
		all[s] = judge(p, &p->stages.v[s],
			side_of(p, &p->stages.v[s], a, b, &arena),
			side_of(p, &p->stages.v[s], b, a, &arena), &arena);
	proof->undecided +=
		concluded(p, all, &arena) == TW_VERDICT_INCONCLUSIVE;
	for (size_t s = 0; s < p->stages.n; s++)
		alarm = alarm || new_failures(p, &p->stages.v[s], all[s],
					 &p->stages.v[s].blocks[b], &arena);
	proof->pairs++;
	proof->false_alarms += alarm;
	tw_arena_release(&arena);
}

static bool read_alarms(struct tw_proof *proof, const char *text)
{
	return sscanf(text, "%zu %zu %zu %zu", &proof->blocks, &proof->pairs,
		       &proof->false_alarms, &proof->undecided) == 4;
}

/* The blocks of all scenarios that there are, or can be made in time. */
static int make_blocks(struct tw_proving *p)
{
	int status = 0;

	for (size_t b = 0; b < p->player->blocks; b++) {
		for (size_t s = 0; !status && s < p->stages.n; s++) {
			struct tw_prove_stage *stage = &p->stages.v[s];

			if (!stage->blocks[b].n)
				status = p->player->own(p, stage, b);
			if (status || !stage->blocks[b].n)
				return status;
		}
		p->proof->blocks = b + 1;
	}
	return status;
}

static void compare_all(struct tw_proving *p)
{
	struct tw_proof *proof = p->proof;
	struct tw_buf text = {0};

	for (size_t a = 0; a < proof->blocks; a++)
		for (size_t b = a + 1; b < proof->blocks; b++)
			compare(p, a, b);
	tw_buf_printf(&text, "%zu %zu %zu %zu\n", proof->blocks, proof->pairs,
		proof->false_alarms, proof->undecided);
	if (proof->blocks == p->player->blocks)
		tw_prove_keep(p, "aa", &text);
	tw_buf_release(&text);
}

int tw_prove_false_alarms(struct tw_proving *p)
{
	size_t turn = p->proof->mutants.n;
	struct tw_buf text = {0};
	bool known = false;
	int status = 0;

	if (!tw_prove_is_mine(p, turn))
		return 0;
	known = tw_prove_recall(p, "aa", &text) &&
		read_alarms(p->proof, tw_buf_text(&text));
	tw_buf_release(&text);
	if (known)
		return 0;
	if (p->gate->merging) {
		tw_prove_lacks(p, turn);
		return 0;
	}
	status = make_blocks(p);
	if (!status)
		compare_all(p);
	return status;
}
