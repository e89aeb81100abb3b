"""S4: each way in which Redis fails ends in time, as tryLater or internalError, never as good and never as unknown."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time

import lab
import lab_redis
from lab import GOOD

SLACK = 5  # seconds: another machine's load, not ours
GOOD_RECORD = b"*3\r\n$1\r\n0\r\n$-1\r\n$-1\r\n"
TRY_LATER, INTERNAL = "tryLater", "internalError"


class Failing(lab_redis.RedisTest):
    def assert_fails(self, status, *words, asker=None):
        """The words stand in the one log line, after the address."""
        started = time.monotonic()
        reply = asker() if asker else self.lab.ask(self.request(GOOD))
        self.assertLess(time.monotonic() - started, 0.25 + SLACK)
        self.assertEqual((reply.exit_status, reply.http), (0, 200), reply.log_text)
        self.assertEqual(reply.ocsp.status, status, reply.log_text)
        self.assertEqual(reply.header("Cache-Control"), "no-store")
        log = reply.log
        self.assertEqual((log["level"], log["ocsp"]), ("error", status))
        self.assertRegex(log["message"], r"^redis (unix:/|127\.0\.0\.1:|\[::1\]:)")
        for word in words:
            self.assertIn(word, log["message"])
        return log["message"]

    def fails(self, status, script, *words):
        """The script behind what the responder says first, then the connection is closed."""
        server = lab_redis.Scripted(self.socket, ["hear", *script])
        try:
            message = self.assert_fails(status, *words)
            self.assertEqual(server.clients, 1)
            return message
        finally:
            server.close()

    @contextlib.contextmanager
    def real(self, *options):
        """A real server that knows GOOD as good."""
        server = lab_redis.Server(os.path.dirname(self.socket), *options)
        try:
            server.put(GOOD, 0)
            yield server
        finally:
            server.close()


class Connecting(Failing):
    def test_nobody_listens_on_the_socket(self):
        lab_redis.Scripted(self.socket, []).close()  # leaves the file behind
        self.assert_fails(TRY_LATER, f"unix:{self.socket}", "Connection refused", "start the server")

    def test_no_such_socket(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)
        self.assert_fails(TRY_LATER, f"unix:{self.socket}", "No such file", "start the server")

    def test_no_permission(self):
        """as a user without any rights, where the tests run as root"""
        server = lab_redis.Scripted(self.socket, ["hear", GOOD_RECORD])
        os.chmod(self.socket, 0o600 if os.getuid() == 0 else 0)
        try:
            self.assert_fails(TRY_LATER, "Permission denied", "unixsocketperm", asker=self.ask_without_rights)
            self.assertEqual(server.clients, 0)
        finally:
            server.close()

    def ask_without_rights(self):
        if os.getuid() != 0:
            return self.lab.ask(self.request(GOOD))
        copy = shutil.copy(lab.program("ocsp-cgi"), self.lab.path("ocsp-cgi"))
        os.chown(self.lab.snapshot, 0, 65534)
        environment = {"OCSP_CGI_SNAPSHOT": self.lab.snapshot, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
        rights = {"user": 65534, "group": 65534, "extra_groups": []}
        done = subprocess.run([copy], input=self.request(GOOD), capture_output=True, env=environment, timeout=60, **rights)
        return lab.Reply(done)

    def test_a_stopped_server_whose_queue_is_full(self):
        with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as waiting:
            lab_redis.listen(listener, self.socket, backlog=0)
            waiting.enter_context(socket.socket(socket.AF_UNIX)).connect(self.socket)
            self.assert_fails(TRY_LATER, "cannot connect", "accepts nobody")


class ConnectingByTcp(Failing):
    @classmethod
    def compile_site(cls):
        cls.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        cls.addClassCleanup(cls.listener.close)
        cls.address = "127.0.0.1:%d" % cls.listener.getsockname()[1]
        cls.compile_redis(cls.address)

    def test_refused(self):
        refused = f"127.0.0.1:{lab.free_port()}"
        self.compile_redis(refused)
        self.addCleanup(self.compile_redis, self.address)
        self.assert_fails(TRY_LATER, refused, "Connection refused", "start the server")

    def test_connect_that_hangs(self):
        """the queue of the listener is full, and the kernel drops what else knocks"""
        with contextlib.ExitStack() as waiting:
            for _ in range(4):
                knocking = waiting.enter_context(socket.socket())
                knocking.setblocking(False)
                knocking.connect_ex(self.listener.getsockname())
            self.assert_fails(TRY_LATER, self.address, "Connection timed out", "firewall")


class Replies(Failing):
    """A server that listens, and says something else than it should."""

    def test_reply_that_hangs(self):
        self.fails(TRY_LATER, ["hang"], "no whole reply", "timeout_ms, 250", "stopped?")

    def test_reply_cut_in_the_middle(self):
        self.fails(TRY_LATER, [GOOD_RECORD[:9]], "lost before the reply was whole")

    def test_reply_cut_before_its_last_octet(self):
        self.fails(TRY_LATER, [GOOD_RECORD[:-1]], "lost before the reply was whole")

    def test_reply_that_hangs_in_the_middle(self):
        self.fails(TRY_LATER, [GOOD_RECORD[:-1], "hang"], "no whole reply")

    def test_reply_octet_by_octet_beyond_the_timeout(self):
        """each octet comes in time, the whole does not"""
        drops = [step for octet in GOOD_RECORD for step in (bytes([octet]), 0.02)]
        self.fails(TRY_LATER, drops, "no whole reply")

    def test_closed_without_a_word(self):
        self.fails(TRY_LATER, [], "connection was lost")

    def test_loading(self):
        self.fails(TRY_LATER, [b"-LOADING Redis is loading the dataset in memory\r\n"], "LOADING", "passes")

    def test_masterdown(self):
        text = b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n"
        self.fails(TRY_LATER, [text], "MASTERDOWN", "primary")

    def test_out_of_memory(self):
        text = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
        self.fails(TRY_LATER, [text], "OOM", "maxmemory")

    def test_moved(self):
        self.fails(TRY_LATER, [b"-MOVED 866 127.0.0.1:7001\r\n"], "MOVED 866 127.0.0.1:7001", "redis.address")

    def test_turned_away_before_it_was_asked(self):
        """maxclients, protected mode: said and closed without reading"""
        server = lab_redis.Scripted(self.socket, [b"-ERR max number of clients reached\r\n"])
        try:
            self.assert_fails(TRY_LATER, "max number of clients")
        finally:
            server.close()

    def test_bulk_length_of_a_gigabyte(self):
        self.fails(INTERNAL, [b"*3\r\n$1073741824\r\n", "hang"], f"key cert:/CN=ca:{GOOD}", "redis.address")

    def test_array_of_a_gigabyte(self):
        self.fails(INTERNAL, [b"*1073741824\r\n", "hang"], f"key cert:/CN=ca:{GOOD}")

    def test_line_without_end(self):
        self.fails(INTERNAL, [b"+" + b"a" * 100000, "hang"], "redis.address")

    def test_nested_arrays(self):
        self.fails(INTERNAL, [b"*3\r\n*1\r\n$1\r\n0\r\n$-1\r\n$-1\r\n"], f"key cert:/CN=ca:{GOOD}")

    def test_deeply_nested_arrays(self):
        self.fails(INTERNAL, [b"*1\r\n" * 10000], "redis.address")

    def test_arrays_of_another_length(self):
        for reply in (b"*0\r\n", b"*-1\r\n", b"*2\r\n$1\r\n0\r\n$-1\r\n", b"*4\r\n$1\r\n0\r\n$-1\r\n$-1\r\n$-1\r\n"):
            with self.subTest(reply):
                self.fails(INTERNAL, [reply], f"key cert:/CN=ca:{GOOD}")

    def test_replies_of_another_type(self):
        inside = b"*3\r\n%s$-1\r\n$-1\r\n"
        others = (b":0\r\n", b"+0\r\n", b"$1\r\n0\r\n", b"$-1\r\n", b"+OK\r\n")
        for reply in (*others, inside % b":0\r\n", inside % b"+0\r\n", inside % b"-ERR no\r\n"):
            with self.subTest(reply):
                self.fails(INTERNAL, [reply], f"key cert:/CN=ca:{GOOD}")

    def test_more_replies_than_questions(self):
        """its answers may be another question's"""
        self.fails(INTERNAL, [GOOD_RECORD * 2], "redis.address")

    def test_resp_that_is_none(self):
        self.fails(INTERNAL, [b"\x16\x03\x01 hello"], "not what Redis answers")

    def test_server_that_speaks_http(self):
        self.fails(INTERNAL, [b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"], "not what Redis answers", "address")

    def test_killed_in_the_middle_of_its_reply(self):
        program = "import os, socket, sys; s = socket.socket(fileno=int(sys.argv[1])); c = s.accept()[0]; c.recv(9999)"
        program += "; c.sendall(sys.argv[2].encode()); os.kill(os.getpid(), 9)"
        with socket.socket(socket.AF_UNIX) as listener:
            lab_redis.listen(listener, self.socket)
            command = [sys.executable, "-c", program, str(listener.fileno()), GOOD_RECORD[:12].decode()]
            victim = subprocess.Popen(command, pass_fds=[listener.fileno()])
        # only the victim's copy of the listener is left
        self.assert_fails(TRY_LATER, "lost before the reply was whole")
        self.assertEqual(victim.wait(), -9)


class RefusedGreeting(Failing):
    """AUTH or SELECT fails, and what follows is a well-formed answer: it may come from another database."""

    redis = {"username": "ocsp", "password": "hunter2", "database": 7, "cluster": True}

    def greeting(self, *replies):
        return [b"".join(reply + b"\r\n" for reply in replies) + GOOD_RECORD]

    def test_auth_refused(self):
        text = b"-WRONGPASS invalid username-password pair or user is disabled."
        self.fails(TRY_LATER, self.greeting(text, b"+OK", b"+OK"), "AUTH: WRONGPASS", "password_file")

    def test_select_refused(self):
        self.fails(TRY_LATER, self.greeting(b"+OK", b"-ERR DB index is out of range", b"+OK"), "SELECT: ERR DB index")

    def test_readonly_refused(self):
        text = b"-ERR This instance has cluster support disabled"
        self.fails(TRY_LATER, self.greeting(b"+OK", b"+OK", text), "READONLY: ERR This instance")

    def test_whatever_the_error_says(self):
        """of a record WRONGTYPE would be internalError; AUTH and SELECT ask for none"""
        for number, command in enumerate(("AUTH", "SELECT", "READONLY")):
            for error in (b"-WRONGTYPE Operation against a key", b"-EXECABORT", b"-"):
                replies = [b"+OK"] * 3
                replies[number] = error
                with self.subTest(command, error=error):
                    self.fails(TRY_LATER, self.greeting(*replies), f"{command}: ")

    def test_auth_answered_by_something_else(self):
        for reply in (b"+QUEUED", b":1", b"$2\r\nOK", b"+OKAY"):
            with self.subTest(reply):
                self.fails(INTERNAL, self.greeting(reply, b"+OK", b"+OK"), "AUTH: ")

    def test_the_password_is_never_logged(self):
        """servers without AUTH repeat its arguments"""
        text = b"-ERR unknown command `AUTH`, with args beginning with: `ocsp`, `hunter2`,"
        message = self.fails(TRY_LATER, self.greeting(text, b"+OK", b"+OK"), "AUTH: ERR: ")
        self.assertNotIn("hunter2", message)
        long = text.replace(b"`ocsp`", b"`" + b"o" * 100 + b"`")
        self.assertNotIn("hunt", self.fails(TRY_LATER, self.greeting(long, b"+OK", b"+OK")))


class RealServer(Failing):
    def test_auth_wanted(self):
        with self.real() as redis:
            redis.do("CONFIG", "SET", "requirepass", "other")
            self.assert_fails(TRY_LATER, f"key cert:/CN=ca:{GOOD}: NOAUTH", "password_file")

    def test_forbidden_by_an_acl(self):
        with self.real() as redis:
            redis.do("ACL", "SETUSER", "default", "-hmget")
            self.assert_fails(TRY_LATER, "NOPERM", "+hmget")

    def test_key_of_another_type(self):
        with self.real() as redis:
            redis.do("SET", f"cert:/CN=ca:{GOOD}", "0")
            self.assert_fails(INTERNAL, f"key cert:/CN=ca:{GOOD}: WRONGTYPE", "no hash")

    def test_busy_with_a_script(self):
        with self.real() as redis:
            redis.do("CONFIG", "SET", "busy-reply-threshold", "1")
            script = redis.client()
            script.socket.sendall(lab_redis.encode("EVAL", "while true do end", "0"))
            time.sleep(0.1)
            self.assert_fails(TRY_LATER, "BUSY", "SCRIPT KILL")
            redis.do("SCRIPT", "KILL")
            script.close()

    def test_cluster_without_slots(self):
        server = lab_redis.Server(os.path.dirname(self.socket), *lab_redis.cluster(), port=True)
        try:
            self.assert_fails(TRY_LATER, "CLUSTERDOWN", "mend the cluster")
        finally:
            server.close()

    def test_replica_that_has_lost_its_primary(self):
        with self.real("--replica-serve-stale-data", "no") as redis:
            redis.do("REPLICAOF", "127.0.0.1", lab.free_port())
            self.assert_fails(TRY_LATER, "MASTERDOWN", "primary")

    def test_stopped(self):
        with self.real() as redis:
            redis.pause()
            self.assert_fails(TRY_LATER, "no whole reply", "stopped?")
            redis.resume()
            self.assertEqual(self.answer(self.request(GOOD)).statuses, ["good"])

    def test_killed(self):
        with self.real() as redis:
            redis.kill()
            self.assert_fails(TRY_LATER, "Connection refused")


class RealServerWithPassword(Failing):
    redis = {"username": "ocsp", "password": "wrong"}

    def test_wrong_password_where_everybody_may_read(self):
        """the default user needs none, so that HMGET behind the refused AUTH is answered well"""
        with self.real() as redis:
            redis.do("ACL", "SETUSER", "ocsp", "on", ">right", "+@all", "~*")
            message = self.assert_fails(TRY_LATER, "AUTH: WRONGPASS", "password_file")
            self.assertNotIn("wrong", message.replace("WRONGPASS", ""))


class RealServerWithoutTheDatabase(Failing):
    redis = {"database": 16}

    def test_select_out_of_range_with_an_answer_behind_it(self):
        """database 0, where the connection stays, knows the serial as good"""
        with self.real():
            self.assert_fails(TRY_LATER, "SELECT: ERR DB index is out of range", "database")
