/* `twinrig baseline diff`: in what two stored gates differ. */
#include "harness/commands/stored/shelf.h"

#include <stdio.h>
#include <string.h>

int tw_baseline_diff(struct tw_shelf *shelf, const struct tw_cli *cli);

static void diff_values(const struct tw_record *a, const struct tw_record *b)
{
	static const char *const names[] = {"candidate.commit",
		"candidate.state", "baseline.commit", "seed", "runs", "policy",
		"twinrig", "semantics", "format"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *before = tw_record_value(a, names[i]);
		const char *after = tw_record_value(b, names[i]);

		if (strcmp(before, after) != 0)
			printf("%s: %s -> %s\n", names[i],
				*before ? before : "none",
				*after ? after : "none");
	}
}

/* What differs by its digest alone: requests are not stored, and faults may be
 * compiled for other pods. */
static void diff_inputs(const struct tw_record *a, const struct tw_record *b)
{
	static const struct {
		const char *of, *what, *told;
	} kinds[] = {
		{"traffic.candidate.", "traffic", "other requests"},
		{"faults.candidate.", "faults", "others"},
	};

	for (size_t i = 0; i < b->identity.n; i++)
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			const struct tw_map_entry *now = &b->identity.v[i];
			size_t n = strlen(kinds[k].of);
			const char *then = tw_map_get(&a->identity, now->key);

			if (!strncmp(now->key, kinds[k].of, n) && then &&
				strcmp(then, now->value))
				printf("%s of %s: %s\n", kinds[k].what,
					now->key + n, kinds[k].told);
		}
}

/* ---- files ------------------------------------------------------------- */

struct files {
	struct tw_arena *arena;
	struct tw_map ids; /* path -> id as text */
};

static void note_file(void *context, const struct tw_git_entry *entry)
{
	struct files *files = context;

	tw_map_put(&files->ids, entry->path,
		tw_arena_strdup(files->arena, entry->id.text));
}

static int read_files(
	struct tw_record *record, struct files *to, struct tw_error *error)
{
	to->arena = &record->arena;
	tw_map_init(&to->ids, &record->arena);
	return tw_git_walk(tw_archive_git(record->archive), &record->commit,
		"sides/candidate", note_file, to, error);
}

static int diff_files(
	struct tw_record *a, struct tw_record *b, struct tw_error *error)
{
	struct files before, after;

	if (read_files(a, &before, error) || read_files(b, &after, error))
		return -1;
	for (size_t i = 0; i < after.ids.n; i++) {
		const struct tw_map_entry *now = &after.ids.v[i];
		const char *then = tw_map_get(&before.ids, now->key);

		if (!then || strcmp(then, now->value) != 0)
			printf("candidate's %s: %s\n", now->key,
				then ? "changed" : "new");
	}
	for (size_t i = 0; i < before.ids.n; i++)
		if (!tw_map_get(&after.ids, before.ids.v[i].key))
			printf("candidate's %s: gone\n", before.ids.v[i].key);
	return 0;
}

/* ---- verdicts ---------------------------------------------------------- */

static const struct tw_judged *find(
	const struct tw_judged_list *list, const struct tw_judged *like)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i].scenario, like->scenario) &&
			!strcmp(list->v[i].check, like->check) &&
			!strcmp(list->v[i].group, like->group))
			return &list->v[i];
	return NULL;
}

static void tell(
	const struct tw_judged *it, const char *before, const char *after)
{
	printf("%s -> %s  %s: %s%s%s%s\n", before, after, it->scenario,
		it->check, *it->group ? " [" : "", it->group,
		*it->group ? "]" : "");
}

static int diff_verdicts(
	struct tw_record *a, struct tw_record *b, struct tw_error *error)
{
	struct tw_judged_list before = {0}, after = {0};

	if (tw_judged_read(a, &before, error) ||
		tw_judged_read(b, &after, error))
		return -1;
	printf("verdict: %s -> %s\n", a->about.subject, b->about.subject);
	for (size_t i = 0; i < after.n; i++) {
		const struct tw_judged *then = find(&before, &after.v[i]);

		if (!then)
			tell(&after.v[i], "not judged", after.v[i].verdict);
		else if (strcmp(then->verdict, after.v[i].verdict) != 0)
			tell(&after.v[i], then->verdict, after.v[i].verdict);
	}
	for (size_t i = 0; i < before.n; i++)
		if (!find(&after, &before.v[i]))
			tell(&before.v[i], before.v[i].verdict, "not judged");
	return 0;
}

int tw_baseline_diff(struct tw_shelf *shelf, const struct tw_cli *cli)
{
	struct tw_record a, b;
	struct tw_error error = {0};
	int status;

	if (cli->args.n < 2) {
		tw_fail(&error, TW_E_USAGE,
			"diff wants a gate, and another if it is not the "
			"last one that it is compared with");
		return tw_shelf_fail(&error);
	}
	status = tw_shelf_record(shelf, cli->args.v[1], &a);
	if (status)
		return status;
	status = tw_shelf_record(
		shelf, cli->args.n > 2 ? cli->args.v[2] : NULL, &b);
	if (!status) {
		diff_values(&a, &b);
		diff_inputs(&a, &b);
		if (diff_files(&a, &b, &error) || diff_verdicts(&a, &b, &error))
			status = tw_shelf_fail(&error);
		tw_record_release(&b);
	}
	tw_record_release(&a);
	return status;
}
