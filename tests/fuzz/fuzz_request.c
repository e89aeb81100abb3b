/* libFuzzer: whatever octets arrive as an OCSPRequest, decoding stays inside them, and what it accepts it accepts again. */
#include <stdlib.h>

#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_inside(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.data >= whole.data && part.len <= whole.len &&
					(size_t)(part.data - whole.data) <= whole.len - part.len);
}

static void check(struct slice der, const struct request *request)
{
	uint8_t again[65536];
	struct request copy;
	struct request_fault fault;
	if (request->certid_count == 0 || request->certid_count > 64)
		abort();
	for (size_t i = 0; i < request->certid_count; i++) {
		const struct certid *id = &request->certids[i];
		if (id->der.len == 0 || !lies_inside(id->der, der) ||
			!lies_inside(id->serial_number, id->der) || id->serial_number.len < 1 ||
			id->serial_number.len > CERTID_SERIAL_MAX)
			abort();
	}
	if (request->nonce_state == NONCE_VALID && !lies_inside(request->nonce, der))
		abort();
	if (der.len >= sizeof again)
		return;
	/* one octet more, and it is no request any longer */
	for (size_t i = 0; i < der.len; i++)
		again[i] = der.data[i];
	again[der.len] = 0;
	if (request_decode((struct slice){again, der.len + 1}, 64, &copy, &fault))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice der = {data, size};
	struct request request;
	struct request_fault fault = {0};
	if (request_decode(der, 64, &request, &fault))
		check(der, &request);
	else if (!fault.reason)
		abort();
	return 0;
}
