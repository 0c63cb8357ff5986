/*
 * Private to fault.c: the texts of parameters become values.
 */
#ifndef TW_FAULT_VALUES_H
#define TW_FAULT_VALUES_H

#include "twins/fault/fault.h"

/* Longer than any run; sums of times stay far from the end of the clock. */
#define FAULT_TIME_MAX (366 * 24 * TW_H)

/* What a parameter expects, for people; in the arena or static. */
const char *value_expected(
	struct tw_arena *arena, const struct tw_fault_param *param);

bool value_parse(const struct tw_fault_param *param, const char *text,
	struct tw_fault_value *to);

#endif
