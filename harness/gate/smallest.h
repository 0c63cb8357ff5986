/*
 * The smallest change that flips an answer: of n differences, which few have
 * to be undone so that a test passes.
 *
 * Each is tried by itself, in the order given. Where none is enough alone,
 * pairs are tried where there are few, and then delta debugging narrows all of
 * them down (Zeller and Hildebrandt, "Simplifying and Isolating
 * Failure-Inducing Input", IEEE TSE 28(2), 2002, algorithm ddmin: subsets, then
 * complements, twice as many each time): what is left is 1-minimal, no member
 * of it can be left out. Everything is tried once at most, and no more than
 * `most` tests are made, so that the same differences give the same answer.
 */
#ifndef TW_GATE_SMALLEST_H
#define TW_GATE_SMALLEST_H

#include "twins/base/memory.h"

#include <stdbool.h>
#include <stddef.h>

enum tw_alone {
	TW_ALONE_UNTRIED, /* the tests were spent */
	TW_ALONE_NO,
	TW_ALONE_YES,
};

struct tw_smallest {
	size_t n, most;
	/* Whether the test passes with these undone. */
	bool (*passes)(void *context, const bool *undone);
	void *context;

	/* Out; the arrays have n members, the caller's. */
	enum tw_alone *alone;
	bool *found;	/* the smallest set; all false: there is none */
	size_t n_found; /* its members */
	bool minimal;	/* none of it can be left out; else tests were spent */
	size_t tests;	/* made */
};

/* True where a set was found. */
bool tw_smallest_find(struct tw_smallest *it);

#endif
