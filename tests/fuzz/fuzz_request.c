/* Whatever octets arrive as an OCSPRequest, decoding stays inside them, and one octet more or less is refused. */
#include "fuzz.h"
#include "request.h"

#define LIMIT 64

static void check_certid(const struct certid *id, struct slice der)
{
	static const size_t octets[CERTID_HASHES] = {20, 32, 48, 64};
	must(id->der.len > 0 && lies_inside(id->der, der));
	must(lies_inside(id->issuer_name_hash, id->der) && lies_inside(id->issuer_key_hash, id->der));
	must(lies_inside(id->serial_number, id->der));
	must(id->serial_number.len >= 1 && id->serial_number.len <= CERTID_SERIAL_MAX);
	must(id->hash == CERTID_HASHES || (id->issuer_name_hash.len == octets[id->hash] &&
						  id->issuer_key_hash.len == octets[id->hash]));
}

static void check_signature(const struct request *request, struct slice der)
{
	must(request->tbs.len > 0 && lies_inside(request->tbs, der));
	if (!request->is_signed)
		return;
	must(lies_inside(request->signature_algorithm, der));
	must(lies_inside(request->signature, der));
	must(lies_inside(request->signer_certs, der));
}

static void check(const struct request *request, struct slice der)
{
	must(request->certid_count >= 1 && request->certid_count <= LIMIT);
	must(request->preferred_count <= REQUEST_PREFERRED_MAX);
	for (size_t i = 0; i < request->certid_count; i++)
		check_certid(&request->certids[i], der);
	for (size_t i = 0; i < request->preferred_count; i++)
		must(lies_inside(request->preferred[i], der));
	if (request->nonce_state == NONCE_VALID)
		must(request->nonce.len >= 3 && request->nonce.len <= NONCE_MAX + 3 &&
			lies_inside(request->nonce, der));
	check_signature(request, der);
}

static void check_neighbours(struct slice der)
{
	static struct request request;
	struct request_fault fault = {0};
	uint8_t *longer = malloc(der.len + 1);
	must(longer);
	memcpy(longer, der.data, der.len);
	longer[der.len] = 0;
	must(!request_decode((struct slice){longer, der.len + 1}, LIMIT, &request, &fault));
	must(!request_decode((struct slice){longer, der.len - 1}, LIMIT, &request, &fault));
	free(longer);
}

static void check_fault(const struct request_fault *fault, struct slice der)
{
	uint8_t text[256];
	struct buffer out = bytes_buffer(text, sizeof text);
	must(fault->reason);
	must(lies_inside(fault->oid, der));
	request_oid_text(fault->oid, &out);
	for (size_t i = 0; i < out.len; i++)
		must(strchr("0123456789.?", text[i]) && text[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request request;
	struct slice der = {data, size};
	struct request_fault fault = {0};
	if (!request_decode(der, LIMIT, &request, &fault)) {
		check_fault(&fault, der);
		return 0;
	}
	check(&request, der);
	check_neighbours(der);
	return 0;
}
