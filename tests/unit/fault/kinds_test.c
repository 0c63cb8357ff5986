/* What each kind does while it is on, and that it does nothing before and
 * after: bed.h has a request every 10 ms for 10 s, 2 ms of work in cart. */
#include "tests/unit/fault/bed.h"

#include "twins/fault/tcp.h"

/* Client side of cart, in the window of the faults or out of it. */
static struct tw_cell in_window(const struct bed *bed, bool during)
{
	struct tw_cell sum = {0};

	for (size_t i = 0; i < bed->obs.cells.n; i++) {
		const struct tw_cell *it = &bed->obs.cells.v[i];

		if (it->key.side != TW_CLIENT ||
			strcmp(it->key.service, "default/cart") ||
			(it->key.window == TW_WINDOW_DURING) != during)
			continue;
		sum.count += it->count;
		sum.errors += it->errors;
		tw_histogram_merge(&sum.latency, &it->latency);
	}
	return sum;
}

/* Each from 2 s to 5 s. min and max of latency in ms while it is on, and how
 * many of about 300 calls fail. */
static const struct {
	const char *kind, *args;
	int min, max, errors_min, errors_max;
} courses[] = {
	{"latency", "to=cart add=5ms direction=back", 7, 7, 0, 0},
	{"latency", "to=cart add=5ms direction=both", 12, 12, 0, 0},
	{"latency", "to=cart add=5ms jitter=2ms correlation=100%", 5, 9, 0, 0},
	{"loss", "to=cart loss=100%", 2, 0, 300, 300},
	{"reset", "to=cart", 0, 0, 300, 300},
	{"reset", "to=cart phase=answer wait=3ms", 5, 5, 300, 300},
	{"reset", "to=cart probability=50%", 0, 2, 120, 180},
	{"black-hole", "to=cart close=30ms", 0, 30, 300, 300},
	{"black-hole", "to=cart phase=answer close=30ms", 2, 32, 300, 300},
	{"refuse", "to=cart", 0, 0, 300, 300},
	{"dns-error", "to=cart", 0, 0, 300, 300},
	{"dns-error", "to=cart action=random", 5000, 5000, 300, 300},
	{"dns-error", "to=cart cached=100%", 2, 2, 0, 0},
	{"throttle", "to=cart rate=50/s", 0, 2, 148, 152},
	{"throttle", "to=cart rate=50/s burst=100", 0, 2, 48, 52},
	{"brown-out", "service=cart latency=3x", 6, 6, 0, 0},
	{"error", "to=cart unit=connection mode=one", 0, 2, 135, 165},
	/* 1 KiB there takes 102.4 ms, 4 KiB back 409.6: ten times what two
	 * carts and four webs can send in time. */
	{"bandwidth", "to=cart rate=1MB/s", 7, 8, 0, 0},
	{"bandwidth", "to=cart rate=80kbit/s direction=there", 104, 5000, 0, 0},
};

START_TEST(each_in_its_time)
{
	for (size_t i = 0; i < sizeof courses / sizeof *courses; i++) {
		struct bed bed = lay(2);
		struct tw_cell all, on, off;
		char args[128];

		snprintf(args, sizeof args, "%s at=2s for=3s", courses[i].args);
		ck_assert_msg(add(&bed, courses[i].kind, args), "%s %s",
			courses[i].kind, args);
		all = run(&bed, "default/cart");
		on = in_window(&bed, true);
		off = in_window(&bed, false);
		ck_assert_uint_eq(all.count, 1000);
		ck_assert_int_ge(on.count, 299);
		ck_assert_int_le(on.count, 301);
		ck_assert_uint_eq(off.errors, 0);
		ck_assert_msg(
			(int)on.errors >= courses[i].errors_min - 1 &&
				(int)on.errors <= courses[i].errors_max + 1,
			"%s %s: %d errors", courses[i].kind, args,
			(int)on.errors);
		ck_assert_msg(on.latency.min >= courses[i].min * TW_MS &&
				      (!courses[i].max ||
					      on.latency.max <=
						      courses[i].max * TW_MS),
			"%s %s: %lld..%lld", courses[i].kind, args,
			(long long)on.latency.min, (long long)on.latency.max);
		tw_histogram_release(&on.latency);
		tw_histogram_release(&off.latency);
		done(&bed, &all);
	}
}
END_TEST

