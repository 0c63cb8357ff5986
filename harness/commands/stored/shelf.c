#include "harness/commands/stored/shelf.h"

#include <stdio.h>
#include <time.h>

int tw_shelf_fail(const struct tw_error *error)
{
	fflush(stdout);
	fprintf(stderr, "twinrig: %s\n", error->message);
	return error->code == TW_E_USAGE ? TW_EXIT_USAGE : TW_EXIT_RUN;
}

int tw_shelf_open(struct tw_shelf *shelf, const struct tw_cli *cli)
{
	const char *slash = cli->config ? strrchr(cli->config, '/') : NULL;
	struct tw_buf directory = {0};
	struct tw_error error;

	*shelf = (struct tw_shelf){0};
	if (slash)
		tw_buf_add(&directory, cli->config,
			slash == cli->config ? 1
					     : (size_t)(slash - cli->config));
	else
		tw_buf_add_text(&directory, ".");
	shelf->archive = tw_archive_open(directory.p, &error);
	tw_buf_release(&directory);
	if (shelf->archive &&
		!tw_catalog_read(&shelf->catalog, shelf->archive, &error))
		return 0;
	tw_archive_free(shelf->archive);
	return tw_shelf_fail(&error);
}

void tw_shelf_close(struct tw_shelf *shelf)
{
	tw_catalog_release(&shelf->catalog);
	tw_archive_free(shelf->archive);
}

/* The gate that answered last here, or else the newest. */
static const char *last_gate(struct tw_shelf *shelf)
{
	const struct tw_catalog *catalog = &shelf->catalog;
	const char *ref = catalog->gates.v[catalog->gates.n - 1].ref;
	char *id =
		tw_git_noted(tw_archive_git(shelf->archive), TW_ARCHIVE_LAST);

	for (size_t i = 0; i < catalog->gates.n; i++)
		if (!strcmp(catalog->gates.v[i].id, id))
			ref = catalog->gates.v[i].ref;
	tw_free(id);
	return ref;
}

int tw_shelf_record(
	struct tw_shelf *shelf, const char *name, struct tw_record *record)
{
	size_t n = shelf->catalog.gates.n;
	struct tw_error error;

	if (!name && !n) {
		tw_fail(&error, TW_E_USAGE,
			"no gate is stored here yet: `twinrig gate` does");
		return tw_shelf_fail(&error);
	}
	if (!name)
		name = last_gate(shelf);
	return tw_record_open(record, shelf->archive, name, &error)
		       ? tw_shelf_fail(&error)
		       : 0;
}

char *tw_when_text(int64_t when, char to[static TW_WHEN])
{
	time_t t = (time_t)when;
	struct tm utc;

	if (!gmtime_r(&t, &utc) ||
		!strftime(to, TW_WHEN, "%Y-%m-%d %H:%M", &utc))
		snprintf(to, TW_WHEN, "?");
	return to;
}

int tw_judged_read(struct tw_record *record, struct tw_judged_list *to,
	struct tw_error *error)
{
	const char *text = tw_record_text(record, "verdict", error);
	char *at, *v[9];

	if (!text)
		return -1;
	at = tw_arena_strdup(&record->arena, text);
	for (size_t n; (n = tw_line_next(&at, v, 9));) {
		struct tw_judged it = {.since = TW_NEVER};

		if (n != 9 || !tw_parse_int(tw_str_of(v[8]), &it.since))
			return tw_fail(error, TW_E_RUN,
				"%s: its verdict is damaged, or of an older "
				"twinrig",
				record->ref);
		it.scenario = v[0];
		it.check = v[1];
		it.group = v[2];
		it.verdict = v[3];
		it.reason = v[4];
		it.kind = v[5];
		it.baseline = v[6];
		it.candidate = v[7];
		tw_vec_push_in(&record->arena, to, it);
	}
	return 0;
}
