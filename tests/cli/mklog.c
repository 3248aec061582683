/*
 * A log's directory with records in it, for the CLI to read.
 *
 * usage: mklog DIR RECORDS: as many records "p0", "p1", ... of device d0, d1 or d2, to
 * the streams a and b by turns, a commit each, in segments of about 64 KiB
 */
#include "control/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
append(struct ctl_log *log, unsigned i)
{
	static const char *const devices[] = {"d0", "d1", "d2"};
	uint8_t buf[DP_RECORD_MAX];
	uint8_t token[] = {0xab, (uint8_t)i},
		path[] = {1, 't', 2, 'd', (uint8_t)('0' + i % 3)};
	char payload[16];
	struct dp_record r = {
		.time_ns = 1700000000000000000u + i,
		.source = {{[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 18, [15] = 2},
			40000},
		.local = {{[0] = 0x20, [1] = 1, [3] = 2, [15] = 1}, 5683},
		.mid = (uint16_t)i,
		.content_format = i % 2 ? DP_NO_FORMAT : 50,
		.type = i % 2,
		.code = 2,
		.answer = 2 << 5 | 4,
		.tkl = sizeof(token),
		.token = token,
		.stream = i % 2 ? "b" : "a",
		.stream_len = 1,
		.device = devices[i % 3],
		.device_len = 2,
		.path = path, /* segments, each behind its length */
		.path_len = sizeof(path),
		.payload = (const uint8_t *)payload,
	};

	r.payload_len = (uint16_t)snprintf(payload, sizeof(payload), "p%u", i);
	dp_record_encode(&r, buf);
	ctl_log_append(log, buf, dp_record_size(&r));
	return ctl_log_commit(log) == 0;
}

int
main(int argc, char **argv)
{
	const struct ctl_log_options opt = {.segment_bytes = 65536};
	struct ctl_log_report report;
	struct ctl_io_posix io;
	struct ctl_log log;

	if (argc != 3 || ctl_io_posix_open(&io, argv[1], 1) < 0
		|| ctl_log_open(&log, &io.io, &opt, &report) < 0) {
		fputs("usage: mklog DIR RECORDS\n", stderr);
		return 2;
	}
	for (unsigned i = 0; i < strtoul(argv[2], NULL, 10); i++)
		if (!append(&log, i))
			return 1;
	ctl_log_close(&log);
	ctl_io_posix_close(&io);
	return 0;
}
