/*
 * crl_extensions: what the extensions of a CRL (RFC 5280 5.2) and of its entries (5.3) say; between crl's own files.
 */
#ifndef CRL_EXTENSIONS_H
#define CRL_EXTENSIONS_H

#include "crl.h"

/* crlExtensions, content of the SEQUENCE: number and scope into *c. False after an error. */
bool crl_extensions_of_list(struct crl *c, struct slice extensions, struct messages *m);

/* crlEntryExtensions, content of the SEQUENCE: the reason into *entry. False after an error. */
bool crl_extensions_of_entry(
	const struct crl *c, struct slice extensions, struct crl_entry *entry, struct messages *m);

/* Says that the CRL is refused, "FILE: error: at octet N: WHAT; WHAT TO DO", and returns false. */
__attribute__((format(printf, 4, 5))) bool crl_refuse(
	const struct crl *c, struct slice at, struct messages *m, const char *format, ...);

#endif
