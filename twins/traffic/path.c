/*
 * The way of a request from its call to its answer, compiled as one: between
 * two events of the queue it goes through some twenty-five functions of these
 * files, and what they cost when each is called was a fifth of a simulation.
 * The Makefile does not compile them by themselves. Names of static functions
 * are common to all of them.
 *
 * Functions on the way are marked TW_PATH; run() (steps.c) is where the way
 * comes back to itself, and is called.
 */
#ifdef __clang__
/* It is no header that these functions are inline in. */
#pragma clang diagnostic ignored "-Wstatic-in-inline"
#endif

#include "twins/traffic/balance.c"
#include "twins/traffic/send.c"
#include "twins/traffic/answer.c"
#include "twins/traffic/steps.c"
#include "twins/traffic/serve.c"
#include "twins/traffic/call.c"
#include "twins/traffic/begin.c"
#include "twins/traffic/plain.c"
#include "twins/traffic/events.c"
