/*
 * Hashes of names and of small numbers. They key random draws, so they are
 * part of the contract of determinism: never change them.
 */
#ifndef TW_BASE_HASH_H
#define TW_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 64 bits (Fowler, Noll, Vo; offset 14695981039346656037). */
uint64_t tw_hash_bytes(const void *p, size_t n);
uint64_t tw_hash_name(const char *name);

/* The finaliser of SplitMix64 (Steele, Lea, Flood: OOPSLA 2014, fig. 17). */
static inline uint64_t tw_hash_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* combine(a, b) where mix(b) is at hand. */
static inline uint64_t tw_hash_combine_mixed(uint64_t a, uint64_t mixed)
{
	return tw_hash_mix(a + UINT64_C(0x9e3779b97f4a7c15) + mixed);
}

/* Order matters: combine(a, b) is not combine(b, a). */
static inline uint64_t tw_hash_combine(uint64_t a, uint64_t b)
{
	return tw_hash_combine_mixed(a, tw_hash_mix(b));
}

#endif
