/*
 * Mutants of a system: known regressions, each with sizes from one that is
 * hardly there to one that nobody could miss. They go into a copy of the spec,
 * and so through the model, never into what a run saw.
 *
 *	slower		work and waits of a service take longer by a share
 *	waits		each request of a service waits so long first: a slower
 *			dependency
 *	errors		a share of a service's answers are errors of its own
 *	dropped-call	a share of the calls from one service to another are
 *			not made any more
 *	lost-replicas	a workload has so many replicas less
 *	short-timeout	the timeouts of calls to a service are cut to a share
 *	more-retries	calls to a service are tried so many times more
 *
 * Each is made for what requests reach; the last two where there is a timeout
 * or a retry to edit.
 */
#ifndef TW_COMMANDS_PROVE_MUTANTS_H
#define TW_COMMANDS_PROVE_MUTANTS_H

#include "twins/base/map.h"
#include "twins/model/spec.h"

enum tw_mutation {
	TW_MUTANT_SLOWER,
	TW_MUTANT_WAITS,
	TW_MUTANT_ERRORS,
	TW_MUTANT_DROPPED_CALL,
	TW_MUTANT_LOST_REPLICAS,
	TW_MUTANT_SHORT_TIMEOUT,
	TW_MUTANT_MORE_RETRIES,
	TW_MUTATIONS,
};

extern const char *const tw_mutation_names[TW_MUTATIONS];

#define TW_MUTANT_SIZES 8

struct tw_mutant {
	enum tw_mutation kind;
	const char *where;   /* "shop/cart", "shop/cart -> shop/users" */
	const char *service; /* or workload */
	const char *callee;  /* of a dropped call */
	size_t n;	     /* sizes, from small to large */
	double sizes[TW_MUTANT_SIZES];
};

TW_VEC_TYPE(tw_mutants, struct tw_mutant);

/* Those of a spec, kind by kind. `reached`: keys of services that had
 * requests. In the arena. */
void tw_mutants_of(struct tw_spec *spec, const struct tw_map *reached,
	struct tw_arena *arena, struct tw_mutants *to);

/* Those of a process: waits and errors of the service that it is, and calls to
 * each of these that are dropped. */
void tw_mutants_of_process(const char *service, const char *const *callees,
	size_t n, struct tw_arena *arena, struct tw_mutants *to);

/* Changes a copy of the spec. */
void tw_mutant_apply(
	struct tw_spec *spec, const struct tw_mutant *mutant, double size);

/* "+20%", "25ms", "2 fewer": of that kind. */
const char *tw_mutant_size_text(
	struct tw_arena *arena, enum tw_mutation kind, double size);

#endif
