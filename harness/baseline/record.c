/* Reading a record (record.h). All of it is foreign input: refs are fetched. */
#include "harness/baseline/record.h"

#include "twins/base/assert.h"

#include <stdio.h>

#define ID_MIN 4 /* digits that a shortened id must have */

/* ---- by what name ------------------------------------------------------ */

static int by_prefix(
	struct tw_record *record, const char *name, struct tw_error *error)
{
	struct tw_git_refs refs = {0};
	size_t n = strlen(name), found = 0;
	struct tw_buf prefix = {0};
	int rc;

	if (n < ID_MIN)
		return 1;
	tw_buf_printf(&prefix, TW_ARCHIVE_GATES "%s", name);
	rc = tw_git_refs_list(
		tw_archive_git(record->archive), prefix.p, &refs, NULL, error);
	for (size_t i = 0; !rc && i < refs.list.n; i++) {
		record->ref =
			tw_arena_strdup(&record->arena, refs.list.v[i].name);
		record->commit = refs.list.v[i].id;
		found++;
	}
	tw_git_refs_release(&refs);
	tw_buf_release(&prefix);
	if (!rc && found > 1)
		return tw_fail(error, TW_E_USAGE,
			"'%s' is the start of %zu stored gates; give more of "
			"it",
			name, found);
	return rc ? rc : !found;
}

static int unknown(
	struct tw_record *record, const char *name, struct tw_error *error)
{
	struct tw_git_refs refs = {0};
	const char **names;
	const char *near;
	size_t skip = sizeof TW_ARCHIVE_BASELINES - 1;

	if (tw_git_refs_list(tw_archive_git(record->archive),
		    TW_ARCHIVE_BASELINES, &refs, NULL, error))
		return -1;
	names = tw_calloc(refs.list.n + 1, sizeof *names);
	for (size_t i = 0; i < refs.list.n; i++)
		names[i] = refs.list.v[i].name + skip;
	near = tw_nearest(name, names, refs.list.n);
	tw_fail(error, TW_E_USAGE,
		"no stored baseline or gate is called '%s'%s%s%s", name,
		near ? "; did you mean '" : "; see `twinrig baseline list`",
		near ? near : "", near ? "'?" : "");
	tw_free(names);
	tw_git_refs_release(&refs);
	return -1;
}

static int find(
	struct tw_record *record, const char *name, struct tw_error *error)
{
	struct tw_git *git = tw_archive_git(record->archive);
	int rc;

	record->ref = !strncmp(name, "refs/", 5)
			      ? tw_arena_strdup(&record->arena, name)
			      : tw_arena_printf(&record->arena,
					TW_ARCHIVE_BASELINES "%s", name);
	rc = tw_git_ref_get(git, record->ref, &record->commit, error);
	if (rc == 1)
		rc = by_prefix(record, name, error);
	return rc == 1 ? unknown(record, name, error) : rc;
}

static int read_identity(struct tw_record *record, struct tw_error *error)
{
	const char *text = tw_record_text(record, "identity", error);
	char *at, *v[2];

	if (!text)
		return tw_fail(
			error, TW_E_RUN, "%s is no stored gate", record->ref);
	at = tw_arena_strdup(&record->arena, text);
	for (size_t n; (n = tw_line_next(&at, v, 2));)
		if (n == 2)
			tw_map_put(&record->identity, v[0], v[1]);
	return 0;
}

int tw_record_open(struct tw_record *record, struct tw_archive *archive,
	const char *name, struct tw_error *error)
{
	*record = (struct tw_record){.archive = archive};
	tw_arena_init(&record->arena);
	tw_map_init(&record->identity, &record->arena);
	if (!find(record, name, error) &&
		!tw_git_about(tw_archive_git(archive), &record->commit,
			&record->about, error) &&
		!read_identity(record, error))
		return 0;
	tw_record_release(record);
	return -1;
}

void tw_record_release(struct tw_record *record)
{
	tw_arena_release(&record->arena);
	*record = (struct tw_record){0};
}

const char *tw_record_name(const struct tw_record *record)
{
	static const char *const prefixes[] = {
		TW_ARCHIVE_BASELINES, TW_ARCHIVE_GATES};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (!strncmp(record->ref, prefixes[i], strlen(prefixes[i])))
			return record->ref + strlen(prefixes[i]);
	return record->ref;
}

/* ---- what is in it ----------------------------------------------------- */

const char *tw_record_value(const struct tw_record *record, const char *name)
{
	const char *value = tw_map_get(&record->identity, name);

	return value ? value : "";
}

const char *tw_record_text(
	struct tw_record *record, const char *name, struct tw_error *error)
{
	struct tw_git *git = tw_archive_git(record->archive);
	struct tw_buf text = {0};
	struct tw_git_id id;
	const char *copy = NULL;

	if (!tw_git_at(git, &record->commit, name, &id, error) &&
		!tw_git_get_blob(git, &id, &text, error))
		copy = tw_arena_strndup(
			&record->arena, tw_buf_text(&text), text.n);
	tw_buf_release(&text);
	return copy;
}

int tw_record_read_runs(struct tw_record *record, struct tw_record_runs *to,
	struct tw_error *error)
{
	const char *text = tw_record_text(record, "runs", error);
	char *at, *v[5];

	if (!text)
		return -1;
	at = tw_arena_strdup(&record->arena, text);
	for (size_t n; (n = tw_line_next(&at, v, 5));) {
		struct tw_record_run run = {0};
		int64_t replication;

		if (n != 5 || !tw_parse_real(tw_str_of(v[2]), &run.factor) ||
			!tw_parse_int(tw_str_of(v[3]), &replication) ||
			replication < 0 || replication > UINT32_MAX)
			return tw_fail(error, TW_E_RUN,
				"%s: its list of runs is damaged", record->ref);
		run.key = v[0];
		run.side = v[1];
		run.replication = (uint32_t)replication;
		run.scenario = v[4];
		tw_vec_push_in(&record->arena, to, run);
	}
	return 0;
}

int tw_record_trial(struct tw_record *record, const char *key,
	struct tw_observation *obs, struct tw_error *error)
{
	struct tw_git_id id;
	char path[TW_ARCHIVE_KEY + 16];

	snprintf(path, sizeof path, "trials/%.*s", TW_ARCHIVE_KEY, key);
	if (!tw_git_at(tw_archive_git(record->archive), &record->commit, path,
		    &id, error))
		return tw_archive_get(record->archive, &id, obs, error);
	if (error->code == TW_E_USAGE)
		tw_fail(error, TW_E_RUN,
			"its trials are not stored any more (pruned)");
	return -1;
}
