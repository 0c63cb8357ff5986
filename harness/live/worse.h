/*
 * A build made worse on purpose, between the twin and its sockets, so that a
 * gate can be asked whether it sees it (mutation testing for gates). What the
 * twin observes is measured as ever.
 *
 *	wait	each request is held so long before it is sent to the build
 *	errors	a share of the requests get a 503 and never reach it
 *	drops	a share of its calls to one service get the recorded answer at
 *		once and never reach the twin: as if it had not made them
 */
#ifndef TW_LIVE_WORSE_H
#define TW_LIVE_WORSE_H

#include "twins/base/units.h"

#include <stdbool.h>
#include <stdint.h>

struct tw_live_worse {
	tw_time wait;
	double errors, drops;
	const char *callee; /* the key of that service */
};

/* Whether one with this key is of the share: the same one in each run of that
 * seed and replication. */
bool tw_live_worse_hits(
	double share, uint64_t seed, uint32_t replication, uint64_t key);

#endif
