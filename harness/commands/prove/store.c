/*
 * What a proof found, kept in git: refs/twinrig/proofs/ID is a commit as that
 * of a gate (record.h), with what each size of each mutant came to beside the
 * trials, each a text by a key of all that determines it.
 */
#include "harness/commands/prove/run.h"

#include "harness/baseline/catalog.h"
#include "harness/baseline/observed.h"

#include <stdio.h>

#define KEEP 3 /* proofs */

void tw_prove_store_open(struct tw_proving *p)
{
	const struct tw_gate_store *store = &p->gate->store;
	struct tw_digest digest;

	tw_digest_init(&digest);
	tw_digest_bytes(&digest, "proof", tw_buf_text(&store->filing.identity),
		store->filing.identity.n);
	tw_digest_text(&digest, p->base);
}

static void key_of(const struct tw_proving *p, const char *name,
	char to[static TW_DIGEST_TEXT])
{
	struct tw_digest digest;

	tw_digest_init(&digest);
	tw_digest_part(&digest, "proof", p->base);
	tw_digest_part(&digest, "name", name);
	tw_digest_text(&digest, to);
}

static void keep(
	struct tw_proving *p, const char *key, const void *bytes, size_t n)
{
	struct tw_gate_store *store = &p->gate->store;
	struct tw_error error;

	if (!store->keeps)
		return;
	if (tw_archive_put(store->archive, key, bytes, n, &error))
		tw_gate_store_failed(p->gate, &error);
	else
		tw_filing_blob(&store->filing, key,
			tw_archive_find(store->archive, key));
}

static bool from_parts(struct tw_proving *p, const char *key, struct tw_buf *to)
{
	struct tw_gate_store *store = &p->gate->store;

	for (size_t i = 0; i < store->parts.n; i++) {
		const struct tw_str *bytes = tw_map_get_n(
			&store->parts.v[i].trials, key, TW_ARCHIVE_KEY);

		if (!bytes)
			continue;
		tw_buf_add(to, bytes->p, bytes->n);
		keep(p, key, bytes->p, bytes->n);
		return true;
	}
	return false;
}

static bool fetch(struct tw_proving *p, const char *name, struct tw_buf *to)
{
	struct tw_gate_store *store = &p->gate->store;
	char key[TW_DIGEST_TEXT];
	const struct tw_git_id *id;
	struct tw_error error;

	key_of(p, name, key);
	if (p->gate->merging)
		return from_parts(p, key, to);
	if (!store->archive)
		return false;
	id = tw_archive_find(store->archive, key);
	if (!id || tw_git_get_blob(
			   tw_archive_git(store->archive), id, to, &error)) {
		tw_buf_clear(to);
		return false;
	}
	tw_filing_blob(&store->filing, key, id);
	if (store->shards)
		tw_shard_add(&store->part, key, tw_buf_text(to), to->n);
	return true;
}

static void put(
	struct tw_proving *p, const char *name, const struct tw_buf *bytes)
{
	struct tw_gate_store *store = &p->gate->store;
	char key[TW_DIGEST_TEXT];

	key_of(p, name, key);
	if (store->shards)
		tw_shard_add(&store->part, key, tw_buf_text(bytes), bytes->n);
	keep(p, key, tw_buf_text(bytes), bytes->n);
}

/* ---- shards ------------------------------------------------------------ */

static size_t shard_of(size_t mutant, size_t shards)
{
	return mutant % shards + 1;
}

bool tw_prove_is_mine(const struct tw_proving *p, size_t mutant)
{
	const struct tw_gate_store *store = &p->gate->store;

	return !store->shards ||
	       shard_of(mutant, store->shards) == store->shard;
}

void tw_prove_lacks(struct tw_proving *p, size_t mutant)
{
	struct tw_gate_store *store = &p->gate->store;

	tw_vec_push(&store->missing, shard_of(mutant, store->parts.v[0].count));
}

int tw_prove_merge_missing(struct tw_proving *p)
{
	struct tw_gate_store *store = &p->gate->store;

	if (store->missing.n && store->parts.n == store->parts.v[0].count) {
		p->out_of_time = true;
		return 0;
	}
	return tw_gate_merge_missing(p->gate);
}

