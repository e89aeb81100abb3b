/*
 * environment: what of the environment is forgotten before anything reads it.
 */
#ifndef STARTUP_ENVIRONMENT_H
#define STARTUP_ENVIRONMENT_H

/*
 * Takes all variables OPENSSL_… out of the list, in place. libcrypto reads OPENSSL_ia32cap, which says what the processor can
 * do, before main() and in a set-group-ID program, too: whoever starts the program, which need not be the web server, would
 * choose the code that handles the keys, or one that this processor does not have. A build without the sandbox keeps them: under valgrind
 * instructions are counted as any processor has them.
 */
void environment_forget(char **environment);

#endif
