/*
 * For the files of this folder: a file while it is read.
 */
#ifndef TW_HARNESS_CHAOS_READER_H
#define TW_HARNESS_CHAOS_READER_H

#include "harness/chaos/chaos.h"
#include "harness/yaml/yaml.h"

struct chaos_reader {
	struct tw_arena *arena;
	struct tw_diags *diags;
	struct tw_chaos_faults *to;
	const char *namespace; /* of the object that is read */
	/* When what is read begins, and how long it lasts at most; 0: as it
	 * says itself. */
	tw_time at, lasts, every;
	size_t depth; /* of workflows */
	size_t left_out;
	size_t runs; /* of templates */
};

/* A new fault of the kind at the node, with what the reader says of time. */
struct tw_chaos_fault *chaos_fault(struct chaos_reader *reader,
	const char *kind, const struct tw_yaml *node);
/* name=value; the place is the node's. */
void chaos_arg(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const char *name, const char *value, const struct tw_yaml *node);
/* `for`: of the node (a duration); NULL: none. */
void chaos_lasts(struct chaos_reader *reader, struct tw_chaos_fault *fault,
	const struct tw_yaml *node);
/* Not simulated, and left out. */
__attribute__((format(printf, 3, 4))) void chaos_ignored(
	struct chaos_reader *reader, const struct tw_yaml *node,
	const char *format, ...);
/* The node's duration; false where it is none: told. */
bool chaos_duration(struct chaos_reader *reader, const struct tw_yaml *node,
	tw_time *value);
/* "25" -> "25%"; text that is no number stays as it is, to be told later. */
const char *chaos_percent(
	struct chaos_reader *reader, const struct tw_yaml *node);

/* mesh.c: the spec of one experiment. */
void chaos_experiment(struct chaos_reader *reader, const char *kind,
	const struct tw_yaml *spec, const struct tw_yaml *where);
/* workflow.c */
void chaos_schedule(struct chaos_reader *reader, const struct tw_yaml *spec);
void chaos_workflow(struct chaos_reader *reader, const struct tw_yaml *spec);
/* toxiproxy.c */
void chaos_toxiproxy(struct chaos_reader *reader, const struct tw_yaml *doc);
/* pods.c: a PodSelectorSpec; NULL selects all of the namespace. */
struct tw_chaos_pods *chaos_pods(struct chaos_reader *reader, const char *as,
	const struct tw_yaml *selector, const struct tw_yaml *where);

#endif
