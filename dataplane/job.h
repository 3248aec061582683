/*
 * Jobs: requests on a stored value that need a parser (RFC 8132), which is no work for a
 * worker.
 *
 * The value's home fills a job in and gives it away, with the request's packet; one
 * thread of control, the parser, does it and gives it back.  The home then writes the new
 * value, if the value is still the one that the parser saw, or else gives the job away
 * again.
 *
 * Threads.  A job belongs to the home or to the parser; the rings that pass it on order
 *           what each has written before what the other reads.
 * Memory.   DP_JOBS a worker, each with room for the longest body that comes in blocks,
 * made by dp_open(); when all are away a request is refused (5.03).
 */
#pragma once

#include "dataplane/store.h"

#define DP_JOBS 32 /* a worker's, a power of two */
/* Over a value that others change all the time; then 5.03.  Of jobs on one value that
 * come back together one is done at least: so many are done together. */
#define DP_JOB_TRIES DP_JOBS
#define DP_JOB_HEAD_MAX 1473 /* bytes of a request before its payload, and a marker */

struct rte_mbuf;

struct dp_job {
	/* What is asked.  home: wo, parser: ro */
	uint8_t method;  /* TG_FETCH, TG_PATCH, TG_IPATCH */
	uint16_t format; /* Content-Format of @change */
	uint16_t change_len;
	const uint8_t
		*change; /* in the request's packet or transfer: a pointer, a patch */
	uint8_t *text;   /* value.len bytes, to be read or changed; JSON */
	uint16_t room;   /* bytes that the result may have at @out */
	/* What came of it.  parser: wo, home: ro */
	uint8_t *out;     /* where the part or the new value goes */
	uint16_t out_len; /* if it is one */
	uint8_t code;     /* 2.04, 2.05 or an error */
	/* The home's own. */
	uint8_t home, origin, tries;
	uint16_t head; /* bytes of @message before @out */
	struct rte_mbuf *packet;
	struct dp_value value; /* what @text is all of; then the part that is answered */
	uint32_t cap;          /* room at @text, and at @message behind a head */
	uint8_t *message;      /* the request as if it were a PUT of the new value */
};

/* Bytes of DP_JOBS jobs on values of up to @cap bytes each, at most DP_BODY_MAX. */
size_t dp_jobs_size(uint32_t cap);
/* Make them in @block, which is zeroed and aligned as malloc's are. */
void dp_jobs_init(void *block, uint32_t cap, struct dp_job *job[DP_JOBS]);
