/* Private to the chronicle: what it keeps, and who says what. */
#ifndef TW_CLUSTER_CHRONICLE_PARTS_H
#define TW_CLUSTER_CHRONICLE_PARTS_H

#include "twins/cluster/chronicle.h"

enum tw_chronicle_phase {
	TW_PHASE_ABSENT,
	TW_PHASE_PENDING,
	TW_PHASE_STARTING,
	TW_PHASE_READY,
	TW_PHASE_TERMINATING,
	TW_PHASE_COMPLETED,
	TW_PHASE_FAILED,
	TW_PHASES
};

struct tw_chronicle_pod {
	uint8_t phase; /* enum tw_chronicle_phase */
	bool listed;
	bool waits;	   /* to be started again, after a back-off */
	bool said_ready;   /* by its kubelet, whatever became of it since */
	const char *ended; /* how its container did; NULL: it runs */
	const char *state; /* while its containers start; NULL: nothing */
	uint32_t restarts;
	uint32_t node; /* where it was started; TW_NONE: see the world */
	tw_time created, restarted;
	tw_time told; /* when it was last said why its container ended */
};

struct tw_chronicle_row {
	const char *kind;
	uint32_t newest; /* revision */
	uint32_t desired, restarts, endpoints;
	uint32_t pods[TW_PHASES];
	struct tw_workload_view shown; /* what a watcher saw last */
	struct tw_timeline_point shown_point;
};

struct tw_chronicle_node {
	bool lost, cordoned;
};

struct tw_chronicle {
	struct tw_tap tap;
	struct tw_world *world;
	const struct tw_watcher *watcher;
	struct tw_chronicle_pod *pods; /* by replica */
	struct tw_chronicle_node *nodes;
	struct tw_chronicle_row *rows; /* by row of the timeline */
	uint32_t *row_of; /* by revision; TW_NONE: outside the cluster */
	uint32_t *active; /* pods, by revision */
	uint32_t nodes_row;
};

/* chronicle_show.c */
const char *tw_chronicle_replica_name(
	const struct tw_chronicle *it, uint32_t replica);
const char *tw_chronicle_container_name(
	const struct tw_chronicle *it, uint32_t replica);
void tw_chronicle_say(struct tw_chronicle *it, const char *kind,
	const char *object, bool warning, const char *reason,
	const char *format, ...) __attribute__((format(printf, 6, 7)));
void tw_chronicle_show_pod(struct tw_chronicle *it, uint32_t replica);
void tw_chronicle_show_node(struct tw_chronicle *it, uint32_t node);
void tw_chronicle_show_vertical(struct tw_chronicle *it, uint32_t vertical);
void tw_chronicle_show_row(struct tw_chronicle *it, uint32_t at);

/* chronicle_pods.c: the row of its workload; *at: which. */
struct tw_chronicle_row *tw_chronicle_row_of(
	struct tw_chronicle *it, uint32_t replica, uint32_t *at);

/* What a tap says. */
uint32_t tw_chronicle_node_of(const struct tw_chronicle *it, const char *name);
void tw_chronicle_about_pod(
	struct tw_chronicle *it, const struct tw_tap_event *event);
void tw_chronicle_about_node(
	struct tw_chronicle *it, const struct tw_tap_event *event);
void tw_chronicle_about_job(
	struct tw_chronicle *it, const struct tw_tap_event *event);

#endif
