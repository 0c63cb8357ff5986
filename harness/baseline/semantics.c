#include "harness/baseline/trial_key.h"

/* Set by the Makefile. */
const char tw_semantics[] = TW_SEMANTICS;
const char tw_judging[] = TW_JUDGING;
