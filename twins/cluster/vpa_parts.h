/* Private to the programs of vpa.h: what they share. */
#ifndef TW_CLUSTER_VPA_PARTS_H
#define TW_CLUSTER_VPA_PARTS_H

#include "twins/cluster/pods.h"
#include "twins/cluster/vpa.h"
#include "twins/cluster/vpa_usage.h"

/* A pod of a target. */
struct tw_vpa_pod {
	struct tw_vpa_peaks peaks;
	tw_time died;	/* for want of memory, last; 0: not yet */
	bool quick_oom; /* it did so within 10 minutes of its start */
	tw_time waits;	/* since when for room to be resized; 0: it does not */
};

struct tw_vpa_state {
	struct tw_vpa_usage usage;
	struct tw_advice (*advice)[TW_VERTICAL_RESOURCES]; /* by container */
};

/* Resources that pods of a revision were given, and their class. */
struct tw_vpa_size {
	const struct tw_revision *is;
	uint32_t of, class;
};

struct tw_vpa {
	struct tw_vpa_scales scales;
	struct tw_vpa_state *all; /* as model->verticals */
	struct tw_vpa_pod *pods;  /* by replica */
	uint32_t *of_workload;	  /* vertical; TW_NONE */
	TW_VEC(struct tw_vpa_size) sizes;
};

/* The vertical of a pod; TW_NONE: it has none. */
static inline uint32_t tw_vpa_of(const struct tw_world *world, uint32_t replica)
{
	uint32_t w =
		world->model
			->workload_of[world->model->replicas[replica].revision];

	return w == TW_NONE ? TW_NONE : world->vpa->of_workload[w];
}

/* vpa.c: its resources by name of the container; NULL: it has none such. */
const struct tw_spec_container *tw_vpa_container(const struct tw_world *world,
	uint32_t replica, const struct tw_vertical_container *of);
/* What a container requests; false: nothing. */
bool tw_vpa_request(const struct tw_spec_container *of,
	enum tw_vertical_resource resource, int64_t *to);
/* vpa_admission.c: the pod has these resources from now on; NULL: those of its
 * revision. */
const struct tw_revision *tw_vpa_sized(
	struct tw_world *world, uint32_t vertical, uint32_t replica);
void tw_vpa_set_size(struct tw_world *world, uint32_t replica,
	const struct tw_revision *size);
/* vpa_updater.c: one look. */
void tw_vpa_update(struct tw_world *world, uint32_t vertical);

#endif
