/*
 * Private to `twinrig gate`: what its parts share.
 *
 *	gate.c		the order of things, and what is told at the end
 *	sides.c		where the two sides come from
 *	policy.c	what a change edits of the gate itself
 *	changes.c	in what they differ, what was assumed
 *	reach.c		who could talk to whom and cannot now, or the reverse
 *	unreached.c	which differences the runs can have seen
 *	simulate.c	trials in virtual time
 *	judge.c		what they come to
 *	cost.c		what the candidate asks for and uses
 *	kpi.c		what history tells of besides
 *	live.c		runs of a real process, and their verdict
 *	player.h	the process, and what it is sent
 *	edits.h		systems between the two sides
 *	undo.c		the smallest change that makes a failed case pass
 *	rollout.c	the candidate's system, as it is rolled out
 *	scene.c		what of them is drawn
 *	tell.c		what is told at the end, and where
 *	store.h		what need not be run again, and parts of a gate
 *	merge.c		`twinrig merge`: the parts put together
 */
#ifndef TW_COMMANDS_GATE_GATE_H
#define TW_COMMANDS_GATE_GATE_H

#include "harness/commands/gate/store.h"
#include "harness/commands/input/judges.h"
#include "harness/commands/input/scenario.h"
#include "harness/commands/input/setup.h"
#include "harness/commands/input/system.h"
#include "harness/commands/input/traffic.h"
#include "harness/gate/judge.h"
#include "harness/gate/looks.h"
#include "harness/git/git.h"
#include "harness/report/report.h"

TW_VEC_TYPE(tw_gate_names, const char *);

/* The baseline's runs of a case that failed: what its counterfactuals are
 * compared with. */
struct tw_gate_failed {
	const struct tw_case *one;
	const struct tw_flow *flow;
	struct tw_observation *seen;
	size_t n;
	struct tw_scenario_result *result;
};

struct tw_gate {
	const struct tw_cli *cli;
	struct tw_arena arena; /* of results and texts */
	struct tw_setup setup; /* the working tree's configuration */

	struct tw_git *git;
	struct tw_system candidate, baseline;
	struct tw_setup baseline_setup; /* its own configuration */
	bool has_baseline;
	bool has_baseline_setup;
	const struct tw_config *baseline_config; /* that it was read by */
	/* Where checks and scenarios come from: one of the two. */
	const struct tw_config *policy;

	struct tw_cases cases;
	struct tw_traffic *traffic;
	TW_VEC(const struct tw_check *) checks;
	struct tw_ready_judges judges; /* other people's */
	char judges_digest[TW_DIGEST_TEXT];
	bool undoing; /* of counterfactuals nobody else is asked */
	TW_VEC(struct tw_difference) differences;
	/* Deployments whose pod template differs: "namespace/name". */
	struct tw_gate_names rolled;
	const char *unfinished;	 /* of a rollout: a sentence, or NULL */
	const char *not_started; /* of the candidate's pods: likewise */
	/* Beside each: the object it is a field of, or NULL. */
	TW_VEC(const struct tw_object *) objects;
	struct tw_map reached;		  /* services that had requests */
	struct tw_manifest_doubts doubts; /* calls of which nobody can know */
	struct tw_completeness complete;  /* of captures */
	uint64_t arrivals;		  /* that the candidate had, all runs */
	uint64_t offered[2]; /* requests that each side had, all runs */
	uint64_t overflow;
	struct {
		bool known;
		double cpu;    /* cores in use, in the mean of the runs */
		double memory; /* bytes: the most at once of each replica */
	} cost;		       /* of the candidate, in its first case */
	struct {
		size_t endpoints;	/* 0: not known */
		double latency, errors; /* summed over these */
	} accuracy;			/* of the twin, against a process */
	uint64_t undecided[2];		/* by side */
	uint32_t untold[2];
	double late, late_floor; /* of real-time runs */
	/* Verdicts with the assumed values scaled, beside the gate's own. */
	TW_VEC(const struct tw_gate_result *) assumed;
	TW_VEC(struct tw_gate_failed) failed;

	struct tw_gate_store store;
	bool merging; /* `twinrig merge`: shards are put together */
	struct tw_report_live live; /* of a process, where there is one */
	struct tw_gate_result result;
	struct tw_report report;
	size_t runs; /* at the first look */
	struct tw_looks looks;
	struct tw_look_plan plan; /* of these looks */
	size_t case_runs; /* that the case at hand came to */
	int64_t began;	  /* on the wall, ns; what the budget counts from */
	uint64_t seed;
};

/* All return 0, or the exit status with which the gate ends: findings are in
 * the diags of the setup and the systems. */
