/*
 * A twin whose nodes have a script for a kubelet, as the recorded runs had:
 * the control plane is the run's own, on its virtual clock. Annotations of a
 * pod say what the script does: `oracle/start` seconds after it is bound its
 * containers run and it is Ready (`oracle/ready: never`: it never is),
 * `oracle/term` seconds after its deletion it is gone; both default to 1. The
 * pod is Pending until it runs.
 *
 *	stage_open(&stage, objects);		after stage.system was filled
 *	stage_begin(&stage);		after stage.model was changed
 *	stage_advance(&stage, t);	in the recording's seconds
 *	stage_close(&stage);
 */
#ifndef TW_TESTS_CONFORMANCE_STAGE_H
#define TW_TESTS_CONFORMANCE_STAGE_H

#include "tests/conformance/system.h"

#include "twins/cluster/workloads.h"

/* Of the pods of a revision. */
struct stage_kubelet {
	tw_time start, term;
	bool never;
};

struct stage_act {
	tw_time at;
	bool is_end; /* the pod is gone; else it runs */
	uint32_t replica, turn;
};

struct stage {
	struct conformance *c;
	struct system system;
	struct tw_model *model;
	struct stage_kubelet *kubelets; /* by revision */
	struct tw_twin *twin;
	struct tw_world *world;
	struct tw_tap tap;
	TW_VEC(struct stage_act) acts;
	/* Both may be NULL. Told of each event; after all of an instant that
	 * may have changed something. */
	void (*told)(struct stage *stage, const struct tw_tap_event *event);
	void (*changed)(struct stage *stage);
	void *context;
};

/* Reads and compiles: stage->model, NULL where that fails. `objects`: whose
 * annotations are meant, a list of them. */
void stage_open(struct stage *stage, const struct tw_yaml *objects);
void stage_begin(struct stage *stage);
void stage_advance(struct stage *stage, double t);
/* After something was done to the world. */
void stage_settle(struct stage *stage);
void stage_close(struct stage *stage);

/* Seconds of the recording. */
double stage_now(const struct stage *stage);
double stage_time(tw_time at);

struct stage_kubelet stage_kubelet_of(const struct tw_yaml *annotations);
/* The pod says so from now on. */
void stage_set_ready(struct stage *stage, uint32_t replica, bool ready);

#endif
