/*
 * The state of a run: what is alive, what is on its way, and what was seen.
 * The floors above (traffic, cluster, fault) act on it; nothing here decides.
 *
 * Calls and tasks live in pools: arrays that are reserved once and touched
 * from the bottom up, so that memory follows the work in flight and pointers
 * into them stay good. An index is reused; where something may come back for
 * a record that is gone, it carries the record's generation.
 */
#ifndef TW_WORLD_WORLD_H
#define TW_WORLD_WORLD_H

#include "twins/base/assert.h"
#include "twins/kernel/queue.h"
#include "twins/kernel/draw_keys.h"
#include "twins/model/model.h"
#include "twins/observe/observation.h"
#include "twins/world/tap.h"

struct tw_cache_state;
struct tw_lookups;
struct tw_outcome;
struct tw_outside;

/* Kinds of events of the queue. */
enum tw_event_kind {
	TW_EV_ARRIVE,	     /* a: task, b: generation; it reaches a replica */
	TW_EV_WORKED,	     /* a: task, b: generation; a cpu or wait step */
	TW_EV_CLOSED,	     /* a: replica, b: its life; a worker is free */
	TW_EV_ANSWER,	     /* a: call, b: struct tw_answer, packed */
	TW_EV_TRY_TIMEOUT,   /* a: call, b: generation */
	TW_EV_ROUTE_TIMEOUT, /* a: call, b: generation */
	TW_EV_APP_TIMEOUT,   /* a: call, b: generation */
	TW_EV_AGAIN,	     /* a: call, b: answer's try: back-off is over */
	TW_EV_DELAYED,	/* a: call, b: generation: the injected delay is over */
	TW_EV_COPY,	/* a: pending copy of an arrival */
	TW_EV_WARM,	/* what counts begins */
	TW_EV_FAULT_ON, /* a: fault of the scenario */
	TW_EV_FAULT_OFF,
	TW_EV_RESTART,	  /* a: replica, b: its life; a dead one is ready */
	TW_EV_LIST,	  /* a: replica; callers learn how it is */
	TW_EV_POD,	  /* a: replica, b: its life << 8 | what comes next */
	TW_EV_PRESSURE,	  /* a: node, b: enum tw_pressure_kind */
	TW_EV_PULL,	  /* a: pull of an image, b: generation */
	TW_EV_VOLUME,	  /* a: claim, b: generation (cluster/volumes.c) */
	TW_EV_SCHEDULE,	  /* pods that back off are tried again */
	TW_EV_ROLLOUT,	  /* what differs is rolled out (workloads.h) */
	TW_EV_NODES,	  /* a: node or zone, b: what (cluster/nodes.c) */
	TW_EV_EVICT,	  /* a: replica, b: its node's taint and its pod */
	TW_EV_DRAIN,	  /* a: which drain (cluster/drain.c) */
	TW_EV_WORKLOAD,	  /* a: workload, b: its controller knows */
	TW_EV_METRICS,	  /* a: which pipeline measures (cluster/metrics.c) */
	TW_EV_AUTOSCALE,  /* a: autoscaler, b: what it does */
	TW_EV_VPA,	  /* a: which program (cluster/vpa.h) */
	TW_EV_NODE_GROUP, /* a: node, b: what (cluster/node_groups.c) */
	TW_EV_PROBE,	  /* a: replica, b: as probe.c packs it */
	TW_EV_PROBED,	  /* likewise: the probe's time is up */
	TW_EV_CPU,	  /* a: replica; its CPU: a job ends, a quota does */
	TW_EV_CONNECTED,  /* a: connection, b: generation * 2 + it works */
	TW_EV_LOOKUP,	  /* a: look-up; it fails now */
	TW_EV_BULKHEAD,	  /* a: ticket: it has waited long enough */
	TW_EV_IDLE,	  /* a: connection, b: generation; long enough */
	TW_EV_SWEEP,	  /* a: upstream, b: proxy; of outlier detection */
	TW_EV_PAUSE, /* a: replica, b: 2 * number of the pause + it begins */
	TW_EV_OOM,   /* a: replica, b: 2 * its life + enum tw_oom_kind */
};

