/*
 * Block-wise transfer (RFC 7959): the value of Block1 and Block2, and the two small state
 * machines that both sides need.  An *assembly* puts a body together from its blocks (a
 * server's Block1, a client's Block2); a *slice* is the block of a body that a request
 * asks for (a server's Block2) or that goes out next (a client's Block1).
 *
 * Threads.  Pure functions; an assembly belongs to its caller.
 * Memory.   The caller's: the body is assembled where it says.
 */
#pragma once

#include "coap/option.h"
#include "coap/write.h"

#define TG_BLOCK_SZX_MAX 6 /* 1,024 bytes */
#define TG_BLOCK_SIZE_MAX (16 << TG_BLOCK_SZX_MAX)
#define TG_BLOCK_NUM_MAX ((UINT32_C(1) << 20) - 1) /* 20 bits of three bytes */
#define TG_BLOCK_BODY_MAX (UINT32_C(16) << 20)     /* in blocks of any size */

struct tg_block {
	uint32_t num; /* 0 to TG_BLOCK_NUM_MAX */
	uint8_t szx;  /* 0 to TG_BLOCK_SZX_MAX */
	bool more;    /* others follow; in a request's Block2 it says nothing (2.2) */
};

enum tg_block_found {
	TG_BLOCK_ABSENT,
	TG_BLOCK_FOUND,
	TG_BLOCK_BAD, /* longer than three bytes, or the reserved SZX 7: 4.00 (2.2) */
};

/* The value of option @o in @b: TG_BLOCK_FOUND, or TG_BLOCK_BAD and @b is as it was. */
enum tg_block_found tg_block_decode(struct tg_block *b, const struct tg_opt *o);
/* The option @number (Block1 or Block2) of @m in @b, if it is there and good. */
enum tg_block_found tg_block_get(
	const struct tg_msg *m, unsigned number, struct tg_block *b);
/* What the option says as an unsigned integer, for tg_write_uint(). */
uint32_t tg_block_encode(const struct tg_block *b);

/* Bytes of a block that others follow. */
static inline uint32_t
tg_block_size(unsigned szx)
{
	return UINT32_C(16) << szx;
}

/* Where in the body block @b begins; under 2^30. */
static inline uint32_t
tg_block_offset(const struct tg_block *b)
{
	return b->num << (b->szx + 4);
}

/* The largest SZX whose blocks are at most @bytes long; 0 also if there is none. */
unsigned tg_block_szx(size_t bytes);

/* ---- assembly ---- */

/* A body that comes in order, block by block. */
struct tg_assembly {
	uint8_t *body; /* of cap bytes */
	uint32_t cap;
	uint32_t len;  /* of the body, as far as it is there */
	uint32_t last; /* where the block added last begins */
	bool complete;
};

enum tg_assembly_step {
	TG_ASSEMBLY_CONTINUE,  /* in its place; the next one, please: 2.31 */
	TG_ASSEMBLY_COMPLETE,  /* in its place, and the last */
	TG_ASSEMBLY_HOLE,      /* it does not go where the last one ended, or lies
				  within a body that is complete: 4.08 */
	TG_ASSEMBLY_TOO_LARGE, /* it would end behind cap: 4.13 */
	TG_ASSEMBLY_PAST_END,  /* the body is complete, and ends before it: 4.00 */
	TG_ASSEMBLY_MISFIT,    /* not as long as its SZX and M bit say: 4.00 (2.3) */
	TG_ASSEMBLY_STEPS,
};

void tg_assembly_begin(struct tg_assembly *a, void *body, uint32_t cap);
/*
 * What tg_assembly_add() would say to block @b of @len bytes; nothing changes.  Block 0
 * starts over, whatever was there (2.5); the block added last may come again, and
 * replaces itself.  A sender may go on with a smaller size at any time (2.3).
 */
enum tg_assembly_step tg_assembly_judge(
	const struct tg_assembly *a, const struct tg_block *b, size_t len);
/* Put the block in its place; unless it says CONTINUE or COMPLETE, nothing changes. */
enum tg_assembly_step tg_assembly_add(
	struct tg_assembly *a, const struct tg_block *b, const void *data, size_t len);
/* The code that answers a Block1 with that outcome; TG_EMPTY for COMPLETE. */
unsigned tg_assembly_code(enum tg_assembly_step step);

/* ---- slicing ---- */

struct tg_slice {
	uint32_t offset, len;  /* of the payload, in the body */
	struct tg_block block; /* for the option beside it */
	bool with_option; /* the option is needed: it was asked for, or more follow */
};

/*
 * The block of a body of @body_len bytes (at most TG_BLOCK_BODY_MAX) that @asked stands
 * for (NULL: the request has no such option), in blocks of at most @szx: a smaller size
 * that was asked for is kept to (2.4), for a larger one the answer is smaller and begins
 * at the same byte.  False if it begins past the end of the body: 4.00.
 */
bool tg_slice_of(struct tg_slice *s, uint32_t body_len, const struct tg_block *asked,
	unsigned szx);
