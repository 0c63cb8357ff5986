/*
 * Mutants of a process: the candidate itself plays, and what goes in and out
 * of its sockets is made worse (harness/live/worse.h). A round plays, run by
 * run and in turns, the candidate as it is and each mutant at one size, so
 * that whatever else the machine does hits all alike; the candidate's own runs
 * are the control, and those of the first rounds are compared with each other.
 */
#include "harness/commands/gate/player.h"
#include "harness/commands/prove/run.h"

#include "twins/base/hash.h"

#include <stdio.h>
#include <sys/stat.h>

#define BLOCKS 4 /* for six A/A gates: rounds are dear */

struct stage_set {
	struct tw_player player;
	struct tw_prove_block control; /* of the round at hand */
};

/* ---- what it is --------------------------------------------------------- */

/* Its program and files that its command line names. */
static void digest_file(
	struct tw_proving *p, const char *word, struct tw_digest *digest)
{
	const char *path = *word == '/'
				   ? word
				   : tw_arena_printf(&p->gate->arena, "%s/%s",
					     p->gate->setup.directory, word);
	struct stat at;
	char bytes[4096];
	FILE *file;

	if (stat(path, &at) || !S_ISREG(at.st_mode))
		return;
	file = fopen(path, "rb");
	if (!file)
		return;
	tw_digest_part(digest, "file", word);
	for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
		tw_digest_add(digest, bytes, n);
	fclose(file);
}

static void digest_texts(
	struct twinrig_text text, const char *name, struct tw_digest *digest)
{
	tw_digest_bytes(digest, name, text.p, text.n);
}

static void digest_exchange(
	const struct tw_live_exchange *e, struct tw_digest *digest)
{
	tw_digest_u64(digest, e->position);
	tw_digest_u64(digest, e->pass);
	tw_digest_u64(digest, (uint64_t)e->at);
	digest_texts(e->exchange.method, "method", digest);
	digest_texts(e->exchange.target, "target", digest);
	digest_texts(e->exchange.body, "body", digest);
	tw_digest_u64(digest, (uint64_t)e->exchange.status);
	digest_texts(e->exchange.response_body, "response", digest);
}

static const char *digest_of(
	struct tw_proving *p, const struct tw_player *player)
{
	const struct tw_config_side *side = player->side;
	char text[TW_DIGEST_TEXT];
	struct tw_digest digest;

	tw_digest_init(&digest);
	for (size_t i = 0; player->argv[i]; i++) {
		tw_digest_part(&digest, "word", player->argv[i]);
		digest_file(p, player->argv[i], &digest);
	}
	for (size_t i = 0; i < side->env.n; i++)
		tw_digest_part(
			&digest, side->env.v[i].key, side->env.v[i].value);
	for (size_t i = 0; i < player->ignore.n; i++)
		tw_digest_part(&digest, "ignore", player->ignore.v[i]);
	for (size_t i = 0; i < player->traffic.answers.n; i++)
		digest_exchange(&player->traffic.answers.v[i], &digest);
	return tw_arena_strdup(&p->gate->arena, tw_digest_text(&digest, text));
}

/* What a case sends and what goes wrong in it. */
static void identify_stage(struct tw_proving *p, const struct tw_player *player,
	const struct tw_prove_stage *stage)
{
	struct tw_filing *filing = &p->gate->store.filing;
	const char *name = stage->one->name;
	char text[TW_DIGEST_TEXT];
	struct tw_digest digest;

	tw_digest_init(&digest);
	tw_digest_u64(
		&digest, (uint64_t)tw_int_or(stage->one->traffic->warmup, 0));
	for (size_t i = 0; i < player->traffic.requests.n; i++)
		digest_exchange(&player->traffic.requests.v[i], &digest);
	tw_filing_identity(filing,
		tw_arena_printf(&filing->arena, "traffic.candidate.%s", name),
		"%s", tw_digest_text(&digest, text));
	tw_filing_identity(filing,
		tw_arena_printf(&filing->arena, "faults.candidate.%s", name),
		"%s", tw_faults_digest(&stage->scenario, text));
}

static int add_stage(struct tw_proving *p, const struct tw_case *one)
{
	struct tw_gate *gate = p->gate;
	struct stage_set *set = p->data;
	struct tw_prove_stage stage = {.one = one};
	int status = tw_player_schedule(gate, &set->player, one->traffic);

	if (status)
		return status;
	if (tw_case_compile(one, gate->candidate.model, &stage.scenario,
		    &gate->setup.diags)) {
		tw_scenario_release(&stage.scenario);
		return TW_EXIT_USAGE;
	}
	identify_stage(p, &set->player, &stage);
	tw_vec_push(&p->stages, stage);
	return 0;
}