/* How a try ended. */
enum tw_reason {
	TW_ANSWERED,  /* by the application, whatever the status */
	TW_SHED,      /* refused: the queue was full */
	TW_NO_HOST,   /* nobody is listed */
	TW_UNREACHED, /* no connection: dead, partitioned */
	TW_RESET,     /* the replica died under it */
	TW_TRY_TIMED_OUT,
	TW_TIMED_OUT,
	TW_CUT_OFF,    /* the run was stopped */
	TW_OVERFLOWED, /* a circuit breaker let no more through */
	TW_LIMITED,    /* a rate limit did not */
	TW_REJECTED,   /* the application's own breaker or bulkhead did not */
};

/* An answer on its way to a call. It is stale unless generation and number
 * of the try are still those of the call. */
struct tw_answer {
	uint32_t generation;
	uint16_t try;
	enum tw_reason reason;
	int status; /* < 4096 */
};

/* ---- work in flight ------------------------------------------------- */

/* A call as its caller sees it: all tries together. */
struct tw_call {
	uint64_t key;
	tw_time since;
	tw_time deadline;	  /* that travels with it; 0: none */
	int64_t network, backoff; /* ns so far */
	tw_event_id app_timer, route_timer, try_timer;
	tw_traits traits;
	uint64_t position, user; /* of an arrival */
	uint32_t copy;		 /* made by a surge: from 1 */
	uint32_t generation;
	uint32_t next;	  /* free list */
	uint32_t parent;  /* task that waits for it; TW_NONE: an arrival */
	uint32_t channel; /* world->channels */
	uint32_t step;	  /* that makes it; TW_NONE: an arrival */
	uint32_t attempt; /* task of the try at work, TW_NONE: none */
	uint32_t replica; /* of the try that is out; TW_NONE: none is */
	uint32_t from;	  /* the caller's replica; TW_NONE: outside */
	uint32_t root, root_generation; /* call that all of it is for */
	uint32_t ticket;		/* world/upstream.h; TW_NONE: none */
	uint16_t tries;
	uint16_t route_tries; /* retries by the policy, since the last start */
	uint16_t app_tries;   /* retries by the application */
	uint16_t backoffs;    /* of the policy that grew, since the start or
			       * since the callee said when to come back */
	uint8_t window;	      /* enum tw_window */
	bool live;
	bool starts_over; /* after the back-off: by the application */
	bool backing_off; /* or delayed: no try is out */
	bool unreached;	  /* the try that is out, or was last, gets nowhere */
	bool mirror;	  /* nobody waits for its answer */
	bool lookup;	  /* a question to the DNS server; user: of which
			   * look-up (traffic/lookup.c) */
};

enum tw_task_state {
	TW_TASK_FREE,
	TW_TASK_SENT,	 /* on its way to the replica */
	TW_TASK_QUEUED,	 /* in the replica's queue */
	TW_TASK_RUNNING, /* holds a worker (outside services: does not) */
	TW_TASK_DEAD,	 /* its replica died; waits for what it started */
	TW_TASK_BRANCH,	 /* part of another task, side by side with others */
};

/* A try on a replica, or a branch of one. */
struct tw_task {
	uint64_t key;	  /* of the attempt */
	tw_time deadline; /* of those who wait; 0: none is known */
	tw_traits traits;
	tw_time since; /* sent; then: reached the replica */
	tw_time back;  /* ns of the way back */
	int64_t queued, worked;
	int64_t stalled; /* ns that cpu steps took beyond their demand */
	uint32_t generation;
	uint32_t next;	  /* free list; queue of the replica */
	uint32_t call;	  /* whom to answer; TW_NONE: the caller has gone */
	uint32_t attempt; /* itself, or the attempt that it is a branch of */
	uint32_t parent;  /* branch: the task that waits for it */
	uint32_t replica;
	uint32_t channel;
	uint32_t endpoint;  /* that of the target */
	uint32_t program;   /* once it has started */
	uint32_t step;	    /* next to do; TW_NONE: the end */
	uint32_t turn;	    /* of that step, from 0 */
	uint32_t iteration; /* salts draws within repeated branches */
	uint32_t waiting;   /* branches out (+ 1 while they are started) */
	uint32_t root, root_generation;
	uint16_t try;
	uint8_t state; /* enum tw_task_state */
	uint8_t window;
	bool failed;
};

