#include "serial_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "ctl/credentials/credentials.h"

/* NULL, or why the serial is not one of this CA's: two CAs may have one name. */
static const char *issuer_problem(const X509 *certificate, const X509 *ca)
{
	const char *problem = NULL;
	if (X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(ca)) != 0)
		problem = "the certificate was issued by another CA; give that one with --ca";
	else if (X509_verify((X509 *)(uintptr_t)certificate, X509_get0_pubkey(ca)) != 1)
		problem =
			"the certificate has this CA's name as its issuer, but its signature does not verify "
			"with "
			"the CA's key; give the CA that signed it with --ca, or, where that was this CA with "
			"an earlier key, the serial instead of --cert";
	ERR_clear_error();
	return problem;
}

static enum serial_step next_certificate(
	const char *path, const X509 *ca, struct serial *out, struct messages *m)
{
	const struct place at = {path, 0, 0};
	const char *problem = NULL;
	struct config_text text = {.value = (char *)(uintptr_t)path, .at = at};
	X509 *certificate = credentials_certificate(text, m);
	if (!certificate)
		return SERIAL_REFUSED;
	problem = ca ? issuer_problem(certificate, ca) : NULL;
	if (!problem)
		problem = serial_of_certificate(certificate, out);
	X509_free(certificate);
	if (!problem)
		return SERIAL_ENTRY;
	message_error(m, at, "%s", problem);
	return SERIAL_REFUSED;
}

static enum serial_step read_word(struct slice text, struct place at, struct serial *out, struct messages *m)
{
	const char *problem = serial_text_read(text, out);
	if (!problem)
		return SERIAL_ENTRY;
	message_error(m, at, "\"%.*s\": %s", (int)(text.len < 200 ? text.len : 200), (const char *)text.data,
		problem);
	return SERIAL_REFUSED;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice trimmed(struct slice text)
{
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	while (text.len > 0 && is_blank(text.data[0]))
		text = (struct slice){text.data + 1, text.len - 1};
	return text;
}

static enum serial_step next_line(struct serial_list *l, struct serial *out, struct messages *m)
{
	struct slice text = {NULL, 0};
	l->at.file = "standard input";
	while (text.len == 0 || text.data[0] == '#') {
		errno = 0;
		const ssize_t len = getline(&l->line, &l->line_size, stdin);
		l->at.line++;
		if (len < 0) {
			l->input_ended = true;
			if (!ferror(stdin))
				return SERIAL_END;
			message_error(m, l->at, "cannot be read: %s", strerror(errno));
			return SERIAL_REFUSED;
		}
		text = trimmed((struct slice){(const uint8_t *)l->line, (size_t)len});
	}
	return read_word(text, l->at, out, m);
}

enum serial_step serial_list_next(struct serial_list *l, struct serial *out, struct messages *m)
{
	if (l->word_count == 0 && l->certificate_count == 0)
		l->reads_input = true;
	if (l->reads_input && !l->input_ended) {
		const enum serial_step step = next_line(l, out, m);
		if (step != SERIAL_END)
			return step;
	}
	const size_t i = l->next;
	if (i >= l->certificate_count + l->word_count)
		return SERIAL_END;
	l->next++;
	if (i < l->certificate_count)
		return next_certificate(l->certificates[i], l->ca, out, m);
	const char *word = l->words[i - l->certificate_count];
	if (strcmp(word, "-") != 0)
		return read_word(bytes_of(word), (struct place){0}, out, m);
	l->reads_input = true;
	return serial_list_next(l, out, m);
}

void serial_list_free(struct serial_list *l)
{
	free(l->line);
	l->line = NULL;
}
