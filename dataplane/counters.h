/*
 * Every counter a worker keeps, listed once.
 *
 * The CLI, its JSON, the telemetry socket, the documentation and the check of the books
 * are all made from this table.  A row is X(name, group, text): `group` says on which
 * side of which account the counter stands (see books.h), `text` is the operator's help.
 *
 * Threads.  A worker alone writes its counters (relaxed load and store); control sums.
 *           They only grow: "clear" keeps a baseline in control.
 */
#pragma once

#include "coap/msg.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The groups:
 *   FRAME      a frame was read from a port
 *   CONSUMED   a frame had its use and is no request
 *   FDROP      a frame was dropped before it was known to be a request
 *   REQUEST    a frame was a request
 *   EXEC       a request was executed
 *   DUP        a request was a duplicate
 *   REFUSED    a request was refused before it ran, by the code of the answer
 *   RDROP      a request was dropped without an answer
 *   ANSWERED   an executed request was answered
 *   SUPPRESSED an executed request needed or got no answer, with the reason
 *   ACCEPTED   a stream took a record
 *   DELIVERED  a record is as safe as its stream promises
 *   LOST       a record that was taken and not delivered, with the reason
 *   INFO       stands on no account
 * and:
 *   FRAME      = CONSUMED + REQUEST + FDROP + pending frames
 *   REQUEST    = EXEC + DUP + REFUSED + RDROP + pending requests
 *   EXEC       = ANSWERED + SUPPRESSED + pending answers
 *   ACCEPTED   = DELIVERED + LOST + pending records
 */
