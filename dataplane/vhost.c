#include "dataplane/vhost.h"

#include "dataplane/config.h"
#include "dataplane/hot.h"

#include <linux/membarrier.h>
#include <linux/virtio_ring.h>
#include <rte_eth_vhost.h>
#include <rte_ethdev.h>
#include <rte_vhost.h>

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PACKED 34       /* VIRTIO_F_RING_PACKED, a bit of the features */
#define WRAPPED 0x8000u /* of a ring's index: the wrap counter */
#define AVAILABLE (1 << VRING_PACKED_DESC_F_AVAIL)
#define USED (1 << VRING_PACKED_DESC_F_USED)
#define STEP 22  /* buffers asked for at a time: a burst, both ways, in six steps */
#define WORTH 60 /* cycles that reading a frame takes: below that, asking costs more */
#define CYCLES_MAX 240 /* no burst counts for more: six unaided ones forget it */
#define UNAIDED 64     /* of so many bursts one is read unaided, to know that */
#define LINE ((uintptr_t)RTE_CACHE_LINE_SIZE)
#define READ_MAX 256  /* bytes of a frame that are asked for */
#define REGIONS_MAX 8 /* as many as a peer may share */
#define RINGS_MAX (2 * DP_WORKERS_MAX)

struct region {
	uint64_t guest;
	uint8_t *_Atomic host;
	_Atomic size_t size;
};

struct ring {
	struct vring_packed_desc *desc; /* all of it within one region; NULL: none */
	uint16_t size;
};

/* What a port shares with its peer.  Written while it is not there, by the driver's event
 * thread; others read the regions, at any time. */
static struct view {
	_Atomic bool there; /* follow() and withdraw(); read by look_at() */
	uint32_t number;    /* another for each peer, and for each change of its queues */
	int vid;
	unsigned n_regions;
	struct region region[REGIONS_MAX];
	struct ring
		ring[RINGS_MAX]; /* the peer's: 2q what it reads, 2q + 1 what it sends */
} views[RTE_MAX_ETHPORTS];

/* Set while a worker reads a view and what that points to: look_at(), look_away().
 * Whoever withdraws a view waits for all. */
static struct {
	_Alignas(RTE_CACHE_LINE_SIZE) _Atomic bool at_it;
} looking[DP_WORKERS_MAX];

/* ---- views ---- */

static size_t
size_of(const struct region *r)
{
	return atomic_load_explicit(&r->size, memory_order_relaxed);
}

static uint8_t *
host_of(const struct region *r)
{
	return atomic_load_explicit(&r->host, memory_order_relaxed);
}

static bool
is_shared(const struct view *v, const void *at, size_t len)
{
	for (unsigned i = 0; i < v->n_regions; i++) {
		size_t from = (uintptr_t)at - (uintptr_t)host_of(&v->region[i]);
		size_t size = size_of(&v->region[i]);

		if (from < size && len <= size - from)
			return true;
	}
	return false;
}

static void
set_regions(struct view *v)
{
	struct rte_vhost_memory *mem = NULL;

	v->n_regions = 0;
	for (unsigned i = 0; i < REGIONS_MAX; i++)
		atomic_store(&v->region[i].size, 0);
	if (rte_vhost_get_mem_table(v->vid, &mem) != 0)
		return;
	for (unsigned i = 0; i < mem->nregions && i < REGIONS_MAX; i++) {
		const struct rte_vhost_mem_region *m = &mem->regions[i];
		struct region *r = &v->region[v->n_regions++];

		r->guest = m->guest_phys_addr;
		atomic_store(&r->host,
			(uint8_t *)m->mmap_addr
				+ (m->host_user_addr - (uintptr_t)m->mmap_addr));
		atomic_store(&r->size, m->size);
	}
	free(mem);
}

