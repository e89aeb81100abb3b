"""One run of ocsp-cgi in which one thing fails, and whether what came of it may come of anything: a right answer, an OCSP or
HTTP error, or a non-zero exit with a log line and without anything that looks like a whole reply."""

import collections
import json
import os
import re
import subprocess
import tempfile

import ocsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

NOT_INJECTED = {"exit_group", "exit", "rt_sigreturn"}  # the end itself
NOT_INJECTED |= {"futex"}  # wakes nobody here, and cannot fail; the C library ends the program if it does
FIRST_CALL = "prctl(PR_SET_DUMPABLE"  # of process_start(); what is in front of it is the C library's, before main()
ERRORS = ("EINTR", "EIO", "ENOMEM", "EAGAIN", "EPERM", "ENOSYS", "EMFILE")
ERRORS_SHORT = ("EINTR", "EIO")
# Results that are no errors: end of file, nothing ready, fewer octets than asked for.
ODD_RESULTS = {"read": ("0",), "recvfrom": ("0",), "poll": ("0",), "getrandom": ("1", "0"), "sendto": ("0",)}
RESUMED = {"read", "poll", "ppoll", "recvfrom", "sendto", "write", "getrandom"}  # after EINTR, as if nothing had been
HANG = 15  # seconds; the deadline of the sites that are asked is shorter


class Wrong(AssertionError):
    pass


def is_draw(line):
    """Of strace: a getrandom() that gave something, by nobody's injection; GRND_NONBLOCK is the C library's own."""
    return re.match(r"getrandom\(.*, \d+, 0\) += [1-9]", line) and "INJECTED" not in line


