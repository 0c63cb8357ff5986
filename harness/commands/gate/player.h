/*
 * A process that plays the runs of a gate, and what it is sent: for the gate
 * (live.c) and its self-test (prove/live.c).
 */
#ifndef TW_COMMANDS_GATE_PLAYER_H
#define TW_COMMANDS_GATE_PLAYER_H

#include "harness/commands/gate/gate.h"

#include "harness/live/candidate.h"

#define TW_PLAYER_LATE	     (5 * TW_MS) /* a send is late from then on */
#define TW_PLAYER_LATE_FLOOR 0.05	 /* share of sends that may be */

/* A process, in all of its runs. Zeroed: none. */
struct tw_player {
	const struct tw_config_side *side;
	struct tw_system *system;
	struct tw_live_traffic traffic;
	const char *const *argv;
	TW_VEC(const char *) ignore;
	TW_VEC(struct tw_live_result *) results; /* of the case at hand */
	TW_VEC(const struct tw_observation *) seen;
	bool ready;
};

/* Reads what it is sent. All return 0, or the exit status with findings in the
 * diags of the gate's setup. */
int tw_player_open(struct tw_gate *gate, struct tw_player *player,
	const struct tw_config_side *side, struct tw_system *system);
void tw_player_close(struct tw_player *player);

/* When a case sends the requests that were read. */
int tw_player_schedule(struct tw_gate *gate, struct tw_player *player,
	const struct tw_config_traffic *traffic);
/* One run, added to the results; `worse` NULL: as it is. */
int tw_player_play(struct tw_gate *gate, struct tw_player *player,
	const struct tw_case *one, size_t run,
	const struct tw_live_worse *worse);
void tw_player_forget(struct tw_player *player);
/* Share of a run's sends that were late. */
double tw_player_late(const struct tw_live_result *result);

#endif