static void
set_rings(struct view *v)
{
	uint16_t n = rte_vhost_get_vring_num(v->vid);

	memset(v->ring, 0, sizeof(v->ring));
	for (uint16_t i = 0; i < n && i < RINGS_MAX; i++) {
		struct rte_vhost_vring vring;

		if (rte_vhost_get_vhost_vring(v->vid, i, &vring) == 0
			&& vring.desc_packed != NULL
			&& is_shared(v, vring.desc_packed,
				vring.size * sizeof(*vring.desc_packed)))
			v->ring[i] = (struct ring){vring.desc_packed, vring.size};
	}
}

/* Nobody looks there any more when this returns, whoever else withdraws it meanwhile. */
static void
withdraw(struct view *v)
{
	atomic_store(&v->there, false);
	/* Whoever did not see that has raised its flag by now: see look_at(). */
	(void)syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	for (unsigned w = 0; w < DP_WORKERS_MAX; w++)
		while (atomic_load(&looking[w].at_it))
			sched_yield();
}

/* The peer came or went, or one of its queues did. */
static int
follow(uint16_t ethdev, enum rte_eth_event_type event, void *arg, void *out)
{
	struct view *v = &views[ethdev];
	struct rte_eth_link link;
	uint64_t features;

	(void)event;
	(void)arg;
	(void)out;
	withdraw(v);
	if (rte_eth_link_get_nowait(ethdev, &link) != 0 || !link.link_status)
		return 0;
	v->vid = rte_eth_vhost_get_vid_from_port_id(ethdev);
	if (v->vid < 0 || rte_vhost_get_negotiated_features(v->vid, &features) != 0
		|| !(features >> PACKED & 1))
		return 0;
	set_regions(v);
	set_rings(v);
	v->number++;
	atomic_store(&v->there, true);
	return 0;
}

