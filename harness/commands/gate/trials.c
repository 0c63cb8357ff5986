#include "harness/commands/gate/gate.h"

#include "harness/baseline/observed.h"
#include "harness/trial/parallel.h"
#include "twins/base/assert.h"

#include <pthread.h>
#include <stdio.h>

/* ---- keys -------------------------------------------------------------- */

static const char *flow_digest(struct tw_gate *gate, const struct tw_flow *flow,
	enum tw_flow_side side, uint32_t replication)
{
	struct tw_gate_store *store = &gate->store;
	struct tw_gate_flow *known;

	replication = flow->recorded ? 0 : replication;

	for (size_t i = 0; i < store->flows.n; i++) {
		known = &store->flows.v[i];
		if (known->flow == flow && known->side == side &&
			known->replication == replication)
			return known->digest;
	}
	tw_vec_push(&store->flows,
		((struct tw_gate_flow){flow, side, replication, ""}));
	known = &store->flows.v[store->flows.n - 1];
	return tw_flow_digest(
		flow, side, gate->seed, replication, known->digest);
}

/* A rollout begins with the baseline's pods: they are part of the candidate's
 * inputs then. */
static const char *inputs_of(const struct tw_gate *gate,
	const struct tw_gate_batch *batch, const struct tw_trial *trial,
	char to[static TW_DIGEST_TEXT])
{
	const char *own =
		batch->aside ? batch->aside : gate->store.inputs[trial->side];
	struct tw_digest digest;
	char at[32];

	if (!trial->model->n_rollouts)
		return own;
	snprintf(at, sizeof at, "%lld", (long long)trial->model->rollout_at);
	tw_digest_init(&digest);
	tw_digest_part(&digest, "to", own);
	tw_digest_part(&digest, "from", gate->store.inputs[TW_FLOW_BASELINE]);
	tw_digest_part(&digest, "at", at);
	return tw_digest_text(&digest, to);
}

static void key_of(struct tw_gate *gate, const struct tw_gate_batch *batch,
	const struct tw_trial *trial, char to[static TW_DIGEST_TEXT])
{
	char faults[TW_DIGEST_TEXT], inputs[TW_DIGEST_TEXT];

	tw_trial_key(
		&(struct tw_trial_identity){
			.inputs = inputs_of(gate, batch, trial, inputs),
			.faults = tw_faults_digest(trial->scenario, faults),
			.flow = flow_digest(gate, batch->flow, trial->side,
				trial->replication),
			.factor = batch->factor,
			.seed = trial->seed,
			.replication = trial->replication,
		},
		to);
}

/* Without anybody to ask or to tell, a trial needs no name. */
static bool needs_keys(const struct tw_gate_store *store)
{
	return store->archive || store->shards || store->parts.n;
}

void tw_gate_identify_case(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_flow *flow, enum tw_flow_side side,
	const struct tw_scenario *scenario)
{
	static const char *const side_names[] = {"baseline", "candidate"};
	struct tw_filing *filing = &gate->store.filing;
	char faults[TW_DIGEST_TEXT];

	tw_filing_identity(filing,
		tw_arena_printf(&filing->arena, "faults.%s.%s",
			side_names[side], one->name),
		"%s", tw_faults_digest(scenario, faults));
	tw_filing_identity(filing,
		tw_arena_printf(&filing->arena, "traffic.%s.%s",
			side_names[side], one->name),
		"%s", flow_digest(gate, flow, side, 0));
}

/* Once. */
static void identify_case(
	struct tw_gate *gate, const struct tw_gate_batch *batch)
{
	bool done[2] = {false, false};

	for (size_t i = 0; batch->factor == 1 && i < batch->n; i++) {
		const struct tw_trial *trial = &batch->trials[i];

		if (done[trial->side])
			continue;
		done[trial->side] = true;
		tw_gate_identify_case(gate, batch->one, batch->flow,
			trial->side, trial->scenario);
	}
}

/* ---- one batch --------------------------------------------------------- */

enum fate { FOUND, RUN, SAME, ELSEWHERE };

