/*
 * What the soak's clients say, prepared by questions.py: a line for each, fields separated by tabs, octets in hexadecimal ("-": none).
 *   ask    NAME STATUSES REQUEST HEAD BODY    STATUSES: g, r or u for each CertID; HEAD without its empty line
 *   annoy  NAME PACE ENDING OCTETS            PACE: octets per half second, 0: all at once; ENDING: see below
 */
#ifndef SOAK_SCRIPT_H
#define SOAK_SCRIPT_H

#include <openssl/ocsp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct octets {
	uint8_t *data;
	size_t length;
};

struct question {
	char *name, *statuses;
	OCSP_REQUEST *request;
	struct octets head, body;
};

/* Behind the last octet: reads what comes; the same, having said that no more follows; reads nothing; resets the connection. */
enum ending { ENDING_READ, ENDING_SHUT, ENDING_HOLD, ENDING_RESET };

struct nuisance {
	char *name;
	size_t pace;
	enum ending ending;
	struct octets octets;
};

struct script {
	struct question *questions;
	struct nuisance *nuisances;
	size_t question_count, nuisance_count;
};

/* False, with a word on standard error, where the file cannot be read or understood. The memory is the process's for good. */
bool script_read(const char *file, struct script *script);

#endif
