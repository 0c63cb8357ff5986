/*
 * Maps of a search (recovers() checks): trigger against load, as text.
 *
 *	recovery after `for` of collapse: ratio(errors) <= 5%
 *	               1s  2s  4s  8s
 *	  1x  baseline  .   .   .   3
 *	      candidate .   6   #   #
 *
 * '.' every run recovers, '#' none does, else in how many tenths of the runs it
 * does not.
 */
#ifndef TW_REPORT_RECOVERY_H
#define TW_REPORT_RECOVERY_H

#include "harness/gate/verdict.h"
#include "twins/base/text.h"

/* Maps of one scenario and condition stand together, in the order given. */
void tw_recovery_text(const struct tw_recovery_map *const *maps, size_t n,
	struct tw_buf *out);

/* All maps of a gate, as text; nothing where there are none. */
void tw_recovery_maps(const struct tw_gate_result *gate, struct tw_buf *out);

#endif
