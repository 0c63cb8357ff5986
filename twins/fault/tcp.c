#include "twins/fault/tcp.h"

tw_time tw_tcp_delay(tw_time rto, unsigned n)
{
	tw_time sum = 0;

	for (unsigned i = 0; i < n; i++) {
		sum += rto;
		rto = rto < TW_TCP_RTO_MAX / 2 ? 2 * rto : TW_TCP_RTO_MAX;
	}
	return sum;
}

tw_time tw_tcp_resume(tw_time rto, tw_time wait)
{
	for (unsigned n = 1; n <= TW_TCP_RETRIES; n++) {
		tw_time at = tw_tcp_delay(rto, n);

		if (at >= wait)
			return at;
	}
	return TW_NEVER;
}
