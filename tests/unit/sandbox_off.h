/* The whole of a test of the sandbox in a build that has none. Include it behind <cmocka.h>. */
#ifndef SANDBOX_OFF_H
#define SANDBOX_OFF_H

static void switched_off_in_this_build(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(switched_off_in_this_build)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
