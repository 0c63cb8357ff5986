/*
 * kube-scheduler: which node a pod goes to, and why it fits on none.
 *
 * Filters say where it may go, scores where it had best go. The plugins, their
 * order and weights are the default profile's (Kubernetes 1.36,
 * pkg/scheduler/apis/config/v1/default_plugins.go); each plugin is a file,
 * sched_NAME.c, with a row in the list of scheduler.c.
 *
 * Pods of one workload are alike: they are of one *class*, and nodes count
 * pods by class. So a decision costs as much as there are nodes and classes,
 * not pods. Classes whose pods ask the same of a node by itself are of one
 * *kind*, and what a node answered a kind is kept until the node changes: a
 * pod that comes or goes changes one node (sched_kind.c).
 *
 * Ties between the best nodes are broken by a hash of the pod's and the
 * node's names: kube-scheduler breaks them at random, and here the same names
 * have the same luck on both sides of a comparison.
 */
#ifndef TW_CLUSTER_SCHEDULER_H
#define TW_CLUSTER_SCHEDULER_H

#include "twins/base/map.h"
#include "twins/base/text.h"
#include "twins/model/pod.h"

struct tw_sched_plugin;

/* Which release: what changed between them. */
struct tw_sched_options {
	/* BalancedAllocation is 100 (1 - deviation) before 1.36, and since
	 * then 50 + (50 + after - before) / 2. */
	bool old_balance;
	/* As versions.h has them. */
	bool balance_all, whole_overhead, small_nodes_helpable, names_taints;
	bool spread_always, two_stops, no_min_domains;
	/* Nodes' images are as they were when each was added: its images
	 * are on it and on those before it, and as large as the first has
	 * them. So the scheduler of 1.26 sees nodes whose kubelets never
	 * report (internal/cache/cache.go, addNodeImageStates); a twin's
	 * do. */
	bool images_as_added;
	/* What BalancedAllocation weighs beside CPU and memory
	 * (NodeResourcesBalancedAllocationArgs, resources). */
	const char *const *also_balanced;
	size_t n_also_balanced;
	int64_t hard_affinity_weight; /* default 1 */
	bool ignore_preferred_of_existing;
	bool compare_taints; /* tolerations with Lt and Gt (1.35, alpha) */
	const struct tw_node_affinity *added_affinity; /* NULL: none */
	/* Of all nodes that fit, this many are scored at most where there are
	 * 100 or more (numFeasibleNodesToFind); 0: the release's default. */
	uint32_t percentage_to_score;
};

struct tw_sched_class {
	const char *namespace;
	const struct tw_labels *labels;
	const struct tw_pod_spec *pod;
	/* Filled in when it is added: of cpu and memory, what the pod
	 * requests; and whether it requests anything else. */
	int64_t asks[2];
	bool asks_more;
};

struct tw_class_count {
	uint32_t class;
	uint32_t n;	  /* pods of the class on the node */
	uint32_t leaving; /* of them being deleted */
	uint32_t place;	  /* its number among the class's places */
};

/* The same from the other side: a node with pods of a class. */
struct tw_class_place {
	uint32_t node, n, leaving;
};

struct tw_sched_node {
	const struct tw_node_spec *spec;
	bool absent; /* nothing of it is seen (node_groups.h) */
	struct tw_resources used;
	/* Of cpu and memory: what is allocatable and in `used`, side by side,
	 * for they are asked for most. */
	int64_t has[2], in_use[2], has_pods;
	int64_t usual_cpu, usual_memory;
	uint32_t n_pods;
	TW_VEC(struct tw_class_count) classes;
};

enum tw_sched_status {
	TW_SCHED_OK,
	TW_SCHED_UNSCHEDULABLE, /* preemption may help */
	TW_SCHED_UNRESOLVABLE,	/* it cannot */
};

/* Why a node will not do, in kube-scheduler's words. */
struct tw_sched_reason {
	enum tw_sched_status status;
	const char *text; /* "Insufficient cpu" */
};

/* How many nodes say what. */
struct tw_sched_said {
	const char *text;
	uint32_t n;
};

TW_VEC_TYPE(tw_sched_tally, struct tw_sched_said);

