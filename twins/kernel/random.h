/*
 * Random draws: counter-based, so that a draw is a pure function of what it
 * is for. Nothing is consumed: a request that exists on one side of a
 * comparison only disturbs no other request's luck (common random numbers).
 *
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as
 * easy as 1, 2, 3", SC11; tested against the vectors published with it.
 */
#ifndef TW_KERNEL_RANDOM_H
#define TW_KERNEL_RANDOM_H

#include "twins/kernel/draw_keys.h"

#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What a draw is for. The values are part of the contract of determinism:
 * only append, before TW_DRAW_PURPOSES. */
enum tw_draw_purpose {
	TW_DRAW_WORK,
	TW_DRAW_NETWORK,
	TW_DRAW_BALANCE,
	TW_DRAW_FAULT,
	TW_DRAW_BACKOFF,
	TW_DRAW_BRANCH, /* optional steps, probabilities, weights */
	TW_DRAW_ARRIVAL,
	TW_DRAW_BOOTSTRAP,
	TW_DRAW_SEED,  /* seeds of replications */
	TW_DRAW_PHASE, /* of a replica's CPU periods */
	TW_DRAW_PAUSE, /* times of a replica's pauses */
	TW_DRAW_MODE,  /* and of its slow spells */
	TW_DRAW_PURPOSES
};

struct tw_philox {
	uint32_t v[4];
};

/* The definition, in plain C. */
static inline struct tw_philox tw_philox4x32_plain(
	struct tw_philox counter, uint32_t key0, uint32_t key1)
{
	uint32_t x0 = counter.v[0], x1 = counter.v[1];
	uint32_t x2 = counter.v[2], x3 = counter.v[3];

	for (int round = 0; round < 10; round++) {
		uint64_t p0 = UINT64_C(0xd2511f53) * x0;
		uint64_t p1 = UINT64_C(0xcd9e8d57) * x2;

		x0 = (uint32_t)(p1 >> 32) ^ x1 ^ key0;
		x1 = (uint32_t)p1;
		x2 = (uint32_t)(p0 >> 32) ^ x3 ^ key1;
		x3 = (uint32_t)p0;
		key0 += UINT32_C(0x9e3779b9); /* the golden ratio */
		key1 += UINT32_C(0xbb67ae85); /* sqrt(3) - 1 */
	}
	return (struct tw_philox){{x0, x1, x2, x3}};
}

#ifdef __SSE2__
/* The same with both products of a round in one instruction, which SSE2 (part
 * of x86-64) has: the order of the four words turned round is what the round
 * does with the products. */
static inline __m128i tw_philox_rounds(__m128i x, uint32_t key0, uint32_t key1)
{
	const __m128i factors =
		_mm_set_epi32(0, (int)0xcd9e8d57, 0, (int)0xd2511f53);
	const __m128i steps =
		_mm_set_epi32(0, (int)0xbb67ae85, 0, (int)0x9e3779b9);
	__m128i key = _mm_set_epi32(0, (int)key1, 0, (int)key0);

#pragma GCC unroll 10
	for (int round = 0; round < 10; round++) {
		__m128i products = _mm_mul_epu32(x, factors);

		x = _mm_xor_si128(_mm_srli_epi64(x, 32), key);
		x = _mm_xor_si128(x, _mm_shuffle_epi32(products, 0x1b));
		key = _mm_add_epi32(key, steps);
	}
	return x;
}
#endif

static inline struct tw_philox tw_philox4x32(
	struct tw_philox counter, uint32_t key0, uint32_t key1)
{
#ifdef __SSE2__
	struct tw_philox out;
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)counter.v);

	_mm_storeu_si128(
		(__m128i *)(void *)out.v, tw_philox_rounds(x, key0, key1));
	return out;
#else
	return tw_philox4x32_plain(counter, key0, key1);
#endif
}

/* 64 random bits: the n-th draw of `key` for `purpose`. */
static inline uint64_t tw_draw_bits(
	uint64_t seed, uint64_t key, uint32_t purpose, uint32_t n)
{
	uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
#ifdef __SSE2__
	__m128i x = _mm_set_epi64x(
		(int64_t)((uint64_t)n << 32 | purpose), (int64_t)key);

	return (uint64_t)_mm_cvtsi128_si64(tw_philox_rounds(x, key0, key1));
#else
	struct tw_philox counter = {
		{(uint32_t)key, (uint32_t)(key >> 32), purpose, n}};
	struct tw_philox out = tw_philox4x32_plain(counter, key0, key1);

	return out.v[0] | (uint64_t)out.v[1] << 32;
#endif
}

/* Once a seed; the draws below are then the same as those above. */
static inline void tw_draw_keys(struct tw_draw_keys *keys, uint64_t seed)
{
	keys->seed = seed;
#ifdef __SSE2__
	for (int round = 0; round < 10; round++)
		keys->rounds[round] = _mm_set_epi32(0,
			(int)((uint32_t)(seed >> 32) +
				(uint32_t)round * UINT32_C(0xbb67ae85)),
			0,
			(int)((uint32_t)seed +
				(uint32_t)round * UINT32_C(0x9e3779b9)));
#endif
}

static inline uint64_t tw_draw_bits_with(const struct tw_draw_keys *keys,
	uint64_t key, uint32_t purpose, uint32_t n)
{
#ifdef __SSE2__
	const __m128i factors =
		_mm_set_epi32(0, (int)0xcd9e8d57, 0, (int)0xd2511f53);
	__m128i x = _mm_set_epi64x(
		(int64_t)((uint64_t)n << 32 | purpose), (int64_t)key);

#pragma GCC unroll 10
	for (int round = 0; round < 10; round++) {
		__m128i products = _mm_mul_epu32(x, factors);

		x = _mm_xor_si128(_mm_srli_epi64(x, 32), keys->rounds[round]);
		x = _mm_xor_si128(x, _mm_shuffle_epi32(products, 0x1b));
	}
	return (uint64_t)_mm_cvtsi128_si64(x);
#else
	return tw_draw_bits(keys->seed, key, purpose, n);
#endif
}

/*
 * Bits to a uniform in the open interval (0, 1): an odd multiple of 2^-53, so
 * that neither end is reached and 1 - u is exact and of the same kind.
 */
static inline double tw_uniform_of(uint64_t bits)
{
	return (double)(int64_t)(bits >> 11 | 1) * 0x1p-53;
}

static inline double tw_draw(
	uint64_t seed, uint64_t key, uint32_t purpose, uint32_t n)
{
	return tw_uniform_of(tw_draw_bits(seed, key, purpose, n));
}

static inline double tw_draw_with(const struct tw_draw_keys *keys, uint64_t key,
	uint32_t purpose, uint32_t n)
{
	return tw_uniform_of(tw_draw_bits_with(keys, key, purpose, n));
}

/* An integer in [0, bound), monotone in the bits; the bias is below
 * bound / 2^64 (Lemire, "Fast random integer generation in an interval",
 * ACM TOMACS 29(1), 2019, without the rejection). */
static inline uint32_t tw_draw_below(uint64_t seed, uint64_t key,
	uint32_t purpose, uint32_t n, uint32_t bound)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint32_t)((wide)tw_draw_bits(seed, key, purpose, n) * bound >>
			  64);
}

#endif
