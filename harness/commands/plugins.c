#include "harness/commands/command.h"

#include "harness/plugin/plugin.h"

#include <stdio.h>

static int run(const struct tw_cli *cli)
{
	struct tw_plugins plugins;
	struct tw_error error;
	int status = TW_EXIT_PASS;

	tw_plugins_init(&plugins);
	if (cli->plugins && tw_plugins_load(&plugins, cli->plugins, &error)) {
		fprintf(stderr, "twinrig: %s\n", error.message);
		status = TW_EXIT_RUN;
	}
	for (size_t i = 0; i < plugins.list.n; i++) {
		const struct tw_plugin *at = &plugins.list.v[i];

		printf("%-10s %s%s%s\n", at->plugin->name,
			at->plugin->description, at->path ? ", from " : "",
			at->path ? at->path : "");
	}
	tw_plugins_release(&plugins);
	return status;
}

const struct tw_command tw_command_plugins = {
	.name = "plugins",
	.arguments = "",
	.summary = "list what is linked in, and what --plugins loads",
	.run = run,
};
