/* tidegate-micro: what a message's parts cost one by one, under Google Benchmark. */
#include "bench/gbench.h"

#include "coap/code.h"
#include "coap/option.h"
#include "coap/write.h"
#include "dataplane/checksum.h"
#include "dataplane/dedup.h"
#include "dataplane/hash.h"
#include "dataplane/hist.h"
#include "dataplane/record.h"
#include "dataplane/request.h"
#include "dataplane/wheel.h"

#include <stdlib.h>

/* Keeps what was computed from being thrown away. */
#define USE(value) __asm__ volatile("" : : "g"(value) : "memory")

static const uint8_t key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* CON POST /t/n12345678, Content-Format 50, 35 bytes of payload. */
static const char payload[] = "{\"id\":\"12345678\",\"temp\":21.5,\"b\":87}";
static uint8_t message[128];
static uint16_t message_len;
static struct tg_msg view;

static void
make_message(void)
{
	static const uint8_t token[4] = {1, 2, 3, 4};
	struct tg_writer w;

	tg_write_begin(
		&w, message, sizeof(message), TG_CON, TG_POST, 77, token, sizeof(token));
	tg_write_option(&w, TG_OPT_URI_PATH, "t", 1);
	tg_write_option(&w, TG_OPT_URI_PATH, "n12345678", 9);
	tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, TG_CF_JSON);
	tg_write_payload(&w, payload, sizeof(payload) - 1);
	message_len = (uint16_t)tg_write_end(&w);
	if (tg_msg_parse(&view, message, message_len, TG_TOKEN_MAX) != TG_OK)
		abort();
}

static void
parse(void *arg, uint64_t times)
{
	struct tg_msg m;

	for (; times > 0; times--) {
		USE(tg_msg_parse(&m, arg, message_len, TG_TOKEN_MAX));
		USE(m.payload);
	}
}

static void
walk(void *arg, uint64_t times)
{
	for (; times > 0; times--) {
		struct tg_opt_iter it;
		struct tg_opt o;

		tg_opt_foreach (&it, &o, (const struct tg_msg *)arg)
			USE(o.number);
	}
}

static void
write_answer(void *arg, uint64_t times)
{
	uint8_t buf[64];

	for (; times > 0; times--) {
		struct tg_writer w;

		tg_write_begin(&w, buf, sizeof(buf), TG_ACK, TG_CONTENT, 77, arg, 4);
		tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, TG_CF_JSON);
		tg_write_payload(&w, "21.5", 4);
		USE(tg_write_end(&w));
	}
}

static void
read_request(void *arg, uint64_t times)
{
	static uint8_t arena[DP_PATH_ROOM];
	struct dp_request q;
	struct tg_msg m = *(const struct tg_msg *)arg;

	for (; times > 0; times--) {
		USE(dp_request_read(&q, &m, arena));
		USE(q.path.len);
	}
}

static void
hash_name(void *arg, uint64_t times)
{
	for (; times > 0; times--)
		USE(dp_hash_bytes(key, arg, 9));
}

static void
checksum(void *arg, uint64_t times)
{
	for (; times > 0; times--)
		USE(dp_sum_finish(dp_sum(arg, 86, 0)));
}

static void
encode_record(void *arg, uint64_t times)
{
	uint8_t buf[512];

	for (; times > 0; times--) {
		dp_record_encode(arg, buf);
		USE(buf[0]);
	}
}

static void
histogram(void *arg, uint64_t times)
{
	for (; times > 0; times--)
		dp_hist_add(arg, times * 977, 1);
}

/* A peer that counts its Message IDs up and lets them live. */
static void
remember(void *arg, uint64_t times)
{
	static uint32_t chain;
	static uint16_t mid;

	for (; times > 0; times--, mid++) {
		const struct dp_heard h = {
			.mid = mid, .when = mid / 64, .code = TG_CHANGED, .con = true};

		USE(dp_dedup_add(arg, &chain, &h, mid / 64));
	}
}

/* Arm a timer two seconds ahead, and take out what is due. */
static void
timer(void *arg, uint64_t times)
{
	static uint64_t now;
	uint32_t due[4];

	for (; times > 0; times--, now++) {
		dp_wheel_add(arg, (uint32_t)(now % 4096), now + 2000);
		USE(dp_wheel_advance(arg, now, due, 4));
	}
}

int
main(int argc, char **argv)
{
	static struct dp_record record = {
		.stream = "telemetry",
		.stream_len = 9,
		.device = "n12345678",
		.device_len = 9,
		.path = (const uint8_t *)"\1t\11n12345678",
		.path_len = 12,
		.payload = (const uint8_t *)payload,
		.payload_len = sizeof(payload) - 1,
	};
	static struct dp_hist hist;
	struct dp_dedup_pool *pool =
		aligned_alloc(64, sizeof(*pool) + 64 * sizeof(struct dp_dedup_block));
	size_t wheel_size = (dp_wheel_size(4096) + 63) & ~(size_t)63;
	void *wheel = aligned_alloc(64, wheel_size);

	if (pool == NULL || wheel == NULL)
		return 1;
	memset(pool, 0, sizeof(*pool));
	pool->blocks = 64;
	pool->con_lifetime = 247;
	pool->non_lifetime = 145;
	memset(wheel, 0, wheel_size);
	make_message();
	gbench_add("msg/parse", parse, message);
	gbench_add("option/walk", walk, &view);
	gbench_add("write/answer", write_answer, message + TG_HDR_LEN);
	gbench_add("request/read", read_request, &view);
	gbench_add("hash/9 bytes", hash_name, "n12345678");
	gbench_add("checksum/86 bytes", checksum, message);
	gbench_add("record/encode", encode_record, &record);
	gbench_add("hist/add", histogram, &hist);
	gbench_add("dedup/add", remember, pool);
	gbench_add("wheel/add and advance", timer, dp_wheel_init(wheel, 4096, 0));
	return gbench_main(argc, argv);
}
