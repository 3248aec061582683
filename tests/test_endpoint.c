#include "coap/endpoint.h"

#include "tests/rows.h"

/* ---- text ---- */

static const struct text_row {
	const char *name, *text;
	const char *want; /* printed again; NULL: refused */
} texts[] = {
	{"ipv4 and port", "198.18.0.1:61616", "198.18.0.1:61616"},
	{"ipv4 alone", "198.18.0.1", "198.18.0.1:5683"},
	{"ipv6 and port", "[2001:db8::1]:61616", "[2001:db8::1]:61616"},
	{"ipv6 alone", "[2001:db8::1]", "[2001:db8::1]:5683"},
	{"ipv6 in its canonical form", "[2001:DB8:0:0:1:0:0:1]",
		"[2001:db8::1:0:0:1]:5683"},
	{"ipv6 and zone", "[fe80::1%2]:1", "[fe80::1%2]:1"},
	{"group and zone", "[ff02::fd%4294967295]", "[ff02::fd%4294967295]:5683"},
	{"as long as can be",
		"[ff02:1111:1111:1111:1111:1111:1111:1111%4294967295]:65535",
		"[ff02:1111:1111:1111:1111:1111:1111:1111%4294967295]:65535"},
	{"v4-mapped is ipv4", "[::ffff:198.18.0.1]:7", "198.18.0.1:7"},
	{"most port", "198.18.0.1:65535", "198.18.0.1:65535"},
	{"nothing", "", NULL},
	{"name", "localhost", NULL},
	{"ipv4 of three numbers", "198.18.1", NULL},
	{"ipv4 in brackets", "[198.18.0.1]", NULL},
	{"ipv6 without brackets", "2001:db8::1", NULL},
	{"ipv6 not closed", "[2001:db8::1", NULL},
	{"text behind the bracket", "[2001:db8::1]x", NULL},
	{"port 0", "198.18.0.1:0", NULL},
	{"port 65536", "198.18.0.1:65536", NULL},
	{"no port behind the colon", "198.18.0.1:", NULL},
	{"port with a sign", "198.18.0.1:+1", NULL},
	{"zone of a global address", "[2001:db8::1%2]", NULL},
	{"zone of a site's group", "[ff05::fd%2]", NULL},
	{"zone with a name", "[fe80::1%eth0]", NULL},
	{"zone 0", "[fe80::1%0]", NULL},
	{"empty zone", "[fe80::1%]", NULL},
	{"zone over 32 bits", "[fe80::1%4294967296]", NULL},
};

static void
text(void **state)
{
	const struct text_row *r = *state;
	const struct tg_endpoint other = tg_endpoint_ipv4((const uint8_t[4]){1}, 9);
	size_t len = strlen(r->text);
	char *exact = (char *)exact_copy(r->text, len), printed[TG_ENDPOINT_TEXT];
	struct tg_endpoint e = other;

	assert_int_equal(tg_endpoint_parse(&e, exact, len, 5683), r->want != NULL);
	if (r->want != NULL)
		assert_string_equal(tg_endpoint_print(printed, &e), r->want);
	else
		assert_int_equal(tg_endpoint_compare(&e, &other), 0);
	free(exact);
}

/* ---- identity: one thing changed makes another endpoint ---- */

static struct tg_endpoint
base(void)
{
	struct tg_endpoint e =
		tg_endpoint_ipv6((const uint8_t[16]){0xfe, 0x80, [15] = 1}, 5683, 1);

	e.security = TG_DTLS;
	e.context = 7;
	return e;
}

static void
other_family(struct tg_endpoint *e)
{
	e->family = TG_IPV4;
}

static void
other_address(struct tg_endpoint *e)
{
	e->address[15] = 2;
}

static void
other_zone(struct tg_endpoint *e)
{
	e->zone = 2;
}

static void
other_port(struct tg_endpoint *e)
{
	e->port = 5684;
}

static void
other_security(struct tg_endpoint *e)
{
	e->security = TG_OSCORE;
}

