/*
 * Runs the conformance cases of folders: family, kind, how many passed and
 * failed, with the difference of each failure.
 *
 *	run [-v] FOLDER...
 *
 * Folders below are run, too; a file without a family is a recorded run of a
 * real control plane, whose kind is the name of its folder.
 *
 * Exit status 0: all passed that have an adapter; 1: some failed; 3: a folder
 * or a file could not be read. Families without an adapter are named.
 */
#include "tests/conformance/conformance.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct conformance_adapter *const adapters[] = {
	conformance_deployment,
	conformance_endpoints,
	conformance_kubelet,
	conformance_networkpolicy,
	conformance_scheduler,
	conformance_envoy,
	conformance_hpa,
	conformance_hpa_sync,
	conformance_recorded_hpa,
	conformance_kayenta,
	conformance_argo,
	conformance_nodeloss,
	conformance_scheduling,
	conformance_eviction,
	conformance_rollout,
};

struct tally {
	const char *family, *kind;
	size_t passed, failed, skipped;
	bool adapted;
};

struct session {
	struct tw_arena arena;
	TW_VEC(struct tally) tallies;
	size_t failed;
	bool verbose;
};

static const struct conformance_adapter *adapter_of(
	const char *family, const char *kind)
{
	for (size_t i = 0; i < sizeof adapters / sizeof *adapters; i++)
		for (const struct conformance_adapter *it = adapters[i];
			it->family; it++)
			if (!strcmp(it->family, family) &&
				(!it->kind || !strcmp(it->kind, kind)))
				return it;
	return NULL;
}

static struct tally *tally_of(
	struct session *s, const char *family, const char *kind)
{
	for (size_t i = 0; i < s->tallies.n; i++)
		if (!strcmp(s->tallies.v[i].family, family) &&
			!strcmp(s->tallies.v[i].kind, kind))
			return &s->tallies.v[i];
	tw_vec_push_in(&s->arena, &s->tallies,
		((struct tally){.family = family, .kind = kind}));
	return &s->tallies.v[s->tallies.n - 1];
}

static void run_one(struct session *s, const char *family, const char *kind,
	const char *name, struct conformance c)
{
	const struct conformance_adapter *adapter = adapter_of(family, kind);
	struct tally *tally = tally_of(s, family, kind);

	if (!adapter) {
		tally->skipped++;
		return;
	}
	tally->adapted = true;
	tw_arena_init(&c.arena);
	adapter->run(&c);
	if (c.skipped) {
		tally->skipped++;
		printf("skipped %s %s: %s\n", family, name, c.skipped);
	} else if (c.difference.n) {
		tally->failed++;
		s->failed++;
		printf("FAILED %s %s %s\n%s", family, kind, name,
			tw_buf_text(&c.difference));
	} else {
		tally->passed++;
		if (s->verbose)
			printf("ok %s %s %s\n", family, kind, name);
	}
	tw_buf_release(&c.difference);
	tw_arena_release(&c.arena);
}

static void run_case(struct session *s, const char *family,
	struct tw_yaml *file, struct tw_yaml *it)
{
	struct conformance c = {.file = file,
		.in = tw_yaml_get(it, "in"),
		.want = tw_yaml_get(it, "want")};

	run_one(s, family, conformance_get_text(c.in, "kind", ""),
		conformance_get_text(it, "name", "?"), c);
}

/* A recorded run: a file of its own, whose folder says what it is of. */
static void run_recorded(
	struct session *s, const char *folder, struct tw_yaml *file)
{
	struct conformance c = {.file = file,
		.in = tw_yaml_get(file, "inputs"),
		.want = tw_yaml_get(file, "observed")};
	const char *slash = strrchr(folder, '/');

	run_one(s, "recorded",
		tw_arena_strdup(&s->arena, slash ? slash + 1 : folder),
		conformance_get_text(file, "case", "?"), c);
}

static char *read_whole(const char *path, size_t *n)
{
	FILE *file = fopen(path, "rb");
	size_t cap = 1 << 16;
	char *text = file ? tw_malloc(cap) : NULL;

	*n = 0;
	while (file) {
		size_t got = fread(text + *n, 1, cap - *n, file);

		*n += got;
		if (*n < cap)
			break;
		cap *= 2;
		text = tw_reallocarray(text, cap, 1);
	}
	if (file)
		fclose(file);
	return text;
}

static int run_file(struct session *s, const char *folder, const char *path)
{
	const struct tw_yaml_options options = {.max_bytes = 64 << 20};
	struct tw_yaml_docs docs = {0};
	struct tw_diags diags;
	struct tw_yaml *cases;
	const char *family;
	size_t n;
	char *text = read_whole(path, &n);
	int status = -1;

	tw_diags_init(&diags);
	if (!text || tw_yaml_parse(&s->arena, path, text, n, &options, &diags,
			     &docs)) {
		fprintf(stderr, "%s: cannot be read\n", path);
		goto out;
	}
	status = 0;
	family = docs.n ? tw_yaml_text(tw_yaml_get(docs.v[0], "family")) : NULL;
	cases = docs.n ? tw_yaml_get(docs.v[0], "cases") : NULL;
	for (size_t i = 0; family && i < tw_yaml_count(cases); i++)
		run_case(s, family, docs.v[0], tw_yaml_item(cases, i));
	if (docs.n && !family && tw_yaml_get(docs.v[0], "observed"))
		run_recorded(s, folder, docs.v[0]);
out:
	tw_diags_release(&diags);
	tw_free(text);
	return status;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_json(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".json");
}

static int is_folder(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && entry->d_name[0] != '.';
}

static int run_folder(struct session *s, const char *folder);

static int run_folders(struct session *s, const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, is_folder, by_name), status = 0;

	for (int i = 0; i < n; i++) {
		status |= run_folder(s, tw_arena_printf(&s->arena, "%s/%s",
						folder, names[i]->d_name));
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return status;
}

static int run_folder(struct session *s, const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, is_json, by_name), status = 0;

	if (n < 0) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		return -1;
	}
	for (int i = 0; i < n; i++) {
		const char *path = tw_arena_printf(
			&s->arena, "%s/%s", folder, names[i]->d_name);

		status |= run_file(s, folder, path);
		free(names[i]);
	}
	free(names);
	return status | run_folders(s, folder);
}

static void print_tallies(const struct session *s)
{
	size_t passed = 0, skipped = 0;

	printf("%-32s %-18s %6s %6s\n", "family", "kind", "passed", "failed");
	for (size_t i = 0; i < s->tallies.n; i++) {
		const struct tally *it = &s->tallies.v[i];

		passed += it->passed;
		skipped += it->skipped;
		if (it->adapted)
			printf("%-32s %-18s %6zu %6zu\n", it->family, it->kind,
				it->passed, it->failed);
		else
			printf("%-32s %-18s not modelled: %zu cases\n",
				it->family, it->kind, it->skipped);
	}
	printf("%zu passed, %zu failed, %zu skipped\n", passed, s->failed,
		skipped);
}

int main(int argc, char **argv)
{
	struct session s = {0};
	int status = 0;

	tw_arena_init(&s.arena);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-v"))
			s.verbose = true;
		else
			status |= run_folder(&s, argv[i]);
	}
	print_tallies(&s);
	tw_arena_release(&s.arena);
	if (status)
		return 3;
	return s.failed ? 1 : 0;
}
