/*
 * xxHash, 64 bits: what Envoy hashes keys and hosts with (HashUtil::xxHash64).
 * Written after the specification (Cyan4973/xxHash, doc/xxhash_spec.md, "XXH64
 * Algorithm"); the same on machines of either byte order. For draws there is
 * hash.h.
 */
#ifndef TW_BASE_XXHASH_H
#define TW_BASE_XXHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t tw_xxhash64(const void *p, size_t n, uint64_t seed);

#endif
