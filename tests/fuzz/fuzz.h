/*
 * A fuzz target is one file, x_fuzz.c, with this one function; its corpus is
 * tests/fuzz/corpus/x/. It takes any bytes, must not crash, hang or leak, and
 * asserts what holds for every input (an error has a message, what was
 * written reads back the same). `make fuzz` runs it under libFuzzer, the suite
 * replays its corpus. Returns 0.
 */
#ifndef TW_TESTS_FUZZ_H
#define TW_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#endif
