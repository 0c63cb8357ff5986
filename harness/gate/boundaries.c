#include "harness/gate/boundaries.h"

#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/special.h"

#include <stdbool.h>

/* Gauss and Legendre's rule of eight points (A. H. Stroud, D. Secrest, Gaussian
 * Quadrature Formulas, 1966), applied piece by piece. */
#define POINTS 8
static const double abscissa[POINTS / 2] = {0.1834346424956498,
	0.5255324099163290, 0.7966664774136267, 0.9602898564975363};
static const double weight[POINTS / 2] = {0.3626837833783620,
	0.3137066458778874, 0.2223810344533745, 0.1012285362903763};

/* Pieces: of those who go on, of those who are beyond, of a step's density. */
#define GOING_ON  6
#define BEYOND	  3
#define WITHIN	  3
#define MANY	  (GOING_ON * POINTS)
#define DEVIATION 7 /* standard deviations around a peak */

struct rule {
	size_t n;
	double at[MANY], weight[MANY];
};

/* From the lowest to the highest. */
static double point(size_t k)
{
	return k < POINTS / 2 ? -abscissa[POINTS / 2 - 1 - k]
			      : abscissa[k - POINTS / 2];
}

static double weight_of(size_t k)
{
	return weight[k < POINTS / 2 ? POINTS / 2 - 1 - k : k - POINTS / 2];
}

static void make_rule(double low, double high, size_t pieces, struct rule *to)
{
	double half = (high - low) / (double)(2 * pieces);

	to->n = 0;
	for (size_t i = 0; i < pieces; i++) {
		double middle = low + half * (double)(2 * i + 1);

		for (size_t k = 0; k < POINTS; k++) {
			to->at[to->n] = middle + half * point(k);
			to->weight[to->n++] = half * weight_of(k);
		}
	}
}

/* Half an angle's tangent: where its sine is x. It runs from -1 to 1, and what
 * is integrated over it has no edges. */
static double half_tangent(double x)
{
	return x / (1 + sqrt(1 - x * x));
}

static double sine_of(double v)
{
	return 2 * v / (1 + v * v);
}

static double cosine_of(double v)
{
	return (1 - v) * (1 + v) / (1 + v * v);
}

static double power(double x, size_t n)
{
	double y = 1;

	for (; n; n >>= 1, x *= x)
		if (n & 1)
			y *= x;
	return y;
}

static double log_beta(double a, double b)
{
	return tw_lgamma(a) + tw_lgamma(b) - tw_lgamma(a + b);
}

/*
 * Those who were beyond at no look so far: how dense they are where U is the
 * sine of this half tangent, in pieces of one width, of which each is a
 * polynomial through its points. Nobody looked yet: runs = 0.
 */
struct state {
	size_t runs;
	double low, high;
	struct rule rule;
	double density[MANY];
	double lagrange[POINTS]; /* weights of a polynomial's points */
};

/* By J.-P. Berrut, L. N. Trefethen, Barycentric Lagrange Interpolation, SIAM
 * Review 46 (2004) 501-517; the weights of Gauss' points are those of H. Wang,
 * S. Xiang, Math. Comp. 81 (2012) 861-877: (-1)^k sqrt((1 - x_k^2) w_k). */
static double density_at(const struct state *state, double v)
{
	double width = (state->high - state->low) / GOING_ON;
	double piece = tw_floor((v - state->low) / width), x;
	double over = 0, under = 0;
	size_t first;

	piece = piece < 0 ? 0 : piece > GOING_ON - 1 ? GOING_ON - 1 : piece;
	first = (size_t)piece * POINTS;
	x = 2 * ((v - state->low) / width - piece) - 1;
	for (size_t k = 0; k < POINTS; k++) {
		double at = point(k), apart = x - at, by;

		if (!(apart > 0) && !(apart < 0))
			return state->density[first + k];
		by = state->lagrange[k] / apart;
		over += by * state->density[first + k];
		under += by;
	}
	return over / under;
}

struct step {
	const struct state *from;
	size_t k, m;	 /* old and new runs */
	double old, new; /* their shares of all */
	double constant; /* its logarithm */
};

