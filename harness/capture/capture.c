#include "harness/capture/capture.h"

#include "harness/capture/stream.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What a reader's sink is, seen from this side. */
struct reading {
	struct twinrig_sink sink;
	const char *file;
	tw_capture_exchange *exchange;
	void *context;
	struct tw_capture_report *report;
	struct tw_error *error;
	int64_t last_time; /* for exchanges without an instant */
	bool enough, failed, in_directory;
};

void tw_capture_report_init(struct tw_capture_report *report)
{
	*report = (struct tw_capture_report){0};
	tw_arena_init(&report->arena);
}

void tw_capture_report_release(struct tw_capture_report *report)
{
	tw_arena_release(&report->arena);
	*report = (struct tw_capture_report){0};
}

static int on_exchange(
	struct twinrig_sink *sink, const struct twinrig_exchange *given)
{
	struct reading *reading = (struct reading *)(void *)sink;
	struct twinrig_exchange copy;
	size_t size = given->struct_size;

	/* Times before 1970 are none; without them no difference of two
	 * times overflows. */
	if (given->time < 0 && given->time != TWINRIG_NO_TIME) {
		sink->malformed(sink, given->line, "its time is before 1970");
		return 0;
	}
	reading->report->read++;
	if (size < sizeof copy || given->time == TWINRIG_NO_TIME) {
		/* A plugin older than this program: what it does not know
		 * is absent. */
		memset(&copy, 0, sizeof copy);
		memcpy(&copy, given, size < sizeof copy ? size : sizeof copy);
		copy.struct_size = sizeof copy;
		if (copy.time == TWINRIG_NO_TIME) {
			reading->report->untimed++;
			copy.time = reading->last_time;
		}
		given = &copy;
	}
	reading->last_time = given->time;
	reading->enough = reading->exchange(reading->context, given) != 0;
	return reading->enough ? -1 : 0;
}

static void on_malformed(
	struct twinrig_sink *sink, uint64_t line, const char *message)
{
	struct reading *reading = (struct reading *)(void *)sink;
	struct tw_capture_report *report = reading->report;

	report->malformed++;
	if (report->first.n == TW_CAPTURE_MALFORMED)
		return;
	tw_vec_push_in(&report->arena, &report->first,
		(struct tw_malformed){
			tw_arena_strdup(&report->arena, reading->file), line,
			tw_arena_strdup(&report->arena,
				message ? message : "malformed")});
}

static void on_fail(struct twinrig_sink *sink, uint64_t line, uint64_t column,
	const char *message)
{
	struct reading *reading = (struct reading *)(void *)sink;

	if (reading->failed)
		return;
	reading->failed = true;
	if (line && column)
		tw_fail(reading->error, TW_E_USAGE,
			"%s:%llu:%llu: cannot read on: %s", reading->file,
			(unsigned long long)line, (unsigned long long)column,
			message);
	else if (line)
		tw_fail(reading->error, TW_E_USAGE,
			"%s:%llu: cannot read on: %s", reading->file,
			(unsigned long long)line, message);
	else
		tw_fail(reading->error, TW_E_USAGE, "%s: cannot read on: %s",
			reading->file, message);
}

static void on_left_out(
	struct twinrig_sink *sink, uint64_t line, const char *reason)
{
	struct reading *reading = (struct reading *)(void *)sink;
	struct tw_capture_report *report = reading->report;

	(void)line;
	if (!report->left_out++)
		report->left_out_why = tw_arena_strdup(&report->arena,
			reason ? reason : "another stands for it");
}

static void list_formats(const struct tw_plugins *plugins, struct tw_buf *out)
{
	for (size_t i = 0; i < plugins->list.n; i++) {
		const struct twinrig_capture_reader *reader =
			plugins->list.v[i].plugin->capture_reader;

		if (reader)
			tw_buf_printf(out, "%s%s (%s)", out->n ? ", " : "",
				reader->name, reader->description);
	}
}

static const struct twinrig_capture_reader *named_reader(
	const struct tw_capture_options *options, struct tw_error *error)
{
	const struct twinrig_capture_reader *reader =
		tw_plugins_reader(options->plugins, options->format);
	struct tw_buf known = {0};

	if (reader)
		return reader;
	list_formats(options->plugins, &known);
	tw_fail(error, TW_E_USAGE, "no capture format '%s'; known: %s",
		options->format, tw_buf_text(&known));
	tw_buf_release(&known);
	return NULL;
}

static const struct twinrig_capture_reader *unknown_format(
	const struct tw_plugins *plugins, const char *file,
	struct tw_error *error)
{
	struct tw_buf known = {0};

	list_formats(plugins, &known);
	tw_fail(error, TW_E_USAGE,
		"%s: no capture format that is known; known: %s", file,
		tw_buf_text(&known));
	tw_buf_release(&known);
	return NULL;
}

