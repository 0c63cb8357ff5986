/*
 * The CPU of a replica, shared by all that compute in it.
 *
 * Threads that compute share the cores that the replica has by processor
 * sharing: each of n gets min(1, cores / n). A virtual clock counts what each
 * of them has got since the beginning, so that a job's end is a fixed point
 * on it: a heap of ends and one event of the queue a replica, O(log n) a
 * change (Nagle, RFC 970; Demers, Keshav and Shenker, "Analysis and
 * simulation of a fair queueing algorithm", SIGCOMM 1989).
 *
 * How many cores that are:
 *  - at most `cpus` (what its runtime uses: GOMAXPROCS, an event loop's one);
 *  - on a node whose `cpu` is known, what the node has left. While its
 *    replicas want no more than there is each gets what it wants; beyond that
 *    they share by weight (their requests), none getting more than it wants
 *    (generalised processor sharing: Parekh and Gallager, IEEE/ACM
 *    Transactions on Networking 1(3), 1993). A change then costs O(busy
 *    replicas of the node);
 *  - none once the quota of limits.cpu is spent (cfs.h), and none in a pause.
 *
 * Where nothing is short a job ends exactly its demand after it began.
 *
 * Asynchronous services: at most `threads` jobs compute at once; the others
 * wait for one of these, first come first served.
 */
#ifndef TW_WORLD_CPU_H
#define TW_WORLD_CPU_H

#include "twins/world/cfs.h"
#include "twins/world/world.h"

struct tw_cpu_job {
	tw_core_time end; /* on the replica's virtual clock */
	uint64_t order;	  /* ties: first come first served */
	tw_time due;	  /* when it would end alone */
	uint32_t task;
};

/* A job of an asynchronous service that waits for a thread. */
struct tw_cpu_ready {
	tw_time demand, due;
	uint32_t task;
};

struct tw_cpu {
	uint32_t replica;
	uint32_t threads; /* asynchronous: jobs at once; 0: as many as come */
	uint32_t stress;  /* threads that compute for nobody (a fault) */
	bool paused;
	bool open;	 /* jobs are being taken out: it is retuned after it */
	bool settled;	 /* of one sharing-out */
	bool at_work;	 /* it is among world->cpus_at_work */
	uint64_t weight; /* cpu.shares */
	uint64_t cores;	 /* it can use at once, 2^-32 */
	uint64_t wants;	 /* of its node now, 2^-32 */
	uint64_t rate;	 /* of each thread, 2^-32 */
	struct tw_cpu_node *node; /* NULL: one without bound */
	struct tw_cfs cfs;
	tw_time since;	  /* of all that is added up below */
	tw_core_time now; /* the virtual clock */
	tw_core_time used;
	TW_VEC(struct tw_cpu_job) jobs; /* a heap */
	TW_VEC(struct tw_cpu_ready) ready;
	size_t first_ready;
	uint64_t order;
	tw_time at; /* of the event; TW_NEVER: none */
	tw_event_id event;
};

struct tw_cpu_node {
	uint64_t cores, wanted;		 /* 2^-32 */
	bool tight;			 /* more is wanted than there is */
	TW_VEC(struct tw_cpu *) members; /* in the order they came to stand */
};

/* Gives CPUs to the replicas that have one by the model. Most of a large
 * system never compute: what a CPU is made of comes with the first work. */
void tw_cpu_init(struct tw_world *world);
/* A replica stands on its node from now on: once for each. */
void tw_cpu_stand(struct tw_world *world, uint32_t replica);
void tw_cpu_release(struct tw_world *world);
/* Gives the replica a CPU (without bound) where it has none: for faults that
 * stop or stress one. Before anything is in flight there. */
void tw_cpu_ensure(struct tw_world *world, uint32_t replica);

/* A task computes so long (> 0); TW_EV_CPU tells when somebody has ended. */
void tw_cpu_work(struct tw_world *world, uint32_t task, tw_time demand);
/* TW_EV_CPU: open, then take until TW_NONE, then close. */
void tw_cpu_open(struct tw_world *world, uint32_t replica);
uint32_t tw_cpu_take(struct tw_world *world, uint32_t replica);
void tw_cpu_close(struct tw_world *world, uint32_t replica);
/* Asynchronous: so many jobs at once from now on. */
void tw_cpu_resize(struct tw_world *world, uint32_t replica, uint32_t threads);
/* Its requests and limits are others from now on. */
void tw_cpu_relimit(struct tw_world *world, uint32_t replica);
/* The replica died: each task that computed gets a TW_EV_WORKED now. */
void tw_cpu_stop(struct tw_world *world, uint32_t replica);

/* Nothing computes from now on, or it does again. */
void tw_cpu_pause(struct tw_world *world, uint32_t replica, bool paused);
/* Threads that compute for nobody: they take shares and spend the quota (a
 * stress test in the container). The replica has a CPU. */
void tw_cpu_stress(struct tw_world *world, uint32_t replica, uint32_t threads);

/* Core-ns used so far; 0 where the replica has no CPU of its own. */
int64_t tw_cpu_used(struct tw_world *world, uint32_t replica);
/* Adds up all that is observed to `to` (>= since). */
void tw_cpu_count(struct tw_world *world, tw_time to);

#endif
