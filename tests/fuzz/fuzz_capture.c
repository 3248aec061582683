/*
 * A frame of arbitrary bytes, held against filters: what none is set for always matches,
 * what matched matches again, and an address has to be there to be told.
 *
 * The first byte says which filters are set, and which way the frame went.
 */
#include "dataplane/capture.h"
#include "dataplane/route.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { PEER = 1, DEVICE = 2, TOKEN = 4, PATH = 8, PORT = 16, AT = 32, SENT = 64 };
#define FILTERS (PEER | DEVICE | TOKEN | PATH)
#define IP_MIN 34 /* bytes of a frame with an address */

static const struct dp_snapshot *
snapshot(void)
{
	static const struct dp_route_spec routes[] = {
		{.path = "/t/{device}", .kind = DP_K_STREAM, .stream = "t"},
		{.path = "/d/{device}/{resource*}", .kind = DP_K_STORE},
		{.path = "/", .kind = DP_K_TIME},
	};
	const struct dp_settings s = {.routes = routes, .n_routes = 3};
	static struct dp_snapshot *snap;
	char err[200];

	if (snap == NULL)
		snap = dp_snapshot_new(&s, err, sizeof(err));
	require(snap != NULL);
	return snap;
}

static struct dp_capture *
capture(unsigned set)
{
	static struct dp_capture *made[256];
	struct dp_capture_filter f = {
		.by_peer = set & PEER,
		.by_device = set & DEVICE,
		.by_token = set & TOKEN,
		.by_path = set & PATH,
		.peer = {.addr = {[10] = 0xff, 0xff, 198, 18, 0, 2}},
		.device = "dev1",
		.device_len = 4,
		.token = {0xaa},
		.tkl = 1,
		.path = "\1d\4dev1\1s",
		.path_len = 9,
	};

	set &= (unsigned)~SENT;
	if (set & PORT)
		f.peer.port_be = 0x409c;
	if (set & AT)
		f.at = f.peer;
	if (made[set] == NULL)
		made[set] = dp_capture_new(&f, 0);
	require(made[set] != NULL);
	return made[set];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dp_capture_point at = {.snap = snapshot()};
	bool matches;
	uint8_t *frame;

	if (size < 1 || size > 1 + UINT16_MAX)
		return 0;
	at.capture = capture(data[0]);
	at.sent = data[0] & SENT;
	frame = malloc(size - 1); /* exact: the sanitizer sees one byte too far */
	require(frame != NULL || size == 1);
	if (size > 1)
		memcpy(frame, data + 1, size - 1);
	matches = dp_capture_matches(&at, frame, size - 1);
	require(matches || (data[0] & FILTERS) != 0);
	require(!matches || (data[0] & FILTERS) == 0 || size - 1 >= IP_MIN);
	require(dp_capture_matches(&at, frame, size - 1) == matches);
	free(frame);
	return 0;
}
