/* Is this answer right? OpenSSL's OCSP client says so, and what it leaves to its caller is compared here. */
#ifndef SOAK_VERDICT_H
#define SOAK_VERDICT_H

#include "script.h"

#include <openssl/x509.h>
#include <time.h>

enum verdict { VERDICT_RIGHT, VERDICT_ERROR, VERDICT_WRONG }; /* ERROR: an honest one, as tryLater */

/*
 * The signature and the delegate's standing, the CertIDs octet for octet and in order, each status and reason, the nonce, and
 * the times: `asked` and `now` are Unix seconds. `why` becomes what is wrong, a static text.
 */
enum verdict verdict_of(const struct question *question, const char *body, size_t length, X509_STORE *trusted,
	time_t asked, time_t now, const char **why);

#endif
