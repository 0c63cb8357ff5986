/*
 * Verbs. One file or folder a verb and one row in tw_commands[]; main.c reads
 * the command line by the table of options in cli.c and calls the verb.
 *
 *	input/	what verbs read: configuration, systems, scenarios, traffic
 *	stored/	the verbs that look at what earlier gates kept
 *
 * A verb returns the exit status. Its result goes to standard output,
 * progress and messages to standard error.
 */
#ifndef TW_COMMANDS_COMMAND_H
#define TW_COMMANDS_COMMAND_H

#include "twins/base/error.h"
#include "twins/base/vector.h"

enum tw_exit {
	TW_EXIT_PASS = 0,	  /* every check passed */
	TW_EXIT_FAIL = 1,	  /* a check failed, or the candidate broke */
	TW_EXIT_USAGE = 2,	  /* a person's file or command line is wrong */
	TW_EXIT_RUN = 3,	  /* the run could not be made */
	TW_EXIT_INCONCLUSIVE = 4, /* the evidence does not carry a verdict */
};

/* What the command line said; a member per row of the table. */
struct tw_cli {
	const char *config;   /* -c; NULL: twinrig.yaml */
	const char *baseline; /* a ref or a directory; NULL: as configured */
	const char *scenario; /* a name or glob; NULL: all */
	int64_t runs;	      /* 0: as configured */
	int64_t max_runs;     /* 0: as configured */
	int64_t seed;	      /* -1: as configured */
	int64_t threads;      /* 0: one per core */
	const char *junit, *json, *markdown,
		*html; /* files; "-": standard output */
	const char *annotations, *code_quality, *metrics; /* likewise */
	bool junit_strict;
	bool no_ci;	     /* gate: nothing by itself in GitHub Actions */
	const char *sarif;   /* a file; "-" */
	const char *capture; /* init */
	const char *output;  /* -o */
	const char *plugins; /* a directory of more */
	const char *format;  /* capture convert, schema */
	int64_t lines;	     /* capture head -n */
	const char *shard;   /* gate: "1/4" */
	bool no_store;	     /* gate: keep nothing in git */
	bool prove;	     /* gate: mutants of the candidate */
	bool list;	     /* check: what may be found */
	bool events;	     /* run: print the event log */
	const char *watch;   /* run: "pods"; NULL: nothing */
	int64_t keep;	     /* baseline prune; -1: 5 */
	bool force;	     /* init, baseline accept */
	bool quiet, verbose, no_progress;
	bool help, version;
	TW_VEC(const char *) args;  /* what is left, without the verb */
	bool colour, colour_errors; /* of the terminal, NO_COLOR heeded */
};

struct tw_command {
	const char *name;
	const char *arguments; /* shown after the options, e.g. "FILE..."; "":
				* it takes none */
	const char *summary;   /* one line */
	const char *manual;    /* some lines more; may be NULL */
	int (*run)(const struct tw_cli *cli);
};

extern const struct tw_command *const tw_commands[]; /* ends with NULL */

extern const struct tw_command tw_command_gate;
extern const struct tw_command tw_command_merge;
extern const struct tw_command tw_command_baseline;
extern const struct tw_command tw_command_rejudge;
extern const struct tw_command tw_command_history;
extern const struct tw_command tw_command_run;
extern const struct tw_command tw_command_init;
extern const struct tw_command tw_command_check;
extern const struct tw_command tw_command_capture;
extern const struct tw_command tw_command_faults;
extern const struct tw_command tw_command_plugins;
extern const struct tw_command tw_command_schema;

/*
 * Reads the command line. Returns the verb, or NULL with *error (a usage
 * error), or NULL without one where --help or --version alone was asked for.
 */
const struct tw_command *tw_cli_read(
	int argc, char **argv, struct tw_cli *cli, struct tw_error *error);
void tw_cli_release(struct tw_cli *cli);

/* The usage of the program (verb NULL) or of one verb. */
void tw_cli_help(const struct tw_command *command, struct tw_buf *out);

#endif