/* A topology key: nodes with the same value are of one domain. */
struct tw_topology {
	const char *key;
	uint32_t *domain_of; /* by node; TW_NONE-like UINT32_MAX: no label */
	uint32_t *slot_of;   /* the same, but n_domains: no label */
	uint32_t n_domains, n_nodes; /* n_nodes: as many as it is of */
	bool some_without;	     /* some node has no label */
};

TW_VEC_TYPE(tw_sched_list, uint32_t);

/* An affinity between the pods of a class and those of another: the terms of
 * either one select the other (sched_pod_affinity.c). */
struct tw_sched_tie {
	uint8_t kind;
	uint32_t other;
	uint32_t topology; /* by number */
	int64_t weight;
};

TW_VEC_TYPE(tw_sched_ties, struct tw_sched_tie);

/* The domains that a spread of the class knows: those of nodes that count. */
struct tw_sched_known {
	bool *is; /* by domain; the last: of nodes without the key */
	uint32_t n, room;
};

/* What is found out once of a class: who counts for its spreads, which domains
 * do, and whom its pods want to be near to or far from. */
struct tw_sched_memo {
	TW_VEC(struct tw_class_place) places; /* unordered */
	struct tw_sched_list *counted; /* classes, by spread; NULL: not yet */
	uint32_t n_classes;	       /* there were so many then */
	struct tw_sched_known *known;  /* by spread; NULL: not yet */
	uint64_t known_at;	       /* what there was then, counted */
	struct tw_sched_ties ties;
	uint32_t n_tied; /* there were so many classes then; 0: not yet */
};

/* What is normalised of what is kept: taints, node affinity. */
#define TW_SCHED_RAW 2

/* What nodes said to a kind of pods: all plugins `of_node` together. */
struct tw_sched_kind {
	const struct tw_pod_spec *pod; /* one of them */
	/* By node, of weighted scores that are not normalised; or one of
	 * those below. NULL: nothing is kept. */
	int16_t *sums;
	int32_t (*raw)[TW_SCHED_RAW]; /* of those that are, in their order */
	uint32_t n_answers;
	uint64_t n_changes;	  /* there had been so many then */
	bool tells[TW_SCHED_RAW]; /* some raw score was not 0 */
	uint64_t used;		  /* the decision that asked last */
};

#define TW_SCHED_UNASKED INT16_MIN	 /* since it changed */
#define TW_SCHED_REFUSED (INT16_MIN + 1) /* it does not fit there */

/* So many changes of nodes are remembered; who has missed more asks anew. */
#define TW_SCHED_CHANGES (UINT64_C(1) << 14)

/* How many answers are kept in all by default: 10 MB. The kind that asked
 * least recently is forgotten first. */
#define TW_SCHED_ANSWERS (UINT32_C(1) << 20)

/* Numbers by node that are 0 but for a few. */
struct tw_sched_marks {
	int64_t *of;
	uint32_t n;
	struct tw_sched_list set; /* who is not 0 */
};

/* What a pod's volumes ask of nodes, of whoever knows them. */
enum tw_sched_volume_plugin {
	TW_VOLUME_RESTRICTIONS,
	TW_VOLUME_LIMITS,
	TW_VOLUME_BINDING,
	TW_VOLUME_ZONE,
};

struct tw_sched_volumes {
	struct tw_sched_reason (*filter)(const struct tw_sched_volumes *self,
		enum tw_sched_volume_plugin plugin, uint32_t node);
	const char *unbound; /* why no node will do; NULL: some may */
};

/* What the first of these plugins says of the node; NULL: no volumes. */
struct tw_sched_reason tw_sched_volumes_refuse(
	const struct tw_sched_volumes *volumes, uint32_t node);

struct tw_scheduler {
	struct tw_arena arena;
	/* Of the pod that is decided on; NULL: it has none. */
	const struct tw_sched_volumes *volumes;
	struct tw_sched_options options;
	const struct tw_map *namespaces; /* name -> struct tw_labels *; NULL */
	TW_VEC(struct tw_sched_node) nodes;
	TW_VEC(uint64_t) lucks; /* by node: tw_hash_mix() of its name's */
	uint32_t *changed;	/* the last TW_SCHED_CHANGES nodes that did */
	uint64_t n_changes;
	TW_VEC(struct tw_sched_kind) kinds;
	struct tw_sched_list kind_of;  /* by class */
	size_t n_answers, max_answers; /* kept */
	uint64_t decisions;
	/* What each decision needs anew. */
	struct tw_arena scratch;
	struct tw_sched_marks marks;
	uint32_t *feasible;
	int32_t *totals;
	int64_t *scores;
	uint32_t n_scratch;
	TW_VEC(struct tw_sched_class) classes;
	TW_VEC(struct tw_sched_memo) memos; /* as classes */
	TW_VEC(struct tw_topology) topologies;
	struct tw_sched_list tying; /* classes with terms about other pods */
	struct tw_map labelled; /* "namespace key=value" -> tw_sched_list * */
	/* Count changes: of which nodes there are, of what they look like. */
	uint64_t shapes, looks;
	uint32_t n_absent;	/* nodes */
	bool has_images;	/* some node */
	bool has_affinity;	/* some class: terms that others meet */
	bool has_anti_affinity; /* some class, required */
};