class Asked:
    """A site, and a request with what may be answered to it."""

    def __init__(self, name, program, delegate, request, statuses, **environment):
        self.name, self.program, self.delegate = name, program, delegate
        self.request, self.statuses, self.environment = request, statuses, environment
        self.outcomes = collections.Counter()

    def run(self, prefix=(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(), **more):
        command = [*prefix, os.path.abspath(self.program)]
        return subprocess.run(
            command, input=self.request, stdout=stdout, stderr=stderr, env={**self.environment, **more},
            timeout=HANG, pass_fds=pass_fds,
        )  # fmt: skip

    # ---- what came of it ----

    def judge(self, what, done, may_lose_log=False, more=None):
        """The outcome, if it is one of those that may be and `more` has nothing against it; counting it is the caller's."""
        try:
            outcome = self.outcome(done, may_lose_log)
            if more:
                more(outcome)
            return outcome
        except (Wrong, AssertionError, ValueError, IndexError, KeyError) as error:
            raise Wrong(f"{self.name}: {what}: {error!r}\nexit {done.returncode}\n{done.stdout!r}\n{done.stderr!r}") from error

    def outcome(self, done, may_lose_log):
        if done.returncode < 0 or done.returncode > 128:
            raise Wrong("ended by a signal")
        self.judge_log(done, may_lose_log)
        body = self.whole_body(done.stdout)
        if done.returncode != 0:
            if body is not None:
                raise Wrong("a whole reply, and an exit status that denies it")
            return "exit"
        if body is None:
            raise Wrong("no whole reply, and an exit status that claims it")
        return self.judge_body(done.stdout, body)

    def judge_log(self, done, may_lose_log):
        lines = done.stderr.decode("ascii").splitlines(keepends=True)
        if may_lose_log and not lines:
            return
        if len(lines) != 1 or not lines[0].endswith("\n"):
            raise Wrong("not one log line")
        line = json.loads(lines[0])
        if done.returncode != 0 and line["level"] != "error":
            raise Wrong("a failure without an error in the log")

    @staticmethod
    def whole_body(out):
        head, separator, body = out.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        whole = separator and head.startswith(b"Status: ") and length and int(length[1]) == len(body)
        return body if whole else None

    def judge_body(self, out, body):
        if b"Content-Type: application/ocsp-response\r\n" not in out:
            if re.match(rb"Status: (400|408|413|500|503) ", out):
                return "HTTP error"
            raise Wrong("an answer of another kind")
        response = ocsp.Response(body)
        if response.status != "successful":
            if response.status not in ("internalError", "tryLater", "malformedRequest"):
                raise Wrong(response.status)
            return response.status
        if response.statuses != self.statuses:
            raise Wrong(f"{response.statuses} instead of {self.statuses}")
        self.delegate.key.public_key().verify(response.signature, response.tbs, ec.ECDSA(hashes.SHA256()))
        return "right answer"

    # ---- system calls ----

    def system_calls(self):
        """Name and number, as strace counts them, of each that main() makes in an undisturbed run."""
        with tempfile.NamedTemporaryFile("r") as trace:
            done = self.run(["strace", "-qq", "-o", trace.name])
            self.judge("undisturbed", done)
            lines = list(trace)
        own = next(number for number, line in enumerate(lines) if line.startswith(FIRST_CALL))
        numbers, calls = collections.Counter(), []
        for at, line in enumerate(lines):
            name = re.match(r"(\w+)\(", line)
            if name:
                numbers[name[1]] += 1
                if at >= own and name[1] not in NOT_INJECTED:
                    calls.append((name[1], numbers[name[1]]))
        return calls

    def inject(self, call, number, how):
        what = f"{call}:{how}:when={number}"
        with tempfile.NamedTemporaryFile("r") as trace:
            done = self.run(["strace", "-qq", "-o", trace.name, "-e", f"trace={call}", "-e", f"inject={what}"])
            lines = list(trace)
        more = lambda outcome: self.judge_call(call, how, lines, outcome)
        self.outcomes[self.judge(what, done, may_lose_log=call == "write", more=more)] += 1

    @staticmethod
    def judge_call(call, how, lines, outcome):
        """What an interruption must not change; and no signature without randomness that was really drawn."""
        if call in RESUMED and how == "error=EINTR" and outcome != "right answer":
            raise Wrong(f"interrupted, and {outcome} came of it")
        if call == "getrandom" and outcome == "right answer" and not any(map(is_draw, lines)):
            raise Wrong("a signature without randomness")

    def fail_system_calls(self, errors, sample=1, offset=0):
        """Each call of each kind with each error; of all these every `sample`-th. Returns how many."""
        faults = [
            (call, number, how)
            for call, number in self.system_calls()
            for how in [*(f"error={error}" for error in errors), *(f"retval={value}" for value in ODD_RESULTS.get(call, ()))]
        ]
        chosen = faults[offset % sample :: sample]
        for fault in chosen:
            self.inject(*fault)
        return len(chosen)

    def interrupt_everything(self):
        """EINTR for every other call of each kind, from main()'s first on."""
        first = {}
        for call, number in self.system_calls():
            first.setdefault(call, number)
        for call, number in first.items():
            self.inject(call, f"{number}+2", "error=EINTR")

    # ---- allocations ----

    def fail_allocation(self, number, lasting):
        """The one of this number, and with `lasting` all later ones. Whether there was one to fail."""
        reader, writer = os.pipe()
        told = {"OCSP_CGI_ARENA_AT": str(number), "OCSP_CGI_ARENA_ON": str(int(lasting)), "OCSP_CGI_ARENA_TELL": str(writer)}
        done = self.run(pass_fds=(writer,), **told)
        os.close(writer)
        failed = os.read(reader, 1)
        os.close(reader)
        outcome = self.judge(f"allocation {number}{' and all later' if lasting else ''}", done)
        self.outcomes[outcome] += bool(failed)
        return bool(failed)

    def fail_allocations(self, lasting):
        """The first, the second, …, until there is none left to fail. Returns how many."""
        number = 0
        while number < 2000:  # a program without an arena has none
            number += 1
            if not self.fail_allocation(number, lasting):
                break
        return number - 1
