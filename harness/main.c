#include "harness/commands/command.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool wants_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org */
	const char *term = getenv("TERM");

	return !(no_color && *no_color) && isatty(fd) && term &&
	       strcmp(term, "dumb");
}

static int show_help(const struct tw_command *command)
{
	struct tw_buf out = {0};

	tw_cli_help(command, &out);
	fputs(tw_buf_text(&out), stdout);
	tw_buf_release(&out);
	return TW_EXIT_PASS;
}

static int run(int argc, char **argv, struct tw_cli *cli)
{
	struct tw_error error;
	const struct tw_command *command = tw_cli_read(argc, argv, cli, &error);

	if (error.code) {
		fprintf(stderr, "twinrig: %s\n", error.message);
		return TW_EXIT_USAGE;
	}
	if (cli->version) {
		puts("twinrig " TW_VERSION);
		return TW_EXIT_PASS;
	}
	if (cli->help || !command)
		return show_help(command);
	cli->colour = wants_colour(STDOUT_FILENO);
	cli->colour_errors = wants_colour(STDERR_FILENO);
	return command->run(cli);
}

int main(int argc, char **argv)
{
	struct tw_cli cli;
	int status;

	signal(SIGPIPE, SIG_IGN); /* a closed reader is an error of write() */
	status = run(argc, argv, &cli);
	tw_cli_release(&cli);
	if (fflush(stdout) && status == TW_EXIT_PASS) {
		perror("twinrig: standard output");
		status = TW_EXIT_RUN;
	}
	return status;
}
