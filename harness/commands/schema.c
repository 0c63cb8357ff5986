#include "harness/commands/command.h"

#include "harness/commands/output.h"
#include "harness/config/config.h"

#include <stdio.h>

static int unknown(const char *expected, const char *word)
{
	fprintf(stderr, "twinrig: schema: expected %s, not '%s'\n", expected,
		word);
	return TW_EXIT_USAGE;
}

static int run(const struct tw_cli *cli)
{
	const char *which = cli->args.n ? cli->args.v[0] : "config";
	const char *format = cli->format ? cli->format : "json";
	bool model = !strcmp(which, "model"), text = !strcmp(format, "text");
	enum tw_config_file file = model ? TW_MODEL_FILE : TW_CONFIG_FILE;
	struct tw_buf out = {0};
	int status;

	if (!model && strcmp(which, "config"))
		return unknown("config or model", which);
	if (cli->args.n > 1)
		return unknown("one file", cli->args.v[1]);
	if (!text && strcmp(format, "json"))
		return unknown("--format json or text", format);
	if (text)
		tw_config_help(file, &out);
	else
		tw_config_schema_json(file, &out);
	status = tw_output_write(cli->output, &out);
	tw_buf_release(&out);
	return status;
}

const struct tw_command tw_command_schema = {
	.name = "schema",
	.arguments = "[config|model]",
	.summary = "print the JSON Schema of twinrig.yaml or of a twin model",
	.manual = "--format text prints every key with its meaning and default "
		  "instead.",
	.run = run,
};
