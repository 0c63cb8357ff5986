/*
 * One trial: a pure function of model, traffic, scenario, seed and
 * replication to an observation. Trials share only what they read, so many
 * run side by side.
 */
#ifndef TW_TRIAL_TRIAL_H
#define TW_TRIAL_TRIAL_H

#include "harness/trial/flow.h"
#include "twins/twin.h"

struct tw_trial {
	const struct tw_model *model;
	const struct tw_flow *flow;
	enum tw_flow_side side;
	const struct tw_scenario *scenario; /* NULL: nothing goes wrong */
	uint64_t seed;
	double load;			  /* times the traffic; 0: 1 */
	uint32_t replication;		  /* other draws of the same seed */
	const struct tw_tap *tap;	  /* NULL: none */
	const struct tw_watcher *watcher; /* NULL: none */
};

/*
 * Runs it; *to is initialised here. Requests of the flow for which the model
 * has no endpoint fail at once: they are in the observation as calls from the
 * outside that ended badly.
 */
void tw_trial_run(const struct tw_trial *trial, struct tw_observation *to);

#endif
