#include "twins/kernel/fmath.h"

#include "twins/kernel/fmath_table.h"

#include <string.h>

/* log(2) in two parts: k * LN2_HI is exact for |k| < 2^11. */
#define LN2_HI 0x1.62e42fefa38p-1
#define LN2_LO 0x1.ef35793c7673p-45
/* log(2) / 64 in two parts: k * STEP_HI is exact for |k| < 2^17. */
#define STEP_HI	  0x1.62e42fefap-7
#define STEP_LO	  0x1.cf79abc9e3b3ap-46
#define STEPS	  0x1.71547652b82fep6 /* 64 / log(2) */
#define TO_INT	  0x1.8p52	      /* adding it rounds to an integer */
#define LOG_START UINT64_C(0x3fe6000000000000) /* 0.6875 */

static inline uint64_t bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static inline double of_bits(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/*
 * log(2^k x) = hi + lo for a finite normal x > 0, |lo| below an ulp of hi.
 *
 * x = 2^l m, and l is added to k; with c near 1/m from the table, r = c m - 1
 * is small and log(x) = k log(2) - log(c) + log(1 + r). m is cut in two so that
 * the first part times c (17 bits) is exact; so are k LN2_HI and its sum with
 * the table's part. log(1 + r) is its Taylor series: |r| < 2^-6, and the first
 * term left out, r^10 / 10, is below 2^-63.
 */
static inline double normal_log_parts(double x, int64_t k, double *lo)
{
	uint64_t bits = bits_of(x), start;
	double c, m, upper, r, base, sum, square, tail;
	unsigned i;

	start = bits - LOG_START;
	k += (int64_t)start >> 52;
	i = (unsigned)(start >> 46) & 63;
	bits -= start & UINT64_C(0xfff0000000000000);
	m = of_bits(bits);
	upper = of_bits(bits & UINT64_C(0xffffffff00000000));
	c = log_table[i].c;
	r = (upper * c - 1) + (m - upper) * c;
	base = (double)k * LN2_HI + log_table[i].hi;
	sum = base + r;
	square = r * r;
	tail = (1.0 / 3 - r * (1.0 / 4)) + square * (1.0 / 5 - r * (1.0 / 6)) +
	       square * square *
		       ((1.0 / 7 - r * (1.0 / 8)) + square * (1.0 / 9));
	tail = (double)k * LN2_LO + log_table[i].lo + r * square * tail;
	*lo = (base - sum + r) + (tail - 0.5 * square);
	return sum;
}

static inline double log_parts(double x, double *lo)
{
	if (x < 0x1p-1022) /* subnormal */
		return normal_log_parts(x * 0x1p54, -54, lo);
	return normal_log_parts(x, 0, lo);
}

double tw_log(double x)
{
	double hi, lo;

	if (!(x > 0) || x > 0x1.fffffffffffffp1023) {
		if (x == 0)
			return -HUGE_VAL;
		return x > 0 ? x : NAN;
	}
	hi = log_parts(x, &lo);
	return hi + lo;
}

double tw_log_below_1(double x)
{
	double lo, hi = normal_log_parts(x, 0, &lo);

	return hi + lo;
}

/* 2^k y for a y near 1, k of any size: once rounded where it is subnormal. */
static inline double scale(double y, int64_t k)
{
	if (k < -1021) {
		if (k < -1100)
			return 0;
		return y * of_bits((uint64_t)(k + 200 + 1023) << 52) * 0x1p-200;
	}
	if (k > 1023)
		return y * 2 * 0x1p1023;
	return y * of_bits((uint64_t)(k + 1023) << 52);
}

/*
 * exp(hi + lo), |hi| <= 800: hi = (64 k + i) log(2) / 64 + r, and the result
 * is 2^k 2^(i/64) exp(r) with the Taylor series to r^6, |r| < 2^-7.5.
 */
static inline double exp_parts(double hi, double lo)
{
	double n = hi * STEPS + TO_INT - TO_INT;
	int64_t k = (int64_t)n;
	unsigned i = (unsigned)k & 63;
	double r = hi - n * STEP_HI - n * STEP_LO + lo;
	double square = r * r;
	double p = r + square * (0.5 + r * (1.0 / 6) +
					square * (1.0 / 24 + r * (1.0 / 120) +
							 square * (1.0 / 720)));
	double base = exp_table[i].hi;

	return scale(base + base * (exp_table[i].lo + p), (k - i) / 64);
}

double tw_exp(double x)
{
	if (!(x >= -746 && x <= 710)) {
		if (x != x)
			return x;
		return x > 0 ? HUGE_VAL : 0;
	}
	return exp_parts(x, 0);
}

/* W. Kahan's corrections by what 1 + x and exp(x) - 1 lost in rounding (in:
 * N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd
 * edition, section 1.14.1). */
double tw_log1p(double x)
{
	double u = 1 + x;

	if (u == 1 || x == HUGE_VAL)
		return x;
	if (!(u > 0))
		return tw_log(u);
	return tw_log(u) - ((u - 1) - x) / u;
}

double tw_expm1(double x)
{
	double u;

	if (x < -40 || x > 40)
		return tw_exp(x) - 1;
	u = tw_exp(x);
	if (u == 1 || x != x)
		return x;
	if (u - 1 == -1)
		return -1;
	return (u - 1) * x / tw_log(u);
}

/* a * b = the result + *lo, exactly (T. J. Dekker, "A floating-point
 * technique for extending the available precision", 1971). */
static inline double product(double a, double b, double *lo)
{
	double p = a * b;
	double t = 0x1.0000002p27 * a, u = 0x1.0000002p27 * b;
	double a1 = t - (t - a), b1 = u - (u - b);
	double a2 = a - a1, b2 = b - b1;

	*lo = a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2;
	return p;
}

double tw_pow(double x, double y)
{
	double hi, lo, e, rest;

	if (y == 0 || x == 1)
		return 1;
	if (!(x > 0) || !isfinite(x) || !isfinite(y)) {
		if (x == 0)
			return y > 0 ? 0 : HUGE_VAL;
		return tw_exp(y * tw_log(x));
	}
	hi = log_parts(x, &lo);
	e = y * hi;
	if (!(e >= -746 && e <= 710))
		return tw_exp(e);
	e = product(y, hi, &rest);
	return exp_parts(e, rest + y * lo);
}

static inline double ratio(double r, const double a[8], const double b[8])
{
	double n = a[7], d = b[7];

	for (int i = 6; i >= 0; i--) {
		n = n * r + a[i];
		d = d * r + b[i];
	}
	return n / d;
}

static const double near_a[8] = {3.3871328727963666080e0,
	1.3314166789178437745e2, 1.9715909503065514427e3,
	1.3731693765509461125e4, 4.5921953931549871457e4,
	6.7265770927008700853e4, 3.3430575583588128105e4,
	2.5090809287301226727e3};
static const double near_b[8] = {1.0, 4.2313330701600911252e1,
	6.8718700749205790830e2, 5.3941960214247511077e3,
	2.1213794301586595867e4, 3.9307895800092710610e4,
	2.8729085735721942674e4, 5.2264952788528545610e3};
static const double middle_a[8] = {1.42343711074968357734e0,
	4.63033784615654529590e0, 5.76949722146069140550e0,
	3.64784832476320460504e0, 1.27045825245236838258e0,
	2.41780725177450611770e-1, 2.27238449892691845833e-2,
	7.74545014278341407640e-4};
static const double middle_b[8] = {1.0, 2.05319162663775882187e0,
	1.67638483018380384940e0, 6.89767334985100004550e-1,
	1.48103976427480074590e-1, 1.51986665636164571966e-2,
	5.47593808499534494600e-4, 1.05075007164441684324e-9};
static const double far_a[8] = {6.65790464350110377720e0,
	5.46378491116411436990e0, 1.78482653991729133580e0,
	2.96560571828504891230e-1, 2.65321895265761230930e-2,
	1.24266094738807843860e-3, 2.71155556874348757815e-5,
	2.01033439929228813265e-7};
static const double far_b[8] = {1.0, 5.99832206555887937690e-1,
	1.36929880922735805310e-1, 1.48753612908506148525e-2,
	7.86869131145613259100e-4, 1.84631831751005468180e-5,
	1.42151175831644588870e-7, 2.04426310338993978564e-15};

double tw_normal_inverse(double p)
{
	double q = p - 0.5, r, z;

	if (q >= -0.425 && q <= 0.425)
		return q * ratio(0.180625 - q * q, near_a, near_b);
	r = sqrt(-tw_log(q < 0 ? p : 1 - p));
	if (r <= 5)
		z = ratio(r - 1.6, middle_a, middle_b);
	else
		z = ratio(r - 5, far_a, far_b);
	return q < 0 ? -z : z;
}
