/* Making a record (record.h). */
#include "harness/baseline/record.h"

#include <stdarg.h>
#include <stdio.h>

void tw_filing_init(struct tw_filing *filing)
{
	*filing = (struct tw_filing){0};
	tw_arena_init(&filing->arena);
	tw_map_init(&filing->trials, &filing->arena);
}

void tw_filing_release(struct tw_filing *filing)
{
	tw_vec_release(&filing->entries);
	tw_buf_release(&filing->identity);
	tw_buf_release(&filing->runs);
	tw_arena_release(&filing->arena);
}

void tw_filing_identity(
	struct tw_filing *filing, const char *name, const char *format, ...)
{
	char value[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof value, format, args);
	va_end(args);
	tw_buf_printf(&filing->identity, "%s\t", name);
	tw_line_add(&filing->identity, value);
	tw_buf_add_char(&filing->identity, '\n');
}

static void add_entry(
	struct tw_filing *filing, const char *path, const struct tw_git_id *id)
{
	tw_vec_push(&filing->entries,
		((struct tw_git_entry){.path = path, .id = *id}));
}

void tw_filing_blob(
	struct tw_filing *filing, const char *key, const struct tw_git_id *blob)
{
	const char *path = tw_arena_printf(
		&filing->arena, "trials/%.*s", TW_ARCHIVE_KEY, key);

	if (tw_map_put(&filing->trials, path, filing))
		add_entry(filing, path, blob);
}

void tw_filing_trial(struct tw_filing *filing, const char *key,
	const struct tw_git_id *blob, const char *side, double factor,
	uint32_t replication, const char *scenario)
{
	char number[TW_REAL_TEXT];

	tw_filing_blob(filing, key, blob);
	tw_buf_printf(&filing->runs, "%.*s\t%s\t%s\t%u\t", TW_ARCHIVE_KEY, key,
		side, tw_real_text(factor, number), replication);
	tw_line_add(&filing->runs, scenario);
	tw_buf_add_char(&filing->runs, '\n');
}

int tw_filing_text(struct tw_filing *filing, struct tw_archive *archive,
	const char *name, const struct tw_buf *text, struct tw_error *error)
{
	struct tw_git_id id;

	if (tw_git_put_blob(tw_archive_git(archive), tw_buf_text(text), text->n,
		    &id, error))
		return -1;
	add_entry(filing, tw_arena_strdup(&filing->arena, name), &id);
	return 0;
}

/* ---- sides ------------------------------------------------------------- */

/* Does it say `kind: Secret` at the start of a line? */
static bool holds_secret(struct tw_str text)
{
	static const char kind[] = "kind:";

	for (const char *at = text.p; at && at < text.p + text.n; at++) {
		const char *end =
			memchr(at, '\n', (size_t)(text.p + text.n - at));
		struct tw_str line = {
			at, (size_t)((end ? end : text.p + text.n) - at)};

		line = tw_str_trim(line);
		if (tw_str_starts(line, kind)) {
			line.p += sizeof kind - 1;
			line.n -= sizeof kind - 1;
			line = tw_str_trim(line);
			if (tw_str_equal(line, "Secret") ||
				tw_str_equal(line, "\"Secret\""))
				return true;
		}
		if (!end)
			break;
		at = end;
	}
	return false;
}

/*
 * What git has already may stand in git once more. Of the rest, what is
 * ignored, what is called .env and Secrets stay out: refs are pushed. NULL:
 * it may be kept.
 */
static const char *why_not(struct tw_git *git, const struct tw_input *input,
	const char *prefix, struct tw_arena *arena)
{
	const char *name = strrchr(input->path, '/');
	const char *path = input->path;

	name = name ? name + 1 : path;
	if (input->made)
		return tw_arena_printf(arena,
			"its manifests are written by a command ('%s')",
			input->made);
	if (prefix && *prefix)
		path = tw_arena_printf(arena, "%s/%s", prefix, path);
	if (prefix && tw_git_tracks(git, path, NULL))
		return NULL;
	if (prefix && tw_git_ignores(git, path))
		return tw_arena_printf(arena, "git ignores '%s'", input->path);
	if (!strncmp(name, ".env", 4) || holds_secret(input->content))
		return tw_arena_printf(arena,
			"'%s' may hold secrets and is not in git", input->path);
	return NULL;
}

int tw_filing_side(struct tw_filing *filing, struct tw_archive *archive,
	const char *side, const struct tw_inputs *inputs, const char *prefix,
	struct tw_error *error)
{
	struct tw_git *git = tw_archive_git(archive);

	for (size_t i = 0; i < inputs->list.n; i++) {
		const char *why = why_not(
			git, &inputs->list.v[i], prefix, &filing->arena);

		if (!why)
			continue;
		tw_filing_identity(filing,
			tw_arena_printf(&filing->arena, "lacks.%s", side), "%s",
			why);
		return 0;
	}
	for (size_t i = 0; i < inputs->list.n; i++) {
		const struct tw_input *it = &inputs->list.v[i];
		struct tw_git_id id;

		if (tw_git_put_blob(
			    git, it->content.p, it->content.n, &id, error))
			return -1;
		add_entry(filing,
			tw_arena_printf(
				&filing->arena, "sides/%s/%s", side, it->path),
			&id);
	}
	return 0;
}

/* ---- the commit -------------------------------------------------------- */

static void name_it(struct tw_filing *filing)
{
	struct tw_digest digest;
	char text[TW_DIGEST_TEXT];

	tw_digest_init(&digest);
	tw_digest_bytes(&digest, "gate", tw_buf_text(&filing->identity),
		filing->identity.n);
	tw_digest_text(&digest, text);
	snprintf(filing->id, sizeof filing->id, "%.*s", TW_RECORD_ID, text);
}

int tw_filing_commit(struct tw_filing *filing, struct tw_archive *archive,
	const char *message, bool anew, bool *known, struct tw_error *error)
{
	static const struct tw_git_id none = {""};
	struct tw_git *git = tw_archive_git(archive);
	struct tw_git_id id;
	struct tw_git_about about;
	const char *ref;
	int rc;

	name_it(filing);
	ref = tw_arena_printf(&filing->arena, "%s%s",
		filing->proof ? TW_ARCHIVE_PROOFS : TW_ARCHIVE_GATES,
		filing->id);
	*known = !tw_git_ref_get(git, ref, &id, error) &&
		 !tw_git_about(git, &id, &about, error);
	if (*known && !anew)
		return 0;
	*known = false;
	if (tw_filing_text(
		    filing, archive, "identity", &filing->identity, error) ||
		tw_filing_text(filing, archive, "runs", &filing->runs, error) ||
		tw_git_put_tree(git, filing->entries.v, filing->entries.n, &id,
			error) ||
		tw_git_put_commit(git, &id, message, &id, error))
		return -1;
	/* Somebody may have stored the same meanwhile; a damaged one goes. */
	rc = tw_git_ref_set(git, ref, &id, &none, error);
	if (rc == 1)
		rc = tw_git_ref_set(git, ref, &id, NULL, error);
	return rc;
}
