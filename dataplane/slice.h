/*
 * The part of a representation that an answer carries: all of it, or the block that the
 * request asks for (RFC 7959, Block2).
 *
 * Nothing is kept from one block to the next: each is cut anew from what stands there
 * now, and its ETag tells the client whether that is still the representation it began
 * with (2.4).  What is longer than DP_VALUE_MAX goes out in blocks of that size if the
 * request does not ask for smaller ones.
 *
 * Threads.  Pure, but for the answer's buffer, which is the packet's.
 */
#pragma once

#include "coap/block.h"
#include "dataplane/burst.h"
#include "dataplane/request.h"

/* Does an answer of @len bytes to @q need more than its payload? */
static inline bool
dp_is_sliced(const struct dp_request *q, uint32_t len)
{
	return (q->flags & (DP_R_BLOCK1 | DP_R_BLOCK2 | DP_R_SIZE2)) != 0
	       || len > DP_VALUE_MAX;
}

/* The byte with which the answer to @q begins. */
static inline uint32_t
dp_slice_from(const struct dp_request *q)
{
	return q->flags & DP_R_BLOCK2 ? tg_block_offset(&q->block2) : 0;
}

/* What of a value the answer to @q can have. */
static inline struct dp_part
dp_slice_part(const struct dp_request *q)
{
	struct dp_part whole = {.max = DP_VALUE_MAX};

	return q->flags & DP_R_BLOCK2 ? (struct dp_part){.from = dp_slice_from(q),
		       .max = (uint16_t)tg_block_size(q->block2.szx)}
				      : whole;
}

/* The part of @len bytes that @q asks for; false if it begins past their end: 4.00. */
bool dp_slice(struct tg_slice *s, const struct dp_request *q, uint32_t len);
/* Its Block2, the Block1 that it answers, and Size2 (4), each where it is due. */
void dp_slice_write(struct tg_writer *out, const struct dp_request *q,
	const struct tg_slice *s, uint32_t len);

/* A representation that lies in one piece. */
struct dp_content {
	const void *bytes;
	uint32_t len;
	uint32_t format;  /* DP_NO_FORMAT: none */
	uint32_t max_age; /* UINT32_MAX: none */
	uint64_t etag;    /* 0: none */
	uint32_t observe; /* 0: it is no notification */
};

/* An ETag that follows from the bytes and their Content-Format, at every start and with
 * every worker the same. */
uint64_t dp_content_etag(const void *bytes, size_t len, uint32_t format);
/* Answer @i, whose request is @q, with @code and @c or a part of it, which is not in the
 * packet; a 2.05 that the request knows becomes a 2.03.  The code, or an error. */
uint8_t dp_answer_content(struct dp_burst *b, unsigned i, const struct dp_request *q,
	uint8_t code, const struct dp_content *c);
