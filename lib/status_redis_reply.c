#include "status_redis_reply.h"

#include <hiredis/hiredis.h>
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
	if (is_outermost(task) || task->idx < 0 || task->idx >= REDIS_FIELDS) {
		reply->odd = true;
		return NULL;
	}
	return &reply->field[task->idx];
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
	struct redis_reply *reply = reply_of(task);
	if (is_outermost(task)) {
		reply->type = task->type;
		reply->text_len = len < sizeof reply->text ? len : sizeof reply->text;
		memcpy(reply->text, text, reply->text_len);
		return reply;
	}
	struct redis_field *field = field_of(task);
	if (!field || task->type != REDIS_REPLY_STRING)
		reply->odd = true;
	if (!field)
		return reply;
	/* One octet more than fits would be cut to something else: such a text is kept empty, which is no number. */
	field->present = true;
	field->len = len <= sizeof field->text ? len : 0;
	memcpy(field->text, text, field->len);
	return reply;
}

static void *create_array(const redisReadTask *task, element_count elements)
{
	struct redis_reply *reply = reply_of(task);
	if (!is_outermost(task) || elements != REDIS_FIELDS) {
		reply->odd = true;
		return NULL;
	}
	reply->type = task->type;
	reply->elements = REDIS_FIELDS;
	return reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
	(void)value;
	reply_of(task)->odd = true;
	return reply_of(task);
}

static void *create_nil(const redisReadTask *task)
{
	if (is_outermost(task))
		reply_of(task)->type = REDIS_REPLY_NIL;
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

void redis_reply_begin(struct redisReader *reader, struct redis_reply *reply)
{
	*reply = (struct redis_reply){0};
	reader->fn = &functions;
	reader->privdata = reply;
	if (reader->ridx == -1)
		return;
	for (int i = 0; i <= reader->ridx; i++)
		reader->rstack[i].privdata = reply;
}

/* RESP: "$<length>\r\n<octets>\r\n". The reader has no limit of its own and would wait for a gigabyte. */
bool redis_reply_is_oversized(const struct redisReader *reader)
{
	struct slice rest = {(const uint8_t *)reader->buf + reader->pos, reader->len - reader->pos};
	size_t digits = 0;
	uint64_t length = 0;
	if (rest.len == 0)
		return false;
	if (rest.data[0] != '$')
		return rest.len > REDIS_BULK_MAX;
	while (digits + 1 < rest.len && rest.data[digits + 1] >= '0' && rest.data[digits + 1] <= '9')
		digits++;
	if (digits == 0)
		return false;
	return !bytes_decimal((struct slice){rest.data + 1, digits}, REDIS_BULK_MAX, &length);
}

struct slice redis_reply_text(const struct redis_reply *reply)
{
	return (struct slice){reply->text, reply->text_len};
}
