/*
 * compile: a configuration and what it names → the octets of a snapshot. Everything that ocsp-cgi would have to compute or
 * could be refused for is computed and refused here.
 *   compile.c           the configuration as a whole
 *   compile_ca.c        one CA: its certificate, signers and chain
 *   compile_requesters.c  those who may ask it
 *   compile_reply.c     how long its replies can become
 *   compile_refusals.c  what concerns several CAs, tables, or is not available
 */
#ifndef COMPILE_H
#define COMPILE_H

#include "ctl/config/config.h"
#include "ctl/credentials/credentials.h"
#include "ctl/credentials/issuer.h"
#include "ctl/snapshot/snapshot_write.h"

/* One CA: what was read of it, and what is written of it, which borrows from the former. */
struct compile_ca {
	const struct config_ca *config;
	X509 *certificate;
	struct issuer_hashes hashes;
	char *redis_key;
	size_t signer_count;
	struct credential *signers;
	struct write_signer *write_signers;
	size_t chain_count;
	struct write_cert *write_chain;
	size_t requester_count;
	struct write_requester *write_requesters;
	struct write_ca write;
};

/* Reads, checks (C1–C6, C10) and prepares one CA at `now`, Unix seconds. After an error `out` is incomplete, and still to
 * be given to compile_ca_free(). */
bool compile_ca(const struct config_ca *from, int64_t now, struct compile_ca *out, struct messages *m);
void compile_ca_free(struct compile_ca *ca); /* wipes keys */

/* What compile_ca() does of require_signed_requests, and its undoing. A list of which nobody can ask is an error. */
void compile_add_requesters(struct compile_ca *ca, int64_t now, struct messages *m);
void compile_free_requesters(struct compile_ca *ca);

/* H13: refuses a CA, complete, whose longest reply for one CertID, as ocsp-cgi writes it with its headers, has 16 KiB. */
void compile_check_reply(
	const struct config *config, const struct compile_ca *ca, int64_t now, struct messages *m);

/* What cannot go together: refused before any file is read. */
void compile_check_available(const struct config *config, struct messages *m);
/* Warns of a configuration that others may read though a password is in it, or may write. */
void compile_check_secrecy(const struct config *config, struct messages *m);
/* C7: CAs that ocsp-cgi or Redis could not tell apart. Incomplete ones are left out. */
void compile_check_distinct(const struct compile_ca *cas, size_t count, struct messages *m);
/* The CA's table, if it is there already, is this CA's. */
void compile_check_table(const struct compile_ca *ca, int64_t now, struct messages *m);

struct compiled {
	uint8_t *octets; /* the snapshot: holds keys */
	size_t size, ca_count, signer_count;
};

/* The whole configuration at `now`. False: refused, everything wrong has been said. compile_free() either way. */
bool compile(const struct config *config, int64_t now, struct compiled *out, struct messages *m);
void compile_free(struct compiled *compiled);

/*
 * Puts it in the place of `path`: written beside it, read back, self-tested, and only then renamed; mode 0640, or the replaced
 * file's where that is stricter and its group stays, `group` as
 * in file_commit(). False after an error: the old file is untouched.
 */
bool compile_install(const struct compiled *compiled, const char *path, gid_t group, struct messages *m);

#endif
