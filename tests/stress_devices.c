/*
 * Devices under their home and onlookers: a device that is read has one name, of any
 * length, the one that was asked for, and counts that belong to it and to each other.
 * Long names come and go, so that their chunks pass from one to another while they are
 * read.
 */
#include "dataplane/dp_internal.h"

#include "tests/stress.h"

#define MAX 64
#define NAMES 90 /* more than there is room for */
#define CHUNKS 250
#define TURNS 100000u

struct shared {
	struct dp *dp; /* with one worker, that has nothing but devices */
	struct dp_devices *devices;
	struct dp_devices_events events;
	_Atomic uint64_t read, found;
};

/* A name says its number, and its length and bytes follow from it. */
static size_t
make_name(char name[256], uint32_t number)
{
	size_t len = 2 + number * 37 % 254;

	memset(name, (int)(number * 3), 256);
	name[0] = (char)number;
	name[1] = (char)~number;
	return len;
}

static void
write_all(void *arg)
{
	struct shared *s = arg;
	struct dice d = {.state = 1};
	char name[256];

	for (uint32_t turn = 0; turn < TURNS; turn++) {
		uint32_t number = roll_below(&d, NAMES), device;
		size_t len = make_name(name, number);
		uint64_t hash = dp_devices_hash(s->devices, name, len);

		device = dp_devices_get(s->devices, name, len, hash,
			dp_devices_locate(s->devices, hash), 1000, &s->events);
		if (device == DP_NONE)
			continue; /* no chunks for its name */
		dp_devices_heard(s->devices, device, number, number % 16, number + 1,
			1000 + number);
		if (roll_below(&d, 32) == 0)
			require(dp_devices_del(s->devices, device), "cannot be deleted",
				number);
	}
}

/* Made but not heard of yet, or heard of: nothing between. */
static void
check_device(const struct dp_device_info *p)
{
	uint32_t number = (uint8_t)p->name[0];
	char name[256];

	require(p->name_len == make_name(name, number), "another name's length", number);
	require(memcmp(p->name, name, p->name_len) == 0, "parts of two names", number);
	require(p->bytes == (uint64_t)p->messages * (number + 1), "another's count",
		number);
	require(p->peer == (p->messages > 0 ? number : DP_NONE), "another's peer",
		number);
	require(p->messages == 0 || p->peer_home == number % 16, "another's worker",
		number);
	require(p->last_heard_s == (p->messages > 0 ? 1000 + number : 1000),
		"another's time", number);
}

/* The device asked for, or none: never one that has come in its place. */
static void
look_for(struct shared *s, uint32_t number)
{
	struct dp_device_info p;
	unsigned worker;
	char name[256];
	size_t len = make_name(name, number);

	if (!dp_device_get(s->dp, name, len, &p, &worker))
		return;
	atomic_fetch_add(&s->found, 1);
	require(p.name_len == len && memcmp(p.name, name, len) == 0, "another device",
		number);
	check_device(&p);
}

static void
look(void *arg, struct dice *d)
{
	struct shared *s = arg;
	struct dp_device_info p;

	require(dp_devices_count(s->devices) <= MAX, "too many", MAX);
	if (dp_devices_info(s->devices, roll_below(d, MAX), &p)) {
		atomic_fetch_add(&s->read, 1);
		check_device(&p);
	}
	look_for(s, roll_below(d, NAMES));
}

int
main(void)
{
	const struct dp_devices_config cfg = {
		.max = MAX, .chunks = CHUNKS, .hash_key = {1}};
	struct dp *dp = new_block((sizeof(*dp) + 63) & ~(size_t)63);
	struct dp_worker *w = new_block(sizeof(*w));
	struct shared s = {.dp = dp, .events.counters = &w->counters};
	uint64_t looks;

	s.devices = dp_devices_init(new_block(dp_devices_size(&cfg)), &cfg);
	require(s.devices != NULL, "no devices", 0);
	dp->shared.cfg.workers = 1;
	dp->shared.worker[0] = w;
	w->devices = s.devices;
	looks = stress_run(write_all, look, &s);
	printf("%u messages, %llu devices evicted; %llu looks, %llu read, %llu found\n",
		TURNS,
		(unsigned long long)dp_counter_get(&w->counters, DP_C_devices_evicted),
		(unsigned long long)looks, (unsigned long long)s.read,
		(unsigned long long)s.found);
	require(dp_counter_get(&w->counters, DP_C_devices_evicted) > 0, "never full", 0);
	require(s.read > 1000 && s.found > 1000, "the readers hardly read", s.read);
	free(s.devices);
	free(w);
	free(dp);
	return 0;
}
