/*
 * plain-cgi: an OCSP responder as one writes it in an afternoon with OpenSSL's own calls: PEM files, X.509, EVP, dynamic
 * libraries, the same Redis. The baseline of the benchmark; it is no slower than it must be, and refuses nothing.
 * PLAIN_CA, PLAIN_CERT, PLAIN_KEY: files; PLAIN_REDIS: a socket; PLAIN_PREFIX: of the key before the serial.
 */
#include <hiredis/hiredis.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_MAX 65536

static X509 *read_certificate(const char *variable)
{
	FILE *file = fopen(getenv(variable), "r");
	X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	if (file)
		fclose(file);
	return certificate;
}

static EVP_PKEY *read_key(const char *variable)
{
	FILE *file = fopen(getenv(variable), "r");
	EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
	if (file)
		fclose(file);
	return key;
}

static OCSP_REQUEST *read_request(void)
{
	static unsigned char octets[REQUEST_MAX];
	const unsigned char *cursor = octets;
	size_t len = fread(octets, 1, sizeof octets, stdin);
	return d2i_OCSP_REQUEST(NULL, &cursor, (long)len);
}

/* V_OCSP_CERTSTATUS_…, or -1. */
static int look_up(redisContext *redis, const ASN1_INTEGER *serial)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
	char *decimal = number ? BN_bn2dec(number) : NULL;
	redisReply *reply =
		decimal ? redisCommand(redis, "HMGET %s%s status revocation_time revocation_reason",
				  getenv("PLAIN_PREFIX"), decimal)
			: NULL;
	int status = -1;
	if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3) {
		const redisReply *field = reply->element[0];
		status = field->type != REDIS_REPLY_STRING ? V_OCSP_CERTSTATUS_UNKNOWN
			 : strcmp(field->str, "0") == 0    ? V_OCSP_CERTSTATUS_GOOD
							   : V_OCSP_CERTSTATUS_REVOKED;
	}
	freeReplyObject(reply);
	OPENSSL_free(decimal);
	BN_free(number);
	return status;
}

static int add_statuses(OCSP_BASICRESP *basic, OCSP_REQUEST *request, redisContext *redis)
{
	ASN1_TIME *this_update = X509_gmtime_adj(NULL, -3600);
	ASN1_TIME *next_update = X509_gmtime_adj(NULL, 168 * 3600L);
	for (int i = 0; i < OCSP_request_onereq_count(request); i++) {
		OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i));
		ASN1_INTEGER *serial = NULL;
		OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
		int status = look_up(redis, serial);
		ASN1_TIME *revoked = status == V_OCSP_CERTSTATUS_REVOKED ? this_update : NULL;
		if (status < 0 ||
			!OCSP_basic_add1_status(basic, id, status, 0, revoked, this_update, next_update))
			return 0;
	}
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	return 1;
}

static int write_response(OCSP_BASICRESP *basic)
{
	unsigned char *der = NULL;
	OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	int len = i2d_OCSP_RESPONSE(response, &der);
	if (len <= 0)
		return 1;
	printf("Status: 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: %d\r\n\r\n",
		len);
	return fwrite(der, 1, (size_t)len, stdout) == (size_t)len && fflush(stdout) == 0 ? 0 : 1;
}

int main(void)
{
	X509 *ca = read_certificate("PLAIN_CA");
	X509 *signer = read_certificate("PLAIN_CERT");
	EVP_PKEY *key = read_key("PLAIN_KEY");
	OCSP_REQUEST *request = read_request();
	redisContext *redis = redisConnectUnix(getenv("PLAIN_REDIS"));
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	if (!ca || !signer || !key || !request || !redis || redis->err || !basic)
		return 1;
	if (!add_statuses(basic, request, redis) || !OCSP_copy_nonce(basic, request))
		return 1;
	if (!OCSP_basic_sign(basic, signer, key, EVP_sha256(), NULL, OCSP_RESPID_KEY))
		return 1;
	return write_response(basic);
}
