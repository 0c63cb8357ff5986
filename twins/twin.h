/*
 * The twin: a model that runs. It is passive: `now` is the time of the event
 * being handled and a driver owns the loop. In virtual time that is
 * tw_twin_run(); in real time it is a loop that waits for a socket or for
 * tw_twin_next(), stamps what came in with max(clock, tw_twin_now()), offers
 * or completes it, and advances.
 *
 *	struct tw_twin *twin = tw_twin_new(model, &options);
 *	tw_twin_run(twin, &source);
 *	tw_twin_finish(twin, &observation);
 *	tw_twin_free(twin);
 *
 * Callbacks (done, begin, cancel, tap) must not call back into the twin: note
 * what happened and act after the call that brought you there has returned.
 * One thread owns one twin; the model and the scenario are only read.
 */
#ifndef TW_TWIN_H
#define TW_TWIN_H

#include "twins/fault/fault.h"
#include "twins/model/model.h"
#include "twins/observe/observation.h"
#include "twins/observe/watch.h"
#include "twins/traffic/seam.h"
#include "twins/world/tap.h"

struct tw_twin;
struct tw_world;
struct tw_sizes;

struct tw_options {
	uint64_t seed;
	uint32_t replication;	/* makes other draws of the same seed */
	double load;		/* times the arrivals from outside, 0..1000; 0:
				 * as they come. Below 1 some are left out
				 * (without `done` only) */
	tw_time slice;		/* of the observation; 0: 1 s */
	tw_time warmup;		/* what ended before is not observed; the
				 * clock, the faults' times and the slices'
				 * numbers begin at 0 all the same; 0: none */
	bool aligned;		/* the cluster's control loops and heartbeats
				 * begin at 0, and not where names put them */
	uint32_t max_in_flight; /* calls at work at once; 0: 1,000,000 */
	const struct tw_scenario *scenario; /* NULL: nothing goes wrong */
	const struct tw_tap *tap;	    /* NULL: none */
	const struct tw_watcher *watcher;   /* of pods, nodes; NULL: none */
	/* By endpoint of the model, borrowed: where no model gives them; NULL:
	 * they are not known (twins/world/world.h). */
	const struct tw_sizes *sizes;
	/* Exactly one for each offered arrival; may be NULL. */
	void (*done)(void *context, const struct tw_outcome *outcome);
	void *context;
};

/* tw_model_compile() and, as warnings, replicas that fit on no node. */
struct tw_model *tw_twin_model(struct tw_spec *spec, struct tw_diags *diags);
/* Replicas that `before` has too stay where they are there: the model's
 * cluster was that one. Before any twin of the model. */
void tw_twin_place_after(struct tw_model *model, const struct tw_model *before);
/* Each replica (by its key) on the node of this name, others nowhere. */
void tw_twin_place_as(struct tw_model *model, const struct tw_map *nodes);

struct tw_twin *tw_twin_new(
	const struct tw_model *model, const struct tw_options *options);
void tw_twin_free(struct tw_twin *twin);

tw_time tw_twin_now(const struct tw_twin *twin);
/* When the twin has something to do next; TW_NEVER: nothing. */
tw_time tw_twin_next(const struct tw_twin *twin);
/* Does all that is due by t; now is t afterwards. */
void tw_twin_advance(struct tw_twin *twin, tw_time t);
/* Calls that have no outcome yet. */
uint32_t tw_twin_in_flight(const struct tw_twin *twin);

/* Advances to arrival->at, then takes the request in. Where max_in_flight is
 * reached it is refused: an outcome with status 503, counted as overflow. */
void tw_twin_offer(struct tw_twin *twin, const struct tw_arrival *arrival);

/* The world inside, for tests that do to it what a person does to a cluster.
 * tw_workloads_settle() follows what is done. */
struct tw_world *tw_twin_world(struct tw_twin *twin);

/* ---- services that are not simulated -------------------------------- */

/* All tries that reach replicas of this service go to `outside` from now
 * on; they take up no worker. Only while nothing is in flight. */
void tw_twin_set_outside(struct tw_twin *twin, uint32_t service,
	const struct tw_outside *outside, void *context);
/* Advances to `at` (>= now), then ends the try with this status. */
void tw_twin_complete(
	struct tw_twin *twin, tw_time at, uint64_t handle, int status);

/* ---- virtual time --------------------------------------------------- */

/* Where arrivals come from. */
struct tw_arrivals {
	/* The next arrival, times in order; false: no more. */
	bool (*next)(void *context, struct tw_arrival *arrival);
	void *context;
	tw_time duration; /* of the traffic; 0: the time of its last arrival */
};

/* Offers all of the source, then works until every request is answered. */
void tw_twin_run(struct tw_twin *twin, const struct tw_arrivals *source);

/* Ends what is still in flight with status 0 (real time: when the run is over
 * and somebody outside never answered). */
void tw_twin_stop(struct tw_twin *twin, tw_time at);

/*
 * What the run saw, moved to *to (initialised here). Asserts conservation and
 * Little's law, overall and for each service. `duration` of the traffic where
 * the source did not say it; 0: now. After it the twin can only be freed.
 */
void tw_twin_finish(
	struct tw_twin *twin, tw_time duration, struct tw_observation *to);

#endif
