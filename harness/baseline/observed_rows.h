/*
 * Private to stored observations: what of them is stored, member by member
 * (observed_rows.c), which observed.c writes and reads by.
 */
#ifndef TW_BASELINE_OBSERVED_ROWS_H
#define TW_BASELINE_OBSERVED_ROWS_H

#include "harness/baseline/fields.h"
#include "harness/baseline/observed.h"

/* A list of an observation. Of each element: its names, its fields, and a list
 * inside it, column by column. */
struct tw_observed_list {
	size_t at, size; /* the vector in the observation; an element */
	size_t names[5]; /* places of its names; TW_OBSERVED_NONE ends them */
	const struct tw_field
		*rows; /* NULL: it has none beside the inner list's */
	size_t inner,
		inner_size; /* TW_OBSERVED_NONE: there is no list inside */
	const struct tw_field *inner_rows;
	uint64_t most; /* elements inside */
	size_t takes;  /* bytes of the shortest element */
};

#define TW_OBSERVED_NONE SIZE_MAX

/* Of the observation, of a series, of a second of it. */
extern const struct tw_field tw_observation_rows[];
extern const struct tw_field tw_cell_rows[];
extern const struct tw_field tw_slice_rows[];

/* As they follow the cells. */
#define TW_OBSERVED_LISTS 6
extern const struct tw_observed_list
	*const tw_observed_lists[TW_OBSERVED_LISTS];

/* Another one where a row is another, in the order of the tables. */
uint64_t tw_observed_rows_hash(void);

#endif