/* ---- what is alive -------------------------------------------------- */

/* A delay that grows with each failure, and when the last one was. */
struct tw_backoff {
	tw_time last, delay; /* delay 0: none yet */
};

struct tw_capacity;
struct tw_memory;
struct tw_pause;
struct tw_mode;
struct tw_cpu;
struct tw_cpu_node;
struct tw_standing_node;

enum tw_health {
	TW_UP,
	TW_DOWN,     /* refuses connections */
	TW_GONE,     /* its node is: nobody answers */
	TW_DRAINING, /* stopping: refuses connections, ends what it has */
};

/* Pods whose resources are not their revision's: a VerticalPodAutoscaler's. */
struct tw_resized {
	const struct tw_revision **of; /* by replica; NULL: as the model has */
	uint32_t *class_of; /* of the scheduler, by replica; where `of` is */
	TW_VEC(uint32_t) revisions; /* of classes beyond the model's */
};

struct tw_world_replica {
	const struct tw_capacity *capacity;
	struct tw_cpu *cpu;	  /* NULL: it has computed nothing (cpu.h) */
	struct tw_memory *memory; /* NULL: not modelled (memory.h) */
	uint32_t busy, workers;
	uint32_t queue_first, queue_last, queue_length, queue_limit;
	uint32_t inside;	   /* full capacity: requests at work */
	uint32_t stood;		   /* the how manieth to get a CPU (cpu.h) */
	tw_time queue_since;	   /* full capacity: when it was empty last */
	struct tw_backoff backoff; /* of restarts (cluster/crash.h) */
	uint32_t outstanding;	   /* tries that callers have out to it */
	uint32_t node; /* TW_NONE: it fits nowhere; tw_stand() moves it */
	uint32_t zone;
	uint32_t service;
	uint32_t life; /* counts deaths */
	uint8_t health;
	bool ready;   /* for the endpoints, as the kubelet says */
	bool managed; /* it is a pod (cluster/pods.h) */
	bool waits;   /* its process, for others (cluster/start_order.h) */
	bool listed;  /* callers see it */
	bool shares;  /* it has a CPU; else there is a core for everybody */
	uint8_t seen; /* enum tw_seen, or-ed: what its EndpointSlice says */
	tw_time listed_at; /* since when; TW_LISTED_EVER: from the start */
	uint32_t stand_before, stand_after; /* on its node (standing.h) */
};

#define TW_LISTED_EVER INT64_MIN

/* Conditions of an endpoint as callers see them: discovery/v1. */
enum tw_seen {
	TW_SEEN = 1,	     /* its pod is there */
	TW_SEEN_SERVING = 2, /* it is Ready, or was when it was deleted */
	TW_SEEN_TERMINATING = 4,
};

/* Integrals are sums of n * ns modulo 2^64: Little's law is an equation of
 * integers. */
struct tw_world_service {
	uint32_t in_system, busy, capacity;
	bool plain;    /* nobody answers for it, no rate limit */
	tw_time since; /* of the sums below */
	uint64_t area, sojourn;
	int64_t busy_area, capacity_area; /* of this slice */
	/* Of this slice, ns of replicas: had something to compute; stood still
	 * meanwhile since the quota was spent; and ns of cores in use. */
	int64_t computing, throttled, cpu_used;
	int64_t memory; /* the most of one replica, in this slice */
	uint32_t ooms;	/* of this slice */
	uint32_t replicas, unavailable;
	uint32_t worst_unavailable, worst_queue; /* of this slice */
	uint64_t arrived, left;
	const struct tw_outside *outside;
	void *outside_context;
	tw_time gap; /* of the rate limit; 0: none */
	int64_t burst;
	tw_time due; /* of it: when the next request would be, if
		      * all came evenly (the GCRA of ATM Forum TM 4.0) */
};

/* What the directory tells callers. */
struct tw_world_pool {
	uint32_t *listed;
	uint32_t n;
	uint32_t version;	     /* counts changes */
	struct tw_pool_views *views; /* NULL: all see the same (endpoints.h) */
};