/* The domains of a key; good until a node is added or another key is asked
 * for. */
const struct tw_topology *tw_sched_topology(
	struct tw_scheduler *s, const char *key);
/* The classes whose pods a selector may select in a namespace, in their
 * order; NULL: any of them. */
const struct tw_sched_list *tw_sched_candidates(struct tw_scheduler *s,
	const char *namespace, const struct tw_label_selector *selector);
/* Its number, which stays. */
uint32_t tw_sched_topology_number(struct tw_scheduler *s, const char *key);

void tw_scheduler_init(
	struct tw_scheduler *s, const struct tw_sched_options *options);
void tw_scheduler_release(struct tw_scheduler *s);

/* Who makes up a node to try things on calls it after each change of its spec
 * or of `used`. */
void tw_sched_node_see(struct tw_sched_node *node);

/* Both borrow what they are given. */
uint32_t tw_scheduler_add_node(
	struct tw_scheduler *s, const struct tw_node_spec *node);
/* The node is like this from now on; its labels and what is allocatable stay
 * as they were. */
void tw_scheduler_set_node(
	struct tw_scheduler *s, uint32_t node, const struct tw_node_spec *spec);
void tw_scheduler_set_absent(
	struct tw_scheduler *s, uint32_t node, bool absent);
uint32_t tw_scheduler_add_class(
	struct tw_scheduler *s, const struct tw_sched_class *class);

/* A pod of the class is on the node from now on, or no longer. */
void tw_scheduler_put(struct tw_scheduler *s, uint32_t class, uint32_t node);
void tw_scheduler_take(struct tw_scheduler *s, uint32_t class, uint32_t node);
/* The same of one that is not being deleted, whatever others are. */
void tw_scheduler_take_active(
	struct tw_scheduler *s, uint32_t class, uint32_t node);
/* It is being deleted: it takes up room, but spreads count it no more. */
void tw_scheduler_leaving(
	struct tw_scheduler *s, uint32_t class, uint32_t node);

/* ---- one decision --------------------------------------------------- */

struct tw_sched_cycle {
	struct tw_scheduler *s;
	const struct tw_sched_class *class;
	uint32_t class_index;
	struct tw_arena arena; /* of this cycle */
	void *state[16];       /* by plugin */
	bool idle[16];	       /* by plugin: its filter says nothing */
	enum tw_sched_status *node_status; /* by node: of tw_sched_filter() */
	uint32_t *feasible;		   /* nodes */
	uint32_t n_feasible;
};

/* Filters: `cycle` is initialised here, to be released. */
void tw_sched_cycle_init(
	struct tw_sched_cycle *cycle, struct tw_scheduler *s, uint32_t class);
void tw_sched_cycle_release(struct tw_sched_cycle *cycle);

/* All filters over all nodes: fills node_status and feasible. Nothing that is
 * kept is used. */
void tw_sched_filter(struct tw_sched_cycle *cycle);
/* One plugin over the feasible nodes, normalised, unweighted: scores[i] is of
 * feasible[i]. False: it has nothing to say (all are 0). */
bool tw_sched_score(struct tw_sched_cycle *cycle,
	const struct tw_sched_plugin *plugin, int64_t *scores);
/* Its two parts: has it something to say, and what. */
bool tw_sched_pre_score(
	struct tw_sched_cycle *cycle, const struct tw_sched_plugin *plugin);
void tw_sched_score_all(struct tw_sched_cycle *cycle,
	const struct tw_sched_plugin *plugin, int64_t *scores);
/* The weighted sum over all plugins. */
void tw_sched_total(struct tw_sched_cycle *cycle, int64_t *totals);

