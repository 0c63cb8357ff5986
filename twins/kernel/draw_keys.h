/*
 * The keys of a seed's draws, for who keeps them; random.h draws with them. A
 * header of its own because that of the intrinsics is longer than all of ours.
 */
#ifndef TW_KERNEL_DRAW_KEYS_H
#define TW_KERNEL_DRAW_KEYS_H

#include <stdint.h>

#ifdef __SSE2__
/* What emmintrin.h calls __m128i. */
typedef long long tw_draw_round __attribute__((vector_size(16), may_alias));
#endif

/*
 * Philox adds up its keys round by round: where many draws have one seed they
 * are added up once (tw_draw_keys()).
 */
struct tw_draw_keys {
	uint64_t seed;
#ifdef __SSE2__
	tw_draw_round rounds[10];
#endif
};

#endif
