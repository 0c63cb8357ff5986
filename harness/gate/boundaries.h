/*
 * Boundaries of several looks at the same growing set of runs: how small a p of
 * Student's t has to be at each look, so that the errors of all of them come to
 * what they may together, and to no less.
 *
 * The levels of the looks may add up to more than the error of all, since who
 * is beyond at one look is likely beyond at the next, too, and is counted
 * once. How much more is found by numeric integration from look to look, of
 * those who were beyond at none so far: P. Armitage, C. K. McPherson, B. C.
 * Rowe, Repeated significance tests on accumulating data, J. R. Stat. Soc. A
 * 132 (1969) 235-244; for errors that are spent by the share of runs K. K. G.
 * Lan, D. L. DeMets, Biometrika 70 (1983) 659-663. That is for a spread which
 * is known. With Student's t put into it a plan from 4 runs on errs in 2.6% to
 * 2.8% of gates instead of 2.5%. Here it is done for t itself:
 *
 *	U_n = (x_1 + ... + x_n) / sqrt(n (x_1^2 + ... + x_n^2))
 *	T_n = sqrt(n - 1) U_n / sqrt(1 - U_n^2)		(Student's t)
 *
 * Of independent normal x of mean 0 the sum of squares V_n is sufficient and
 * complete for their spread, and U_1 ... U_n do not depend on that, so that
 * they and V_n are independent (D. Basu, Sankhya 15, 1955, 377-380). What comes
 * after n depends on the past by (U_n, V_n) alone: hence U_n is a Markov chain,
 * which needs one dimension. From k runs to N = k + m it goes by
 *
 *	U_N = rho (sqrt(k / N) U_k cos(phi) + sqrt(m / N) sin(phi))
 *
 * where phi is of density ~ cos^(k-1) in (-pi/2, pi/2), rho^2 of Beta((k + 1) /
 * 2, (m - 1) / 2), and both are independent of U_k: tan(phi) is the mean of the
 * new runs over the length of the old ones, 1 - rho^2 the share that the spread
 * of the new ones among themselves has of all squares. With R^2 = (k u^2 + m) /
 * N the density of U_N = x after U_k = u is, for |x| < R,
 *
 *	C (1 - x^2 / R^2)^((m - 2) / 2) / R
 *		* integral of cos(a)^(m - 2) max(0, g(a))^(k - 1) da,
 *	g(a) = (sqrt(k / N) u x + sqrt(m / N) sqrt(R^2 - x^2) sin(a)) / R^2
 *
 * over a from -pi/2 to pi/2, which has no edges: for whole numbers of runs it
 * takes nothing but products, quotients and roots.
 *
 * A true mean below 0 makes being beyond less likely at each look, so that the
 * error is bounded for it, too.
 */
#ifndef TW_GATE_BOUNDARIES_H
#define TW_GATE_BOUNDARIES_H

#include <stddef.h>

/*
 * levels[i]: one-sided; t at runs[i] runs is beyond where its p is below that.
 * Beyond at look i and at none before comes with the probability errors[i], if
 * the true mean is 0. runs rise; errors are above 0 and below 0.5 in all.
 *
 * A look at fewer than 3 runs, or at one run more than the look before it, is
 * counted apart: its level is its error, and the sum of errors is then an upper
 * bound (Bonferroni).
 */
void tw_boundaries(
	const size_t *runs, const double *errors, size_t n, double *levels);

#endif
