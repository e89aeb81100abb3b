/*
 * request: the rules of RFC 6960 4.1.1 one by one, on requests made by hand. What is accepted must be accepted by OpenSSL
 * too; test_request_extensions.c has the extensions, test_request_vectors.c goes on with requests that nobody here wrote.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "request_text.h"

struct text_case {
	const char *name, *der;
};

static void well_formed_is_accepted(void **state)
{
	static const struct text_case cases[] = {
		{"minimal", REQUEST(LIST)},
		{"extensions_empty", EXTENDED("30{}")}, /* clients in the field send both */
		{"single_extensions_empty", SINGLE("30{}")},
		{"explicit_v1", REQUEST("A0{02{00}}" LIST)},
		{"rfc822_name", NAMED("81{61406278}")},
		{"dns_name", NAMED("82{6578}")},
		{"x400_address", NAMED("A3{30{}}")},
		{"uri", NAMED("86{757269}")},
		{"ip_address", NAMED("87{7F000001}")},
		{"registered_id", NAMED("88{2B0601}")},
		{"other_name", NAMED("A0{06{2B06}A0{0C{61}}}")},
		{"edi_party_name", NAMED("A5{A0{13{61}}A1{0C{62}}}")},
		{"edi_party_name_without_assigner", NAMED("A5{A1{0C{62}}}")},
		{"empty_directory_name", NAMED("A4{30{}}")},
		{"utf8_name", RDN("0C{4D C3BC 6C E282AC F09F9880}")},
		{"printable_name", RDN("13{4D}")},
		{"bmp_name", RDN("1E{004D20AC}")},
		{"universal_name", RDN("1C{0001F600}")},
		{"bit_string_name", RDN("03{0680}")},
		{"two_rdns", NAMED("A4{30{31{30{06{550406}13{4445}}}31{30{06{550403}13{41}}}}}")},
		{"sha1_without_parameters", CERTID_OF("30{06{2B0E03021A}}" HASHES "02{01}")},
		{"unknown_hash", CERTID_OF("30{06{2B06}02{05}}" HASHES "02{01}")},
		{"empty_hashes", CERTID_OF(SHA1 "04{}04{}02{01}")},
		{"serial_of_64_octets", CERTID_OF(SHA1 HASHES "02{01*63}")},
		{"negative_serial", CERTID_OF(SHA1 HASHES "02{FF00}")},
		{"unknown_extension", EXTENDED("30{30{" UNKNOWN_OID "04{}}}")},
		{"unknown_single_extension", SINGLE("30{30{" UNKNOWN_OID "04{01}}}")},
		{"nonce", EXTENDED("30{" NONCE("04{*16}") "}")},
		{"critical_nonce", EXTENDED("30{30{" OCSP_OID("02") TRUE_BOOLEAN "04{04{*16}}}}")},
		{"critical_acceptable_responses",
			EXTENDED("30{30{" OCSP_OID("04") TRUE_BOOLEAN "04{3000}}}")},
		{"critical_service_locator", SINGLE("30{30{" OCSP_OID("07") TRUE_BOOLEAN "04{}}}")},
		{"critical_preference", EXTENDED("30{30{" OCSP_OID("08") TRUE_BOOLEAN "04{30{}}}}")},
		{"nonce_in_both_lists",
			REQUEST("30{30{" CERTID "A0{30{" NONCE("04{*16}") "}}}}"
									  "A2{30{" NONCE("04{*16}") "}}")},
		{"signed", SIGNED("30{" RSA_SHA256 "03{00*8}}")},
		{"signed_with_no_certs", SIGNED("30{" RSA_SHA256 "03{00*8}A0{30{}}}")},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		accept(cases[i].name, cases[i].der);
}

