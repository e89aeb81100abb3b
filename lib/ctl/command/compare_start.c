#include "compare_start.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/message.h"

void compare_start_drop(struct compare_start *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->lines[i]);
	s->count = 0;
}

void compare_start_over(struct compare_start *s)
{
	for (size_t i = 0; i < s->count; i++)
		message_result("%s", s->lines[i]);
	compare_start_drop(s);
	s->over = true;
}

static bool is_alike(struct compare_start *s, const struct verdict verdicts[SIDES])
{
	const int side = verdicts[OLD].kind == VERDICT_NONE ? OLD : NEW;
	if (s->over || verdicts[side].kind != VERDICT_NONE)
		return false;
	if (s->count > 0)
		return side == s->side && strcmp(verdicts[side].text, s->text) == 0;
	s->side = side;
	memcpy(s->text, verdicts[side].text, sizeof s->text);
	return true;
}

bool compare_start_line(struct compare_start *s, const struct verdict verdicts[SIDES], char *line)
{
	if (is_alike(s, verdicts)) {
		s->lines[s->count++] = line;
		return s->count < COMPARE_START;
	}
	compare_start_over(s);
	message_result("%s", line);
	free(line);
	return true;
}
