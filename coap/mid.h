/*
 * Message IDs, with one endpoint (RFC 7252, 4.4 and 4.5): those that we give to messages
 * and those that we have seen.
 *
 * Threads.  Each belongs to its caller.
 * Memory.   The caller gives the entries and keeps them; nothing is allocated.
 * Time.     Milliseconds, handed in; never backwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TG_MID_SPACE 65536

/*
 * Sent: an allocator that never gives a Message ID out again while it is live, which is
 * from tg_mid_new() until its lifetime is over or tg_mid_release().
 *
 * They are given in sequence from a start that the caller makes random (4.4), so the live
 * ones lie in a window of that sequence.  It ends where the oldest live one is: one with
 * a long lifetime holds back those after it, never the other way round.
 */
struct tg_mid_pool {
	uint64_t *until_ms; /* ring, by serial number: live before this; 0: released */
	uint32_t mask;      /* entries - 1 */
	uint32_t oldest;    /* serial number: all before it may be given again */
	uint32_t next;      /* the serial number to come; a MID is the low 16 bits */
};

/*
 * @entries is a power of two from 1 to TG_MID_SPACE, and the most that can be live at a
 * time; @until_ms has as many.  @first is the first Message ID.
 */
void tg_mid_init(
	struct tg_mid_pool *p, uint64_t *until_ms, uint32_t entries, uint16_t first);
/*
 * A Message ID that is live until @now_ms + @lifetime_ms (EXCHANGE_LIFETIME for a CON,
 * NON_LIFETIME for a NON); -1 if the window is full.  O(1), amortized.
 */
int32_t tg_mid_new(struct tg_mid_pool *p, uint64_t now_ms, uint64_t lifetime_ms);
/* From when on tg_mid_new() gives one; 0 if the window has room as it is. */
uint64_t tg_mid_free_at(const struct tg_mid_pool *p);
/* Is @mid live at @now_ms?  (A reply that bears another one answers nothing of ours.) */
bool tg_mid_is_live(const struct tg_mid_pool *p, uint16_t mid, uint64_t now_ms);
/*
 * End @mid's life before its time: only for a message that never left, since the peer
 * may still hold what it has seen.  Nothing happens if it is not live.
 */
void tg_mid_release(struct tg_mid_pool *p, uint16_t mid);
/* Forget what is over at @now_ms; how many are left in the window. */
uint32_t tg_mid_expire(struct tg_mid_pool *p, uint64_t now_ms);

/*
 * Received: the last Message IDs of a peer, each with what became of it, so that nothing
 * is executed twice.  An entry never matches once its lifetime is over.
 */
struct tg_mid_seen {
	uint64_t until_ms; /* matches before this; 0: free */
	uint16_t mid;
	uint8_t code; /* it was answered with; 0 while in progress */
	uint8_t is_con;
};

struct tg_mid_window {
	struct tg_mid_seen *seen;
	uint32_t entries;
};

void tg_mid_window_init(
	struct tg_mid_window *w, struct tg_mid_seen *seen, uint32_t entries);
/* The entry of @mid that is alive at @now_ms; NULL if it is new.  O(entries). */
struct tg_mid_seen *tg_mid_window_find(
	const struct tg_mid_window *w, uint16_t mid, uint64_t now_ms);
/*
 * Enter @mid, which tg_mid_window_find() has not found, as in progress, in a free place
 * or else in that of the entry that would end first.  *@lost tells whether that one was
 * alive still: its duplicates will be taken for new.  O(entries).
 */
struct tg_mid_seen *tg_mid_window_put(struct tg_mid_window *w, uint16_t mid,
	uint64_t now_ms, uint64_t lifetime_ms, bool *lost);
/* Entries alive at @now_ms. */
uint32_t tg_mid_window_count(const struct tg_mid_window *w, uint64_t now_ms);