int
dp_vhost_watch(uint16_t ethdev)
{
	int rc;

	/* A kernel that does not do that: then nothing is looked into. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0)
		return 0;
	rc = rte_eth_dev_callback_register(ethdev, RTE_ETH_EVENT_INTR_LSC, follow, NULL);
	if (rc != 0)
		return rc;
	return rte_eth_dev_callback_register(
		ethdev, RTE_ETH_EVENT_QUEUE_STATE, follow, NULL);
}

static bool
overlaps(const struct view *v, uintptr_t at, size_t len)
{
	for (unsigned i = 0; i < REGIONS_MAX; i++) {
		uintptr_t host = (uintptr_t)host_of(&v->region[i]);

		if (at < host + size_of(&v->region[i]) && host < at + len)
			return true;
	}
	return false;
}

void
dp_vhost_forget(const void *at, size_t len)
{
	for (unsigned p = 0; p < RTE_MAX_ETHPORTS; p++)
		if (overlaps(&views[p], (uintptr_t)at, len))
			withdraw(&views[p]);
}

/* ---- a worker's looks ---- */

/*
 * The port's view, which stays until look_away(); NULL: there is none.
 *
 * The flag must be seen by others before the view is read here.  A barrier for that would
 * be paid for at every look; instead whoever withdraws the view pays, with a system call
 * that is a barrier to all threads at once.
 */
static inline const struct view *
look_at(const struct dp_vhost_ahead *a)
{
	atomic_store_explicit(&looking[a->worker].at_it, true, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	return atomic_load_explicit(&views[a->ethdev].there, memory_order_acquire)
		       ? &views[a->ethdev]
		       : NULL;
}

static inline void
look_away(const struct dp_vhost_ahead *a)
{
	atomic_store_explicit(&looking[a->worker].at_it, false, memory_order_release);
}

/* Where the driver goes on in ring @i, and its descriptors of a burst from there. */
static void
begin(const struct view *v, struct dp_vhost_cursor *c, unsigned i)
{
	const struct ring *r = &v->ring[i];
	uint16_t next, used;

	if (r->desc == NULL
		|| rte_vhost_get_vring_base(v->vid, (uint16_t)i, &next, &used) != 0
		|| (next & ~WRAPPED) >= r->size)
		return;
	*c = (struct dp_vhost_cursor){.ring = (uint16_t)i,
		.at = next & ~WRAPPED,
		.left = DP_BURST,
		.ready = next & WRAPPED ? AVAILABLE : USED};
	/* The driver will write there what it is done with. */
	for (unsigned k = 0; k <= DP_BURST; k += LINE / sizeof(*r->desc)) {
		unsigned at = c->at + k;

		__builtin_prefetch(&r->desc[at < r->size ? at : at - r->size], 1);
	}
}

/* Is it worth asking?  The burst just read took @cycles a frame; that of a core that was
 * away meanwhile is not to be remembered for long. */
static bool
is_worth(struct dp_vhost_ahead *a, uint64_t cycles)
{
	if (cycles > CYCLES_MAX)
		cycles = CYCLES_MAX;
	if (!a->aided)
		a->unaided = (3 * a->unaided + (uint32_t)cycles) / 4;
	a->aided = a->unaided >= WORTH && ++a->bursts % UNAIDED != 0;
	return a->aided;
}

void
dp_vhost_begin(struct dp_vhost_ahead *a, uint64_t cycles)
{
	unsigned ring = 2u * a->queue;
	const struct view *v;

	a->read.left = a->write.left = 0;
	if (!is_worth(a, cycles) || ring >= RINGS_MAX)
		return;
	v = look_at(a);
	if (v != NULL) {
		a->number = v->number;
		begin(v, &a->read, ring + 1);
		/* The peer enables both rings of a pair as one.  What is disabled the
		 * driver may free: no other's is looked into than what is read. */
		if (a->writes)
			begin(v, &a->write, ring);
	}
	look_away(a);
}

/* The next buffer that the peer has made available, and how long it is; NULL: none.  The
 * peer may change what it wrote at any time: everything is read once. */
static inline const char *
next_buffer(const struct view *v, struct dp_vhost_cursor *c, uint32_t *len)
{
	const struct ring *r = &v->ring[c->ring];
	const struct vring_packed_desc *d = &r->desc[c->at];
	uint64_t guest;

	if ((__atomic_load_n(&d->flags, __ATOMIC_RELAXED) & (AVAILABLE | USED))
		!= c->ready)
		return NULL;
	guest = __atomic_load_n(&d->addr, __ATOMIC_RELAXED);
	*len = __atomic_load_n(&d->len, __ATOMIC_RELAXED);
	if (unlikely(++c->at == r->size)) {
		c->at = 0;
		c->ready ^= AVAILABLE | USED;
	}
	for (unsigned i = 0; i < v->n_regions; i++) {
		const struct region *g = &v->region[i];

		if (likely(guest - g->guest < size_of(g)))
			return (const char *)host_of(g) + (guest - g->guest);
	}
	return NULL;
}

static unsigned
ask_to_read(const struct view *v, struct dp_vhost_cursor *c)
{
	unsigned n = 0;

	for (; n < STEP && c->left > 0; n++, c->left--) {
		uint32_t len;
		const char *at = next_buffer(v, c, &len), *end;

		if (at == NULL) {
			c->left = 0;
			break;
		}
		end = at + (len < READ_MAX ? len : READ_MAX);
		for (at -= (uintptr_t)at % LINE; at < end; at += LINE)
			__builtin_prefetch(at);
	}
	return n;
}

static void
ask_to_write(const struct view *v, struct dp_vhost_cursor *c)
{
	for (unsigned n = 0; n < STEP && c->left > 0; n++, c->left--) {
		uint32_t len;
		const char *at = next_buffer(v, c, &len);

		if (at == NULL) {
			c->left = 0;
			break;
		}
		__builtin_prefetch(at, 1);
		__builtin_prefetch(at + LINE, 1);
	}
}

unsigned
dp_vhost_ask(struct dp_vhost_ahead *a)
{
	const struct view *v = look_at(a);
	unsigned n = 0;

	if (v == NULL || v->number != a->number) /* the rings are others now */
		a->read.left = a->write.left = 0;
	else if (a->read.left > 0)
		n = ask_to_read(v, &a->read);
	else
		ask_to_write(v, &a->write);
	look_away(a);
	return n;
}
