#include "dataplane/wheel.h"

#define LAYOUT 1
#define BITS 6
#define SLOTS (1u << BITS)
#define LEVELS 11 /* 66 bits: every tick has its place, however far it is */
#define DUE (LEVELS * SLOTS)
#define LISTS (DUE + 1)

/*
 * Lists are rings through the nodes: the timers' first, then one head for each slot and
 * one for what is due.  A timer that is not armed is a ring of its own.
 *
 * A timer stands at the level of the highest digit (of six bits) in which its tick
 * differs from the wheel's, in the slot of that digit.  As time only goes on, the digits
 * above stay equal until the wheel reaches the slot; then its timers move down, to be
 * told apart by the next digit.
 */
struct node {
	uint64_t when;
	uint32_t next, prev;
};

struct dp_wheel {
	uint32_t layout, timers;
	uint64_t tick; /* what was armed for it or before is in the list of what is due */
	uint64_t occupied[LEVELS]; /* bit i: slot i has timers */
	struct node node[];
};

size_t
dp_wheel_size(uint32_t timers)
{
	return sizeof(struct dp_wheel) + ((size_t)timers + LISTS) * sizeof(struct node);
}

struct dp_wheel *
dp_wheel_init(void *block, uint32_t timers, uint64_t now)
{
	struct dp_wheel *w = block;

	*w = (struct dp_wheel){.layout = LAYOUT, .timers = timers, .tick = now};
	for (uint32_t i = 0; i < timers + LISTS; i++)
		w->node[i] = (struct node){.next = i, .prev = i};
	return w;
}

static uint32_t
head_of(const struct dp_wheel *w, unsigned list)
{
	return w->timers + list;
}

bool
dp_wheel_armed(const struct dp_wheel *w, uint32_t id)
{
	return w->node[id].next != id;
}

/* The list where a timer for @when belongs now. */
static unsigned
list_of(const struct dp_wheel *w, uint64_t when)
{
	unsigned level;

	if (when <= w->tick)
		return DUE;
	level = (63u - (unsigned)__builtin_clzll(when ^ w->tick)) / BITS;
	return level * SLOTS + (unsigned)(when >> level * BITS) % SLOTS;
}

static void
append(struct dp_wheel *w, unsigned list, uint32_t id)
{
	uint32_t head = head_of(w, list), last = w->node[head].prev;

	w->node[id].prev = last;
	w->node[id].next = head;
	w->node[last].next = id;
	w->node[head].prev = id;
	if (list != DUE)
		w->occupied[list / SLOTS] |= 1ull << list % SLOTS;
}

void
dp_wheel_add(struct dp_wheel *w, uint32_t id, uint64_t when)
{
	dp_wheel_del(w, id);
	w->node[id].when = when;
	append(w, list_of(w, when), id);
}

void
dp_wheel_del(struct dp_wheel *w, uint32_t id)
{
	struct node *n = &w->node[id];
	unsigned list = n->next - w->timers;

	if (n->next == n->prev && n->next >= w->timers
		&& list != DUE) /* the last of its slot */
		w->occupied[list / SLOTS] &= ~(1ull << list % SLOTS);
	w->node[n->prev].next = n->next;
	w->node[n->next].prev = n->prev;
	n->next = n->prev = id;
}

/* The first list with timers after the wheel's tick, and the tick it begins at; DUE:
 * none. */
static unsigned
next_list(const struct dp_wheel *w, uint64_t *begins)
{
	for (unsigned level = 0; level < LEVELS; level++) {
		uint64_t digits = w->tick >> level * BITS;
		uint64_t later = w->occupied[level] & ~((2ull << digits % SLOTS) - 1);

		if (later == 0)
			continue;
		*begins = (digits / SLOTS * SLOTS + (unsigned)__builtin_ctzll(later))
			  << level * BITS;
		return level * SLOTS + (unsigned)__builtin_ctzll(later);
	}
	return DUE;
}

/* Go to @tick, where @list begins: its timers are due or move down. */
static void
go_to(struct dp_wheel *w, uint64_t tick, unsigned list)
{
	uint32_t head = head_of(w, list);

	w->tick = tick;
	while (w->node[head].next != head) {
		uint32_t id = w->node[head].next;

		dp_wheel_add(w, id, w->node[id].when);
	}
}

unsigned
dp_wheel_advance(struct dp_wheel *w, uint64_t now, uint32_t *due, unsigned max)
{
	uint32_t head = head_of(w, DUE);
	uint64_t tick;
	unsigned n = 0, list;

	for (;;) {
		for (; n < max && w->node[head].next != head; n++) {
			due[n] = w->node[head].next;
			dp_wheel_del(w, due[n]);
		}
		if (n == max)
			return n;
		list = next_list(w, &tick);
		if (list == DUE || tick > now)
			break;
		go_to(w, tick, list);
	}
	if (now > w->tick)
		w->tick = now;
	return n;
}