static const struct {
	const char *name, *der, *reason;
} malformed[] = {
	{"empty_input", "", "OCSPRequest: not a whole SEQUENCE of DER"},
	{"set_instead_of_sequence", "31{30{" LIST "}}", "OCSPRequest: not a whole SEQUENCE of DER"},
	{"trailing_octet", REQUEST(LIST) "00", "OCSPRequest: trailing octets"},
	{"long_form_of_a_short_length", "308102 3000", "OCSPRequest: not a whole SEQUENCE of DER"},
	{"indefinite_length", "3080 30{" LIST "} 0000", "OCSPRequest: not a whole SEQUENCE of DER"},
	{"no_tbs", "30{}", "OCSPRequest tbsRequest: not a SEQUENCE"},
	{"tbs_is_a_set", "30{31{" LIST "}}", "OCSPRequest tbsRequest: not a SEQUENCE"},
	{"version_2", REQUEST("A0{02{01}}" LIST), "TBSRequest version: not v1"},
	{"version_negative", REQUEST("A0{02{FF}}" LIST), "TBSRequest version: not v1"},
	{"version_padded", REQUEST("A0{02{0000}}" LIST), "TBSRequest version: not v1"},
	{"version_implicit", REQUEST("80{00}" LIST), "TBSRequest requestList: not a SEQUENCE"},
	{"version_trailing", REQUEST("A0{02{00}02{00}}" LIST), "TBSRequest version: not v1"},
	{"version_behind_name", REQUEST("A1{82{61}}A0{02{00}}" LIST),
		"TBSRequest requestList: not a SEQUENCE"},
	{"name_empty", NAMED(""), "TBSRequest requestorName: not a GeneralName"},
	{"name_two", NAMED("82{61}82{61}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_constructed_dns", NAMED("A2{16{61}}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_primitive_directory", NAMED("84{30{}}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_universal", NAMED("30{}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_tag_9", NAMED("89{61}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_other_without_value", NAMED("A0{06{2B06}}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_other_bad_null", NAMED("A0{06{2B06}A0{05{00}}}"),
		"TBSRequest requestorName: not a GeneralName"},
	{"name_edi_without_party", NAMED("A5{A0{13{61}}}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_edi_ia5", NAMED("A5{A1{16{61}}}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_edi_utf8_cut", NAMED("A5{A0{0C{E282}}A1{0C{62}}}"),
		"TBSRequest requestorName: not a GeneralName"},
	{"name_oid_incomplete", NAMED("88{2B86}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_oid_empty", NAMED("88{}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_directory_implicit", NAMED("A4{31{30{06{550403}13{41}}}}"),
		"TBSRequest requestorName: not a GeneralName"},
	{"name_empty_rdn", NAMED("A4{30{31{}}}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_attribute_without_value", RDN(""), "TBSRequest requestorName: not a GeneralName"},
	{"name_attribute_trailing", RDN("13{41}13{41}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_attribute_octets", RDN("04{41}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_utf8_overlong", RDN("0C{C0AF}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_utf8_surrogate", RDN("0C{EDA080}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_utf8_beyond", RDN("0C{F4908080}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_utf8_cut", RDN("0C{E282}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_utf8_lone", RDN("0C{80}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_utf8_ff", RDN("0C{FFFFFFFFFFFF}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_bmp_odd", RDN("1E{004100}"), "TBSRequest requestorName: not a GeneralName"},
	{"name_bmp_surrogate", RDN("1E{D83DDE00}"), "TBSRequest requestorName: not a GeneralName"},
	{"list_missing", REQUEST(""), "TBSRequest requestList: not a SEQUENCE"},
	{"list_empty", REQUEST("30{}"), "TBSRequest requestList: empty"},
	{"list_of_sets", REQUEST("30{31{" CERTID "}}"), "requestList: a Request is not a SEQUENCE"},
	{"request_empty", REQUEST("30{30{}}"), "Request reqCert: no CertID"},
	{"request_trailing", REQUEST("30{30{" CERTID "05{}}}"),
		"Request: something else than singleRequestExtensions behind reqCert"},
	{"certid_empty", CERTID_OF(""), "CertID hashAlgorithm: not an AlgorithmIdentifier"},
	{"certid_algorithm_is_oid", CERTID_OF("06{2B0E03021A}" HASHES "02{01}"),
		"CertID hashAlgorithm: not an AlgorithmIdentifier"},
	{"certid_two_parameters", CERTID_OF("30{06{2B0E03021A}05{}05{}}" HASHES "02{01}"),
		"CertID hashAlgorithm: not an AlgorithmIdentifier"},
	{"certid_null_with_content", CERTID_OF("30{06{2B0E03021A}05{00}}" HASHES "02{01}"),
		"CertID hashAlgorithm: not an AlgorithmIdentifier"},
	{"certid_constructed_parameters", CERTID_OF("30{06{2B0E03021A}24{04{01}}}" HASHES "02{01}"),
		"CertID hashAlgorithm: not an AlgorithmIdentifier"},
	{"certid_bad_oid", CERTID_OF("30{06{2B8001}}" HASHES "02{01}"),
		"CertID hashAlgorithm: not an AlgorithmIdentifier"},
	{"certid_name_hash_constructed", CERTID_OF(SHA1 "24{04{*20}}04{*20}02{01}"),
		"CertID issuerNameHash: not an OCTET STRING"},
	{"certid_key_hash_missing", CERTID_OF(SHA1 "04{*20}02{01}"),
		"CertID issuerKeyHash: not an OCTET STRING"},
	{"serial_missing", CERTID_OF(SHA1 HASHES), "CertID serialNumber: not an INTEGER of DER"},
	{"serial_empty", CERTID_OF(SHA1 HASHES "02{}"), "CertID serialNumber: not an INTEGER of DER"},
	{"serial_padded", CERTID_OF(SHA1 HASHES "02{0001}"), "CertID serialNumber: not an INTEGER of DER"},
	{"serial_negative_padded", CERTID_OF(SHA1 HASHES "02{FF80}"),
		"CertID serialNumber: not an INTEGER of DER"},
	{"serial_of_65_octets", CERTID_OF(SHA1 HASHES "02{01*64}"),
		"CertID serialNumber: longer than 64 octets"},
	{"certid_trailing", CERTID_OF(SHA1 HASHES "02{01}02{01}"), "CertID: trailing octets"},
	{"extensions_before_list", REQUEST("A2{30{" NONCE("04{*16}") "}}" LIST),
		"TBSRequest requestList: not a SEQUENCE"},
	{"extensions_wrong_tag", REQUEST(LIST "A3{30{" NONCE("04{*16}") "}}"),
		"TBSRequest: something else than requestExtensions behind requestList"},
	{"extensions_twice", REQUEST(LIST "A2{30{" NONCE("04{*16}") "}}A2{30{" NONCE("04{*16}") "}}"),
		"TBSRequest: something else than requestExtensions behind requestList"},
	{"extensions_no_sequence", EXTENDED(""), "Extensions: not one SEQUENCE"},
	{"extensions_two_sequences", EXTENDED("30{" NONCE("04{*16}") "}30{}"),
		"Extensions: not one SEQUENCE"},
	{"extension_is_a_set", EXTENDED("30{31{}}"), "Extension: not a SEQUENCE"},
	{"extension_without_id", EXTENDED("30{30{04{}}}"), "Extension extnID: not an OBJECT IDENTIFIER"},
	{"extension_explicit_false", EXTENDED("30{30{" UNKNOWN_OID "01{00}04{}}}"),
		"Extension critical: DER leaves the default FALSE out"},
	{"extension_ber_true", EXTENDED("30{30{" OCSP_OID("02") "01{01}04{04{*16}}}}"),
		"Extension critical: not a BOOLEAN of DER"},
	{"extension_without_value", EXTENDED("30{30{" UNKNOWN_OID "}}"),
		"Extension extnValue: not an OCTET STRING"},
	{"extension_trailing", EXTENDED("30{30{" UNKNOWN_OID "04{}05{}}}"), "Extension: trailing octets"},
	{"critical_preference_broken", EXTENDED("30{30{" OCSP_OID("08") TRUE_BOOLEAN "04{30{05{}}}}}"),
		"PreferredSignatureAlgorithms: critical and not well-formed"},
	{"signature_wrong_tag", "30{30{" LIST "}A1{30{" RSA_SHA256 "03{00*8}}}}",
		"OCSPRequest: something else than optionalSignature behind tbsRequest"},
	{"signature_trailing", SIGNED("30{" RSA_SHA256 "03{00*8}}") "05{}", "OCSPRequest: trailing octets"},
	{"signature_twice", "30{30{" LIST "}A0{30{" RSA_SHA256 "03{00}}}A0{30{" RSA_SHA256 "03{00}}}}",
		"OCSPRequest: something else than optionalSignature behind tbsRequest"},
	{"signature_empty", SIGNED(""), "OCSPRequest optionalSignature: not one SEQUENCE"},
	{"signature_without_algorithm", SIGNED("30{03{00}}"),
		"Signature signatureAlgorithm: not an AlgorithmIdentifier"},
	{"signature_without_bits", SIGNED("30{" RSA_SHA256 "}"),
		"Signature signature: not a BIT STRING of whole octets"},
	{"signature_unused_bits", SIGNED("30{" RSA_SHA256 "03{0480}}"),
		"Signature signature: not a BIT STRING of whole octets"},
	{"certs_wrong_tag", SIGNED("30{" RSA_SHA256 "03{00}A1{30{}}}"),
		"Signature: something else than certs behind signature"},
	{"certs_no_sequence", SIGNED("30{" RSA_SHA256 "03{00}A0{}}"), "Signature certs: not one SEQUENCE"},
	{"certs_of_integers", SIGNED("30{" RSA_SHA256 "03{00}A0{30{02{01}}}}"),
		"Signature certs: a Certificate is not a SEQUENCE"},
};

static void malformed_is_refused_with_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		struct request_fault fault;
		if (decode(malformed[i].der, 64, &fault))
			fail_msg("%s: accepted", malformed[i].name);
		if (strcmp(fault.reason, malformed[i].reason) != 0)
			fail_msg("%s: %s", malformed[i].name, fault.reason);
	}
}

static void certids_up_to_the_limit(void **state)
{
	static char text[65536];
	struct request_fault fault;
	(void)state;
	for (size_t count = 1; count <= REQUEST_CERTIDS_MAX + 1; count += count < 65 ? 1 : 64) {
		strcpy(text, "30{30{30{");
		for (size_t i = 0; i < count; i++)
			strcat(text, "30{" CERTID "}");
		strcat(text, "}}}");
		assert_int_equal(decode(text, 64, &fault), count <= 64);
		if (count > 64)
			assert_string_equal(
				fault.reason, "TBSRequest requestList: more CertIDs than limits.certids");
		assert_int_equal(decode(text, SIZE_MAX, &fault), count <= REQUEST_CERTIDS_MAX);
	}
	assert_false(decode(REQUEST(LIST), 0, &fault));
}

static void hash_is_told_by_algorithm_parameters_and_length(void **state)
{
#define SHA2(last, parameters) "30{06{6086480165030402" last "}" parameters "}"
	static const struct {
		const char *name, *der;
		enum certid_hash hash;
	} cases[] = {
		{"sha1_null", CERTID_OF(SHA1 HASHES "02{01}"), CERTID_SHA1},
		{"sha1_absent", CERTID_OF("30{06{2B0E03021A}}" HASHES "02{01}"), CERTID_SHA1},
		{"sha1_other", CERTID_OF("30{06{2B0E03021A}02{00}}" HASHES "02{01}"), CERTID_HASHES},
		{"sha1_short_name", CERTID_OF(SHA1 "04{*19}04{*20}02{01}"), CERTID_HASHES},
		{"sha1_long_key", CERTID_OF(SHA1 "04{*20}04{*21}02{01}"), CERTID_HASHES},
		{"sha256_null", CERTID_OF(SHA2("01", "05{}") "04{*32}04{*32}02{01}"), CERTID_SHA256},
		{"sha256_absent", CERTID_OF(SHA2("01", "") "04{*32}04{*32}02{01}"), CERTID_SHA256},
		{"sha256_as_sha1", CERTID_OF(SHA2("01", "") HASHES "02{01}"), CERTID_HASHES},
		{"sha384_null", CERTID_OF(SHA2("02", "05{}") "04{*48}04{*48}02{01}"), CERTID_SHA384},
		{"sha384_absent", CERTID_OF(SHA2("02", "") "04{*48}04{*48}02{01}"), CERTID_SHA384},
		{"sha512_null", CERTID_OF(SHA2("03", "05{}") "04{*64}04{*64}02{01}"), CERTID_SHA512},
		{"sha512_absent", CERTID_OF(SHA2("03", "") "04{*64}04{*64}02{01}"), CERTID_SHA512},
		{"sha224", CERTID_OF(SHA2("04", "05{}") "04{*28}04{*28}02{01}"), CERTID_HASHES},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		accept(cases[i].name, cases[i].der);
		if (request.certids[0].hash != cases[i].hash)
			fail_msg("%s: %d", cases[i].name, (int)request.certids[0].hash);
	}
}

static void fields_are_borrowed_where_they_stand(void **state)
{
	uint8_t storage[512];
	(void)state;
	accept("signed", SIGNED("30{" RSA_SHA256 "03{00 0102}A0{30{30{02{05}}}}}"));
	const struct certid *certid = &request.certids[0];
	assert_true(bytes_equal(certid->der, der_text(CERTID, storage, sizeof storage)));
	assert_true(bytes_equal(certid->issuer_name_hash, der_text("*20", storage, sizeof storage)));
	assert_true(bytes_equal(certid->serial_number, SLICE("\x12\x34")));
	assert_true(certid->issuer_key_hash.data == certid->issuer_name_hash.data + 22);
	assert_true(bytes_equal(request.tbs, der_text("30{" LIST "}", storage, sizeof storage)));
	assert_true(request.is_signed);
	assert_true(bytes_equal(request.signature, SLICE("\x01\x02")));
	assert_true(bytes_equal(request.signature_algorithm, der_text(RSA_SHA256, storage, sizeof storage)));
	assert_true(bytes_equal(request.signer_certs, SLICE("\x30\x03\x02\x01\x05")));
	accept("unsigned", REQUEST(LIST));
	assert_false(request.is_signed);
	assert_int_equal(request.signer_certs.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_formed_is_accepted),
		cmocka_unit_test(malformed_is_refused_with_its_reason),
		cmocka_unit_test(certids_up_to_the_limit),
		cmocka_unit_test(hash_is_told_by_algorithm_parameters_and_length),
		cmocka_unit_test(fields_are_borrowed_where_they_stand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
