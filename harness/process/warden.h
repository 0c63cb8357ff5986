/*
 * The process between twinrig and a program that it started (process.h). All
 * of it runs between fork(2) and _exit(2) of what may be a program with
 * threads: only calls that are safe in a signal handler.
 */
#ifndef TW_HARNESS_PROCESS_WARDEN_H
#define TW_HARNESS_PROCESS_WARDEN_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* What the program wrote, in memory that both sides see. */
struct warden_ring {
	_Atomic uint64_t written; /* bytes ever; the next one goes to % cap */
	size_t cap;
	char bytes[];
};

struct warden {
	const char *path; /* of the program */
	char *const *argv, *const *env;
	const char *dir;
	int64_t grace_ns;
	int lifeline; /* closes when the program is to stop */
	int report;   /* a struct warden_report when the program has ended */
	int failure;  /* errno, where it cannot be executed; close-on-exec */
	int out, err; /* the program's output */
	int output;   /* the warden reads this into the ring, or -1 */
	int null;     /* the program's input */
	struct warden_ring *ring;
};

enum { WARDEN_ENDED = 1, WARDEN_STUCK = 2 };

struct warden_report {
	int32_t kind;
	int32_t code, status; /* of waitid(2): si_code, si_status */
};

/* In a child of twinrig: starts the program, guards it, ends. */
_Noreturn void tw_warden(const struct warden *warden);

struct tw_process_options;
struct tw_process;
struct tw_error;

/* tw_process_start() with the output to two descriptors; -1: to a ring. */
struct tw_process *tw_process_start_to(const struct tw_process_options *options,
	int out, int err, struct tw_error *error);

#endif