/*
 * Where does a pod of the class go? TW_NONE-like UINT32_MAX: nowhere. It is
 * not put there. `hash` is of the pod's name. `why`, where not NULL, gets the
 * reason of a failure in kube-scheduler's words: "0/5 nodes are available: 2
 * Insufficient cpu, 3 node(s) had untolerated taint(s)."
 */
uint32_t tw_scheduler_choose(struct tw_scheduler *s, uint32_t class,
	uint64_t hash, struct tw_buf *why);

/* All that the filters of a cycle find wrong with a node: of the first that
 * refuses. Nothing where the node is absent. */
void tw_sched_reasons(const struct tw_sched_cycle *cycle, uint32_t node,
	struct tw_arena *arena, struct tw_sched_tally *to);
/* One more node says so. The text is borrowed. */
void tw_sched_say(
	struct tw_arena *arena, struct tw_sched_tally *to, const char *text);
/* FitError (pkg/scheduler/framework/types.go): "0/5 nodes are available: 2
 * Insufficient cpu." */
void tw_sched_print(const struct tw_sched_tally *tally, size_t n_nodes,
	struct tw_arena *arena, struct tw_buf *to);
/* Why the pod of this cycle fits nowhere, in these words. */
void tw_sched_explain(const struct tw_sched_cycle *cycle, struct tw_buf *why);
/* Nodes that are seen. */
size_t tw_sched_n_nodes(const struct tw_scheduler *s);

/* Has the node what a pod of the class requests? */
bool tw_scheduler_has_room(
	const struct tw_scheduler *s, uint32_t class, uint32_t node);
/* What it has not: "Insufficient cpu". */
void tw_scheduler_lacks(const struct tw_scheduler *s, uint32_t class,
	uint32_t node, struct tw_arena *arena, struct tw_sched_tally *to);
/* How many feasible nodes a decision looks for (numFeasibleNodesToFind). */
uint32_t tw_scheduler_enough(const struct tw_scheduler *s);
/* Whether it would go to this node. */
bool tw_scheduler_fits(struct tw_scheduler *s, uint32_t class, uint32_t node);
/* Why it would not. */
void tw_scheduler_refusal(struct tw_scheduler *s, uint32_t class, uint32_t node,
	struct tw_arena *arena, struct tw_sched_tally *to);

/* ---- plugins -------------------------------------------------------- */

/* NULL functions say nothing. */
struct tw_sched_plugin {
	const char *name;
	int64_t weight;
	/* What it says of a node follows from the options, the pod's spec and
	 * the node: its spec, what is in use, the classes on it. */
	bool of_node;
	/* Before the filter; sets cycle->state[slot]. False: the filter has
	 * nothing to say of any node. */
	bool (*pre_filter)(struct tw_sched_cycle *cycle, uint32_t slot);
	struct tw_sched_reason (*filter)(const struct tw_sched_cycle *cycle,
		uint32_t slot, uint32_t node);
	/* All that the filter found wrong with a node, where that may be more
	 * than its reason; NULL: it is not. */
	void (*reasons)(const struct tw_sched_cycle *cycle, uint32_t node,
		struct tw_arena *arena, struct tw_sched_tally *to);
	/* Before the score; false: skip this plugin. */
	bool (*pre_score)(struct tw_sched_cycle *cycle, uint32_t slot);
	/* Of a node; or of all feasible ones, to[i] of feasible[i]. */
	int64_t (*score)(const struct tw_sched_cycle *cycle, uint32_t slot,
		uint32_t node);
	void (*score_all)(
		struct tw_sched_cycle *cycle, uint32_t slot, int64_t *to);
	/* Where all scores are the same, it makes them another same. */
	void (*normalise)(const struct tw_sched_cycle *cycle, uint32_t slot,
		int64_t *scores);
	/* Of both the result, weighed, is added at once to what each feasible
	 * node has; false: not for such a pod. NULL: never. */
	bool (*add_all)(struct tw_sched_cycle *cycle, uint32_t slot,
		int32_t weight, int32_t *totals);
};

/* For normalise: the most gets 100 and none 0; reversed: 0 and 100
 * (kubernetes/pkg/scheduler/framework/plugins/helper, DefaultNormalizeScore).
 */
void tw_sched_normalise(
	const struct tw_sched_cycle *cycle, bool reversed, int64_t *scores);

