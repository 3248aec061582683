/*
 * The text goes through code point by code point.  Each is decomposed; its parts are
 * gathered in a run, a starter and the marks that follow, the marks in canonical order;
 * and when the next starter comes, the run is composed again and written.
 */
#include "coap/nfc.h"

#include "coap/nfc_table.h"
#include "coap/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RUN_MAX (TG_NFC_MARKS + 1)
#define PART(word, shift) ((uint32_t)((word) >> (shift)) & 0x1fffff)

/* Hangul syllables are computed (Unicode Standard, 3.12). */
#define SYLLABLES 0xac00u
#define LEADS 0x1100u
#define VOWELS 0x1161u
#define TAILS 0x11a7u /* one before the first: none */
#define N_LEADS 19u
#define N_VOWELS 21u
#define N_TAILS 28u
#define N_SYLLABLES (N_LEADS * N_VOWELS * N_TAILS)

struct run {
	uint32_t cp[RUN_MAX];
	uint8_t class[RUN_MAX]; /* combining class; 0: a starter, which only stands first
				 */
	unsigned n;
	bool too_long;
	struct tg_text out;
};

/* The canonical combining class of @cp. */
static uint8_t
class_of(uint32_t cp)
{
	size_t low = 0, high = COUNT(classes);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (classes[middle] >> 8 <= cp)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? (uint8_t)classes[low - 1] : 0;
}

/* Two Hangul parts as one, or 0. */
static uint32_t
compose_hangul(uint32_t first, uint32_t second)
{
	uint32_t lead = first - LEADS, vowel = second - VOWELS;
	uint32_t syllable = first - SYLLABLES, tail = second - TAILS;

	if (lead < N_LEADS && vowel < N_VOWELS)
		return SYLLABLES + (lead * N_VOWELS + vowel) * N_TAILS;
	if (syllable < N_SYLLABLES && syllable % N_TAILS == 0 && tail > 0
		&& tail < N_TAILS)
		return first + tail;
	return 0;
}

/* Two code points as one, or 0. */
static uint32_t
compose(uint32_t first, uint32_t second)
{
	uint64_t pair = (uint64_t)first << 21 | second;
	size_t low = 0, high = COUNT(compositions);

	while (low < high) {
		size_t middle = (low + high) / 2;
		uint64_t word = decompositions[compositions[middle]];
		uint64_t here = word & ((UINT64_C(1) << 42) - 1);

		if (here == pair)
			return PART(word, 42);
		if (here < pair)
			low = middle + 1;
		else
			high = middle;
	}
	return compose_hangul(first, second);
}

/* Compose the starter with each mark that none of its own class keeps apart from it. */
static void
compose_run(struct run *r)
{
	unsigned kept = 1;

	if (r->n == 0 || r->class[0] != 0)
		return;
	for (unsigned i = 1; i < r->n; i++) {
		bool blocked = kept > 1 && r->class[kept - 1] == r->class[i];
		uint32_t both = blocked ? 0 : compose(r->cp[0], r->cp[i]);

		if (both != 0) {
			r->cp[0] = both;
		} else {
			r->cp[kept] = r->cp[i];
			r->class[kept++] = r->class[i];
		}
	}
	r->n = kept;
}

static void
write_utf8(struct tg_text *t, uint32_t cp)
{
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	unsigned len = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	tg_text_char(t, (char)(lead[len] | cp >> 6 * (len - 1)));
	while (--len > 0)
		tg_text_char(t, (char)(0x80 | (cp >> 6 * (len - 1) & 0x3f)));
}

static void
write_run(struct run *r)
{
	compose_run(r);
	for (unsigned i = 0; i < r->n; i++)
		write_utf8(&r->out, r->cp[i]);
	r->n = 0;
}

/* A starter begins a run of its own, unless it composes with the one before it. */
static void
add_starter(struct run *r, uint32_t cp)
{
	uint32_t both;

	compose_run(r);
	both = r->n == 1 && r->class[0] == 0 ? compose(r->cp[0], cp) : 0;
	if (both == 0)
		write_run(r);
	r->cp[0] = both != 0 ? both : cp;
	r->class[0] = 0;
	r->n = 1;
}

/* A mark goes behind those of its class, before those of a higher one. */
static void
add_mark(struct run *r, uint32_t cp, uint8_t class)
{
	unsigned at = r->n;

	if (r->n == RUN_MAX) {
		r->too_long = true;
		return;
	}
	for (; at > 0 && r->class[at - 1] > class; at--) {
		r->cp[at] = r->cp[at - 1];
		r->class[at] = r->class[at - 1];
	}
	r->cp[at] = cp;
	r->class[at] = class;
	r->n++;
}

static void
add(struct run *r, uint32_t cp)
{
	uint8_t class = class_of(cp);

	if (class == 0)
		add_starter(r, cp);
	else
		add_mark(r, cp, class);
}

/* How @cp decomposes by one step; 0 if it does not. */
static uint64_t
decomposition(uint32_t cp)
{
	size_t low = 0, high = COUNT(decompositions);

	while (low < high) {
		size_t middle = (low + high) / 2;
		uint32_t here = PART(decompositions[middle], 42);

		if (here == cp)
			return decompositions[middle];
		if (here < cp)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

#define STEPS_MAX 4 /* of a decomposition; each takes one part off the end */

/* Add @cp in its parts.  A syllable stays whole: its parts would be put together again.
 */
static void
add_parts(struct run *r, uint32_t cp)
{
	uint32_t tail[STEPS_MAX];
	unsigned n = 0;
	uint64_t word;

	while (n < STEPS_MAX && (word = decomposition(cp)) != 0) {
		tail[n++] = PART(word, 0);
		cp = PART(word, 21);
	}
	add(r, cp);
	while (n-- > 0)
		if (tail[n] != 0)
			add(r, tail[n]);
}

/* The code point at @p, which is UTF-8; *@p then stands behind it. */
static uint32_t
read_utf8(const uint8_t **p)
{
	uint32_t c = *(*p)++;
	unsigned tail = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	uint32_t cp = tail == 0 ? c : c & (0x3fu >> tail);

	for (; tail > 0; tail--)
		cp = cp << 6 | (*(*p)++ & 0x3fu);
	return cp;
}

long
tg_nfc(void *to, size_t cap, const void *text, size_t len)
{
	const uint8_t *p = text, *end = p + len;
	struct run r;

	if (!tg_utf8_valid(text, len))
		return -1;
	r.n = 0;
	r.too_long = false;
	tg_text_begin(&r.out, to, cap);
	while (p < end)
		add_parts(&r, read_utf8(&p));
	write_run(&r);
	return r.out.overflow || r.too_long ? -1 : (long)r.out.len;
}
