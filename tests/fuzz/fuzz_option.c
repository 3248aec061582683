#include "coap/check.h"
#include "coap/text.h"
#include "tests/fuzz/fuzz.h"

/* Every value is read, so that the sanitizer sees one outside of the datagram. */
static void
touch(const struct tg_opt *o)
{
	const volatile uint8_t *value = o->value;

	for (unsigned i = 0; i < o->len; i++)
		(void)value[i];
	if (tg_utf8_valid(o->value, o->len) && o->len > 0)
		require(o->value[0] < 0x80 || o->value[0] >= 0xc2);
}

/* The walk meets ascending options that fill the space up to the payload, and no other.
 */
static void
walk(const struct tg_msg *m)
{
	const uint8_t *from = m->base + m->options;
	const uint8_t *end =
		m->base + m->len - (m->payload < m->len ? m->len - m->payload + 1 : 0);
	struct tg_opt_iter it;
	struct tg_opt o, first;
	unsigned last = 0;

	tg_opt_foreach (&it, &o, m) {
		require(o.number >= last);
		require(o.value > from && o.value <= end && o.len <= end - o.value);
		if (o.number > last || from == m->base + m->options) {
			require(tg_opt_get(m, o.number, &first));
			require(first.value == o.value && first.len == o.len);
		}
		touch(&o);
		from = o.value + o.len;
		last = o.number;
	}
	require(from == end);
}

/* What a check of one kind says must be borne out option by option. */
static void
check(const struct tg_msg *m, bool is_request)
{
	struct tg_check bad;
	bool fine = is_request ? tg_check_request(m, TG_SERVES_ALL, &bad)
			       : tg_check_response(m, TG_SERVES_ALL, &bad);
	unsigned all = 0, ignored = 0, heeded = 0, spoilt = 0;
	struct tg_opt_iter it;
	struct tg_opt o;
	int last = -1;

	tg_opt_foreach (&it, &o, m) {
		enum tg_opt_fault f = tg_check_option(&o, o.number == last, is_request);

		if (f != TG_OPT_FINE && tg_opt_is_critical(o.number) && spoilt++ == 0)
			require(!fine && bad.number == o.number && bad.fault == f);
		ignored += f != TG_OPT_FINE;
		last = o.number;
		all++;
	}
	require(fine == (spoilt == 0));
	tg_opt_begin(&it, m);
	while (tg_check_next(&it, &o, is_request))
		heeded++;
	require(heeded + ignored == all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tg_msg m;

	if (size > UINT16_MAX || tg_msg_parse(&m, data, size, TG_TOKEN_MAX) != TG_OK)
		return 0;
	walk(&m);
	check(&m, true);
	check(&m, false);
	return 0;
}
