/*
 * What TCP makes of packets that do not come through: requests and answers
 * are not lost, they are late.
 *
 *	first packet of a connection (SYN)  sent again after 1 s
 *	    (RFC 6298, 2.1; Linux TCP_TIMEOUT_INIT, include/net/tcp.h)
 *	data  sent again after 200 ms, the least that Linux waits
 *	    (TCP_RTO_MIN; RFC 6298, 2.4 would have 1 s) where the round trip is
 *	    short against it: the smoothed round trip itself is left out
 *	each time the wait doubles (RFC 6298, 5.5), up to 120 s (TCP_RTO_MAX)
 *	15 times for data, then the connection fails (Linux ip-sysctl,
 *	    tcp_retries2: after 924.6 s)
 */
#ifndef TW_FAULT_TCP_H
#define TW_FAULT_TCP_H

#include "twins/base/units.h"

#define TW_TCP_RTO_SYN	TW_S
#define TW_TCP_RTO_DATA (200 * TW_MS)
#define TW_TCP_RTO_MAX	(120 * TW_S)
#define TW_TCP_RETRIES	15

/* Bytes of data in a packet: an MTU of 1500 without the headers of IPv4 and
 * TCP and its time stamps. */
#define TW_TCP_SEGMENT 1448

/* ns from sending a packet to the last of `n` times that it is sent again. */
tw_time tw_tcp_delay(tw_time rto, unsigned n);

/* When a packet is sent again for the first time at `wait` or later, in ns
 * from when it was first sent; TW_NEVER: it is given up before. */
tw_time tw_tcp_resume(tw_time rto, tw_time wait);

#endif