int tw_gate_open_sides(struct tw_gate *gate);
/* Tells a change of checks, scenarios, judges or traffic as a finding of the
 * candidate; `baseline`: the tree that its rules were read from. */
void tw_gate_tell_policy_change(
	struct tw_gate *gate, struct tw_files *baseline);
/* Findings of both sides, as far as no traffic is needed. */
void tw_gate_lint(struct tw_gate *gate);
/* Pairs that can talk on one side alone, for the report. */
void tw_gate_list_reach(struct tw_gate *gate);
void tw_gate_list_differences(struct tw_gate *gate);
void tw_gate_list_assumed(struct tw_gate *gate);
/* Deployments whose pod template differs, "namespace/name". */
void tw_gate_rolled(const struct tw_manifests *baseline,
	const struct tw_manifests *candidate, struct tw_arena *arena,
	struct tw_gate_names *to);
int tw_gate_simulate(struct tw_gate *gate);
/* Once the verdict is known: what of the candidate had to be undone for each
 * failed scenario to pass. */
void tw_gate_undo(struct tw_gate *gate);
/* The candidate's model of a scenario with a rollout: the baseline's pods, and
 * what differs is rolled out at `at`. *spec, which it lives on, is the
 * caller's to free after it. */
struct tw_model *tw_gate_transition(struct tw_gate *gate,
	const struct tw_spec *candidate, const struct tw_spec *baseline,
	const struct tw_model *baseline_model, tw_time at,
	struct tw_spec **spec);
int tw_gate_live(struct tw_gate *gate);
/* What gate->live adds to the result: trouble, and answers that differ. */
void tw_gate_conclude_live(struct tw_gate *gate);
/* All scenarios are judged: the verdict, and what it rests on. */
void tw_gate_conclude_all(struct tw_gate *gate);

void tw_gate_note_reached(
	struct tw_gate *gate, const struct tw_observation *seen);
/* The object as either side has it: did a request reach what it is about? */
bool tw_gate_is_reached(struct tw_gate *gate, const char *object_id);
void tw_gate_drop_unreached(struct tw_gate *gate);
void tw_gate_init(struct tw_gate *gate, const struct tw_cli *cli);
void tw_gate_release(struct tw_gate *gate);
/* The checks of gate->policy, or the default ones, and its judges. */
int tw_gate_read_checks(struct tw_gate *gate);
enum tw_inconclusive_as tw_gate_inconclusive_as(const struct tw_config *config);
/* Reports, to files and where else they were asked for; the exit status. */
int tw_gate_tell(struct tw_gate *gate);
/* Findings that are new, on standard error. */
void tw_gate_tell_findings(struct tw_gate *gate);
/* The errors, where there is no verdict: in the files that were asked for and
 * can hold them, and where a CI system looks. */
int tw_gate_tell_unjudged(struct tw_gate *gate);
/* SARIF of the findings alone. */
int tw_gate_tell_findings_alone(struct tw_gate *gate);
/* `twinrig gate`, or `twinrig merge`. */
int tw_gate_run(const struct tw_cli *cli, bool merging);

/* The observations of one case become a result, which is added. */
struct tw_scenario_result *tw_gate_judge(struct tw_gate *gate,
	const struct tw_case *one, struct tw_runs baseline,
	struct tw_runs candidate);
/* Gathers what a report draws, where one that does was asked for. */
void tw_gate_draw(struct tw_gate *gate, const struct tw_case *one,
	struct tw_runs baseline, struct tw_runs candidate,
	struct tw_scenario_result *result);

/* After the runs of a look: how many runs to make in all before the next one.
 * 0: no more; *stopped says why (NULL: there is but one look). `i`: the
 * number of the case. */
size_t tw_gate_next_look(struct tw_gate *gate, size_t i,
	struct tw_runs baseline, struct tw_runs candidate,
	const char **stopped);
/* What the candidate asks for and uses, as lines of the evidence; of the first
 * case that was run. */
void tw_gate_note_cost(
	struct tw_gate *gate, const struct tw_observation *seen, size_t n);
void tw_gate_cost_text(const struct tw_gate *gate, struct tw_buf *out);
/* When an alert on a check would have rung, in the runs of a case. */
void tw_gate_note_detection(struct tw_gate *gate, const struct tw_case *one,
	struct tw_runs candidate);
/* How far the runs of a process are from what the twin predicts of its service
 * in this case: one simulated run of the same traffic. */
void tw_gate_note_accuracy(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_system *system, enum tw_flow_side side,
	const char *service, struct tw_runs live);
void tw_gate_kpi_text(const struct tw_gate *gate, struct tw_buf *out);

#endif
