/*
 * Programs that twinrig starts: commands that run to their end (a render
 * command, kustomize), and the candidate, which runs until it is stopped.
 *
 * Nothing outlives twinrig, also when it is killed with -9. Between the two
 * stands a warden, a small process of our own that holds the far end of a
 * pipe: when twinrig stops the program, or is no more, the pipe closes, and
 * the warden sends the program's process group SIGTERM, SIGKILL after a grace,
 * and waits until all is gone. On Linux it is also the one to which orphans
 * fall (PR_SET_CHILD_SUBREAPER), so that daemons that left the group go too,
 * and the program dies with it (PR_SET_PDEATHSIG). What escapes is only what
 * another process, outside of all this, starts on the program's behalf.
 *
 * The program has a session of its own (Ctrl-C does not reach it), /dev/null
 * for its input, default signals, and no open file of ours.
 */
#ifndef TW_HARNESS_PROCESS_H
#define TW_HARNESS_PROCESS_H

#include "twins/base/error.h"
#include "twins/base/text.h"
#include "twins/base/units.h"

struct tw_process_options {
	const char *const *argv; /* NULL at the end; argv[0] by PATH */
	const char *const *env;	 /* "NAME=value", NULL at the end; or ours */
	const char *dir;	 /* NULL: ours */
	tw_time grace;		 /* between SIGTERM and SIGKILL; 0: 2s */
	tw_time deadline;	 /* tw_process_run(): for all of it; 0: 60s */
	size_t output_max;	 /* bytes that are kept; 0: 64 MiB a stream
				  * (tw_process_run), 256 KiB (_start) */
};

/* How a program ended. */
struct tw_process_exit {
	int status; /* its exit status, where signal is 0 */
	int signal; /* the one that killed it */
};

/* Appends "exited with status 3" or "was killed by SIGSEGV". */
void tw_process_exit_text(struct tw_process_exit exit, struct tw_buf *out);

/*
 * Runs a command to its end and appends what it wrote to `out` and `err`. 0
 * where it ended by itself, however (see *exit). -1 (TW_E_RUN): it could not
 * be started, took longer than the deadline or wrote more than output_max; it
 * is gone then, and `out` and `err` have what there was. What it left running
 * is stopped, without a grace.
 */
int tw_process_run(const struct tw_process_options *options, struct tw_buf *out,
	struct tw_buf *err, struct tw_process_exit *exit,
	struct tw_error *error);

struct tw_process;

/*
 * Starts a program, and returns when it runs: a program that cannot be
 * executed is NULL and an error (TW_E_RUN). What it writes, to either stream,
 * is read by the warden: it never waits for us.
 */
struct tw_process *tw_process_start(
	const struct tw_process_options *options, struct tw_error *error);

/* Whether it has ended (then *exit says how); never waits. */
bool tw_process_ended(struct tw_process *process, struct tw_process_exit *exit);

/* Readable as soon as it has ended; for an event loop. Owned by `process`. */
int tw_process_fd(const struct tw_process *process);

/*
 * Appends the last output_max bytes of what it wrote so far; where older ones
 * are gone it begins with a whole line. All of it once the program is stopped.
 */
void tw_process_output(const struct tw_process *process, struct tw_buf *out);

/*
 * Stops the program and all that it started, and waits until they are gone
 * (at most the grace and some seconds). Returns how it ended; again and again
 * the same. -1 (TW_E_RUN) where something could not be killed.
 */
int tw_process_stop(struct tw_process *process, struct tw_process_exit *exit,
	struct tw_error *error);

void tw_process_free(struct tw_process *process); /* stops; NULL is fine */

#endif
