/*
 * Elementary functions of our own. libm's differ in the last bit between
 * machines, versions and CPU features; these give the same bits everywhere:
 * plain double arithmetic in a fixed order, no fused multiply-add
 * (-ffp-contract=off), round to nearest. sqrt(3) is exact by IEEE 754.
 *
 * Largest errors seen against 60-digit values (tests/unit/kernel):
 *
 *	tw_log, tw_exp, tw_pow		1 ulp (pow: |y log x| up to 700)
 *	tw_log1p			2 ulp
 *	tw_expm1			3 ulp
 *	tw_normal_inverse		1e-15 relative
 */
#ifndef TW_KERNEL_FMATH_H
#define TW_KERNEL_FMATH_H

#include <math.h> /* HUGE_VAL, isfinite, NAN: no function of libm but sqrt */
#include <stdint.h>

/* x > 0; 0 gives -infinity, below 0 NaN. */
double tw_log(double x);
/* The same for a normal x in (0, 1), where nothing is to be told apart. */
double tw_log_below_1(double x);
/* log(1 + x), also for small x. */
double tw_log1p(double x);
/* Overflows to infinity and underflows to 0. */
double tw_exp(double x);
/* exp(x) - 1, also for small x. */
double tw_expm1(double x);
/* x >= 0. x^0 = 1, 0^y = 0 for y > 0. */
double tw_pow(double x, double y);

/*
 * The z with P(N(0, 1) <= z) = p, for p in the open interval (0, 1).
 * M. J. Wichura, "Algorithm AS 241: the percentage points of the normal
 * distribution", Applied Statistics 37 (1988) 477-484, routine PPND16.
 */
double tw_normal_inverse(double p);

/* For |x| < 2^63, where the compiler would call libm. */
static inline double tw_floor(double x)
{
	double whole = (double)(int64_t)x;

	return whole > x ? whole - 1 : whole;
}

static inline double tw_ceil(double x)
{
	return -tw_floor(-x);
}

/* Halves go up. */
static inline double tw_round(double x)
{
	return tw_floor(x + 0.5);
}

#endif
