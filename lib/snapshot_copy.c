/* memcpy, a function for each structure: `make prove` takes their contracts for granted, and proves every call. */
#include "snapshot_parts.h"

#include <string.h>

void snapshot_copy_header(struct snapshot_header *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_slot(struct snapshot_slot *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_record(struct snapshot_record *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_ca(struct snapshot_ca *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_signer(struct snapshot_signer *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_cert(struct snapshot_cert *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_requester(struct snapshot_requester *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_key(struct snapshot_key *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_redis(struct snapshot_redis *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_address(struct snapshot_address *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

void snapshot_copy_table(struct snapshot_table *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}
