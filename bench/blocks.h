/*
 * Bodies in blocks (RFC 7959): so many transfers at a time, each by an endpoint of its
 * own, one block after another.  Where one ends the next endpoint begins.
 *
 * Every answer is compared byte for byte with what it must be: type, code, Message ID,
 * token, options and payload.  An upload's blocks are answered 2.31 and its last 2.04 (or
 * 2.01), each with its Block1.  A download's are 2.05 with Block2, the block's bytes and,
 * in all of them, the ETag of the first that was heard.
 *
 * Threads.  One.   Memory.  One allocation, and a Message ID an endpoint.
 */
#pragma once

#include "bench/talk.h"
#include "bench/workload.h"

#define TRANSFERS 1024
#define BLOCKS_MAX 64
#define BODY_MAX (BLOCKS_MAX * BLOCK_BYTES)

/* The upload of what `block-down` downloads: endpoint 0 does it once. */
extern const struct workload blocks_image;

struct blocks;

/* @walk says whose turn it is; NULL if there is no memory. */
struct blocks *blocks_new(const struct workload *w, struct walk *walk,
	const uint8_t to[6], const uint8_t from[6]);
void blocks_free(struct blocks *b);
struct talk *blocks_talk(struct blocks *b);
/* What comes is what was sent: a frame that has a transfer's token is enough. */
void blocks_expect_echo(struct blocks *b);

/* The body that endpoint @e has sent, as far as is known: @body has room for it; its
 * length, or 0: it has none, or one that was not answered. */
size_t blocks_sent(const struct blocks *b, uint32_t e, uint8_t *body);
/* The body of @w's upload by endpoint @e, whose blocks have Message IDs from @mid on; its
 * length. */
size_t blocks_body(const struct workload *w, uint32_t e, uint16_t mid, uint8_t *body);
/* What is downloaded: @body of @len bytes is copied. */
void blocks_expect_body(struct blocks *b, const uint8_t *body, size_t len);
