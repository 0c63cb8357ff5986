#include "twins/base/assert.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void tw_assert_failed(
	const char *file, int line, const char *function, const char *what)
{
	fprintf(stderr, "twinrig: bug: %s:%d: %s: %s\n", file, line, function,
		what);
	abort();
}
