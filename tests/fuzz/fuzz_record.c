#include "dataplane/record.h"
#include "dataplane/tokens.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
require_inside(const void *part, size_t len, const uint8_t *data, size_t size)
{
	const uint8_t *p = part;

	if (len > 0 && (p < data || len > size || p > data + size - len))
		abort();
}

/* Whatever is accepted is one record and no other: its parts inside it, its bytes its
 * own. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dp_record r;
	uint8_t *again;

	if (!dp_record_decode(&r, data, size))
		return 0;
	require_inside(r.stream, r.stream_len, data, size);
	require_inside(r.device, r.device_len, data, size);
	require_inside(r.path, r.path_len, data, size);
	require_inside(r.payload, r.payload_len, data, size);
	if (r.tkl > DP_TOKEN_LONGEST || r.type > 3 || dp_record_size(&r) != size)
		abort();
	again = malloc(size);
	if (again == NULL)
		abort();
	dp_record_encode(&r, again);
	if (memcmp(again, data, size) != 0)
		abort();
	free(again);
	return 0;
}
