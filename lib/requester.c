#include "requester.h"

/* What trying the keys has shown. */
enum found { FOUND_NOBODY, FOUND_VALID, FOUND_NOT_VALID_NOW, FOUND_BROKEN };

/* A key may stand there twice, under the certificate of last year and of this one: the search goes on behind the first. */
static enum found find_requester(const struct snapshot *s, const struct ca *ca,
	const struct verify_message *message, int64_t now, struct requester *who,
	struct snapshot_fault *fault)
{
	enum found found = FOUND_NOBODY;
	for (size_t i = 0; i < ca->requester_count; i++) {
		struct requester candidate;
		if (!snapshot_requester(s, ca, i, &candidate, fault))
			return FOUND_BROKEN;
		if (!verify(message, &candidate.key))
			continue;
		*who = candidate;
		if (candidate.not_before <= now && now <= candidate.not_after)
			return FOUND_VALID;
		found = FOUND_NOT_VALID_NOW;
	}
	return found;
}

static enum response_status refuse(struct log *log, const char *why)
{
	log_say(log, LOG_INFO, why);
	return RESPONSE_UNAUTHORIZED;
}

static void say_who(struct log *log, enum log_level level, const char *text, const struct requester *who)
{
	struct buffer *note = log_note(log, level);
	bytes_append_text(note, text);
	bytes_append(note, who->name);
}

enum response_status requester_check(const struct snapshot *s, const struct ca *ca,
	const struct request *request, int64_t now, struct log *log)
{
	struct snapshot_fault fault = {0};
	struct verify_message message;
	struct requester who = {0};
	if (ca->requester_count == 0)
		return RESPONSE_SUCCESSFUL;
	if (!request->is_signed) {
		log_say(log, LOG_INFO, "this CA answers signed requests only (require_signed_requests)");
		return RESPONSE_SIG_REQUIRED;
	}
	if (!verify_begin(&message, request->signature_algorithm, request->tbs, request->signature))
		return refuse(log, "request signature: an algorithm that is not accepted");
	switch (find_requester(s, ca, &message, now, &who, &fault)) {
	case FOUND_VALID:
		say_who(log, LOG_DEBUG, "signed by ", &who);
		return RESPONSE_SUCCESSFUL;
	case FOUND_NOT_VALID_NOW:
		say_who(log, LOG_WARNING, "request signature: the certificate is not valid now, of ", &who);
		return RESPONSE_UNAUTHORIZED;
	case FOUND_NOBODY:
		return refuse(log, "request signature: by none of this CA's requesters, or false");
	case FOUND_BROKEN:
		break;
	}
	snapshot_fault_text(&fault, log_note(log, LOG_ERROR));
	return RESPONSE_INTERNAL_ERROR;
}