struct tw_world_channel {
	const struct tw_channel *model;
	uint32_t *cells;     /* [side][zone][window]; TW_NONE: none yet */
	uint32_t **turns;    /* by target: round robin, by caller's replica */
	uint32_t *upstreams; /* by target; NULL: none of them has one */
	uint32_t route_lane, try_lane;
	uint64_t mixed; /* tw_hash_mix() of the endpoint's hash */
	/* One target of its own endpoint, nothing that the proxy does beside
	 * timeouts and retries (traffic/plain.c). */
	bool plain;
	uint32_t program; /* that answers it; TW_NONE: by revision */
};

/* ---- effects of faults ---------------------------------------------- */

struct tw_effect;

/* An effect (effects.h) while it is on. */
struct tw_live_effect {
	const struct tw_effect *effect;
	const bool *chosen; /* replicas that its mode picked; NULL: all */
	tw_time *state;	    /* of its own: links, buckets; or NULL */
};

/* ---- what is done at once ------------------------------------------- */

enum tw_soon_kind {
	TW_SOON_START,	    /* index: task, data: generation */
	TW_SOON_ANSWER,	    /* index: call, data: answer, packed */
	TW_SOON_CONNECTION, /* index: connection, data: generation; it has room
			     */
	TW_SOON_BULKHEAD,   /* index: call, data: generation; it is let in */
	TW_SOON_REFUSED,    /* index: task whose call was not made for want of
			     * room, data: generation * 2 + it was optional */
};

struct tw_soon {
	uint64_t data;
	uint32_t index;
	uint32_t kind;
};

/* A copy of an arrival by a surge, yet to come. */
struct tw_copy {
	uint64_t key, position;
	uint32_t endpoint;
	uint32_t next; /* its number; free: the next free one */
};

/* Bytes on the wire that the traffic tells of, where nobody gave any; 0: it
 * does not. */
struct tw_sizes {
	int64_t request, answer;
};

/* Of each call the last ones. */
#define TW_TRIED 4

struct tw_world {
	const struct tw_model *model;
	struct tw_queue queue;
	uint64_t seed;
	struct tw_draw_keys draw_keys; /* of the seed */
	struct tw_arena arena;
	const struct tw_tap *tap;
	const struct tw_tap *chronicle; /* told of pods and nodes; or NULL */

	struct tw_call *calls;
	struct tw_task *tasks;
	/* Keys of calls and tasks, model->keys.n for each (traffic/keys.c);
	 * NULL: no policy asks for any. */
	uint64_t *call_keys, *task_keys;
	uint32_t n_calls, n_tasks; /* ever touched */
	uint32_t free_call, free_task;
	uint32_t live_calls, live_tasks, live_arrivals;
	uint32_t max_in_flight, cap_tasks;

	struct tw_world_replica *replicas;
	struct tw_world_service *services;
	struct tw_world_pool *pools;
	/* Pools of replica r: pools_of[pools_from[r] .. pools_from[r + 1]]. */
	const uint32_t *pools_from;
	uint32_t *pools_of;
	TW_VEC(struct tw_world_channel) channels;
	struct tw_map channel_of;	/* beyond those of the model */
	struct tw_map turns_of;		/* "caller pool" -> counters */
	struct tw_upstreams *upstreams; /* NULL: no policy asks for any */
	struct tw_lookups *lookups;	/* NULL: they are not modelled */
	/* Replicas that a call has tried since its route started, by call:
	 * the n-th retry's at [n % TW_TRIED], the first try's at 0. NULL: no
	 * policy asks. */
	uint32_t (*tried)[TW_TRIED];
	struct tw_why *whys; /* by call (traffic/why.c); NULL: none failed */
	uint32_t *app_lanes; /* by step */
	bool *node_down;
	struct tw_standing_node *standing; /* by node (standing.h) */
	/* NULL: the control plane does not act (cluster/workloads.h). */
	struct tw_workloads *workloads;
	struct tw_pods *pods;
	struct tw_drains *drains;   /* NULL: nobody drained a node */
	struct tw_images *images;   /* NULL: they are there at once */
	struct tw_volumes *volumes; /* NULL: no pod has a claim */
	struct tw_nodes *nodes;	    /* NULL: they die and come back unseen */
	struct tw_metrics *metrics; /* NULL: nobody reads any */
	struct tw_autoscale *autoscale;	    /* NULL: no autoscaler */
	struct tw_vpa *vpa;		    /* NULL: none (cluster/vpa.h) */
	struct tw_resized *resized;	    /* NULL: nobody changes any pod's */
	struct tw_node_groups *node_groups; /* NULL: nodes stay as they are */
	struct tw_probe_state *probes;	    /* NULL: none (cluster/probe.c) */
	struct tw_cpu_node *cpu_nodes;
	TW_VEC(uint32_t) cpus_at_work; /* replicas (cpu.c) */
	uint32_t cpus_stood;	       /* replicas that came to stand (cpu.c) */
	/* By node; NULL: nobody is evicted (cluster/eviction.h). */
	struct tw_node_pressure *node_pressure;
	struct tw_pressing *eviction;
	int64_t *node_memory;	 /* bytes in use, where it is modelled */
	struct tw_pause *pauses; /* by replica; NULL: nobody pauses */
	uint32_t paused;	 /* replicas that pause now */
	struct tw_mode *modes;	 /* by replica; NULL: nobody is ever slow */