#define DP_COUNTERS(X)                                                                   \
	X(rx_frames, FRAME, "frames read from ports")                                    \
	X(rx_bytes, INFO, "bytes of frames read from ports")                             \
	X(rx_ahead, INFO, "descriptors of vhost ports looked at a burst ahead")          \
	X(tx_frames, INFO, "frames given to ports")                                      \
	X(tx_bytes, INFO, "bytes of frames given to ports")                              \
	X(tx_dropped, INFO, "frames that a port did not take")                           \
	/* frames that had their use */                                                  \
	X(arp, CONSUMED, "ARP frames")                                                   \
	X(nd, CONSUMED, "Neighbour Discovery messages")                                  \
	X(icmp_echo, CONSUMED, "ICMP and ICMPv6 echo requests")                          \
	X(icmp_other, CONSUMED, "other ICMP and ICMPv6 messages")                        \
	X(fragments, CONSUMED, "IP fragments merged into a datagram that went on")       \
	X(coap_ping, CONSUMED, "empty CON messages, answered by RST")                    \
	X(coap_ack, CONSUMED, "ACK messages")                                            \
	X(coap_rst, CONSUMED, "RST messages")                                            \
	X(coap_response, CONSUMED, "responses that match no request of ours")            \
	X(coap_rejected, CONSUMED, "messages that must be rejected (RFC 7252, 4.2)")     \
	/* frames dropped, by reason */                                                  \
	X(drop_frame_short, FDROP, "frame shorter than its headers")                     \
	X(drop_ether_type, FDROP, "EtherType that is not spoken here")                   \
	X(drop_ether_dst, FDROP, "Ethernet destination is not this port")                \
	X(drop_vlan, FDROP, "more than one VLAN tag")                                    \
	X(drop_ip_header, FDROP, "IP header malformed")                                  \
	X(drop_ip_checksum, FDROP, "IPv4 header checksum wrong")                         \
	X(drop_ip_source, FDROP, "IP source that nobody can have")                       \
	X(drop_ip_not_ours, FDROP, "IP destination is not served here")                  \
	X(drop_ip_protocol, FDROP, "IP protocol that is not spoken here")                \
	X(drop_fragment, FDROP, "IP fragment invalid, too late or too many")             \
	X(drop_udp_header, FDROP, "UDP length disagrees with IP")                        \
	X(drop_udp_checksum, FDROP, "UDP checksum wrong, or absent over IPv6")           \
	X(drop_udp_port, FDROP, "UDP port that is not served")                           \
	X(drop_too_long, FDROP, "datagram longer than a message or its buffer may be")   \
	X(drop_handover_full, FDROP, "ring to the home worker was full")                 \
	X(drop_short, FDROP, "CoAP: shorter than header and token")                      \
	X(drop_version, FDROP, "CoAP: version is not 1")                                 \
	X(drop_token_len, FDROP, "CoAP: token length reserved")                          \
	X(drop_not_empty, FDROP, "CoAP: empty message with a tail")                      \
	X(drop_option, FDROP, "CoAP: option malformed")                                  \
	X(drop_no_payload, FDROP, "CoAP: payload marker without payload")                \
	X(drop_reserved_class, FDROP, "CoAP: NON with a reserved code class")            \
	X(drop_empty_non, FDROP, "CoAP: NON that is empty")                              \
	/* requests */                                                                   \
	X(requests, REQUEST, "requests")                                                 \
	X(executed, EXEC, "requests executed")                                           \
	X(dup_replayed, DUP, "duplicate CON answered again")                             \
	X(dup_non_ignored, DUP, "duplicate NON ignored")                                 \
	X(dup_in_progress, DUP, "duplicate of a request still in progress, ignored")     \
	X(dup_unreplayable, DUP, "duplicate CON whose stored reply is gone, ignored")    \
	X(refused_400, REFUSED, "requests refused 4.00 Bad Request")                     \
	X(refused_401, REFUSED, "requests refused 4.01 Unauthorized: no fresh Echo")     \
	X(refused_402, REFUSED, "requests refused 4.02 Bad Option")                      \
	X(refused_403, REFUSED, "requests refused 4.03 Forbidden")                       \
	X(refused_404, REFUSED, "requests refused 4.04 Not Found")                       \
	X(refused_405, REFUSED, "requests refused 4.05 Method Not Allowed")              \
	X(refused_406, REFUSED, "requests refused 4.06 Not Acceptable")                  \
	X(refused_408, REFUSED, "requests refused 4.08 Request Entity Incomplete")       \
	X(refused_409, REFUSED, "requests refused 4.09 Conflict")                        \
	X(refused_412, REFUSED, "requests refused 4.12 Precondition Failed")             \
	X(refused_413, REFUSED, "requests refused 4.13 Request Entity Too Large")        \
	X(refused_415, REFUSED, "requests refused 4.15 Unsupported Content-Format")      \
	X(refused_422, REFUSED, "requests refused 4.22 Unprocessable Entity")            \
	X(refused_429, REFUSED, "requests refused 4.29 Too Many Requests")               \
	X(refused_500, REFUSED, "requests refused 5.00 Internal Server Error")           \
	X(refused_503, REFUSED, "requests refused 5.03 Service Unavailable")             \
	X(refused_505, REFUSED, "requests refused 5.05 Proxying Not Supported")          \
	X(rdrop_bad_option_non, RDROP, "NON with a bad critical option, rejected")       \
	X(rdrop_error_rate, RDROP,                                                       \
		"refused, but over the source's limit on error replies")                 \
	X(rdrop_multicast, RDROP, "request to a multicast address refused in silence")   \
	X(rdrop_handover_full, RDROP, "ring to the value's home was full")               \
	X(rdrop_no_peer, RDROP, "no room for the peer")                                  \
	X(rdrop_draining, RDROP, "the gateway is draining")                              \
	/* executed requests */                                                          \
	X(answered, ANSWERED, "executed requests answered")                              \
	X(suppressed_no_response, SUPPRESSED, "no answer wanted (RFC 7967)")             \
	X(suppressed_multicast, SUPPRESSED, "a group was asked, and nothing to tell")    \
	X(suppressed_no_buffer, SUPPRESSED, "no packet buffer for the answer")           \
	/* records */                                                                    \
	X(records_accepted, ACCEPTED, "records that a stream took")                      \
	X(records_delivered, DELIVERED, "records as safe as their stream promises")      \
	X(lost_log_failed, LOST, "records whose commit failed")                          \
	/* rest */                                                                       \
	X(log_full, INFO, "records refused because the log's ring was full")             \
	X(pending_full, INFO, "records refused because too many answers were pending")   \
	X(tokens_full, INFO,                                                             \
		"long tokens not kept for want of room: 5.03, or no observation")        \
	X(store_full, INFO, "values refused because the store was full")                 \
	X(store_per_device, INFO, "values refused: the device has too many")             \
	X(jobs_full, INFO, "patches refused because too many were being parsed")         \
	X(delayed_full, INFO, "requests refused because too many were put aside")        \
	X(blocks_continued, INFO, "blocks of a body that goes on, answered 2.31")        \
	X(transfers_full, INFO, "block-wise transfers refused for want of room")         \
	X(transfers_expired, INFO, "bodies whose last block never came")                 \
	X(devices_evicted, INFO, "devices that made room for newer ones")                \
	X(devices_expired, INFO, "devices not heard for longer than devices.idle")       \
	X(peers_evicted, INFO, "peers that made room for newer ones")                    \
	X(peers_expired, INFO, "peers with nothing left to remember")                    \
	X(dedup_extended, INFO, "peers that took a dedup extension")                     \
	X(dedup_evicted_early, INFO, "Message IDs forgotten within their lifetime")      \
	X(replies_evicted, INFO, "stored replies that made room for newer ones")         \
	X(acks_sent, INFO, "empty ACKs sent ahead of a separate response")               \
	X(separate_sent, INFO, "separate responses begun")                               \
	X(out_acked, INFO, "confirmable messages of ours that were acknowledged")        \
	X(out_reset, INFO, "messages of ours that were answered by RST")                 \
	X(out_retransmitted, INFO, "retransmissions of messages of ours")                \
	X(out_gave_up, INFO, "confirmable messages of ours given up")                    \
	X(out_no_buffer, INFO, "messages of ours that found no packet buffer")           \
	X(outbound_full, INFO,                                                           \
		"requests without an early ACK: no room for their answers")              \
	/* observers */                                                                  \
	X(observers_registered, INFO, "requests that made or renewed an observation")    \
	X(observers_cancelled, INFO, "observations ended by the observer's request")     \
	X(observers_reset, INFO, "observations ended by an RST")                         \
	X(observers_lost, INFO,                                                          \
		"observations ended because notifications were not acknowledged")        \
	X(observers_ended, INFO, "observations ended by an error notification")          \
	X(observers_forgotten, INFO, "observations ended in silence, as was asked for")  \
	X(observers_full, INFO, "observations not taken: no room for more")              \
	X(observers_per_peer, INFO, "observations not taken: the endpoint has too many") \
	X(notified_con, INFO, "notifications sent as CON")                               \
	X(notified_non, INFO, "notifications sent as NON")                               \
	X(rst_sent, INFO, "RST messages sent")                                           \
	X(rst_limited, INFO, "RST messages withheld: over the source's limit")           \
	X(handed_over, INFO, "datagrams handed to their home worker")                    \
	X(handed_value, INFO, "writes handed to their value's home")                     \
	X(neighbours_asked, INFO, "ARP and Neighbour Discovery questions asked")         \
	X(neighbours_unknown, INFO, "frames not sent for want of a link address")        \
	X(stall_max_ns, INFO, "longest turn of the poll loop, in ns")

