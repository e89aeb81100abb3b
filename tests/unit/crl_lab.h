/*
 * crl_lab: one CA, and crl's reading of a file from end to end. For test_crl*.c; include cmocka first.
 */
#ifndef CRL_LAB_H
#define CRL_LAB_H

#include "ctl/table/crl.h"
#include "table_lab.h"

static struct lab_ca ca; /* LAB_CN, P-256 */

static inline int set_up(void **state)
{
	int result = lab_open(state);
	ca = lab_ca_make(LAB_CN, EVP_EC_gen("P-256"), "cRLSign,keyCertSign");
	return result;
}

static inline int tear_down(void **state)
{
	lab_ca_free(&ca);
	return lab_close(state);
}

/* Opens, verifies and walks it; what was said is in lab_said. */
static inline bool read_crl(const char *path, X509 *certificate, unsigned *entries)
{
	struct crl c;
	struct messages m = {0};
	struct crl_entry entry;
	enum crl_step step = CRL_REFUSED;
	int terminal = lab_listen();
	*entries = 0;
	if (crl_open(&c, path, &m) && crl_verify(&c, certificate, &m)) {
		struct slice cursor = c.revoked;
		while ((step = crl_next(&c, &cursor, &entry, &m)) == CRL_ENTRY)
			++*entries;
	}
	crl_close(&c);
	lab_heard(terminal);
	assert_true((step == CRL_END) == (m.errors == 0));
	return m.errors == 0;
}

#endif