	const struct tw_sizes *sizes; /* by endpoint; NULL: not known */
	TW_VEC(struct tw_live_effect) effects;
	struct tw_cache_state **caches; /* cache.h; NULL: none was asked */
	uint8_t window;

	struct tw_soon *soon; /* a ring */
	uint32_t soon_first, soon_n, soon_cap;
	TW_VEC(struct tw_copy) copies;
	uint32_t free_copy, live_copies;

	struct tw_observation obs;
	tw_time slice_end;
	uint32_t slice;
	uint64_t area, sojourn; /* of arrivals */
	tw_time since;
	uint64_t *example_hashes;
	bool inside;  /* a callback is running */
	bool closing; /* the traffic is over: nobody begins anything new */
	/* Nothing that is on now, nor anything of the model as a whole, may
	 * touch every call: see tw_world_see_plain(). */
	bool plain;
	/* A caller is on the stack that may not be resumed: what answers it
	 * has to wait (tw_world_soon). */
	bool calling;

	void (*done)(void *context, const struct tw_outcome *outcome);
	void *done_context;
};

struct tw_world_options {
	uint64_t seed;
	tw_time slice;
	uint32_t max_in_flight;
	const struct tw_tap *tap;
	const uint32_t *node_of; /* by replica; TW_NONE: nowhere */
};

void tw_world_init(struct tw_world *world, const struct tw_model *model,
	const struct tw_world_options *options);
void tw_world_release(struct tw_world *world);

static inline tw_time tw_world_now(const struct tw_world *world)
{
	return world->queue.now;
}

/* A replica's revision with the resources that it has by now. */
static inline const struct tw_revision *tw_world_revision(
	const struct tw_world *world, uint32_t replica)
{
	if (world->resized && world->resized->of[replica])
		return world->resized->of[replica];
	return &world->model
			->revisions[world->model->replicas[replica].revision];
}

/* Call it when an effect, a pause, or one of what else it asks about comes or
 * goes. */
static inline void tw_world_see_plain(struct tw_world *world)
{
	world->plain = !world->tap && !world->effects.n && !world->paused &&
		       !world->modes && !world->model->closed &&
		       !world->model->carry && !world->model->deadlines &&
		       !world->call_keys;
}

/* ---- pools ---------------------------------------------------------- */

/* TW_NONE: the pool is at its bound. What the record held before is still
 * there: only its generation counts. */
static inline uint32_t tw_world_new_call(struct tw_world *world)
{
	uint32_t at = world->free_call;

	if (at != TW_NONE)
		world->free_call = world->calls[at].next;
	else if (world->n_calls < world->max_in_flight)
		at = world->n_calls++;
	else
		return TW_NONE;
	world->live_calls++;
	return at;
}

static inline void tw_world_free_call(struct tw_world *world, uint32_t call)
{
	struct tw_call *it = &world->calls[call];

	tw_assert(it->live);
	it->live = false;
	it->generation++;
	it->next = world->free_call;
	world->free_call = call;
	world->live_calls--;
}

static inline uint32_t tw_world_new_task(struct tw_world *world)
{
	uint32_t at = world->free_task;

	if (at != TW_NONE)
		world->free_task = world->tasks[at].next;
	else if (world->n_tasks < world->cap_tasks)
		at = world->n_tasks++;
	else
		return TW_NONE;
	world->live_tasks++;
	return at;
}

