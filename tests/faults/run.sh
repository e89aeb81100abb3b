#!/bin/sh
# run.sh BUILD: the long form of what `make check` does in short. Prints how many faults were injected and what came of them.
set -u
status=0
export OCSP_CGI_FAULTS=long
CMOCKA_MESSAGE_OUTPUT=TAP "$1/tests/test_answer_damage" 2>&1 || status=1
/usr/bin/python3 -B tests/e2e/run.py --build "$1" test_faults || status=1
exit $status