struct work {
	struct tw_gate *gate;
	const struct tw_gate_batch *batch;
	char (*keys)[TW_DIGEST_TEXT];
	enum fate *fates;
	size_t *todo; /* indices of what is to be run */
	size_t n_todo;
	pthread_mutex_t lock;
	struct tw_error error; /* the first that storing gave */
};

static bool take(struct work *work, size_t i)
{
	struct tw_gate_store *store = &work->gate->store;
	const struct tw_git_id *id =
		store->archive ? tw_archive_find(store->archive, work->keys[i])
			       : NULL;
	struct tw_error error;

	if (!id)
		return false;
	if (!tw_archive_get(store->archive, id, &work->batch->seen[i], &error))
		return true;
	tw_diag(&work->gate->store.diags, TW_WARNING, (struct tw_pos){0},
		"a stored trial cannot be used and is run again: %s",
		error.message);
	return false;
}

static bool take_part(struct work *work, size_t i, struct tw_error *error)
{
	struct tw_gate_store *store = &work->gate->store;
	const struct tw_str *bytes =
		tw_gate_shard_find(work->gate, work->keys[i]);

	if (!bytes || tw_observed_read(
			      bytes->p, bytes->n, &work->batch->seen[i], error))
		return false;
	if (store->keeps && !work->error.code)
		tw_archive_put(store->archive, work->keys[i], bytes->p,
			bytes->n, &work->error);
	return true;
}

/* As an earlier one of this batch: both sides read the same files. */
static bool is_same(const struct work *work, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (work->fates[k] == RUN &&
			!strcmp(work->keys[k], work->keys[i]))
			return true;
	return false;
}

/* -1 with an exit status where it may not be run here. */
static int decide(struct work *work, size_t i)
{
	struct tw_gate *gate = work->gate;
	const struct tw_trial *trial = &work->batch->trials[i];
	struct tw_error error = {0};

	if (work->batch->aside) {
		if (take(work, i)) {
			gate->store.taken_aside++;
			return 0;
		}
		work->fates[i] = RUN;
		work->todo[work->n_todo++] = i;
	} else if (tw_gate_shard_skips(gate)) {
		work->fates[i] = ELSEWHERE;
	} else if (gate->store.parts.n) {
		if (take_part(work, i, &error))
			return 0;
		work->fates[i] = ELSEWHERE;
		if (error.code) {
			tw_diag_error(&gate->setup.diags, &error);
			return TW_EXIT_RUN;
		}
	} else if (take(work, i)) {
		gate->store.taken++;
	} else if (gate->store.has_stored && trial->side == TW_FLOW_BASELINE) {
		return tw_gate_stored_lacks(
			gate, work->batch, trial, work->keys[i]);
	} else if (gate->store.keeps && is_same(work, i)) {
		work->fates[i] = SAME;
	} else {
		work->fates[i] = RUN;
		work->todo[work->n_todo++] = i;
	}
	return 0;
}

/* Of what is beside the two sides no more than is good for a repository. */
static bool keeps(struct work *work, size_t bytes)
{
	struct tw_gate_store *store = &work->gate->store;

	if (!store->keeps || !work->batch->aside)
		return store->keeps;
	store->full =
		store->full || store->bytes_aside + bytes > TW_GATE_ASIDE_MOST;
	store->bytes_aside += store->full ? 0 : bytes;
	return !store->full;
}

/* What is run is written at once: it stays when the next moment is the last. */
static void run_one(void *context, size_t at)
{
	struct work *work = context;
	struct tw_gate_store *store = &work->gate->store;
	size_t i = work->todo[at];
	bool to_shard = store->shards && !work->batch->aside;
	struct tw_buf bytes = {0};

	tw_trial_run(&work->batch->trials[i], &work->batch->seen[i]);
	if (store->keeps || to_shard)
		tw_observed_write(&work->batch->seen[i], &bytes);
	tw_assert(!pthread_mutex_lock(&work->lock));
	store->ran += !work->batch->aside;
	store->ran_aside += work->batch->aside != NULL;
	if (keeps(work, bytes.n) && !work->error.code)
		tw_archive_put(store->archive, work->keys[i],
			tw_buf_text(&bytes), bytes.n, &work->error);
	if (to_shard)
		tw_shard_add(&store->part, work->keys[i], tw_buf_text(&bytes),
			bytes.n);
	tw_progress_tick(work->batch->progress);
	tw_assert(!pthread_mutex_unlock(&work->lock));
	tw_buf_release(&bytes);
}

