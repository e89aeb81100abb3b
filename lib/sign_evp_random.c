/*
 * A provider of one algorithm, "HEDGED": sign_random() as OpenSSL's EVP_RAND, since RAND_METHOD is deprecated. What it
 * saves: three AES-CTR generators, their seeding, and every system call of theirs (getpid at each use) inside the sandbox.
 */
#include "sign_evp_parts.h"
#include "sign_parts.h"

#include <limits.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#define HEDGED_STRENGTH 256 /* bits: half of SHA-512's digest, and of what getrandom gave */

static OSSL_FUNC_rand_newctx_fn hedged_new;
static OSSL_FUNC_rand_freectx_fn hedged_free;
static OSSL_FUNC_rand_instantiate_fn hedged_instantiate;
static OSSL_FUNC_rand_uninstantiate_fn hedged_uninstantiate;
static OSSL_FUNC_rand_generate_fn hedged_generate;
static OSSL_FUNC_rand_enable_locking_fn hedged_enable_locking;
static OSSL_FUNC_rand_get_ctx_params_fn hedged_get_ctx_params;
static OSSL_FUNC_provider_query_operation_fn hedged_query;
static OSSL_provider_init_fn hedged_init;

/* The state is sign.c's; OpenSSL only wants to see that there is one, and whether it is in use. */
struct hedged {
	int state;
};

static void *hedged_new(void *provider, void *parent, const OSSL_DISPATCH *parent_calls)
{
	(void)provider;
	(void)parent;
	(void)parent_calls;
	return OPENSSL_zalloc(sizeof(struct hedged)); /* EVP_RAND_STATE_UNINITIALISED is 0 */
}

static void hedged_free(void *context)
{
	OPENSSL_free(context);
}

static int hedged_instantiate(void *context, unsigned strength, int prediction_resistance,
	const unsigned char *text, size_t text_len, const OSSL_PARAM params[])
{
	struct hedged *hedged = context;
	(void)prediction_resistance;
	(void)text;
	(void)text_len;
	(void)params;
	if (strength > HEDGED_STRENGTH)
		return 0;
	hedged->state = EVP_RAND_STATE_READY;
	return 1;
}

static int hedged_uninstantiate(void *context)
{
	struct hedged *hedged = context;
	hedged->state = EVP_RAND_STATE_UNINITIALISED;
	return 1;
}

static int hedged_generate(void *context, unsigned char *out, size_t len, unsigned strength,
	int prediction_resistance, const unsigned char *additional, size_t additional_len)
{
	(void)context;
	(void)prediction_resistance;
	(void)additional;
	(void)additional_len;
	return strength <= HEDGED_STRENGTH && sign_random(out, len) ? 1 : 0;
}

/* The responder has one thread. */
static int hedged_enable_locking(void *context)
{
	(void)context;
	return 1;
}

static int hedged_get_ctx_params(void *context, OSSL_PARAM params[])
{
	const struct hedged *hedged = context;
	OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
	if (p && OSSL_PARAM_set_int(p, hedged->state) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
	if (p && OSSL_PARAM_set_uint(p, HEDGED_STRENGTH) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
	return !p || OSSL_PARAM_set_size_t(p, INT_MAX) == 1 ? 1 : 0;
}

static const OSSL_ALGORITHM *hedged_query(void *provider, int operation, int *no_cache)
{
	static const OSSL_DISPATCH calls[] = {
		{OSSL_FUNC_RAND_NEWCTX, (void (*)(void))hedged_new},
		{OSSL_FUNC_RAND_FREECTX, (void (*)(void))hedged_free},
		{OSSL_FUNC_RAND_INSTANTIATE, (void (*)(void))hedged_instantiate},
		{OSSL_FUNC_RAND_UNINSTANTIATE, (void (*)(void))hedged_uninstantiate},
		{OSSL_FUNC_RAND_GENERATE, (void (*)(void))hedged_generate},
		{OSSL_FUNC_RAND_ENABLE_LOCKING, (void (*)(void))hedged_enable_locking},
		{OSSL_FUNC_RAND_GET_CTX_PARAMS, (void (*)(void))hedged_get_ctx_params},
		{0, NULL},
	};
	static const OSSL_ALGORITHM generators[] = {
		{"HEDGED", "provider=ocsp-cgi", calls, "SHA-512 of key, digest, getrandom and counter"},
		{NULL, NULL, NULL, NULL},
	};
	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_RAND ? generators : NULL;
}

static int hedged_init(
	const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH calls[] = {
		{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))hedged_query},
		{0, NULL},
	};
	(void)in;
	*out = calls;
	*provider = (void *)(uintptr_t)handle;
	return 1;
}

bool sign_evp_random(OSSL_LIB_CTX *library)
{
	return OSSL_PROVIDER_add_builtin(library, "ocsp-cgi", hedged_init) == 1 &&
	       OSSL_PROVIDER_load(library, "ocsp-cgi") != NULL &&
	       RAND_set_DRBG_type(library, "HEDGED", NULL, NULL, NULL) == 1;
}
