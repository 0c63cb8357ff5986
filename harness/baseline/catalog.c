#include "harness/baseline/catalog.h"

#include <stdlib.h>

static bool starts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static int by_time(const void *a, const void *b)
{
	const struct tw_catalog_gate *x = a, *y = b;

	if (x->about.instant != y->about.instant)
		return x->about.instant < y->about.instant ? -1 : 1;
	return strcmp(x->ref, y->ref);
}

/* Where a ref belongs; `n`: how long the part is that all there have. NULL: it
 * is none of ours. */
static struct tw_catalog_gates *kind_of(
	struct tw_catalog *catalog, const char *ref, size_t *n)
{
	struct {
		const char *prefix;
		struct tw_catalog_gates *to;
	} kinds[] = {{TW_ARCHIVE_GATES, &catalog->gates},
		{TW_ARCHIVE_BASELINES, &catalog->baselines},
		{TW_ARCHIVE_PROOFS, &catalog->proofs}};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (starts(ref, kinds[i].prefix)) {
			*n = strlen(kinds[i].prefix);
			return kinds[i].to;
		}
	return NULL;
}

static void add_ref(struct tw_catalog *catalog, struct tw_archive *archive,
	const struct tw_git_ref *ref)
{
	struct tw_catalog_gate gate = {.commit = ref->id, .names = ""};
	struct tw_catalog_gates *to;
	struct tw_error error;
	size_t n;

	gate.ref = tw_arena_strdup(&catalog->arena, ref->name);
	if (starts(ref->name, TW_ARCHIVE_RUNNING)) {
		tw_vec_push_in(&catalog->arena, &catalog->running, gate.ref);
		return;
	}
	to = kind_of(catalog, ref->name, &n);
	if (!to)
		return;
	if (tw_git_about(
		    tw_archive_git(archive), &ref->id, &gate.about, &error)) {
		tw_buf_printf(&catalog->broken, "%s\n", ref->name);
		return;
	}
	gate.id = gate.ref + n;
	tw_vec_push_in(&catalog->arena, to, gate);
}

static void sort(struct tw_catalog_gates *gates)
{
	if (gates->n)
		qsort(gates->v, gates->n, sizeof *gates->v, by_time);
}

/* Which gates are called what. */
static void name_gates(struct tw_catalog *catalog)
{
	for (size_t i = 0; i < catalog->baselines.n; i++) {
		const struct tw_catalog_gate *it = &catalog->baselines.v[i];

		for (size_t k = 0; k < catalog->gates.n; k++) {
			struct tw_catalog_gate *gate = &catalog->gates.v[k];

			if (strcmp(gate->commit.text, it->commit.text) != 0)
				continue;
			gate->names = tw_arena_printf(&catalog->arena, "%s%s%s",
				gate->names, *gate->names ? ", " : "", it->id);
		}
	}
}

int tw_catalog_read(struct tw_catalog *catalog, struct tw_archive *archive,
	struct tw_error *error)
{
	struct tw_git_refs refs = {0};
	int rc;

	*catalog = (struct tw_catalog){0};
	tw_arena_init(&catalog->arena);
	rc = tw_git_refs_list(tw_archive_git(archive), TW_GIT_REFS, &refs,
		&catalog->broken, error);
	for (size_t i = 0; !rc && i < refs.list.n; i++)
		add_ref(catalog, archive, &refs.list.v[i]);
	tw_git_refs_release(&refs);
	if (rc) {
		tw_catalog_release(catalog);
		return -1;
	}
	sort(&catalog->gates);
	sort(&catalog->proofs);
	name_gates(catalog);
	return 0;
}

void tw_catalog_release(struct tw_catalog *catalog)
{
	tw_buf_release(&catalog->broken);
	tw_arena_release(&catalog->arena);
}

/* ---- pruning ----------------------------------------------------------- */

struct thinning {
	struct tw_arena *arena;
	TW_VEC(struct tw_git_entry) kept;
	size_t dropped;
};

static void keep_entry(void *context, const struct tw_git_entry *entry)
{
	struct thinning *thinning = context;
	struct tw_git_entry kept = *entry;

	if (starts(entry->path, "trials/")) {
		thinning->dropped++;
		return;
	}
	kept.path = tw_arena_strdup(thinning->arena, entry->path);
	tw_vec_push(&thinning->kept, kept);
}

/* The same gate, of the same time, without its observations. */
static int thin(struct tw_archive *archive, const struct tw_catalog_gate *gate,
	size_t *thinned, struct tw_error *error)
{
	struct tw_git *git = tw_archive_git(archive);
	struct tw_arena arena;
	struct thinning thinning = {.arena = &arena};
	struct tw_git_id id;
	int rc;

	tw_arena_init(&arena);
	rc = tw_git_walk(git, &gate->commit, "", keep_entry, &thinning, error);
	if (!rc && thinning.dropped) {
		rc = tw_git_put_tree(
			git, thinning.kept.v, thinning.kept.n, &id, error);
		if (!rc)
			rc = tw_git_copy_commit(
				git, &gate->commit, &id, &id, error);
		/* Whoever moved it meanwhile had a reason. */
		if (!rc)
			rc = tw_git_ref_set(
				git, gate->ref, &id, &gate->commit, error);
		*thinned += rc == 0;
	}
	tw_vec_release(&thinning.kept);
	tw_arena_release(&arena);
	return rc < 0 ? -1 : 0;
}

static int drop_broken(const struct tw_catalog *catalog, struct tw_git *git,
	struct tw_prune *prune, struct tw_error *error)
{
	const char *at = tw_buf_text(&catalog->broken);
	int rc = 0;

	while (*at && !rc) {
		size_t n = strcspn(at, "\n");
		struct tw_buf name = {0};

		tw_buf_add(&name, at, n);
		rc = tw_git_ref_delete(git, name.p, error);
		prune->broken += !rc;
		tw_buf_release(&name);
		at += n + (at[n] == '\n');
	}
	return rc;
}

int tw_catalog_prune(const struct tw_catalog *catalog,
	struct tw_archive *archive, bool refs, struct tw_prune *prune,
	struct tw_error *error)
{
	struct tw_git *git = tw_archive_git(archive);
	size_t old = catalog->gates.n > prune->keep
			     ? catalog->gates.n - prune->keep
			     : 0;
	int rc = 0;

	/* The newest of the old ones first: behind one that is thin already
	 * all are, unless somebody took a name away. */
	for (size_t i = old; !rc && i-- > 0;) {
		size_t before = prune->thinned;

		if (*catalog->gates.v[i].names)
			continue;
		rc = thin(
			archive, &catalog->gates.v[i], &prune->thinned, error);
		if (!refs && prune->thinned == before)
			break;
	}
	for (size_t i = 0; refs && !rc && i < catalog->running.n; i++) {
		rc = tw_git_ref_delete(git, catalog->running.v[i], error);
		prune->running += !rc;
	}
	if (refs && !rc)
		rc = drop_broken(catalog, git, prune, error);
	return rc;
}

int tw_catalog_prune_proofs(const struct tw_catalog *catalog,
	struct tw_archive *archive, size_t keep, size_t *gone,
	struct tw_error *error)
{
	struct tw_git *git = tw_archive_git(archive);
	int rc = 0;

	for (size_t i = 0; !rc && i + keep < catalog->proofs.n; i++) {
		rc = tw_git_ref_delete(git, catalog->proofs.v[i].ref, error);
		*gone += !rc;
	}
	return rc;
}