static int open_process(struct tw_proving *p)
{
	struct tw_gate *gate = p->gate;
	struct stage_set *set = tw_calloc(1, sizeof *set);
	int status;

	p->data = set;
	status = tw_player_open(gate, &set->player,
		&gate->setup.config.candidate, &gate->candidate);
	if (status)
		return status;
	tw_filing_identity(&gate->store.filing, "process", "%s",
		digest_of(p, &set->player));
	for (size_t i = 0; !status && i < gate->cases.list.n; i++)
		if (tw_prove_is_plain(gate->cases.list.v[i]))
			status = add_stage(p, gate->cases.list.v[i]);
		else
			p->proof->skipped++;
	return status;
}

static void close_process(struct tw_proving *p)
{
	struct stage_set *set = p->data;

	if (!set)
		return;
	tw_player_close(&set->player);
	tw_prove_block_release(&set->control);
	tw_free(set);
}

/* Whom it called when the capture was made, and whom its model says that it
 * calls; in the model's order. */
static void list(struct tw_proving *p, struct tw_mutants *to)
{
	const struct tw_player *player =
		&((const struct stage_set *)p->data)->player;
	const struct tw_model *model = player->system->model;
	const struct tw_live_traffic *traffic = &player->traffic;
	struct tw_arena *arena = &p->gate->arena;
	bool *called = tw_new_array(arena, model->n_services + 1, bool);
	const char **callees =
		tw_new_array(arena, model->n_services + 1, const char *);
	size_t n = 0;

	for (size_t i = 0; i < traffic->answers.n; i++)
		called[traffic->answers.v[i].service] = true;
	for (uint32_t i = 0; i < model->n_channels; i++)
		if (model->channels[i].caller == traffic->candidate)
			called[model->endpoints[model->channels[i].endpoint]
					.service] = true;
	for (uint32_t i = 0; i < model->n_services; i++)
		if (called[i])
			callees[n++] = model->services[i].spec->key;
	tw_mutants_of_process(model->services[traffic->candidate].spec->key,
		callees, n, arena, to);
}

void tw_prove_note_late(struct tw_proof *proof, double late)
{
	if (late > proof->late)
		proof->late = late;
	proof->too_late = proof->late > TW_PLAYER_LATE_FLOOR;
}

/* ---- runs --------------------------------------------------------------- */

/* What an observation does not hold. */
static void write_rest(
	const struct tw_prove_block *block, double late, struct tw_buf *to)
{
	char text[TW_REAL_TEXT];

	tw_buf_printf(to, "%llu\t%llu\t%d\t%s\n",
		(unsigned long long)block->compared,
		(unsigned long long)block->different, block->broken,
		tw_real_text(late, text));
}

static bool read_rest(char *at, struct tw_prove_block *block, double *late)
{
	int64_t compared, different;
	char *v[4];

	if (tw_line_next(&at, v, 4) != 4 ||
		!tw_parse_int(tw_str_of(v[0]), &compared) ||
		!tw_parse_int(tw_str_of(v[1]), &different) ||
		!tw_parse_real(tw_str_of(v[3]), late))
		return false;
	*block = (struct tw_prove_block){.compared = (uint64_t)compared,
		.different = (uint64_t)different,
		.broken = !strcmp(v[2], "1")};
	return true;
}

static void add_rest(struct tw_proving *p, struct tw_prove_block *to,
	const struct tw_prove_block *run, double late)
{
	to->compared += run->compared;
	to->different += run->different;
	to->broken = to->broken || run->broken;
	tw_prove_note_late(p->proof, late);
}

static bool recall(
	struct tw_proving *p, const char *name, struct tw_prove_block *to)
{
	struct tw_arena *arena = &p->gate->arena;
	struct tw_prove_block run = {0};
	struct tw_buf rest = {0};
	double late = 0;
	bool known;

	known = tw_prove_recall_rest(p, name, &rest) &&
		read_rest(tw_arena_strdup(arena, tw_buf_text(&rest)), &run,
			&late);
	tw_buf_release(&rest);
	if (!known)
		return false;
	if (tw_prove_recall_run(p, name, &to->seen[to->n]))
		to->n++;
	else if (!run.broken)
		return false;
	add_rest(p, to, &run, late);
	return true;
}

static struct tw_live_worse worse_of(const struct tw_prove_try *try)
{
	struct tw_live_worse worse = {0};
	double size;

