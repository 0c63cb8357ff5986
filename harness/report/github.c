/*
 * Annotations of GitHub Actions: workflow commands, one a line, that the
 * runner reads from what a step prints.
 *
 * Limits (docs.github.com, "Workflow commands for GitHub Actions"; actions/
 * toolkit, docs/problem-matchers.md): 10 of each level a step and 50 a job;
 * what is beyond is dropped without a word. So the last of ten says how many
 * more there are. `%`, CR and LF are escaped, in properties also `:` and `,`.
 */
#include "harness/report/notes.h"

#define EACH_LEVEL 10
/* Of one note: the runner cuts long ones (64 KiB). */
#define LONGEST 4000

static void escaped(struct tw_buf *out, const char *s, bool property)
{
	for (size_t n = 0; s[n]; n++) {
		/* Within a character of UTF-8 it goes on. */
		if (n >= LONGEST && ((unsigned char)s[n] & 0xc0) != 0x80)
			break;
		if (s[n] == '%' || s[n] == '\n' || s[n] == '\r' ||
			(property && (s[n] == ':' || s[n] == ',')))
			tw_buf_printf(out, "%%%02X", (unsigned char)s[n]);
		else
			tw_buf_add_char(out, s[n]);
	}
}

static void command(struct tw_buf *out, const struct tw_note *note)
{
	static const char *const levels[] = {"error", "warning", "notice"};

	tw_buf_printf(out, "::%s file=", levels[note->level]);
	escaped(out, note->pos.file, true);
	if (note->pos.line > 0)
		tw_buf_printf(out, ",line=%d", note->pos.line);
	if (note->pos.line > 0 && note->pos.column > 0)
		tw_buf_printf(out, ",col=%d", note->pos.column);
	tw_buf_add_text(out, ",title=");
	escaped(out, note->title, true);
	tw_buf_add_text(out, "::");
	escaped(out, note->text, false);
	tw_buf_add_char(out, '\n');
}

static void level(struct tw_buf *out, struct tw_arena *arena,
	const struct tw_notes *notes, enum tw_note_level which)
{
	size_t n = 0, told = 0;

	for (size_t i = 0; i < notes->n; i++)
		n += notes->v[i].level == which;
	for (size_t i = 0; i < notes->n; i++) {
		struct tw_note note = notes->v[i];

		if (note.level != which)
			continue;
		if (++told == EACH_LEVEL && n > EACH_LEVEL) {
			note.title = tw_arena_printf(
				arena, "twinrig: %zu more", n - EACH_LEVEL + 1);
			note.text = "see the job's summary for all of them";
			command(out, &note);
			return;
		}
		command(out, &note);
	}
}

static void write_github(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct tw_arena arena;
	struct tw_notes notes = {0};

	(void)options;
	tw_arena_init(&arena);
	tw_notes_of(report, &arena, &notes);
	for (int i = TW_NOTE_ERROR; i <= TW_NOTE_NOTICE; i++)
		level(out, &arena, &notes, (enum tw_note_level)i);
	tw_arena_release(&arena);
}

const struct tw_report_kind tw_report_github = {
	.name = "github",
	.option = "--annotations",
	.help = "annotations of GitHub Actions, on the lines to blame",
	.write = write_github,
};