START_TEST(tcp_waits_twice_as_long_each_time)
{
	ck_assert_int_eq(tw_tcp_delay(TW_TCP_RTO_DATA, 0), 0);
	ck_assert_int_eq(tw_tcp_delay(TW_TCP_RTO_DATA, 1), 200 * TW_MS);
	ck_assert_int_eq(tw_tcp_delay(TW_TCP_RTO_DATA, 3), 1400 * TW_MS);
	/* ip-sysctl: tcp_retries2 15 is "a hypothetical timeout of 924.6
	 * seconds"; SYN retries of 1, 2, 4 s are over after 7 s. */
	ck_assert_int_eq(tw_tcp_delay(TW_TCP_RTO_DATA, 16), 924600 * TW_MS);
	ck_assert_int_eq(tw_tcp_delay(TW_TCP_RTO_SYN, 3), 7 * TW_S);
	ck_assert_int_eq(
		tw_tcp_resume(TW_TCP_RTO_DATA, 601 * TW_MS), 1400 * TW_MS);
	ck_assert_int_eq(tw_tcp_resume(TW_TCP_RTO_DATA, TW_H), TW_NEVER);
}
END_TEST

/* One packet there (1 KiB), three back (4 KiB): on the way there 10% are late
 * by 200 ms or more, 1% by 600 ms or more. */
START_TEST(loss_makes_late)
{
	struct bed bed = lay(2);
	struct tw_cell cart;
	unsigned late = 0, later = 0;

	ck_assert(add(&bed, "loss", "to=cart loss=10% direction=there"));
	cart = run(&bed, "default/cart");
	ck_assert_uint_eq(cart.errors, 0);
	for (int i = 0; i < 1000; i++) {
		tw_time t =
			tw_histogram_quantile(&cart.latency, (i + 0.5) / 1000);

		late += t > 190 * TW_MS;
		later += t > 590 * TW_MS;
	}
	ck_assert_uint_ge(late, 100 - 40);
	ck_assert_uint_le(late, 100 + 40);
	ck_assert_uint_ge(later, 1);
	ck_assert_uint_le(later, 25);
	done(&bed, &cart);
}
END_TEST

START_TEST(loss_of_a_new_connection)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	ck_assert(add(&bed, "loss",
		"to=cart loss=50% direction=there new-connections=100%"));
	cart = run(&bed, "default/cart");
	/* SYNs at 0, 1 and 3 s are lost: 7 s are past the connect timeout. */
	ck_assert_uint_ge(cart.errors, 125 - 50);
	ck_assert_uint_le(cart.errors, 125 + 50);
	ck_assert_int_ge(cart.latency.max, 5 * TW_S);
	done(&bed, &cart);
}
END_TEST

/* Four webs, each with a link of its own: a request every 40 ms on each. */
START_TEST(bandwidth_is_shared_by_what_a_replica_sends)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	/* 1024 bytes at 20480 B/s: 50 ms each, so each link falls behind by
	 * 10 ms a request. */
	ck_assert(add(&bed, "bandwidth",
		"from=web to=cart rate=20480B/s direction=there"));
	cart = run(&bed, "default/cart");
	ck_assert_int_eq(cart.latency.min, 52 * TW_MS);
	ck_assert_int_ge(cart.latency.max, 2300 * TW_MS);
	ck_assert_int_le(cart.latency.max, 2700 * TW_MS);
	done(&bed, &cart);
}
END_TEST

START_TEST(bytes_are_the_endpoints)
{
	struct bed bed = lay(2);
	struct tw_spec_service *cart =
		tw_spec_find_service(bed.spec, NULL, "cart");
	struct tw_spec_endpoint *get = tw_map_get(&cart->endpoints, "Get");
	struct tw_cell seen;

	tw_set_int(&get->answer_bytes, 10000, get->origin);
	tw_model_free(bed.model);
	bed.model = b_model(bed.spec);
	ck_assert(add(&bed, "bandwidth", "to=cart rate=1MB/s direction=back"));
	seen = run(&bed, "default/cart");
	ck_assert_int_eq(seen.latency.min, 12 * TW_MS);
	done(&bed, &seen);
}
END_TEST

/* A worker is busy 2 ms and lingers 198: at 100/s two carts need 20 of them.
 * With 5 each, calls wait. */
START_TEST(slow_close_holds_workers)
{
	struct bed bed = lay(2);
	struct tw_spec_service *service =
		tw_spec_find_service(bed.spec, NULL, "cart");
	struct tw_cell cart, off;

	tw_set_int(&service->workers, 5, service->origin);
	tw_model_free(bed.model);
	bed.model = b_model(bed.spec);
	ck_assert(add(
		&bed, "slow-close", "service=cart delay=198ms at=2s for=2s"));
	cart = run(&bed, "default/cart");
	ck_assert_uint_eq(cart.errors, 0);
	ck_assert_int_ge(cart.latency.max, 500 * TW_MS);
	off = in_window(&bed, true);
	ck_assert_int_eq(off.latency.min, 2 * TW_MS);
	tw_histogram_release(&off.latency);
	done(&bed, &cart);
}
END_TEST