static void
other_context(struct tg_endpoint *e)
{
	e->context = 8;
}

static const struct change_row {
	const char *name;
	void (*change)(struct tg_endpoint *);
	bool same_host;
} changes[] = {
	{"another family", other_family, false},
	{"another address", other_address, false},
	{"another zone", other_zone, false},
	{"another port", other_port, true},
	{"another security", other_security, true},
	{"another context", other_context, true},
};

static void
change(void **state)
{
	static const uint64_t key[2] = {1, 2}, other_key[2] = {1, 3};
	const struct change_row *r = *state;
	struct tg_endpoint a = base(), b = base();

	assert_int_equal(tg_endpoint_compare(&a, &b), 0);
	assert_int_equal(tg_endpoint_hash(&a, key), tg_endpoint_hash(&b, key));
	assert_int_not_equal(tg_endpoint_hash(&a, key), tg_endpoint_hash(&a, other_key));
	r->change(&b);
	assert_int_not_equal(tg_endpoint_compare(&a, &b), 0);
	assert_int_equal(
		tg_endpoint_compare(&a, &b) < 0, tg_endpoint_compare(&b, &a) > 0);
	assert_int_not_equal(tg_endpoint_hash(&a, key), tg_endpoint_hash(&b, key));
	assert_int_equal(tg_endpoint_same_host(&a, &b), r->same_host);
}

static const struct group_row {
	const char *name, *text;
	bool multicast;
} groups[] = {
	{"all coap nodes, ipv4", "224.0.1.187", true},
	{"last ipv4 group", "239.255.255.255", true},
	{"before the first ipv4 group", "223.255.255.255", false},
	{"behind the last ipv4 group", "240.0.0.0", false},
	{"broadcast", "255.255.255.255", true},
	{"all coap nodes, ipv6", "[ff02::fd]", true},
	{"a device, ipv6", "[fe80::1]", false},
};

static void
group(void **state)
{
	const struct group_row *r = *state;
	struct tg_endpoint e;

	assert_true(tg_endpoint_parse(&e, r->text, strlen(r->text), 5683));
	assert_int_equal(tg_endpoint_is_multicast(&e), r->multicast);
}

/* A zone means nothing where the address is global, whoever gives one. */
static void
global_has_no_zone(void **state)
{
	const uint8_t address[16] = {0x20, 1};
	struct tg_endpoint a = tg_endpoint_ipv6(address, 1, 0),
			   b = tg_endpoint_ipv6(address, 1, 2);

	(void)state;
	assert_int_equal(tg_endpoint_compare(&a, &b), 0);
}

/* ---- envelope ---- */

static const struct envelope_row {
	const char *name;
	bool (*set)(struct tg_envelope *, const struct tg_endpoint *);
	size_t at;
} envelopes[] = {
	{"source is written once", tg_envelope_set_source,
		offsetof(struct tg_envelope, source)},
	{"destination is written once", tg_envelope_set_destination,
		offsetof(struct tg_envelope, destination)},
};

static void
envelope(void **state)
{
	const struct envelope_row *r = *state;
	struct tg_endpoint first = base(), other = base();
	struct tg_envelope v = {0};
	const struct tg_endpoint *set = (const void *)((const char *)&v + r->at);

	other.port++;
	assert_true(r->set(&v, &first));
	assert_true(r->set(&v, &first));
	assert_false(r->set(&v, &other));
	assert_int_equal(tg_endpoint_compare(set, &first), 0);
	assert_true((v.source.family == TG_NO_FAMILY)
		    != (v.destination.family == TG_NO_FAMILY));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(texts) + COUNT(changes) + COUNT(groups)
				+ COUNT(envelopes) + 1] = {
		cmocka_unit_test(global_has_no_zone),
	};
	size_t n = 1;

	ADD_ROWS(tests, &n, texts, text);
	ADD_ROWS(tests, &n, changes, change);
	ADD_ROWS(tests, &n, groups, group);
	ADD_ROWS(tests, &n, envelopes, envelope);
	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