enum dp_counter {
#define DP_COUNTER_ENUM(name, group, text) DP_C_##name,
	DP_COUNTERS(DP_COUNTER_ENUM)
#undef DP_COUNTER_ENUM
		DP_COUNTER_COUNT,
};

enum dp_account {
	DP_A_FRAME,
	DP_A_CONSUMED,
	DP_A_FDROP,
	DP_A_REQUEST,
	DP_A_EXEC,
	DP_A_DUP,
	DP_A_REFUSED,
	DP_A_RDROP,
	DP_A_ANSWERED,
	DP_A_SUPPRESSED,
	DP_A_ACCEPTED,
	DP_A_DELIVERED,
	DP_A_LOST,
	DP_A_INFO,
};

struct dp_counter_def {
	const char *name;
	const char *text;
	enum dp_account account;
};

extern const struct dp_counter_def dp_counter_defs[DP_COUNTER_COUNT];

/* One worker's counters. worker: wo, control: ro. */
struct dp_counters {
	_Atomic uint64_t v[DP_COUNTER_COUNT];
};

/* One writer per counter: a plain add, stored so that a reader never sees it torn. */
static inline void
dp_count(struct dp_counters *c, enum dp_counter which, uint64_t n)
{
	uint64_t old = atomic_load_explicit(&c->v[which], memory_order_relaxed);

	atomic_store_explicit(&c->v[which], old + n, memory_order_relaxed);
}

#ifdef DP_COUNT_ASKS
/* The books' test leaves out one increment at a time: it is asked before each. */
bool dp_count_wanted(enum dp_counter which, const char *file, int line);
#define dp_count(c, which, n)                                                            \
	(dp_count_wanted(which, __FILE__, __LINE__) ? dp_count(c, which, n) : (void)0)
#endif

static inline uint64_t
dp_counter_get(const struct dp_counters *c, enum dp_counter which)
{
	return atomic_load_explicit(&c->v[which], memory_order_relaxed);
}