	if (!try)
		return worse;
	size = try->it->mutant->sizes[try->size];
	switch (try->it->mutant->kind) {
	case TW_MUTANT_WAITS:
		worse.wait = (tw_time)size;
		break;
	case TW_MUTANT_ERRORS:
		worse.errors = size;
		break;
	default:
		worse.drops = size;
		worse.callee = try->it->mutant->callee;
	}
	return worse;
}

static int play_fresh(struct tw_proving *p, struct tw_prove_stage *stage,
	const struct tw_prove_try *try, const char *name, size_t i,
	struct tw_prove_block *to)
{
	struct tw_player *player = &((struct stage_set *)p->data)->player;
	struct tw_live_worse worse = worse_of(try);
	struct tw_prove_block run = {0};
	struct tw_buf rest = {0};
	struct tw_live_result *result;
	double late;
	int status = tw_player_play(p->gate, player, stage->one, i, &worse);

	if (status)
		return status;
	result = player->results.v[player->results.n - 1];
	late = tw_player_late(result);
	run.compared = result->diff.compared;
	run.different = result->diff.differing;
	run.broken = result->end != TW_LIVE_PLAYED;
	if (result->observed) {
		tw_prove_keep_run(p, name, &result->observation);
		to->seen[to->n++] = result->observation;
		result->observed = false; /* it has moved */
	}
	write_rest(&run, late, &rest);
	tw_prove_keep_rest(p, name, &rest);
	tw_buf_release(&rest);
	add_rest(p, to, &run, late);
	tw_player_forget(player);
	return 0;
}

/* Run i, played or taken from where it is stored; `what` names the rest. */
static int play_run(struct tw_proving *p, struct tw_prove_stage *stage,
	const struct tw_prove_try *try, const char *what, size_t i,
	struct tw_prove_block *to)
{
	const char *name = tw_arena_printf(
		&p->gate->arena, "run\t%s\t%s\t%zu", stage->one->name, what, i);

	if (!to->seen)
		to->seen = tw_calloc(p->gate->runs, sizeof *to->seen);
	/* One that broke is not played again, as in a gate. */
	if (to->broken || recall(p, name, to)) {
		tw_progress_tick(&p->progress);
		return 0;
	}
	if (tw_prove_time_is_up(p))
		return 0;
	tw_progress_tick(&p->progress);
	return play_fresh(p, stage, try, name, i, to);
}

static int schedule(struct tw_proving *p, const struct tw_prove_stage *stage)
{
	return tw_player_schedule(p->gate,
		&((struct stage_set *)p->data)->player, stage->one->traffic);
}

static int own(struct tw_proving *p, struct tw_prove_stage *stage, size_t b)
{
	const char *what = tw_arena_printf(&p->gate->arena, "own %zu", b);
	int status = schedule(p, stage);

	for (size_t i = 0; !status && !p->out_of_time && i < p->gate->runs; i++)
		status = play_run(p, stage, NULL, what, i, &stage->blocks[b]);
	if (p->out_of_time)
		tw_prove_block_release(&stage->blocks[b]);
	return status;
}

/* Whoever is first changes with each run. */
static int play_turns(struct tw_proving *p, struct tw_prove_stage *stage,
	struct tw_prove_try *tries, size_t n, struct tw_prove_block *control)
{
	struct tw_arena *arena = &p->gate->arena;
	const char *round = tw_arena_printf(
		arena, "beside %s", tw_prove_name(&tries[0], arena));
	int status = 0;

	for (size_t i = 0; i < p->gate->runs; i++)
		for (size_t k = 0; k <= n; k++) {
			size_t at = (i + k) % (n + 1);
			bool itself = at == n;

			if (status || p->out_of_time)
				return status;
			status = play_run(p, stage, itself ? NULL : &tries[at],
				itself ? round
				       : tw_prove_name(&tries[at], arena),
				i, itself ? control : &tries[at].block);
		}
	return status;
}

static int play(struct tw_proving *p, struct tw_prove_stage *stage,
	struct tw_prove_try *tries, size_t n,
	const struct tw_prove_block **control)
{
	struct stage_set *set = p->data;
	size_t k = ++stage->rounds;
	struct tw_prove_block *to = &set->control;
	int status = schedule(p, stage);

	tw_prove_block_release(to);
	if (k < BLOCKS && !stage->blocks[k].seen)
		to = &stage->blocks[k];
	if (!status)
		status = play_turns(p, stage, tries, n, to);
	*control = to;
	if (p->out_of_time)
		tw_prove_block_release(to);
	return status;
}

const struct tw_prove_player tw_prove_process = {
	.open = open_process,
	.close = close_process,
	.list = list,
	.own = own,
	.play = play,
	.blocks = BLOCKS,
	.together = true,
	.one_scene = true,
	.budget = 10 * 60 * TW_S,
};