static inline void tw_world_free_task(struct tw_world *world, uint32_t task)
{
	struct tw_task *it = &world->tasks[task];

	tw_assert(it->state != TW_TASK_FREE);
	it->state = TW_TASK_FREE;
	it->generation++;
	it->next = world->free_task;
	world->free_task = task;
	world->live_tasks--;
}

/* ---- channels ------------------------------------------------------- */

/* The model's, or one that is worked out on the spot. */
uint32_t tw_world_channel(
	struct tw_world *world, uint32_t caller, uint32_t endpoint);

/* ---- soon
 * ------------------------------------------------------------------------ What
 * follows at this very instant, after what is being done now. It keeps callers
 * from being resumed inside their own calls. */

void tw_world_grow_soon(struct tw_world *world);

static inline void tw_world_soon(struct tw_world *world, enum tw_soon_kind kind,
	uint32_t index, uint64_t data)
{
	uint32_t at;

	if (world->soon_n == world->soon_cap)
		tw_world_grow_soon(world);
	at = (world->soon_first + world->soon_n++) & (world->soon_cap - 1);
	world->soon[at] = (struct tw_soon){data, index, kind};
}

static inline bool tw_world_take_soon(
	struct tw_world *world, struct tw_soon *soon)
{
	if (!world->soon_n)
		return false;
	*soon = world->soon[world->soon_first];
	world->soon_first = (world->soon_first + 1) & (world->soon_cap - 1);
	world->soon_n--;
	return true;
}

/* ---- observation ---------------------------------------------------- */

/* Adds up a service's sums to now; call it before in_system, busy, capacity
 * or unavailable change. */
static inline void tw_world_touch(
	struct tw_world *world, struct tw_world_service *service)
{
	tw_time d = tw_world_now(world) - service->since;

	service->area += (uint64_t)service->in_system * (uint64_t)d;
	service->busy_area += (int64_t)service->busy * d;
	service->capacity_area += (int64_t)service->capacity * d;
	service->since += d;
}

/* Closes the slices that end by `to` (> now): nothing happens before `to`. */
void tw_world_close_slices(struct tw_world *world, tw_time to);

/* What cells have seen of the slice under way is added up: at its end, and at
 * the end of the run. */
void tw_world_close_cells(struct tw_world *world);

/* The warm-up is over: what was seen until now is forgotten, what is going on
 * counts when it ends. Slices keep their numbers. */
void tw_world_forget(struct tw_world *world);

uint32_t tw_world_add_cell(struct tw_world *world, uint32_t channel,
	enum tw_side side, uint32_t zone, uint8_t window);

/* The cell; zone n_zones is the outside. Valid until the next call. */
static inline struct tw_cell *tw_world_cell(struct tw_world *world,
	uint32_t channel, enum tw_side side, uint32_t zone, uint8_t window)
{
	uint32_t n = world->model->n_zones + 1;
	uint32_t *at =
		&world->channels.v[channel]
			 .cells[((uint32_t)side * n + zone) * 3 + window];

	if (__builtin_expect(*at == TW_NONE, 0))
		*at = tw_world_add_cell(world, channel, side, zone, window);
	return &world->obs.cells.v[*at];
}

/* A root request that went wrong. */
void tw_world_example(struct tw_world *world, const struct tw_call *call,
	tw_time latency, int status, const char *why);

static inline void tw_world_tell(
	const struct tw_tap *tap, const struct tw_tap_event *event)
{
	if (tap)
		tap->event(tap->context, event);
}

/* Emits to the tap, if there is one; what is about pods and nodes also to the
 * chronicle. */
#define tw_world_tap(world, ...)                                               \
	do {                                                                   \
		struct tw_world *world_ = (world);                             \
		bool told_ = world_->chronicle &&                              \
			     tw_tap_is_cluster(                                \
				     (struct tw_tap_event){__VA_ARGS__}.kind); \
		if (told_ || world_->tap) {                                    \
			const struct tw_tap_event event_ = {                   \
				.at = world_->queue.now, __VA_ARGS__};         \
			tw_world_tell(world_->tap, &event_);                   \
			if (told_)                                             \
				tw_world_tell(world_->chronicle, &event_);     \
		}                                                              \
	} while (0)

#endif
