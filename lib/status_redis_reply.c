#include "status_redis_reply.h"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>
#include <string.h>

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

/* hiredis' reader calls these as it parses; a result of NULL makes it stop with an error. */
static struct redis_reply *reply_of(const redisReadTask *task)
{
	return task->privdata;
}

static bool is_outermost(const redisReadTask *task)
{
	return task->parent == NULL;
}

static struct redis_field *field_of(const redisReadTask *task)
{
	struct redis_reply *reply = reply_of(task);
	if (task->idx >= 0 && task->idx < REDIS_FIELDS)
		return &reply->field[task->idx];
	reply->is_odd = true;
	return NULL;
}

static void set_text(struct redis_reply *reply, int type, const char *text, size_t len)
{
	if (type != REDIS_REPLY_STATUS && type != REDIS_REPLY_ERROR) {
		reply->is_odd = true;
		return;
	}
	reply->kind = type == REDIS_REPLY_STATUS ? REDIS_STATUS : REDIS_ERROR;
	reply->text_len = len < sizeof reply->text ? len : sizeof reply->text;
	memcpy(reply->text, text, reply->text_len);
}

/* hiredis has waited for the two octets behind a bulk string, and not looked at them. */
static bool is_terminated(const redisReadTask *task, const char *text, size_t len)
{
	return task->type != REDIS_REPLY_STRING || memcmp(text + len, "\r\n", 2) == 0;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
	struct redis_reply *reply = reply_of(task);
	if (!is_terminated(task, text, len))
		reply->is_odd = true;
	if (is_outermost(task)) {
		set_text(reply, task->type, text, len);
		return reply;
	}
	struct redis_field *field = field_of(task);
	if (!field || task->type != REDIS_REPLY_STRING) {
		reply->is_odd = true;
		return reply;
	}
	/* Cut to fit, it would be another text: it is kept empty instead, which is no number. */
	field->present = true;
	field->len = len <= sizeof field->text ? len : 0;
	memcpy(field->text, text, field->len);
	return reply;
}

static void *create_array(const redisReadTask *task, element_count elements)
{
	struct redis_reply *reply = reply_of(task);
	if (!is_outermost(task) || task->type != REDIS_REPLY_ARRAY || elements != REDIS_FIELDS)
		return NULL;
	reply->kind = REDIS_RECORD;
	return reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
	(void)value;
	reply_of(task)->is_odd = true;
	return reply_of(task);
}

static void *create_nil(const redisReadTask *task)
{
	/* an array may be nil too: then it is no field */
	if (is_outermost(task) || task->type != REDIS_REPLY_STRING)
		reply_of(task)->is_odd = true;
	else
		(void)field_of(task);
	return reply_of(task);
}

#if HIREDIS_MAJOR >= 1
static void *create_double(const redisReadTask *task, double value, char *text, size_t len)
{
	(void)value;
	(void)text;
	(void)len;
	return create_integer(task, 0);
}

static void *create_bool(const redisReadTask *task, int value)
{
	return create_integer(task, value);
}
#endif

static void free_nothing(void *object)
{
	(void)object;
}

static redisReplyObjectFunctions functions = {
	.createString = create_string,
	.createArray = create_array,
	.createInteger = create_integer,
	.createNil = create_nil,
#if HIREDIS_MAJOR >= 1
	.createDouble = create_double,
	.createBool = create_bool,
#endif
	.freeObject = free_nothing,
};

struct redisReader *redis_reply_reader(void)
{
	return redisReaderCreateWithFunctions(&functions);
}

void redis_reply_reader_free(struct redisReader *reader)
{
	redisReaderFree(reader);
}

bool redis_reply_feed(struct redisReader *reader, struct slice octets)
{
	return redisReaderFeed(reader, (const char *)octets.data, octets.len) == REDIS_OK;
}

static struct slice unread(const struct redisReader *reader)
{
	return (struct slice){(const uint8_t *)reader->buf + reader->pos, reader->len - reader->pos};
}

/*
 * RESP: "$<length>\r\n<octets>\r\n", of which the reader has taken the "$". It has no limit of its own and would wait for a
 * gigabyte. Only a string's length may begin with a number here: an array's is judged by create_array(), and no integer
 * answers us.
 */
static bool is_oversized(struct slice rest)
{
	size_t digits = 0;
	uint64_t length = 0;
	while (digits < rest.len && rest.data[digits] >= '0' && rest.data[digits] <= '9')
		digits++;
	if (digits > 0)
		return !bytes_decimal((struct slice){rest.data, digits}, REDIS_BULK_MAX, &length);
	return rest.len > REDIS_LINE_MAX;
}

enum redis_arrival redis_reply_next(struct redisReader *reader, struct redis_reply *reply)
{
	void *whole = NULL;
	if (reader->ridx == -1) { /* nothing of it has come yet */
		*reply = (struct redis_reply){0};
		reader->privdata = reply;
	}
	if (redisReaderGetReply(reader, &whole) != REDIS_OK)
		return REDIS_NOT_REDIS;
	if (!whole)
		return is_oversized(unread(reader)) ? REDIS_NOT_REDIS : REDIS_PARTLY;
	if (reply->is_odd)
		reply->kind = REDIS_ODD;
	return REDIS_WHOLE;
}

bool redis_reply_is_left_over(const struct redisReader *reader)
{
	return unread(reader).len > 0;
}

struct slice redis_reply_text(const struct redis_reply *reply)
{
	return (struct slice){reply->text, reply->text_len};
}