START_TEST(brown_out_takes_workers)
{
	struct bed bed = lay(2);
	struct tw_spec_service *service =
		tw_spec_find_service(bed.spec, NULL, "cart");
	struct tw_cell cart;
	const struct tw_gauge *gauge;

	tw_set_int(&service->workers, 2, service->origin);
	tw_model_free(bed.model);
	bed.model = b_model(bed.spec);
	/* 30 ms each at 100/s: three workers' work, and two are left. */
	ck_assert(add(&bed, "brown-out",
		"service=cart capacity=50% latency=15x at=2s for=3s"));
	cart = run(&bed, "default/cart");
	gauge = &bed.obs.gauges.v[1];
	ck_assert_str_eq(gauge->service, "default/cart");
	ck_assert_int_eq(gauge->slices.v[1].capacity, 4 * TW_S);
	ck_assert_int_eq(gauge->slices.v[3].capacity, 2 * TW_S);
	ck_assert_int_eq(gauge->slices.v[6].capacity, 4 * TW_S);
	ck_assert_int_ge(cart.latency.max, TW_S);
	done(&bed, &cart);
}
END_TEST

static uint64_t peak_of(const char *args)
{
	struct bed bed = lay(2);
	struct tw_cell web;
	uint64_t arrivals, peak;

	ck_assert(add(&bed, "connection-storm", args));
	web = run(&bed, "default/web");
	arrivals = bed.obs.arrivals;
	ck_assert_uint_eq(arrivals, 1300);
	peak = bed.obs.peak_in_flight;
	done(&bed, &web);
	return peak;
}

START_TEST(storm_comes_at_once_or_spread)
{
	ck_assert_uint_ge(peak_of("service=web clients=300 at=2s"), 300);
	ck_assert_uint_le(
		peak_of("service=web clients=300 at=2s jitter=3s"), 30);
}
END_TEST

/* Errors of the calls that each of the modes lets through: of 8 carts. */
static uint64_t hit_of(const char *args)
{
	struct bed bed = lay(8);
	struct tw_cell cart;
	uint64_t errors;

	ck_assert_msg(add(&bed, "error", args), "%s", args);
	cart = run(&bed, "default/cart");
	errors = cart.errors;
	done(&bed, &cart);
	return errors;
}

START_TEST(modes_pick)
{
	ck_assert_uint_eq(hit_of("to=cart"), 1000);
	ck_assert_int_le(llabs((long long)hit_of("to=cart mode=one") - 125), 5);
	ck_assert_int_le(
		llabs((long long)hit_of("to=cart mode=fixed value=3") - 375),
		5);
	ck_assert_int_le(llabs((long long)hit_of("to=cart mode=fixed-percent "
						 "value=30%") -
				 250),
		5);
	ck_assert_uint_le(
		hit_of("to=cart mode=random-max-percent value=50%"), 505);
	/* Of the callers: one of four webs. */
	ck_assert_int_le(
		llabs((long long)hit_of("from=web to=cart mode=one") - 250), 5);
}
END_TEST

START_TEST(again_and_after)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	ck_assert(add(&bed, "error",
		"to=cart at=1s for=1s every=2s times=3 name=flap"));
	ck_assert(add(&bed, "refuse", "to=cart after=flap at=1s for=500ms"));
	ck_assert(add(&bed, "reset", "to=cart after=previous at=1s for=500ms"));
	ck_assert_uint_eq(bed.scenario.faults.n, 5);
	ck_assert_int_eq(bed.scenario.faults.v[2]->at, 5 * TW_S);
	ck_assert_int_eq(bed.scenario.faults.v[3]->at, 7 * TW_S);
	ck_assert_int_eq(bed.scenario.faults.v[4]->at, 8500 * TW_MS);
	cart = run(&bed, "default/cart");
	ck_assert_uint_ge(cart.errors, 399);
	ck_assert_uint_le(cart.errors, 401);
	done(&bed, &cart);
}
END_TEST

/* 2 ms of cpu on one core, and nine threads beside it: a tenth of the core. */
START_TEST(cpu_stress_takes_shares)
{
	struct bed bed = lay(2);
	struct tw_spec_service *service =
		tw_spec_find_service(bed.spec, NULL, "cart");
	struct tw_cell all, on, off;

	tw_set_int(&service->cpus, 1000, service->origin);
	tw_model_free(bed.model);
	bed.model = b_model(bed.spec);
	ck_assert(add(&bed, "cpu-stress",
		"service=cart workers=18 load=50% at=2s for=3s"));
	all = run(&bed, "default/cart");
	on = in_window(&bed, true);
	off = in_window(&bed, false);
	ck_assert_int_eq(off.latency.max, 2 * TW_MS);
	ck_assert_int_ge(on.latency.max, 20 * TW_MS);
	ck_assert_int_le(on.latency.max, 24 * TW_MS);
	tw_histogram_release(&on.latency);
	tw_histogram_release(&off.latency);
	done(&bed, &all);
}
END_TEST

