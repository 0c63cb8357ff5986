#include "harness/commands/command.h"

#include "harness/config/config.h"

#include <stdio.h>

static int run(const struct tw_cli *cli)
{
	const char *which = cli->args.n ? cli->args.v[0] : "config";
	enum tw_config_file file;
	struct tw_buf out = {0};
	FILE *to = stdout;
	int status = TW_EXIT_PASS;

	if (!strcmp(which, "config")) {
		file = TW_CONFIG_FILE;
	} else if (!strcmp(which, "model")) {
		file = TW_MODEL_FILE;
	} else {
		fprintf(stderr,
			"twinrig: schema: expected config or model, not "
			"'%s'\n",
			which);
		return TW_EXIT_USAGE;
	}
	if (cli->output && strcmp(cli->output, "-"))
		to = fopen(cli->output, "w");
	if (!to) {
		perror(cli->output);
		return TW_EXIT_RUN;
	}
	if (cli->format && !strcmp(cli->format, "text"))
		tw_config_help(file, &out);
	else
		tw_config_schema_json(file, &out);
	fputs(tw_buf_text(&out), to);
	if (to != stdout && fclose(to)) {
		perror(cli->output);
		status = TW_EXIT_RUN;
	}
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
