/*
 * --shard i/n: every n-th trial, in the order in which one machine runs them
 * all, written to a file. `twinrig merge` is the same gate on the same files
 * that takes every trial from such files and runs none. With --prove a shard
 * has every n-th mutant, and its file what they came to (prove/store.c).
 */
#include "harness/commands/gate/gate.h"

#include <errno.h>
#include <stdio.h>

/* An error without a place; the exit status that it means. */
#define fail(gate, ...)                                                        \
	(tw_diag(&(gate)->setup.diags, TW_ERROR, (struct tw_pos){0},           \
		 __VA_ARGS__),                                                 \
		TW_EXIT_USAGE)

static const char *part_file(struct tw_gate *gate)
{
	return gate->cli->output
		       ? gate->cli->output
		       : tw_arena_printf(&gate->arena,
				 "twinrig-shard-%u-of-%u.twsh",
				 gate->store.shard, gate->store.shards);
}

/* ---- parts ------------------------------------------------------------- */

static int read_file(const char *path, struct tw_buf *out)
{
	FILE *file = fopen(path, "rb");
	char chunk[65536];
	size_t got;
	int failed;

	if (!file)
		return -1;
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
		tw_buf_add(out, chunk, got);
	failed = ferror(file);
	fclose(file);
	return failed ? -1 : 0;
}

/* The first line in which two identities differ: what it is called. */
static const char *differs_in(
	struct tw_gate *gate, const char *a, const char *b)
{
	while (*a && *b) {
		size_t x = strcspn(a, "\n"), y = strcspn(b, "\n");

		if (x != y || memcmp(a, b, x) != 0)
			return tw_arena_strndup(
				&gate->arena, a, strcspn(a, "\t\n"));
		a += x + (a[x] == '\n');
		b += y + (b[y] == '\n');
	}
	return *a ? "what it is made of" : NULL;
}

static bool is_of_proof(const struct tw_shard *part)
{
	return strstr(tw_buf_text(&part->identity), "\nproof\t");
}

static int check_part(
	struct tw_gate *gate, const struct tw_shard *part, const char *path)
{
	const char *mine = tw_buf_text(&gate->store.filing.identity);
	const char *what = differs_in(gate, mine, tw_buf_text(&part->identity));

	if (what && !gate->cli->prove != !is_of_proof(part))
		return fail(gate, "'%s' is a shard of a %s", path,
			gate->cli->prove ? "gate, not of gate --prove"
					 : "proof: it wants merge --prove");
	if (what)
		return fail(gate,
			"'%s' is a shard of another gate: '%s' is not the same "
			"there",
			path, what);
	for (size_t i = 0; i < gate->store.parts.n; i++) {
		const struct tw_shard *other = &gate->store.parts.v[i];

		if (other->count != part->count)
			return fail(gate,
				"'%s' is of another number of shards than the "
				"files before it",
				path);
		if (other->index == part->index)
			return fail(gate,
				"'%s' is the same shard as another "
				"file",
				path);
	}
	return 0;
}

static int read_parts(struct tw_gate *gate)
{
	const struct tw_cli *cli = gate->cli;

	if (!cli->args.n)
		return fail(gate, "merge wants the files that `twinrig gate "
				  "--shard` wrote");
	for (size_t i = 0; i < cli->args.n; i++) {
		const char *path = cli->args.v[i];
		struct tw_buf bytes = {0};
		struct tw_shard part;
		struct tw_error error = {0};
		int status = 0;

		if (read_file(path, &bytes))
			status = fail(gate, "%s: %s", path, strerror(errno));
		else if (tw_shard_read(
				 &part, tw_buf_text(&bytes), bytes.n, &error))
			status = fail(gate, "%s: %s", path, error.message);
		tw_buf_release(&bytes);
		if (status)
			return status;
		status = check_part(gate, &part, path);
		tw_vec_push(&gate->store.parts, part);
		if (status)
			return status;
	}
	return 0;
}

/* The first report that was asked for; NULL: none. */
static const char *report_of(const struct tw_cli *cli)
{
	const struct {
		const char *option, *file;
	} reports[] = {
		{"--junit", cli->junit},
		{"--json", cli->json},
		{"--markdown", cli->markdown},
		{"--html", cli->html},
		{"--sarif", cli->sarif},
		{"--annotations", cli->annotations},
		{"--code-quality", cli->code_quality},
		{"--metrics", cli->metrics},
	};

	for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
		if (reports[i].file)
			return reports[i].option;
	return NULL;
}