START_TEST(memory_stress_kills)
{
	struct bed bed = lay(2);
	struct tw_spec_service *service =
		tw_spec_find_service(bed.spec, NULL, "cart");
	struct tw_cell cart;

	tw_set_int(&service->memory_base, 100, service->origin);
	tw_set_int(&service->memory_limit, 200, service->origin);
	tw_model_free(bed.model);
	bed.model = b_model(bed.spec);
	ck_assert(add(&bed, "memory-stress",
		"service=cart mode=one size=99 at=2s for=1s"));
	ck_assert(add(&bed, "memory-stress",
		"service=cart mode=one size=101 at=5s for=1s"));
	cart = run(&bed, "default/cart");
	ck_assert_uint_eq(bed.obs.n_incidents, 1);
	ck_assert_int_eq(bed.obs.incidents.v[0].at, 5 * TW_S);
	done(&bed, &cart);
}
END_TEST

START_TEST(pause_holds_what_is_due)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	ck_assert(add(&bed, "pause", "service=cart at=2s for=3s"));
	cart = run(&bed, "default/cart");
	ck_assert_uint_eq(cart.errors, 0);
	ck_assert_uint_eq(cart.count, 1000);
	ck_assert_int_ge(cart.latency.max, 2990 * TW_MS);
	ck_assert_int_le(cart.latency.max, 3003 * TW_MS);
	done(&bed, &cart);
}
END_TEST

/* A fault that never hits leaves every figure as it is without it. */
static const struct {
	const char *kind, *args;
} inert[] = {
	{"bandwidth", "to=cart rate=1MB/s probability=0%"},
	{"black-hole", "to=cart probability=0%"},
	{"brown-out", "service=cart capacity=100% latency=1x"},
	{"connection-storm", "service=web clients=9 probability=0%"},
	{"dns-error", "to=cart cached=100%"},
	{"error", "to=cart probability=0%"},
	{"latency", "to=cart add=0s"},
	{"loss", "to=cart loss=0%"},
	{"partition", "from=cart to=outside"},
	{"pause", "service=cart for=1s probability=0%"},
	{"refuse", "to=cart probability=0%"},
	{"reset", "to=cart probability=0%"},
	{"slow", "service=cart factor=1x"},
	{"slow-close", "service=cart delay=0s"},
	{"surge", "factor=1x"},
	{"throttle", "to=cart rate=1000/s"},
};

static uint64_t digest(const char *kind, const char *args)
{
	struct bed bed = lay(3);
	struct tw_cell cart;
	uint64_t sum = 0;

	tw_model_free(bed.model);
	b_link(bed.spec, "*", "*", 3 * TW_MS);
	bed.model = b_model(bed.spec);
	if (kind)
		ck_assert_msg(add(&bed, kind, args), "%s %s", kind, args);
	cart = run(&bed, "default/cart");
	for (size_t i = 0; i < bed.obs.cells.n; i++) {
		const struct tw_cell *it = &bed.obs.cells.v[i];

		/* The window alone may differ. */
		sum += tw_hash_combine(tw_hash_name(it->key.service),
			       tw_hash_combine(tw_hash_name(it->key.zone),
				       it->key.side)) *
		       (uint64_t)(it->latency.sum + (int64_t)it->count);
	}
	done(&bed, &cart);
	return sum;
}

START_TEST(inert_faults_change_nothing)
{
	uint64_t plain = digest(NULL, NULL);

	for (size_t i = 0; i < sizeof inert / sizeof *inert; i++)
		ck_assert_msg(digest(inert[i].kind, inert[i].args) == plain,
			"%s %s", inert[i].kind, inert[i].args);
	ck_assert(digest("latency", "to=cart add=1us") != plain);
}
END_TEST

TW_TESTS("fault/kinds", each_in_its_time, tcp_waits_twice_as_long_each_time,
	loss_makes_late, loss_of_a_new_connection,
	bandwidth_is_shared_by_what_a_replica_sends, bytes_are_the_endpoints,
	slow_close_holds_workers, brown_out_takes_workers,
	cpu_stress_takes_shares, memory_stress_kills, pause_holds_what_is_due,
	storm_comes_at_once_or_spread, modes_pick, again_and_after,
	inert_faults_change_nothing)