static struct step step_to(const struct state *from, size_t runs)
{
	struct step s = {.from = from, .k = from->runs, .m = runs - from->runs};
	double k = (double)s.k, m = (double)s.m, all = (double)runs;

	if (!s.k) {
		s.constant = -log_beta(0.5, (all - 1) / 2);
		return s;
	}
	s.old = k / all;
	s.new = m / all;
	/* Of cos^(k - 1), and of rho. */
	s.constant = tw_log(2) - log_beta(0.5, k / 2) -
		     log_beta((k + 1) / 2, (m - 1) / 2);
	return s;
}

/*
 * The integral of cos(a)^(m - 2) max(0, p + q sin(a))^(k - 1), q > 0, times e
 * to this. Its logarithm is concave: the peak is where the derivative is 0, and
 * what is further away than some deviations of it is nothing. Powers are of
 * what there is at the peak, so that they neither overflow nor vanish.
 */
static double around_peak(const struct step *s, double p, double q, double log)
{
	double old = (double)(s->k - 1), new = (double)(s->m - 2);
	double sine, cosine, base, curve, low = -1, high = 1, peak, reach;
	double sum = 0;
	struct rule rule;

	if (p + q <= 0)
		return 0;
	if (p - q < 0)
		low = half_tangent(-p / q);
	sine = (sqrt(new *new *p *p + 4 * q *q *old *(old + new)) - new *p) /
	       (2 * q * (old + new));
	sine = sine < 1 ? sine : 1;
	cosine = s->m > 2 ? sqrt((1 - sine) * (1 + sine)) : 1;
	base = p + q * sine;
	if (!(base > 0) || !(cosine > 0))
		return 0;
	curve = old * (q * sine / base +
			      q * q * (1 - sine) * (1 + sine) / (base * base)) +
		new / (cosine * cosine);
	peak = half_tangent(sine);
	reach = DEVIATION / sqrt(curve) * (1 + peak * peak) / 2;
	low = peak - reach > low ? peak - reach : low;
	high = peak + reach < high ? peak + reach : high;
	make_rule(low, high, WITHIN, &rule);
	for (size_t i = 0; i < rule.n; i++) {
		double t = rule.at[i], by = 1 / (1 + t * t);
		double here = p + q * 2 * t * by;

		if (here > 0)
			sum += rule.weight[i] * power(here / base, s->k - 1) *
			       power((1 - t) * (1 + t) * by / cosine,
				       s->m - 2) *
			       2 * by;
	}
	return sum * tw_exp(log + old * tw_log(base) + new *tw_log(cosine));
}

/* The density of U = x after U = u. */
static double kernel(const struct step *s, double u, double x)
{
	double all = s->old * u * u + s->new, rest = all - x *x;

	if (!(rest > 0))
		return 0;
	return around_peak(s, sqrt(s->old) * u * x / all,
		       sqrt(s->new *rest) / all,
		       s->constant +
			       (double)(s->m - 2) / 2 * tw_log(rest / all)) /
	       sqrt(all);
}

/*
 * The density of U = x at this look, and of nobody beyond before. Only from
 * where R^2 > x^2 can it be reached, on the same side of 0 if x^2 > m / N:
 * the kernel ends there with an edge.
 */
static double density(const struct step *s, double x)
{
	double low = s->from->low, high = s->from->high, sum = 0;
	double edge = (x * x - s->new) / (s->old > 0 ? s->old : 1);
	struct rule rule = s->from->rule;

	if (!s->k)
		return tw_exp(s->constant) *
		       power(sqrt((1 - x) * (1 + x)), s->m - 3);
	if (edge > 0) {
		edge = half_tangent(edge < 1 ? sqrt(edge) : 1);
		if (x > 0)
			low = edge > low ? edge : low;
		else
			high = -edge < high ? -edge : high;
		if (low >= high)
			return 0;
		make_rule(low, high, GOING_ON, &rule);
	}
	for (size_t i = 0; i < rule.n; i++) {
		double v = rule.at[i];
		double by =
			edge > 0 ? density_at(s->from, v) : s->from->density[i];

		sum += rule.weight[i] * by * kernel(s, sine_of(v), x);
	}
	return sum;
}

