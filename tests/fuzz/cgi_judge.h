/* cgi_judge: what fuzz_cgi.c's program may have written, whatever it was asked: the reply and the log line. */
#ifndef CGI_JUDGE_H
#define CGI_JUDGE_H

#include "cgi_site.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

/* ---- the log: one line of printable ASCII; JSON's is JSON ---- */

static const uint8_t *skip_json_text(const uint8_t *at)
{
	must(*at == '"');
	for (at++; *at != '"'; at++) {
		if (*at != '\\')
			continue;
		at++;
		must(*at && strchr("\"\\u", *at));
		for (int i = 0; *at == 'u' && i < 4; i++)
			must(at[1 + i] && strchr("0123456789abcdef", at[1 + i]));
	}
	return at + 1;
}

/* { "key": "text" or digits, … } */
static void judge_json(const uint8_t *at)
{
	must(*at == '{');
	do {
		at = skip_json_text(at + 1);
		must(*at++ == ':');
		must(*at == '"' || (*at >= '0' && *at <= '9'));
		if (*at == '"')
			at = skip_json_text(at);
		while (*at >= '0' && *at <= '9')
			at++;
	} while (*at == ',');
	must(at[0] == '}' && at[1] == '\n' && at[2] == 0);
}

static void judge_log(void)
{
	struct slice line = bytes_written(&around.line);
	must(around.logged && !around.line.failed && line.len > 1 && line.len < LOG_LINE_MAX);
	for (size_t i = 0; i + 1 < line.len; i++)
		must(line.data[i] >= 0x20 && line.data[i] <= 0x7E);
	must(line.data[line.len - 1] == '\n');
	around.line_octets[line.len] = 0;
	if (site_now != SITE_CRL)
		judge_json(line.data);
}

/* ---- the OCSPResponse, read by OpenSSL ---- */

static void judge_status(long serial, bool negative, int status)
{
	int expected = V_OCSP_CERTSTATUS_UNKNOWN;
	if (site_now == SITE_REDIS)
		must(negative); /* what nobody has to be asked about */
	else
		must(site_now == SITE_INDEX || site_now == SITE_CRL || site_now == SITE_REVOKING);
	if (site_now == SITE_CRL && !negative)
		expected = V_OCSP_CERTSTATUS_GOOD;
	if (site_now == SITE_REVOKING)
		expected = V_OCSP_CERTSTATUS_REVOKED;
	if (serial == SERIAL_GOOD)
		expected = V_OCSP_CERTSTATUS_GOOD;
	if (serial == SERIAL_REVOKED)
		expected = V_OCSP_CERTSTATUS_REVOKED;
	must(status == expected);
}

static void judge_single(OCSP_SINGLERESP *single)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *until = NULL;
	ASN1_INTEGER *serial = NULL;
	int64_t number = 0;
	int reason = -1;
	int status = OCSP_single_get0_status(single, &reason, &revoked, &from, &until);
	must(OCSP_id_get0_info(
		NULL, NULL, NULL, &serial, (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single)));
	if (!ASN1_INTEGER_get_int64(&number, serial))
		number = 0;
	judge_status((long)number, (ASN1_STRING_type(serial) & V_ASN1_NEG) != 0, status);
	must(ASN1_GENERALIZEDTIME_check(from) && ASN1_GENERALIZEDTIME_check(until));
	must(ASN1_TIME_cmp_time_t(from, NOW) <= 0 && ASN1_TIME_cmp_time_t(until, NOW) > 0);
}

static void judge_signature(OCSP_BASICRESP *basic)
{
	static EVP_PKEY *key;
	unsigned char *tbs = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const ASN1_OCTET_STRING *signature = OCSP_resp_get0_signature(basic);
	int length = i2d_OCSP_RESPDATA((OCSP_RESPDATA *)(uintptr_t)OCSP_resp_get0_respdata(basic), &tbs);
	if (!key)
		key = signer_key();
	must(context && length > 0 && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1);
	must(EVP_DigestVerify(context, ASN1_STRING_get0_data(signature),
		     (size_t)ASN1_STRING_length(signature), tbs, (size_t)length) == 1);
	EVP_MD_CTX_free(context);
	OPENSSL_free(tbs);
}

/* Returns the OCSPResponseStatus. */
static int judge_response(struct slice der)
{
	const unsigned char *cursor = der.data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &cursor, (long)der.len);
	must(response && cursor == der.data + der.len);
	int status = OCSP_response_status(response);
	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		must(der.len == 5);
	} else {
		OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
		must(basic && OCSP_resp_count(basic) >= 1);
		for (int i = 0; i < OCSP_resp_count(basic); i++)
			judge_single(OCSP_resp_get0(basic, i));
		judge_signature(basic);
		OCSP_BASICRESP_free(basic);
	}
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return status;
}

/* ---- the reply ---- */

/* "Name: value\r\n" of the head; absent: false. */
static bool header_of(struct slice head, const char *name, struct slice *value)
{
	const uint8_t *at = memmem(head.data, head.len, name, strlen(name));
	if (!at)
		return false;
	at += strlen(name);
	const uint8_t *stop = memchr(at, '\r', head.len - (size_t)(at - head.data));
	must(stop && stop[1] == '\n');
	*value = (struct slice){at, (size_t)(stop - at)};
	return true;
}

static void judge_head(struct slice head)
{
	must(head.len > 20 && memcmp(head.data, "Status: ", 8) == 0);
	for (size_t i = 0; i < head.len; i++)
		must((head.data[i] >= 0x20 && head.data[i] <= 0x7E) || head.data[i] == '\r' ||
			head.data[i] == '\n');
}

static void judge_reply(bool is_head)
{
	struct slice out = bytes_written(&around.out), length, type;
	uint64_t octets = 0;
	must(!around.out.failed);
	const uint8_t *end = memmem(out.data, out.len, "\r\n\r\n", 4);
	must(end);
	struct slice head = {out.data, (size_t)(end - out.data) + 4};
	struct slice body = {end + 4, out.len - head.len};
	judge_head(head);
	if (memcmp(out.data, "Status: 304", 11) == 0) {
		must(body.len == 0);
		return;
	}
	must(header_of(head, "\r\nContent-Length: ", &length) && bytes_decimal(length, SIZE_MAX, &octets));
	must(header_of(head, "\r\nContent-Type: ", &type));
	must(is_head ? body.len == 0 : body.len == octets);
	if (!is_head && bytes_equal(type, SLICE("application/ocsp-response")))
		(void)judge_response(body);
}

#endif