static const struct twinrig_capture_reader *find_reader(
	const struct tw_capture_options *options, const char *file,
	const char *data, size_t n, bool whole, struct tw_error *error)
{
	const struct twinrig_capture_reader *best = NULL, *equal = NULL;
	int score = 0;

	if (options->format)
		return named_reader(options, error);
	for (size_t i = 0; i < options->plugins->list.n; i++) {
		const struct twinrig_capture_reader *reader =
			options->plugins->list.v[i].plugin->capture_reader;
		int its = reader && n ? reader->probe(data, n, whole) : 0;

		if (its > score) {
			best = reader;
			equal = NULL;
			score = its;
		} else if (its && its == score) {
			equal = reader;
		}
	}
	if (!best)
		return unknown_format(options->plugins, file, error);
	if (equal) {
		tw_fail(error, TW_E_USAGE,
			"%s: may be %s or %s: say which with --format", file,
			best->name, equal->name);
		return NULL;
	}
	return best;
}

static int read_source(struct reading *reading, struct tw_stream *source,
	const struct tw_capture_options *options)
{
	const struct twinrig_capture_reader *reader;
	const char *data;
	size_t n;
	bool whole;
	int result;

	if (tw_stream_probe(source, &data, &n, &whole))
		return tw_fail(reading->error, TW_E_RUN, "%s: %s",
			reading->file, source->failure);
	if (!n && reading->in_directory)
		return 0; /* a log that was rotated away */
	if (!n)
		return tw_fail(reading->error, TW_E_USAGE, "%s: it is empty",
			reading->file);
	reader = find_reader(
		options, reading->file, data, n, whole, reading->error);
	if (!reader)
		return -1;
	reading->report->format = reader->name;
	reading->report->files++;
	result = reader->read(&source->source, &reading->sink);
	reading->report->bytes += source->bytes;
	if (source->failure)
		return tw_fail(reading->error, TW_E_RUN, "%s: %s",
			reading->file, source->failure);
	if (reading->failed)
		return -1;
	if (result && !reading->enough)
		return tw_fail(reading->error, TW_E_RUN,
			"%s: the plugin '%s' gave up without a reason",
			reading->file, reader->name);
	return 0;
}

static void reading_init(struct reading *reading, const char *file,
	tw_capture_exchange *exchange, void *context,
	struct tw_capture_report *report, struct tw_error *error)
{
	*reading = (struct reading){
		.sink = {.struct_size = sizeof reading->sink,
			.exchange = on_exchange,
			.malformed = on_malformed,
			.fail = on_fail,
			.left_out = on_left_out},
		.file = file,
		.exchange = exchange,
		.context = context,
		.report = report,
		.error = error,
	};
}

static int read_file(struct reading *reading, const char *path,
	const struct tw_capture_options *options)
{
	struct tw_stream source;
	int result;

	if (tw_stream_open(&source, path, reading->error))
		return -1;
	reading->file = path;
	result = read_source(reading, &source, options);
	tw_stream_release(&source);
	return result;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_directory(struct reading *reading, const char *path,
	const struct tw_capture_options *options)
{
	struct dirent **names;
	struct tw_buf name = {0};
	int n = scandir(path, &names, is_visible, by_name), result = 0;

	if (n < 0)
		return tw_fail(reading->error, TW_E_RUN, "cannot list %s: %s",
			path, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct stat status;

		tw_buf_clear(&name);
		tw_buf_printf(&name, "%s/%s", path, names[i]->d_name);
		if (!result && !reading->enough &&
			!stat(tw_buf_text(&name), &status) &&
			S_ISREG(status.st_mode))
			result =
				read_file(reading, tw_buf_text(&name), options);
		free(names[i]);
	}
	free(names);
	tw_buf_release(&name);
	return result;
}

int tw_capture_read(const char *path, const struct tw_capture_options *options,
	tw_capture_exchange *exchange, void *context,
	struct tw_capture_report *report, struct tw_error *error)
{
	struct reading reading;
	struct stat status;

	reading_init(&reading, path, exchange, context, report, error);
	if (strcmp(path, "-") && !stat(path, &status) &&
		S_ISDIR(status.st_mode)) {
		reading.in_directory = true;
		return read_directory(&reading, path, options);
	}
	return read_file(&reading, path, options);
}

int tw_capture_read_memory(const char *name, const void *p, size_t n,
	const struct tw_capture_options *options, tw_capture_exchange *exchange,
	void *context, struct tw_capture_report *report, struct tw_error *error)
{
	struct reading reading;
	struct tw_stream source;
	int result;

	reading_init(&reading, name, exchange, context, report, error);
	tw_stream_open_memory(&source, p, n);
	result = read_source(&reading, &source, options);
	tw_stream_release(&source);
	return result;
}
