#include "harness/commands/command.h"
#include "harness/commands/init/system.h"
#include "harness/commands/input/setup.h"

#include <stdio.h>

static int run(const struct tw_cli *cli)
{
	const char *slash = cli->config ? strrchr(cli->config, '/') : NULL;
	struct tw_init init = {.directory = ".",
		.patterns = cli->args.v,
		.n_patterns = cli->args.n,
		.capture = cli->capture,
		.force = cli->force};
	struct tw_buf told = {0}, folder = {0};
	struct tw_diags diags;
	int status;

	if (slash) {
		tw_buf_add(&folder, cli->config, (size_t)(slash - cli->config));
		init.directory = tw_buf_text(&folder);
	}
	tw_diags_init(&diags);
	status = tw_init_system(&init, &diags, &told);
	tw_diags_show(&diags, cli);
	fputs(tw_buf_text(&told), stdout);
	tw_buf_release(&told);
	tw_buf_release(&folder);
	tw_diags_release(&diags);
	return status ? TW_EXIT_USAGE : TW_EXIT_PASS;
}

const struct tw_command tw_command_init = {
	.name = "init",
	.arguments = "[MANIFESTS...]",
	.summary = "draft twinrig.yaml and a model from what is here",
	.manual = "Reads the manifests that are named, or those of the usual "
		  "folders, and with --capture\n"
		  "an access log or a recording of what comes in. What it "
		  "cannot know it assumes, and\n"
		  "marks it so.",
	.run = run,
};
