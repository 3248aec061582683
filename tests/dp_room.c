/* The store's room: values of every size, and what happens when there is no more. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <stdio.h>

#define DEVICE                                                                           \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?"

static void
put(uint16_t mid, const char *device, const char *name, size_t len, uint8_t answer)
{
	static const struct bytes none = {0}, max_age = B("\xd1\x01\x05");
	uint8_t m[1400];
	size_t n = (size_t)snprintf((char *)m, sizeof(m),
		"\xb1"
		"d%c%s%c%s\xff",
		(int)strlen(device), device, (int)strlen(name), name);

	assert_true(strlen(device) < 13 && strlen(name) < 13);
	if (len == 0)
		n--;
	for (size_t i = 0; i < len; i++)
		m[n + i] = (uint8_t)(i * 7 + len);
	gw_ask(coap(T_CON, TG_PUT, mid, (struct bytes){m, n + len}),
		coap(T_ACK, answer, mid, answer == TG_UNAVAILABLE ? max_age : none));
}

/* GET what put() has put there with @len bytes. */
static void
get(uint16_t mid, const char *device, const char *name, size_t len)
{
	uint8_t ask[64], m[1100];
	char path[64];
	uint64_t etag;
	size_t n = (size_t)snprintf((char *)ask, sizeof(ask),
		"\xb1"
		"d%c%s%c%s",
		(int)strlen(device), device, (int)strlen(name), name);

	snprintf(path, sizeof(path), "/d/%s/%s", device, name);
	etag = gw_etag(path);
	m[0] = 0x48;
	memcpy(m + 1, &etag, 8);
	m[9] = 0xff;
	for (size_t i = 0; i < len; i++)
		m[10 + i] = (uint8_t)(i * 7 + len);
	gw_ask(coap(T_CON, TG_GET, mid, (struct bytes){ask, n}),
		coap(T_ACK, TG_CONTENT, mid, (struct bytes){m, len == 0 ? 9 : 10 + len}));
}

/* In a slot, in one chunk, in many: whatever was there before. */
static void
every_size(void **state)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'};
	uint16_t mid = 0;

	(void)state;
	put(mid++, device, "v", 0, TG_CREATED);
	for (size_t len = 1; len <= 1024; len = len < 280 ? len + 1 : len + 31) {
		put(mid++, device, "v", len, TG_CHANGED);
		get(mid++, device, "v", len);
		put(mid++, device, "v", 1024 - len, TG_CHANGED);
		get(mid++, device, "v", 1024 - len);
		gw_later(400); /* no Message ID comes twice in its lifetime */
	}
}

static void
too_long(void **state)
{
	uint8_t m[1100] = DEVICE "\x01v\xff";

	(void)state;
	memset(m + 10, 'x', sizeof(m) - 10);
	gw_ask(coap(T_CON, TG_PUT, 1, (struct bytes){m, 10 + 1025}),
		coap(T_ACK, TG_TOO_LARGE, 1, BYTES_OF("\xd2\x2f\x04\x00")));
	gw_ask(coap(T_CON, TG_PUT, 2, (struct bytes){m, 10 + 1024}),
		coap(T_ACK, TG_CREATED, 2, (struct bytes){0}));
	gw_counted(DP_C_refused_413, 1);
}

/* ---- full ---- */

/* Values until there is no room; then one goes, and there is room for one. */
static void
store_is_full(void **state)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'}, name[8];
	uint16_t n;

	(void)state;
	for (n = 0; n < 64; n++) {
		snprintf(name, sizeof(name), "v%u", n);
		put(n, device, name, 1, TG_CREATED);
	}
	put(n, device, "more", 1, TG_UNAVAILABLE);
	gw_counted(DP_C_store_full, 1);
	gw_counted(DP_C_refused_503, 1);
	put(100, device, "v7", 2, TG_CHANGED);
	gw_ask(coap(T_CON, TG_DELETE, 101, BYTES_OF(DEVICE "\x02v7")),
		coap(T_ACK, 0x42, 101, (struct bytes){0}));
	put(n, device, "more", 1, TG_CREATED);
	get(102, device, "more", 1);
}

static void
two_values_each(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->store_per_device = 2;
}

