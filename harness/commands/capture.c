/* twinrig capture info | head | convert */
#include "harness/capture/summary.h"
#include "harness/commands/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int report_error(const struct tw_error *error)
{
	fprintf(stderr, "twinrig: %s\n", error->message);
	return error->code == TW_E_USAGE ? TW_EXIT_USAGE : TW_EXIT_RUN;
}

static int usage(const char *message)
{
	fprintf(stderr, "twinrig: %s; see 'twinrig capture --help'\n", message);
	return TW_EXIT_USAGE;
}

static int run_info(
	const struct tw_cli *cli, const struct tw_capture_options *options)
{
	struct tw_capture_summary summary;
	struct tw_error error;
	struct tw_buf out = {0};
	int status = TW_EXIT_PASS;

	tw_capture_summary_init(&summary);
	for (size_t i = 1; i < cli->args.n && !status; i++)
		if (tw_capture_summary_read(
			    &summary, cli->args.v[i], options, &error))
			status = report_error(&error);
	if (!status) {
		tw_capture_summary_print(&summary, &out);
		fputs(tw_buf_text(&out), stdout);
	}
	tw_buf_release(&out);
	tw_capture_summary_release(&summary);
	return status;
}

static int run_head(
	const struct tw_cli *cli, const struct tw_capture_options *options)
{
	size_t lines = cli->lines ? (size_t)cli->lines : 10;
	struct tw_buf out = {0};
	struct tw_error error;
	int status = TW_EXIT_PASS;

	for (size_t i = 1; i < cli->args.n && !status; i++) {
		if (tw_capture_head(
			    cli->args.v[i], options, lines, &out, &error))
			status = report_error(&error);
		fputs(tw_buf_text(&out), stdout);
		tw_buf_clear(&out);
	}
	tw_buf_release(&out);
	return status;
}

/* --format, else by the end of the file's name, else jsonl. */
static const struct twinrig_capture_writer *writer_of(
	const struct tw_cli *cli, const struct tw_plugins *plugins)
{
	const char *name = cli->format, *dot;

	if (!name && cli->output) {
		dot = strrchr(cli->output, '.');
		if (dot && tw_plugins_writer(plugins, dot + 1))
			name = dot + 1;
	}
	return tw_plugins_writer(plugins, name ? name : "jsonl");
}

/* The key of the redaction: 32 hexadecimal digits. */
static int read_key(uint8_t key[16], bool *given)
{
	const char *text = getenv("TWINRIG_REDACT_KEY");

	*given = text && *text;
	if (!*given)
		return 0;
	if (strlen(text) != 32 || strspn(text, "0123456789abcdefABCDEF") != 32)
		return -1;
	for (size_t i = 0; i < 16; i++) {
		char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};

		key[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return 0;
}

static void tell(const struct tw_cli *cli,
	const struct tw_convert_options *convert,
	const struct tw_convert_result *result)
{
	if (!cli->quiet)
		fprintf(stderr,
			"%" PRIu64 " exchanges written as %s, %" PRIu64
			" secrets redacted, %" PRIu64 " malformed left out\n",
			result->written, convert->writer->name,
			result->redacted, result->report.malformed);
	if (!cli->quiet && convert->writer->loses)
		fprintf(stderr, "not kept by %s: %s\n", convert->writer->name,
			convert->writer->loses);
}

static int run_convert(
	const struct tw_cli *cli, const struct tw_capture_options *options)
{
	struct tw_convert_options convert = {
		.writer = writer_of(cli, options->plugins),
		.output = cli->output ? cli->output : "-"};
	struct tw_convert_result result;
	struct tw_error error;
	uint8_t key[16];
	bool given;
	int status = TW_EXIT_PASS;

	if (!convert.writer)
		return usage("no capture format of that name can be written: "
			     "--format jsonl or gor");
	if (read_key(key, &given))
		return usage("TWINRIG_REDACT_KEY: 32 hexadecimal digits are "
			     "expected");
	convert.key = given ? key : NULL;
	if (tw_capture_convert(cli->args.v + 1, cli->args.n - 1, options,
		    &convert, &result, &error))
		status = report_error(&error);
	else
		tell(cli, &convert, &result);
	tw_capture_report_release(&result.report);
	return status;
}

static int run_capture(const struct tw_cli *cli)
{
	const char *verb = cli->args.n ? cli->args.v[0] : "";
	struct tw_plugins plugins;
	struct tw_capture_options options = {.plugins = &plugins};
	struct tw_error error;
	int status;

	if (cli->args.n < 2)
		return usage("info, head or convert, and a file, are expected");
	tw_plugins_init(&plugins);
	if (cli->plugins && tw_plugins_load(&plugins, cli->plugins, &error))
		status = report_error(&error);
	else if (!strcmp(verb, "info"))
		status = run_info(cli, &options);
	else if (!strcmp(verb, "head"))
		status = run_head(cli, &options);
	else if (!strcmp(verb, "convert"))
		status = run_convert(cli, &options);
	else
		status = usage("capture: info, head or convert is expected");
	tw_plugins_release(&plugins);
	return status;
}

const struct tw_command tw_command_capture = {
	.name = "capture",
	.arguments = "info|head|convert FILE...",
	.summary = "show or convert captured traffic",
	.manual = "Formats are known by content: GoReplay (.gor), HAR, access "
		  "logs (common, combined,\nEnvoy, JSON), twinrig's JSON "
		  "Lines; gzip too. FILE may be a directory, or - for\n"
		  "standard input. convert redacts secrets; placeholders are "
		  "made with the key in\nTWINRIG_REDACT_KEY (32 hexadecimal "
		  "digits), or a random one.",
	.run = run_capture,
};