/* Nobody of those who went on can be further than this. */
static double furthest(const struct step *s)
{
	double u = s->k ? sine_of(s->from->high) : 1;

	return s->k && u > 0 ? half_tangent(sqrt(s->old * u * u + s->new)) : 1;
}

/* Where t is beyond: as half an angle's tangent. */
static double limit_of(double level, size_t runs)
{
	double df = (double)(runs - 1), t = -tw_student_inverse(level, df);

	return half_tangent(t / sqrt(df + t * t));
}

/* The standard deviation of z at `to` runs, if it is known at `from`. */
static double unknown(const struct step *s)
{
	return s->k ? sqrt(s->new) : 1;
}

static double beyond(const struct step *s, size_t runs, double level)
{
	double from = limit_of(level, runs), sum = 0;
	/* A standard deviation of U is 1 / (2 sqrt(runs)) here. */
	double reach = 1 + 8 * unknown(s);
	double end = furthest(s), to;
	struct rule rule;

	reach = reach < 6 ? reach : 6;
	to = from + reach / (2 * sqrt((double)runs));
	to = to < end ? to : end;
	if (from >= to)
		return 0;
	make_rule(from, to, BEYOND, &rule);
	for (size_t i = 0; i < rule.n; i++) {
		double v = rule.at[i], x = sine_of(v);

		sum += rule.weight[i] * density(s, x) * 2 * cosine_of(v) /
		       (1 + v * v);
	}
	return sum;
}

/* The level at which so much is beyond: from the error itself to that and what
 * was spent before, beyond which at least the error is; no steeper than 1, and
 * nearly a straight line. */
static double level_for(
	const struct step *s, size_t runs, double error, double before)
{
	double last = error + before, at, off, now;

	if (!s->k)
		return error;
	off = beyond(s, runs, last) - error;
	at = last - off;
	for (int i = 0; i < 20; i++) {
		double next;

		now = beyond(s, runs, at) - error;
		if ((now < 1e-8 * error && now > -1e-8 * error) ||
			!(off > now || off < now))
			break;
		next = at - now * (at - last) / (now - off);
		last = at;
		off = now;
		at = next < error	     ? error
		     : next < error + before ? next
					     : error + before;
	}
	return at;
}

/* Those who go on after this look. `next`: runs of the one after it; `last`: no
 * other comes after that, and only who is near the boundary can cross it. */
static void go_on(const struct step *s, size_t runs, double level, double share,
	struct state *to)
{
	double reach = 1.5 + 8 * sqrt(share), end = furthest(s);

	to->runs = runs;
	to->high = limit_of(level, runs);
	reach = reach < 10 ? reach : 10;
	to->low = to->high - reach / (2 * sqrt((double)runs));
	to->low = to->low > -1 ? to->low : -1;
	to->high = to->high < end ? to->high : end;
	make_rule(to->low, to->high, GOING_ON, &to->rule);
	for (size_t k = 0; k < POINTS; k++)
		to->lagrange[k] =
			sqrt((1 - point(k) * point(k)) * weight_of(k)) *
			(k % 2 ? -1 : 1);
	for (size_t i = 0; i < to->rule.n; i++) {
		double v = to->rule.at[i];

		to->density[i] =
			density(s, sine_of(v)) * 2 * cosine_of(v) / (1 + v * v);
	}
}

void tw_boundaries(
	const size_t *runs, const double *errors, size_t n, double *levels)
{
	struct state states[2] = {{0}};
	double before = 0;
	size_t now = 0;

	for (size_t i = 0; i < n; i++) {
		struct step s;
		double share = 2;

		levels[i] = errors[i];
		if (runs[i] < 3 || runs[i] < states[now].runs + 2)
			continue;
		s = step_to(&states[now], runs[i]);
		levels[i] = level_for(&s, runs[i], errors[i], before);
		before += errors[i];
		if (i + 1 == n)
			break;
		if (i + 2 == n)
			share = (double)(runs[i + 1] - runs[i]) /
				(double)runs[i];
		go_on(&s, runs[i], levels[i], share, &states[!now]);
		now = !now;
	}
}