static void run_todo(struct work *work)
{
	struct tw_gate *gate = work->gate;
	const struct tw_cli *cli = gate->cli;
	struct tw_gate_store *store = &gate->store;

	tw_parallel(work->n_todo,
		cli->threads ? (size_t)cli->threads : tw_threads_default(),
		run_one, work);
	if (store->keeps && !work->error.code)
		tw_archive_flush(store->archive, &work->error);
	for (size_t i = 0; i < work->batch->n; i++)
		if (work->fates[i] == SAME) {
			if (!take(work, i))
				tw_trial_run(&work->batch->trials[i],
					&work->batch->seen[i]);
			tw_progress_tick(work->batch->progress);
		}
	if (work->error.code)
		tw_gate_store_failed(gate, &work->error);
}

/* When its first fault begins: what a time to notice counts from. */
static void note_begin(struct work *work)
{
	const struct tw_observation *seen = &work->batch->seen[0];
	struct tw_buf *to = &work->gate->store.begins;

	if (work->batch->factor != 1 || work->batch->aside ||
		seen->fault_start == TW_NEVER)
		return;
	tw_buf_add_text(to, "fault.");
	tw_line_add(to, work->batch->one->name);
	tw_buf_printf(to, "\t%lld\n", (long long)seen->fault_start);
}

/* What was found counts for the shard too; what is elsewhere is empty. */
static void fill_in(struct work *work)
{
	struct tw_gate_store *store = &work->gate->store;
	const char *side_names[] = {"baseline", "candidate"};

	for (size_t i = 0; i < work->batch->n; i++) {
		const struct tw_trial *trial = &work->batch->trials[i];
		const struct tw_git_id *id = NULL;
		struct tw_buf bytes = {0};

		if (work->fates[i] == ELSEWHERE) {
			tw_observation_init(&work->batch->seen[i], TW_S);
			continue;
		}
		if (store->shards && !work->batch->aside &&
			work->fates[i] == FOUND) {
			tw_observed_write(&work->batch->seen[i], &bytes);
			tw_shard_add(&store->part, work->keys[i],
				tw_buf_text(&bytes), bytes.n);
			tw_buf_release(&bytes);
		}
		if (store->keeps)
			id = tw_archive_find(store->archive, work->keys[i]);
		if (id && work->batch->aside)
			tw_filing_blob(&store->filing, work->keys[i], id);
		else if (id)
			tw_filing_trial(&store->filing, work->keys[i], id,
				side_names[trial->side], work->batch->factor,
				trial->replication, work->batch->one->name);
	}
}

int tw_gate_trials(struct tw_gate *gate, const struct tw_gate_batch *batch)
{
	struct work work = {.gate = gate,
		.batch = batch,
		.keys = tw_calloc(batch->n, sizeof *work.keys),
		.fates = tw_calloc(batch->n, sizeof *work.fates),
		.todo = tw_calloc(batch->n, sizeof *work.todo),
		.lock = PTHREAD_MUTEX_INITIALIZER};
	int status = 0;
	size_t i;

	if (needs_keys(&gate->store) && !batch->aside)
		identify_case(gate, batch);
	for (i = 0; !status && i < batch->n; i++) {
		if (needs_keys(&gate->store))
			key_of(gate, batch, &batch->trials[i], work.keys[i]);
		status = decide(&work, i);
		if (work.fates[i] == FOUND || work.fates[i] == ELSEWHERE)
			tw_progress_tick(batch->progress);
	}
	if (!status) {
		run_todo(&work);
		fill_in(&work);
		note_begin(&work);
	} else {
		/* Only what was found so far is there to be released. */
		for (size_t k = 0; k < batch->n; k++)
			if (k + 1 >= i || work.fates[k] != FOUND)
				tw_observation_init(&batch->seen[k], TW_S);
	}
	tw_free(work.keys);
	tw_free(work.fates);
	tw_free(work.todo);
	return status;
}