int tw_gate_shard_open(struct tw_gate *gate)
{
	const struct tw_cli *cli = gate->cli;
	struct tw_gate_store *store = &gate->store;

	if (gate->merging)
		return read_parts(gate);
	if (!cli->shard)
		return cli->output ? fail(gate, "-o is for --shard") : 0;
	if (!tw_shard_parse(cli->shard, &store->shard, &store->shards))
		return fail(gate, "--shard wants I/N, such as 1/4, not '%s'",
			cli->shard);
	tw_shard_init(&store->part, store->shard, store->shards);
	if (report_of(cli))
		return fail(gate,
			"a shard has no verdict to report: give %s "
			"to `twinrig merge`",
			report_of(cli));
	if (gate->setup.config.candidate.process.n)
		return fail(gate, "a real process is not run in shards");
	return 0;
}

/* ---- trials ------------------------------------------------------------ */

bool tw_gate_shard_skips(struct tw_gate *gate)
{
	struct tw_gate_store *store = &gate->store;
	size_t ordinal = store->ordinal++;

	return store->shards && ordinal % store->shards + 1 != store->shard;
}

static bool is_noted(const struct tw_gate_store *store, size_t shard)
{
	for (size_t i = 0; i < store->missing.n; i++)
		if (store->missing.v[i] == shard)
			return true;
	return false;
}

const struct tw_str *tw_gate_shard_find(struct tw_gate *gate, const char *key)
{
	struct tw_gate_store *store = &gate->store;
	size_t shard = (store->ordinal - 1) % store->parts.v[0].count + 1;

	for (size_t i = 0; i < store->parts.n; i++) {
		const struct tw_str *bytes = tw_map_get_n(
			&store->parts.v[i].trials, key, TW_ARCHIVE_KEY);

		if (bytes)
			return bytes;
	}
	if (!is_noted(store, shard))
		tw_vec_push(&store->missing, shard);
	return NULL;
}

/* ---- the end ----------------------------------------------------------- */

int tw_gate_shard_finish(struct tw_gate *gate)
{
	struct tw_gate_store *store = &gate->store;
	const char *path = part_file(gate);
	struct tw_buf bytes = {0};
	FILE *file = fopen(path, "wb");
	bool failed = !file;

	tw_buf_add(&store->part.identity, tw_buf_text(&store->filing.identity),
		store->filing.identity.n);
	tw_shard_write(&store->part, &bytes);
	if (file) {
		failed = fwrite(bytes.p, bytes.n, 1, file) != 1;
		failed |= fclose(file) != 0;
	}
	tw_buf_release(&bytes);
	if (failed) {
		(void)fail(gate, "%s: %s", path, strerror(errno));
		return TW_EXIT_RUN;
	}
	if (!gate->cli->quiet && gate->cli->prove)
		printf("shard %u of %u: %zu outcomes are in %s\n", store->shard,
			store->shards, store->part.trials.n, path);
	else if (!gate->cli->quiet)
		printf("shard %u of %u: %zu of %zu trials are in %s\n",
			store->shard, store->shards, store->part.trials.n,
			store->ordinal, path);
	return 0;
}

int tw_gate_merge_missing(struct tw_gate *gate)
{
	struct tw_gate_store *store = &gate->store;
	struct tw_buf list = {0};
	uint32_t count;
	bool absent = false;

	if (!store->missing.n)
		return 0;
	count = store->parts.v[0].count;
	for (size_t i = 1; i <= count; i++) {
		bool given = false;

		for (size_t k = 0; k < store->parts.n; k++)
			given |= store->parts.v[k].index == i;
		absent |= !given;
		if (!given)
			tw_buf_printf(&list, "%s%zu/%u", list.n ? ", " : "", i,
				count);
	}
	if (absent)
		(void)fail(gate, "shards are missing: %s", list.p);
	else
		(void)fail(gate,
			"the shards were made with other traffic or faults "
			"than are read here");
	tw_buf_release(&list);
	return TW_EXIT_USAGE;
}
