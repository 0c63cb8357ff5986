/*
 * GitLab's code quality report (docs.gitlab.com, "Code Quality", the report
 * format): an array of objects with description, check_name, fingerprint,
 * severity (info, minor, major, critical, blocker) and location.path with
 * location.lines.begin. A fingerprint stays while lines and figures move, so
 * that GitLab tells what a merge request brought from what was there.
 */
#include "harness/json/writer.h"
#include "harness/report/notes.h"

static void entry(struct tw_json_writer *w, const struct tw_note *note)
{
	static const char *const severities[] = {"critical", "major", "info"};
	struct tw_buf line = {0};

	tw_json_object(w);
	tw_buf_printf(&line, "%s\n%s", note->title, note->text);
	tw_json_put_string(w, "description", tw_buf_text(&line));
	tw_json_put_string(w, "check_name", note->rule);
	tw_buf_clear(&line);
	tw_buf_printf(&line, "%016llx", (unsigned long long)note->identity);
	tw_json_put_string(w, "fingerprint", tw_buf_text(&line));
	tw_json_put_string(w, "severity", severities[note->level]);
	tw_json_put_object(w, "location");
	tw_json_put_string(w, "path", note->pos.file);
	tw_json_put_object(w, "lines");
	tw_json_put_int(w, "begin", note->pos.line > 0 ? note->pos.line : 1);
	tw_json_end(w);
	tw_json_end(w);
	tw_json_end(w);
	tw_buf_release(&line);
}

static void write_codequality(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct tw_arena arena;
	struct tw_notes notes = {0};
	struct tw_json_writer w;

	(void)options;
	tw_arena_init(&arena);
	tw_notes_of(report, &arena, &notes);
	tw_json_writer_init(&w, out, true);
	tw_json_array(&w);
	for (size_t i = 0; i < notes.n; i++)
		entry(&w, &notes.v[i]);
	tw_json_end(&w);
	tw_json_finish(&w);
	tw_arena_release(&arena);
}

const struct tw_report_kind tw_report_codequality = {
	.name = "code-quality",
	.option = "--code-quality",
	.help = "GitLab's code quality report",
	.write = write_codequality,
};
