#include "twins/fault/kinds.h"

#include "twins/fault/tcp.h"
#include "twins/kernel/fmath.h"
#include "twins/traffic/traffic.h"

/*
 * Unit of probability: a packet (tcp.h). A message is as many packets as its
 * bytes need. The last three of it have nothing behind them that would give
 * their loss away (RFC 5681, 3.2: three duplicate acknowledgements), so the
 * sender waits for its timer; what is lost before them is noticed and sent
 * again a round trip later. Acknowledgements are cumulative: their loss costs
 * nothing here.
 *
 * Questions to the DNS server and their answers are a packet each, by UDP:
 * what is lost nobody sends again but who asked, when its time is up. (A
 * cache on each node asks the server by TCP: NodeLocal DNSCache, force_tcp.)
 */
#define TAIL 3

static const struct tw_fault_param params[] = {
	{"loss", TW_PARAM_RATIO, true, NULL, "of packets", NULL},
	{"new-connections", TW_PARAM_RATIO, false, "0%",
		"of calls that open a connection: its first packet is sent "
		"again after 1s",
		NULL},
	TW_FAULT_DIRECTION("both"),
};

enum { DRAW_LAST = 1, DRAW_EARLIER, DRAW_NEW, DRAW_SYN };

/* How often in a row: u is used up, as P(n or more) = p^n. */
static unsigned times_lost(double u, double p)
{
	double chance = p;
	unsigned n = 0;

	while (n <= TW_TCP_RETRIES && u < chance) {
		chance *= p;
		n++;
	}
	return n;
}

/* At least one of n. */
static double any_of(double p, int64_t n)
{
	return n <= 0 ? 0 : p >= 1 ? 1 : -tw_expm1((double)n * tw_log1p(-p));
}

static void give_up(struct tw_hindrance *to, tw_time after, bool connects)
{
	to->over = true;
	to->after = after;
	to->reason = connects ? TW_UNREACHED : TW_RESET;
	to->status = 503;
}

static void open_connection(struct tw_world *world,
	const struct tw_effect *effect, uint64_t key, struct tw_hindrance *to)
{
	tw_time delay;

	if (tw_effect_draw(world, effect, key, DRAW_NEW) >= effect->other_ratio)
		return;
	delay = tw_tcp_delay(TW_TCP_RTO_SYN,
		times_lost(tw_effect_draw(world, effect, key, DRAW_SYN),
			effect->ways == (TW_THERE | TW_BACK)
				? any_of(effect->ratio, 2)
				: effect->ratio));
	if (delay >= TW_CONNECT_TIMEOUT)
		give_up(to, TW_CONNECT_TIMEOUT, true);
	else
		to->more += delay;
}

static bool is_udp(const struct tw_world *world, uint32_t endpoint)
{
	const struct tw_dns *dns = &world->model->dns;

	return dns->on && dns->cache != TW_DNS_NODE_CACHE &&
	       world->model->endpoints[endpoint].service == dns->service;
}

static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	const struct tw_effect *effect = live->effect;
	uint64_t key = passage->way == TW_BACK ? ~passage->key : passage->key;
	int64_t packets =
		(tw_passage_bytes(world, passage) + TW_TCP_SEGMENT - 1) /
		TW_TCP_SEGMENT;
	int64_t tail = packets < TAIL ? packets : TAIL;
	double p = effect->ratio;
	unsigned n;

	if (is_udp(world, passage->endpoint)) {
		if (tw_effect_draw(world, effect, key, DRAW_LAST) < p)
			give_up(to, 0, false);
		return;
	}
	if (passage->way == TW_THERE && effect->other_ratio > 0)
		open_connection(world, effect, key, to);
	if (to->over)
		return;
	/* One of the tail is lost, then that one again and again. */
	n = tw_effect_draw(world, effect, key, DRAW_LAST) <
			    any_of(p, tail ? tail : 1)
		    ? 1 + times_lost(tw_effect_draw(
					     world, effect, ~key, DRAW_LAST),
				  p)
		    : 0;
	if (n > TW_TCP_RETRIES) {
		give_up(to, tw_tcp_delay(TW_TCP_RTO_DATA, TW_TCP_RETRIES + 1),
			false);
		return;
	}
	to->more += tw_tcp_delay(TW_TCP_RTO_DATA, n);
	if (tw_effect_draw(world, effect, key, DRAW_EARLIER) <
		any_of(p, packets - tail))
		to->more += passage->round_trip;
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	struct tw_effect *effect = fault->effect;

	(void)model;
	effect->pass = pass;
	effect->ways = tw_fault_ways(fault);
	effect->ratio = tw_fault_value(fault, "loss")->real;
	effect->other_ratio = tw_fault_value(fault, "new-connections")->real;
}

const struct tw_fault_kind tw_fault_loss = {
	.name = "loss",
	.help = "packets are lost and sent again, so calls are late",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_PASSAGE,
	.prepare = prepare,
};
