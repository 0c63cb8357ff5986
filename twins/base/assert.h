/*
 * Assertions: our own mistakes. They stay in release builds; a user's
 * mistake is never an assertion but a struct tw_error or a diagnosis.
 */
#ifndef TW_BASE_ASSERT_H
#define TW_BASE_ASSERT_H

/* Prints the place and the broken condition, then abort(3)s. */
_Noreturn void tw_assert_failed(
	const char *file, int line, const char *function, const char *what);

#define tw_assert(condition)                                                   \
	((condition) ? (void)0                                                 \
		     : tw_assert_failed(                                       \
			       __FILE__, __LINE__, __func__, #condition))

#define tw_unreachable()                                                       \
	tw_assert_failed(__FILE__, __LINE__, __func__, "unreachable")

#endif
