#include "reason.h"

#include <strings.h>

#define COUNT (sizeof names / sizeof *names)

/*
 * CRLReason ::= ENUMERATED { unspecified (0), keyCompromise (1), cACompromise (2), affiliationChanged (3),
 *     superseded (4), cessationOfOperation (5), certificateHold (6), -- value 7 is not used -- removeFromCRL (8),
 *     privilegeWithdrawn (9), aACompromise (10) }
 */
static const char *const names[] = {
	"unspecified",
	"keyCompromise",
	"cACompromise",
	"affiliationChanged",
	"superseded",
	"cessationOfOperation",
	"certificateHold",
	"7",
	"removeFromCRL",
	"privilegeWithdrawn",
	"aACompromise",
};

bool reason_read_name(struct slice text, int *reason)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (i == 7 || bytes_of(names[i]).len != text.len)
			continue;
		if (strncasecmp((const char *)text.data, names[i], text.len) == 0) {
			*reason = (int)i;
			return true;
		}
	}
	return false;
}

bool reason_read(struct slice text, int *reason)
{
	uint64_t number = 0;
	if (reason_read_name(text, reason))
		return true;
	if (!bytes_decimal(text, COUNT - 1, &number))
		return false;
	*reason = (int)number;
	return true;
}

const char *reason_name(int reason)
{
	return reason >= 0 && (size_t)reason < COUNT ? names[reason] : "none";
}

bool reason_is_of_revoked(int reason)
{
	return reason >= 0 && (size_t)reason < COUNT && reason != 7 && reason != CRL_REASON_REMOVE_FROM_CRL;
}
