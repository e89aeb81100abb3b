/*
 * config.yaml: whatever the file holds, it is refused with an error, or what comes out is within the limits that the rest
 * relies on. No certificate or key is opened by this.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/config/config.h"
#include "fuzz.h"

static const char *file_of(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[32];
	if (fd < 0) {
		fd = memfd_create("config.yaml", MFD_CLOEXEC);
		must(fd >= 0 && snprintf(path, sizeof path, "/dev/fd/%d", fd) > 0);
	}
	must(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

static void check_ca(const struct config_ca *ca)
{
	must(ca->name.value);
	must(ca->signer_count <= CONFIG_SIGNERS_MAX);
	must(ca->validity_hours > 0 && ca->validity_hours * 3600 <= SNAPSHOT_SECONDS_MAX);
	must(ca->start_skew_seconds >= 0 && ca->start_skew_seconds <= SNAPSHOT_SECONDS_MAX);
	must(ca->status == SNAPSHOT_STATUS_REDIS || ca->status == SNAPSHOT_STATUS_TABLE);
	must(ca->status != SNAPSHOT_STATUS_TABLE || (ca->table.value && ca->table.value[0] == '/'));
	must((unsigned)ca->unknown_serial <= SNAPSHOT_UNKNOWN_REVOKED);
	must(ca->requester_count <= SNAPSHOT_REQUESTERS_MAX);
	must(!ca->require_signed_requests || ca->requester_count > 0);
}

static void check(const struct config *c)
{
	must((unsigned)c->nonce <= SNAPSHOT_NONCE_REQUIRE);
	must(c->deadline_ms >= 1);
	must(c->request_octets >= 1 && c->request_octets <= REQUEST_DER_MAX);
	must(c->certids >= 1 && c->certids <= REQUEST_CERTIDS_MAX);
	must((unsigned)c->log_format <= LOG_TEXT && (unsigned)c->log_level <= LOG_ERROR);
	must(c->redis.address_count <= CONFIG_ADDRESSES_MAX && c->redis.address_count >= 1);
	for (size_t i = 0; i < c->ca_count; i++)
		check_ca(&c->cas[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct messages m = {0};
	struct config *config = config_load(file_of(data, size), &m);
	must((config != NULL) == (m.errors == 0));
	if (config)
		check(config);
	config_free(config);
	return 0;
}