/* ---- what came of things ------------------------------------------------ */

bool tw_prove_recall(struct tw_proving *p, const char *name, struct tw_buf *to)
{
	bool known = fetch(p, name, to);

	p->recalled += known;
	return known;
}

void tw_prove_keep(
	struct tw_proving *p, const char *name, const struct tw_buf *text)
{
	p->kept++;
	put(p, name, text);
}

static const char *rest_of(struct tw_proving *p, const char *name)
{
	return tw_arena_printf(&p->gate->arena, "%s\trest", name);
}

bool tw_prove_recall_rest(
	struct tw_proving *p, const char *name, struct tw_buf *to)
{
	return fetch(p, rest_of(p, name), to);
}

void tw_prove_keep_rest(
	struct tw_proving *p, const char *name, const struct tw_buf *text)
{
	put(p, rest_of(p, name), text);
}

bool tw_prove_recall_run(
	struct tw_proving *p, const char *name, struct tw_observation *to)
{
	struct tw_buf bytes = {0};
	struct tw_error error;
	bool known =
		fetch(p, name, &bytes) &&
		!tw_observed_read(tw_buf_text(&bytes), bytes.n, to, &error);

	p->gate->store.taken_aside += known;
	tw_buf_release(&bytes);
	return known;
}

void tw_prove_keep_run(struct tw_proving *p, const char *name,
	const struct tw_observation *run)
{
	struct tw_buf bytes = {0};

	p->gate->store.ran_aside++;
	tw_observed_write(run, &bytes);
	put(p, name, &bytes);
	tw_buf_release(&bytes);
}

static int file_proof(struct tw_proving *p, const struct tw_buf *json,
	bool *known, struct tw_error *error)
{
	struct tw_gate_store *store = &p->gate->store;
	const char *headline = tw_proof_headline(p->proof, &p->gate->arena);

	if (tw_filing_text(&store->filing, store->archive, "proof.json", json,
		    error) ||
		tw_filing_commit(&store->filing, store->archive, headline,
			p->kept > 0, known, error))
		return -1;
	return tw_archive_end(store->archive, error);
}

static void thin_out(struct tw_proving *p)
{
	struct tw_archive *archive = p->gate->store.archive;
	struct tw_catalog catalog;
	struct tw_error error;
	size_t gone = 0;

	if (tw_catalog_read(&catalog, archive, &error)) {
		tw_gate_store_failed(p->gate, &error);
		return;
	}
	if (tw_catalog_prune_proofs(&catalog, archive, KEEP, &gone, &error))
		tw_gate_store_failed(p->gate, &error);
	tw_catalog_release(&catalog);
}

static void say(const struct tw_proving *p)
{
	const struct tw_gate_store *store = &p->gate->store;

	if (p->gate->cli->quiet || p->gate->merging)
		return;
	fflush(stdout);
	if (!p->kept && p->recalled)
		fprintf(stderr,
			"twinrig: the same inputs as proof %s: nothing was run "
			"again\n",
			store->filing.id);
	else if (p->recalled || store->taken_aside)
		fprintf(stderr,
			"twinrig: %zu of %zu outcomes and %zu of %zu trials "
			"were stored; stored as proof %s\n",
			p->recalled, p->recalled + p->kept, store->taken_aside,
			store->taken_aside + store->ran_aside,
			store->filing.id);
	if (store->full)
		fprintf(stderr,
			"twinrig: of the trials the first %d MB are stored; "
			"what the others came to is, too\n",
			(int)(TW_GATE_ASIDE_MOST >> 20));
}

void tw_prove_store_finish(struct tw_proving *p, const struct tw_buf *json)
{
	struct tw_error error = {0};
	bool known = false;

	if (p->gate->store.keeps) {
		if (file_proof(p, json, &known, &error)) {
			tw_gate_store_failed(p->gate, &error);
			return;
		}
		thin_out(p);
	}
	say(p);
}
