/* ocspctl doctor: asks a deployed responder in every form in which clients ask, and says what is at fault. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/credentials/credentials.h"
#include "ctl/doctor/doctor.h"
#include "ctl/memory.h"
#include "doctor_options.h"

enum { SOUND = 0, WARNINGS = 1, FAILURES = 2, CANNOT_TELL = 3 };

static X509 *certificate_of(const char *path, struct messages *m)
{
	return credentials_certificate((struct config_text){(char *)(uintptr_t)path, {path, 0, 0}}, m);
}

static bool is_issued_by(X509 *certificate, const X509 *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(issuer)) == 0 &&
	       X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
}

static bool load(const struct doctor_options *o, X509 **issuer, X509 **certs, struct messages *m)
{
	*issuer = certificate_of(o->issuer, m);
	for (size_t i = 0; *issuer && i < o->certs.count; i++) {
		certs[i] = certificate_of(o->certs.items[i], m);
		if (!certs[i])
			return false;
		if (!is_issued_by(certs[i], *issuer)) {
			message_error(m, (struct place){o->certs.items[i], 0, 0},
				"was not issued by the CA in %s; give the CA that signed it", o->issuer);
			return false;
		}
	}
	return *issuer != NULL;
}

static int examine(struct doctor *d, const struct doctor_options *o, struct messages *m)
{
	const unsigned *levels = d->report.levels;
	if (!doctor_forms(d)) {
		message_error(m, (struct place){0}, "%s: %s; is this the responder's URL?", d->url,
			d->report.count > 0 ? d->report.findings[0].found : "nothing can be asked");
		return CANNOT_TELL;
	}
	doctor_http(d);
	doctor_response(d);
	doctor_clock(d);
	doctor_freshness(d);
	doctor_cache(d);
	if (o->json)
		doctor_report_json(&d->report, d->url, d->server, stdout);
	else
		doctor_report_print(&d->report, d->url, d->server, stdout);
	return levels[DOCTOR_FAIL] > 0 ? FAILURES : levels[DOCTOR_WARN] > 0 ? WARNINGS : SOUND;
}

static int run(const struct doctor_options *o)
{
	int status = CANNOT_TELL;
	X509 *issuer = NULL;
	X509 **certs = memory_zeroed(o->certs.count, sizeof *certs);
	struct messages m = {0};
	struct http_settings settings = {.timeout_ms = (long)o->timeout_ms};
	struct doctor d = {.url = o->url, .certs = certs, .cert_count = o->certs.count};
	d.client = http_client_open(&settings);
	if (!d.client)
		message_error(&m, (struct place){0}, "libcurl cannot start; is the machine out of memory?");
	else if (load(o, &issuer, certs, &m)) {
		d.issuer = issuer;
		status = examine(&d, o, &m);
	}
	http_client_close(d.client);
	doctor_report_free(&d.report);
	for (size_t i = 0; i < o->certs.count; i++)
		X509_free(certs[i]);
	free(certs);
	X509_free(issuer);
	return status;
}

int command_doctor(int argc, char **argv)
{
	struct doctor_options o;
	const enum options_result result = doctor_options_read(&o, argc, argv);
	const int status = result == OPTIONS_READ ? run(&o) : result == OPTIONS_HELP ? SOUND : CANNOT_TELL;
	free(o.certs.items);
	return status;
}