extern const struct tw_sched_plugin tw_sched_unschedulable;
extern const struct tw_sched_plugin tw_sched_node_name;
extern const struct tw_sched_plugin tw_sched_taints;
extern const struct tw_sched_plugin tw_sched_node_affinity;
extern const struct tw_sched_plugin tw_sched_ports;
extern const struct tw_sched_plugin tw_sched_fit;
extern const struct tw_sched_plugin tw_sched_balance;
extern const struct tw_sched_plugin tw_sched_volume_restrictions;
extern const struct tw_sched_plugin tw_sched_volume_limits;
extern const struct tw_sched_plugin tw_sched_volume_binding;
extern const struct tw_sched_plugin tw_sched_volume_zone;
extern const struct tw_sched_plugin tw_sched_spread;
extern const struct tw_sched_plugin tw_sched_pod_affinity;
extern const struct tw_sched_plugin tw_sched_image;

/* NULL-ended, in the order of the default profile. */
extern const struct tw_sched_plugin *const tw_sched_plugins[];
uint32_t tw_sched_slot(const struct tw_sched_plugin *plugin);

/* ---- between scheduler.c, sched_index.c, sched_kind.c, sched_choose.c */

/* Of a class that was added. */
void tw_sched_index_labels(struct tw_scheduler *s, uint32_t class);

/* A cycle without arrays, in the scheduler's scratch memory: one at a time has
 * it, others have their own. */
void tw_sched_cycle_begin(
	struct tw_sched_cycle *cycle, struct tw_scheduler *s, uint32_t class);
void tw_sched_cycle_end(struct tw_sched_cycle *cycle);
void tw_sched_pre_filter(struct tw_sched_cycle *cycle);
/* The first filter that refuses; text NULL: the node is absent. */
struct tw_sched_reason tw_sched_reason_of(
	const struct tw_sched_cycle *cycle, uint32_t node);
/* Whose filter that is; NULL: none, or the node is absent. */
const struct tw_sched_plugin *tw_sched_refuses(
	const struct tw_sched_cycle *cycle, uint32_t node,
	struct tw_sched_reason *reason);

/* The kind of a class that is being added. */
uint32_t tw_sched_kind_find(
	struct tw_scheduler *s, const struct tw_pod_spec *pod);
/* What nodes say to the cycle's kind: room for all of them, kept or empty. */
struct tw_sched_kind *tw_sched_kind_open(struct tw_sched_cycle *cycle);
/* Asks a node; the answer is kept, and its sum. */
int16_t tw_sched_kind_ask(struct tw_sched_cycle *cycle,
	struct tw_sched_kind *kind, uint32_t node);
void tw_sched_kinds_release(struct tw_scheduler *s);

/* All of them 0, for as many nodes as there are. */
int64_t *tw_sched_marks_clear(struct tw_scheduler *s);

/* ---- shared by plugins ---------------------------------------------- */

static inline const struct tw_sched_node *tw_sched_node_at(
	const struct tw_sched_cycle *cycle, uint32_t node)
{
	return &cycle->s->nodes.v[node];
}

/* One resource of LeastAllocated and its like, 0..100. */
int64_t tw_sched_least(int64_t requested, int64_t capacity);
int64_t tw_sched_most(int64_t requested, int64_t capacity);

struct tw_shape_point {
	int64_t utilization, score;
};

/* RequestedToCapacityRatio: the broken line at a utilization, with truncation
 * toward 0. */
int64_t tw_sched_shape(
	const struct tw_shape_point *points, size_t n, int64_t utilization);

/* 100 (1 - standard deviation of the shares), truncated. */
int64_t tw_sched_balance_of(const double *shares, size_t n);

struct tw_lacking {
	const char *resource;
	int64_t requested, used, capacity;
};

TW_VEC_TYPE(tw_lackings, struct tw_lacking);

/* What a node lacks of a pod's requests (NodeResourcesFit), in the order
 * pods, cpu, memory, others. `ignored`, where not NULL, skips extended
 * resources. */
void tw_sched_lacking(const struct tw_pod_spec *pod,
	const struct tw_sched_node *node, bool (*ignored)(void *, const char *),
	void *context, struct tw_arena *arena, struct tw_lackings *to);

bool tw_sched_port_conflict(
	const struct tw_host_port *wanted, const struct tw_host_port *taken);

#endif
