/* Copies of frames: a worker puts them into its ring while control takes them out. */
#include "dataplane/capture.h"

#include "tests/stress.h"

#include <rte_mbuf.h>

#define FRAMES 200000u
#define LONGEST 1500u

/* Frame @i has its number in every word and a length of its own. */
static uint16_t
length_of(uint32_t i)
{
	return (uint16_t)(4 * (1 + i * 7919u % (LONGEST / 4)));
}

static void
write_frames(struct dp_capture *c)
{
	uint32_t words[LONGEST / 4];
	struct dp_capture_point at = {.capture = c, .port = 3};
	struct rte_mbuf m = {.buf_addr = words};

	for (uint32_t i = 1; i <= FRAMES; i++) {
		at.tsc = i;
		at.sent = i % 2;
		m.data_len = length_of(i);
		m.pkt_len = m.data_len;
		for (unsigned k = 0; k < m.data_len / 4; k++)
			words[k] = i;
		dp_capture_frame(&at, &m);
	}
}

/* They come in order, whole; how many. */
static uint64_t
read_frames(struct dp_capture *c, uint64_t *last)
{
	struct dp_captured f;
	uint64_t n = 0;

	for (; dp_capture_next(c, 0, &f); n++) {
		uint32_t i = (uint32_t)f.tsc, word;

		require(f.tsc > *last, "out of order", f.tsc);
		require(f.len == length_of(i), "length of another", f.tsc);
		require(f.port == 3 && f.sent == i % 2, "head of another", f.tsc);
		for (uint32_t k = 0; k < f.len; k += 4) {
			memcpy(&word, f.bytes + k, 4);
			require(word == i, "bytes of another", f.tsc);
		}
		*last = f.tsc;
	}
	dp_capture_release(c, 0);
	return n;
}

struct side {
	struct dp_capture *c;
	atomic_bool done;
};

static void *
writer(void *arg)
{
	struct side *s = arg;

	write_frames(s->c);
	atomic_store(&s->done, true);
	return NULL;
}

int
main(void)
{
	const struct dp_capture_filter all = {.until_tsc = UINT64_MAX};
	struct side s = {.c = dp_capture_new(&all, 1)};
	struct dp_capture_count n;
	uint64_t got = 0, last = 0;
	pthread_t thread;

	require(s.c != NULL && pthread_create(&thread, NULL, writer, &s) == 0,
		"no thread", 0);
	while (!atomic_load(&s.done))
		got += read_frames(s.c, &last);
	pthread_join(thread, NULL);
	got += read_frames(s.c, &last);
	n = dp_capture_count(s.c, 3);
	require(n.matched == FRAMES, "not all were counted", n.matched);
	require(got + n.lost == FRAMES, "some are neither here nor lost", got);
	printf("%llu frames, %llu of them lost\n", (unsigned long long)n.matched,
		(unsigned long long)n.lost);
	dp_capture_free(s.c);
	return got == 0;
}
