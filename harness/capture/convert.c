#include "harness/capture/redact.h"
#include "harness/capture/summary.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct converting {
	struct twinrig_out out;
	FILE *file;
	const struct tw_convert_options *options;
	struct tw_redact redact;
	uint64_t written;
	int failure; /* errno of a failed write */
};

static int write_out(struct twinrig_out *out, const void *data, size_t size)
{
	struct converting *converting = (struct converting *)(void *)out;

	if (fwrite(data, 1, size, converting->file) == size)
		return 0;
	converting->failure = errno ? errno : EIO;
	return -1;
}

static int convert(void *context, const struct twinrig_exchange *exchange)
{
	struct converting *converting = context;
	struct twinrig_exchange redacted;

	if (!converting->options->keep_secrets) {
		tw_redact_exchange(&converting->redact, exchange, &redacted);
		exchange = &redacted;
	}
	if (converting->options->writer->exchange(&converting->out, exchange))
		return 1;
	converting->written++;
	return 0;
}

static int convert_all(struct converting *converting, const char *const *paths,
	size_t n, const struct tw_capture_options *options,
	struct tw_capture_report *report, struct tw_error *error)
{
	const struct twinrig_capture_writer *writer =
		converting->options->writer;
	int result = 0;

	if (writer->begin && writer->begin(&converting->out))
		return 0;
	for (size_t i = 0; i < n && !result && !converting->failure; i++)
		result = tw_capture_read(
			paths[i], options, convert, converting, report, error);
	if (!result && !converting->failure && writer->end)
		writer->end(&converting->out);
	return result;
}

/* Standard output, or a file beside the one that it will become. */
static FILE *open_output(
	const char *output, struct tw_buf *partial, struct tw_error *error)
{
	FILE *file;

	if (!strcmp(output, "-"))
		return stdout;
	tw_buf_printf(partial, "%s.partial", output);
	file = fopen(tw_buf_text(partial), "wbe");
	if (!file)
		tw_fail(error, TW_E_RUN, "cannot write %s: %s",
			tw_buf_text(partial), strerror(errno));
	return file;
}

static int close_output(struct converting *converting, const char *partial,
	int result, struct tw_error *error)
{
	const char *output = converting->options->output;
	bool named = converting->file != stdout;

	if (fflush(converting->file) && !converting->failure)
		converting->failure = errno;
	if (named && fclose(converting->file) && !converting->failure)
		converting->failure = errno;
	if (converting->failure)
		result = tw_fail(error, TW_E_RUN, "cannot write %s: %s", output,
			strerror(converting->failure));
	if (named && result)
		unlink(partial);
	else if (named && rename(partial, output))
		result = tw_fail(error, TW_E_RUN, "cannot write %s: %s", output,
			strerror(errno));
	return result;
}

int tw_capture_convert(const char *const *paths, size_t n,
	const struct tw_capture_options *options,
	const struct tw_convert_options *convert_options,
	struct tw_convert_result *result, struct tw_error *error)
{
	struct converting converting = {
		.out = {.struct_size = sizeof converting.out,
			.write = write_out},
		.options = convert_options};
	struct tw_buf partial = {0};
	int status = -1;

	*result = (struct tw_convert_result){0};
	tw_capture_report_init(&result->report);
	converting.file = open_output(convert_options->output, &partial, error);
	if (converting.file) {
		tw_redact_init(&converting.redact, convert_options->key);
		status = convert_all(
			&converting, paths, n, options, &result->report, error);
		status = close_output(
			&converting, tw_buf_text(&partial), status, error);
		result->written = converting.written;
		result->redacted = converting.redact.count;
		tw_redact_release(&converting.redact);
	}
	tw_buf_release(&partial);
	return status;
}