/* One has as many as it may, which leaves room for others, and for what it has. */
static void
device_has_too_many(void **state)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'};

	(void)state;
	gw_reopen(two_values_each);
	put(1, device, "a", 1, TG_CREATED);
	put(2, device, "b", 1, TG_CREATED);
	put(3, device, "c", 1, TG_UNAVAILABLE);
	gw_counted(DP_C_store_per_device, 1);
	put(4, device, "a", 2, TG_CHANGED);
	put(5, "another", "a", 1, TG_CREATED);
	gw_ask(coap(T_CON, TG_DELETE, 6,
		       BYTES_OF(DEVICE "\x01"
				       "a")),
		coap(T_ACK, TG_DELETED, 6, (struct bytes){0}));
	put(7, device, "c", 1, TG_CREATED);
	put(8, device, "a", 1, TG_UNAVAILABLE);
}

/* A change that finds no room leaves the value as it was. */
static void
no_room_for_a_change(void **state)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'}, name[8];
	uint16_t n = 1;

	(void)state;
	put(0, device, "small", 20, TG_CREATED);
	for (; n <= 7; n++) { /* of nine chunks each: the pool has 64 */
		snprintf(name, sizeof(name), "v%u", n);
		put(n, device, name, 1024, TG_CREATED);
	}
	put(n, device, "small", 1024, TG_UNAVAILABLE);
	get(100, device, "small", 20);
	gw_counted(DP_C_store_full, 1);
}

/* ---- devices ---- */

static void
room_for_values(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->store_max = 1024;
}

/* A device that makes room for another leaves its values behind, and not to the other. */
static void
evicted_device(void **state)
{
	char device[8] = "", ask[16], list[64];
	uint16_t n;

	(void)state;
	gw_reopen(room_for_values);
	for (n = 0; gw_counter(DP_C_devices_evicted) == 0; n++) {
		assert_true(n < 200);
		snprintf(device, sizeof(device), "d%u", n);
		put(n, device, "v", 3, TG_CREATED);
	}
	snprintf(ask, sizeof(ask),
		"\xb1"
		"d%c%s",
		(int)strlen(device), device);
	snprintf(list, sizeof(list), "</d/%s/v>;sz=3;obs", device);
	gw_ask(coap(T_CON, TG_GET, 1000, (struct bytes){ask, strlen(ask)}),
		coap(T_ACK, TG_CONTENT, 1000, gw_links(list)));
	while (n-- > 0) {
		snprintf(device, sizeof(device), "d%u", n);
		get(n, device, "v", 3);
	}
}

static void
room_for_long_paths(struct dp_config *cfg, struct dp_settings *s)
{
	(void)s;
	cfg->store_bytes = 1 << 20;
}

/* A list over DP_LIST_MAX is refused, not cut. */
static void
list_too_long(void **state)
{
	uint8_t path[1100];
	size_t len = long_path_write(path, 248);
	struct frame list;
	uint16_t n = 0;

	(void)state;
	gw_reopen(room_for_long_paths);
	path[6] = (uint8_t)gw.digit;
	for (; n < 64; n++) { /* 1,039 bytes each, and a comma */
		path[len - 1] = (uint8_t)('0' + n);
		gw_ask(coap(T_CON, TG_PUT, n, (struct bytes){path, len}),
			coap(T_ACK, TG_CREATED, n, (struct bytes){0}));
	}
	gw_ask(coap(T_CON, TG_GET, n, BYTES_OF(DEVICE)),
		coap(T_ACK, TG_INTERNAL, n, (struct bytes){0}));
	gw_counted(DP_C_refused_500, 1);
	gw_ask(coap(T_CON, TG_DELETE, 100, (struct bytes){path, len}),
		coap(T_ACK, TG_DELETED, 100, (struct bytes){0}));
	gw_say(&gw.flow, coap(T_CON, TG_GET, 101, BYTES_OF(DEVICE)));
	assert_true(gw_take(&list));
	gw_counted(DP_C_refused_500, 1);
	gw_counted(DP_C_answered, 66);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size),
		cmocka_unit_test(too_long),
		cmocka_unit_test(store_is_full),
		cmocka_unit_test(device_has_too_many),
		cmocka_unit_test(no_room_for_a_change),
		cmocka_unit_test(evicted_device),
		cmocka_unit_test(list_too_long),
	};

	return gw_main("dp_room", gw_settings, COUNT(gw_settings), tests, COUNT(tests));
}
