"""ocspctl issue, revoke, unrevoke, status: the writer's side, against a real Redis, and what the responder then answers."""

import os
import socket
import subprocess
import threading

import lab
import lab_redis
from lab import REVOKED_AT
from lab_redis import RedisTest

ISO = "2025-01-01T00:00:00Z"


def key(serial, subject="/CN=ca"):
    return f"cert:{subject}:{serial}"


class Between:
    """A socket in front of Redis: when `word` comes by, another client first says `meanwhile`, so many times."""

    def __init__(self, path, server, word, times, meanwhile):
        self.path, self.server, self.word, self.times, self.meanwhile = path, server, word, times, meanwhile
        self.done = 0
        self.listener = socket.socket(socket.AF_UNIX)
        lab_redis.listen(self.listener, path)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        client, _ = self.listener.accept()
        redis = lab_redis.connect(self.server.path)
        with client, redis:
            while octets := client.recv(65536):
                if self.word in octets and self.done < self.times:
                    self.server.do(*self.meanwhile)
                    self.done += 1
                redis.sendall(octets)
                client.sendall(redis.recv(65536))  # unrevoke waits for each reply

    def close(self):
        self.thread.join()
        self.listener.close()


class Writing(RedisTest):
    user = ()

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis()

    def setUp(self):
        self.server.do("FLUSHALL")

    def run_ctl(self, command, *arguments, given=None, ca="ca", config="config.yaml"):
        words = [lab.program("ocspctl"), command, "-c", config, "--ca", ca, *map(str, arguments)]
        return subprocess.run(words, cwd=self.lab.folder, capture_output=True, text=True, input=given or "", timeout=120)

    def done(self, command, *arguments, **how):
        """It must have worked, without a word on standard error."""
        done = self.run_ctl(command, *arguments, **how)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout.splitlines()

    def refused(self, words, command, *arguments, status=1, **how):
        done = self.run_ctl(command, *arguments, **how)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, done.stderr)
        return done

    def fields(self, serial):
        flat = self.server.do("HGETALL", key(serial))
        return {flat[i].decode(): flat[i + 1].decode() for i in range(0, len(flat), 2)}

    def revoked(self, reason=0, time=REVOKED_AT):
        return {"status": "1", "revocation_time": str(time), "revocation_reason": str(reason)}


class Issue(Writing):
    def test_writes_what_the_ruby_writer_wrote(self):
        self.assertEqual(self.done("issue", 4097), ["0x1001 (4097): issued"])
        self.assertEqual(self.fields(4097), {"status": "0"})

    def test_both_bases_are_one_serial(self):
        self.done("issue", "0x1001")
        self.refused("0x1001 (4097): was issued before", "issue", "4097")

    def test_a_serial_that_is_there_is_refused_and_stays(self):
        self.server.put(5, 1, REVOKED_AT, 4)
        self.refused(["0x05 (5)", f"revoked since {ISO}, superseded"], "issue", 5)
        self.assertEqual(self.fields(5), self.revoked(4))

    def test_an_undecodable_record_is_there_too(self):
        self.server.put(5, "abc")
        self.refused('status "abc"', "issue", 5)
        self.assertEqual(self.fields(5), {"status": "abc"})

    def test_one_that_fails_does_not_stop_the_others(self):
        self.done("issue", 2)
        done = self.refused(["was issued before", '"x"'], "issue", 1, 2, "x", 3)
        self.assertEqual(done.stdout, "0x01 (1): issued\n0x03 (3): issued\n")
        self.assertEqual(self.fields(3), {"status": "0"})

    def test_standard_input_when_none_is_given_and_with_a_dash(self):
        self.assertEqual(self.done("issue", given="# serials\n\n 1 \n0x02\r\n"), ["0x01 (1): issued", "0x02 (2): issued"])
        self.assertEqual(
            self.done("issue", 3, "-", 5, given="4"), ["0x03 (3): issued", "0x04 (4): issued", "0x05 (5): issued"]
        )
        for given in ("", "\n# none\n"):
            for command in ("status", "issue", "revoke", "unrevoke"):
                self.refused("standard input has no serials", command, given=given, status=2)
        self.refused("standard input:2: error: \"ab\": the serial has hexadecimal digits; write 0x", "issue", given="6\nab\n")

    def test_a_certificate_gives_its_serial(self):
        serial = self.delegate.certificate.serial_number
        self.assertEqual(self.done("issue", "--cert", "ocsp.pem"), [f"0x{serial:02x} ({serial}): issued"])
        self.assertEqual(self.fields(serial), {"status": "0"})

    def test_a_certificate_of_another_ca_is_refused(self):
        other = self.lab.authority("other")
        self.lab.certificate("foreign", other)
        self.refused("foreign.pem: error: the certificate was issued by another CA", "issue", "--cert", "foreign.pem")
        self.assertEqual(self.server.do("DBSIZE"), 0)

    def test_a_certificate_that_only_claims_to_be_of_this_ca_is_refused(self):
        """another CA with this one's name, and a signature that was changed"""
        twin = self.lab.authority("twin", subject=self.ca.certificate.subject)
        self.lab.certificate("forged", twin)
        der = bytearray(self.delegate.der())
        der[-1] ^= 1
        self.lab.write("changed.der", bytes(der))
        for name in ("forged.pem", "changed.der"):
            for command in ("issue", "revoke", "unrevoke", "status"):
                with self.subTest(command, name=name):
                    done = self.refused(f"{name}: error: the certificate has this CA's name", command, "--cert", name)
                    self.assertIn("its signature does not verify with the CA's key", done.stderr)
        self.assertEqual(self.server.do("DBSIZE"), 0)

    def test_the_longest_serial(self):
        longest = 2**511 - 1
        self.done("issue", longest)
        self.assertEqual(self.fields(longest), {"status": "0"})
        self.refused("longer than 64 octets", "issue", longest + 1)

    def test_several_writers_of_one_serial_exactly_one_succeeds(self):
        words = [lab.program("ocspctl"), "issue", "-c", "config.yaml", "--ca", "ca"]
        serials = "".join(f"{i}\n" for i in range(1000, 1200))
        writers = [
            subprocess.Popen(words, cwd=self.lab.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for _ in range(4)
        ]
        for writer in writers:
            writer.stdin.write(serials.encode())
        issued = [line for writer in writers for line in writer.communicate()[0].splitlines()]
        self.assertEqual((len(issued), len(set(issued))), (200, 200))


class Revoke(Writing):
    def test_writes_what_the_ruby_writer_wrote(self):
        self.done("issue", 5)
        said = self.done("revoke", 5, "--time", REVOKED_AT, "--reason", 4)
        self.assertEqual(said, [f"0x05 (5): revoked since {ISO}, superseded (was: good)"])
        self.assertEqual(self.fields(5), self.revoked(4))

    def test_now_and_unspecified_by_default(self):
        before = lab.now()
        self.done("revoke", 5)
        self.assertIn(int(self.fields(5)["revocation_time"]) - before, range(0, 30))
        self.assertEqual(self.fields(5)["revocation_reason"], "0")

    def test_one_that_was_never_issued_becomes_revoked_and_it_is_said(self):
        self.assertIn("(was: not issued)", self.done("revoke", 5)[0])

    def test_again_gives_the_new_time_and_reason_and_it_is_said(self):
        self.server.put(5, 1, REVOKED_AT, 6)
        self.assertIn(f"(was: revoked since {ISO}, certificateHold)", self.done("revoke", 5, "--reason", "keyCompromise")[0])
        self.assertEqual(self.fields(5)["revocation_reason"], "1")

    def test_time_in_both_forms_and_every_reason(self):
        names = "unspecified keyCompromise cACompromise affiliationChanged superseded cessationOfOperation certificateHold"
        reasons = list(enumerate(names.split())) + [(9, "privilegeWithdrawn"), (10, "aACompromise")]
        for number, name in reasons:
            for given in (number, name, name.upper()):
                with self.subTest(given=given):
                    self.done("revoke", 5, "--time", ISO, "--reason", given)
                    self.assertEqual(self.fields(5), self.revoked(number))

    def test_what_is_no_reason_or_time_is_a_usage_error_and_nothing_is_written(self):
        for arguments, words in (
            (("--reason", "removeFromCRL"), "unrevoke"),
            (("--reason", 8), "unrevoke"),
            (("--reason", 7), "not used"),
            (("--reason", 11), "no name or number"),
            (("--reason", "compromised"), "no name or number"),
            (("--time", lab.now() + 1000), "future"),
            (("--time", "2025-02-29T00:00:00Z"), "neither"),
            (("--time", -1), "neither"),
            (("--time", "yesterday"), "neither"),
        ):
            with self.subTest(arguments=arguments):
                self.refused(words, "revoke", 5, *arguments, status=2)
        self.assertEqual(self.server.do("DBSIZE"), 0)

    def test_an_undecodable_record_becomes_readable(self):
        self.server.put(5, "abc", "x", "y")
        self.assertIn('(was: undecodable: status "abc", revocation_time "x"', self.done("revoke", 5, "--time", ISO)[0])
        self.assertEqual(self.fields(5), self.revoked())

    def test_no_reader_ever_sees_half_of_it(self):
        """Each record that is read meanwhile is whole: revoked with time and reason, or good."""
        seen, stop = [], threading.Event()

        def read():
            client = self.server.client()
            while not stop.is_set():
                seen.append(tuple(client("HMGET", key(5), "status", "revocation_time", "revocation_reason")))
            client.close()

        reader = threading.Thread(target=read)
        reader.start()
        for i in range(20):
            self.done("revoke", *[5] * 20, "--time", REVOKED_AT + i, "--reason", 1 + i % 4)
            self.server.do("DEL", key(5))
            self.done("issue", 5)
        stop.set()
        reader.join()
        whole = {(b"1", b"%d" % (REVOKED_AT + i), b"%d" % (1 + i % 4)) for i in range(20)}
        self.assertLessEqual(set(seen), whole | {(None, None, None), (b"0", None, None)})
        self.assertTrue(whole & set(seen))


class Unrevoke(Writing):
    def test_leaves_the_old_time_and_reason_as_the_ruby_writer_did(self):
        self.server.put(5, 1, REVOKED_AT, 6)
        self.assertEqual(
            self.done("unrevoke", 5), [f"0x05 (5): good (was: revoked since {ISO}, certificateHold)"]
        )
        self.assertEqual(self.fields(5), {**self.revoked(6), "status": "0"})

    def test_one_that_is_not_there_is_refused_and_not_created(self):
        self.server.put(6, 1, REVOKED_AT, 6)
        done = self.refused("0x05 (5): cannot be unrevoked: not issued", "unrevoke", 5, 6)
        self.assertIn("0x06 (6): good", done.stdout)
        self.assertEqual(self.server.do("DBSIZE"), 1)

    def test_an_undecodable_record_does_not_become_good(self):
        odd = {"status": "1", "revocation_time": "x"}, {"status": "1", "revocation_time": "01"}
        for fields in ({"status": "abc"}, {"status": "01"}, *odd, {"revocation_reason": "1"}):
            with self.subTest(fields=fields):
                self.server.do("DEL", key(5))
                self.server.do("HMSET", key(5), *[word for pair in fields.items() for word in pair])
                self.refused("undecodable", "unrevoke", 5)
                self.assertEqual(self.fields(5), fields)

    def unrevoke_while(self, times, *meanwhile):
        """unrevoke, where another writer is quick enough, so many times, to do something between its look and its write."""
        between = Between(self.lab.path("between.sock"), self.server, b"MULTI", times, meanwhile)
        self.addCleanup(between.close)
        kept = open(self.lab.path("config.yaml")).read()
        self.addCleanup(self.lab.write, "config.yaml", kept)
        self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={"address": f"unix:{between.path}"})
        done = self.run_ctl("unrevoke", 5)
        self.assertGreater(between.done, 0)
        return done

    def test_a_record_that_is_deleted_meanwhile_does_not_come_back_as_good(self):
        self.server.put(5, 1, REVOKED_AT, 6)
        done = self.unrevoke_while(1, "DEL", key(5))
        self.assertEqual(done.returncode, 1)
        self.assertIn("not issued", done.stderr)
        self.assertEqual(self.server.do("DBSIZE"), 0)

    def test_a_record_that_is_damaged_meanwhile_does_not_become_good(self):
        self.server.put(5, 1, REVOKED_AT, 6)
        self.assertEqual(self.unrevoke_while(1, "HSET", key(5), "revocation_time", "x").returncode, 1)
        self.assertEqual(self.fields(5)["status"], "1")

    def test_one_that_another_changes_meanwhile_is_looked_at_again(self):
        self.server.put(5, 1, REVOKED_AT, 6)
        done = self.unrevoke_while(2, "HSET", key(5), "revocation_reason", 1)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"(was: revoked since {ISO}, keyCompromise)", done.stdout)

    def test_it_gives_up_at_last(self):
        self.server.put(5, 1, REVOKED_AT, 6)
        done = self.unrevoke_while(1000, "HINCRBY", key(5), "revocation_time", 1)
        self.assertEqual(done.returncode, 1)
        self.assertIn("others change it all the time", done.stderr)
        self.assertEqual(self.fields(5)["status"], "1")


class Status(Writing):
    def test_each_state(self):
        self.server.put(1, 0)
        self.server.put(2, 1, REVOKED_AT, 1)
        self.server.put(3, 1)
        self.server.put(4, 2)
        self.assertEqual(
            self.done("status", 1, 2, 3, 4),
            [
                "0x01 (1): good",
                f"0x02 (2): revoked since {ISO}, keyCompromise",
                "0x03 (3): revoked since 1970-01-01T00:00:00Z, unspecified",
                "0x04 (4): unknown (status 2)",
            ],
        )

    def test_what_is_not_there_or_not_readable_is_exit_1(self):
        self.server.put(2, 1, REVOKED_AT, 8)
        self.server.put(3, "1\x1b[2J")
        self.server.do("SET", key(4), "text")
        self.server.put(5, "00")
        self.server.put(6, 1, REVOKED_AT, "01")
        undecodable = (5, 'undecodable: status "00"'), (6, 'revocation_reason "01"')
        for serial, words in ((1, "not issued"), (2, "undecodable"), (3, '"1?[2J"'), (4, "WRONGTYPE"), *undecodable):
            with self.subTest(serial=serial):
                done = self.run_ctl("status", serial)
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stdout)

    def test_agrees_with_the_responder(self):
        self.server.put(1, 0)
        self.server.put(2, 1, REVOKED_AT, 1)
        for serial, status in ((1, "good"), (2, "revoked"), (3, "unknown")):
            self.assertEqual(self.answer(self.request(serial)).statuses, [status])
        self.done("revoke", 1, "--time", ISO)
        self.done("unrevoke", 2)
        self.done("issue", 3)
        self.assertEqual(self.answer(self.request(1, 2, 3)).statuses, ["revoked", "good", "good"])


class Users(Writing):
    """An ACL user with the rights that --help names, and no others."""

    redis = {"username": "ca", "password": "secret", "database": 3}

    def setUp(self):
        self.allow("hmget", "hsetnx", "hmset", "watch", "multi", "exec", "unwatch")
        self.server.do("FLUSHALL")

    def allow(self, *commands):
        rights = [f"+{command}" for command in commands]
        self.server.do("ACL", "SETUSER", "ca", "reset", "on", ">secret", "~cert:*", "+select", *rights)

    def test_every_command(self):
        self.done("issue", 5)
        self.done("revoke", 5)
        self.done("unrevoke", 5)
        self.done("status", 5)
        self.assertEqual(self.server.do("DBSIZE"), 0)  # of database 0
        client = self.server.client()
        client("SELECT", 3)
        self.assertEqual(client("HGET", key(5), "status"), b"0")
        client.close()

    def test_a_missing_right_is_named_and_nothing_is_written(self):
        self.done("revoke", 5, "--time", ISO)
        for command, missing in (("issue", "hsetnx"), ("revoke", "hmset"), ("status", "hmget")):
            with self.subTest(command=command):
                self.allow(*({"hmget", "hsetnx", "hmset"} - {missing}))
                done = self.run_ctl(command, 6)
                self.assertEqual(done.returncode, 1)
                self.assertIn("NOPERM", done.stdout + done.stderr)
                self.assertIn("ACL", done.stdout + done.stderr)
        everything = {"hmget", "hmset", "watch", "multi", "exec", "unwatch"}
        for missing in ("hmget", "hmset", "watch", "multi", "exec"):
            with self.subTest(command="unrevoke", missing=missing):
                self.allow(*(everything - {missing}))
                self.refused("NOPERM", "unrevoke", 5)
                self.allow("hmget")
                self.assertIn("revoked", self.done("status", 5)[0])
        self.assertEqual(self.run_ctl("status", 6).returncode, 1)

    def test_a_wrong_password(self):
        self.server.do("ACL", "SETUSER", "ca", "reset", "on", ">another", "~*", "+@all")
        self.refused(["AUTH refused: WRONGPASS", "redis.username"], "issue", 5)

    def test_the_password_is_not_repeated(self):
        """servers without AUTH repeat its arguments, cut where they become long"""
        for name in ("ca", "c" * 120):
            for text in (f"args beginning with: '{name}' 'secret'", f"args beginning with: '{name}' 'sec'", "AUTH ca secret?"):
                server = lab_redis.Scripted(self.lab.path("scripted"), ["hear", f"-ERR unknown command 'AUTH', with {text}\r\n".encode()])
                self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={**self.redis, "username": name, "address": f"unix:{server.address}"})
                done = self.refused("AUTH refused: ERR; check", "status", 5)
                self.assertNotIn("sec", done.stderr + done.stdout)
                server.close()


class Faults(Writing):
    def test_a_ca_with_a_table_names_it(self):
        self.lab.write("table.yaml", open(self.lab.path("config.yaml")).read().replace('"redis"', '{"table": "x.table"}', 2))
        config = {"ca": {**lab_redis.redis_ca("ca", self.delegate), "status": {"table": "x.table"}}}
        kept = open(self.lab.path("config.yaml")).read()
        self.lab.configure(config)
        os.rename(self.lab.path("config.yaml"), self.lab.path("table.yaml"))
        self.lab.write("config.yaml", kept)
        self.refused(["x.table", "not from Redis"], "issue", 5, config="table.yaml")

    def test_no_key_file_is_opened(self):
        kept = self.lab.path("ocsp.key.away")
        os.rename(self.lab.path("ocsp.key"), kept)
        self.addCleanup(os.rename, kept, self.lab.path("ocsp.key"))
        self.done("issue", 5)

    def test_usage(self):
        program = lab.program("ocspctl")
        for command in ("issue", "revoke", "unrevoke", "status", "import", "export"):
            with self.subTest(command=command):
                self.assertEqual(subprocess.run([program, command], capture_output=True, input="").returncode, 2)
                done = subprocess.run([program, command, "--help"], capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(f"Usage: ocspctl {command} --ca NAME", done.stdout)
        self.refused("goes with revoke", "issue", 5, "--reason", 1, status=2)
        self.refused("goes with revoke", "issue", 5, "--time", 1, status=2)
        self.refused("unknown", "issue", "--force", 5, status=2)

    def test_an_unknown_ca_lists_the_known(self):
        self.refused("ca", "issue", 5, ca="cb")

    def test_a_replica_says_where_to_write(self):
        self.server.do("REPLICAOF", "127.0.0.1", "1")
        self.addCleanup(self.server.do, "REPLICAOF", "NO", "ONE")
        self.refused(["READONLY", "the primary"], "issue", 5)
        self.refused(["READONLY", "the primary"], "revoke", 5)

    def test_wrongtype_stays_as_it_is(self):
        self.server.do("SET", key(5), "text")
        for command in ("issue", "revoke", "unrevoke"):
            with self.subTest(command=command):
                self.refused("WRONGTYPE", command, 5)
        self.assertEqual(self.server.do("GET", key(5)), b"text")

    def test_no_server(self):
        self.server.kill()
        self.addCleanup(self.server.start)
        self.refused(["cannot connect", "is the server up"], "issue", 5)

    def test_the_next_address_is_tried(self):
        kept = open(self.lab.path("config.yaml")).read()
        self.addCleanup(self.lab.write, "config.yaml", kept)
        addresses = [f"unix:{self.lab.path('none.sock')}", f"unix:{self.socket}"]
        self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={"address": addresses})
        done = self.run_ctl("issue", 5)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("trying the next address", done.stderr)

    def scripted(self, *script):
        path = self.lab.path("scripted/redis.sock")
        server = lab_redis.Scripted(path, script)
        self.addCleanup(server.close)
        kept = open(self.lab.path("config.yaml")).read()
        self.addCleanup(self.lab.write, "config.yaml", kept)
        self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={"address": f"unix:{path}"})
        return server

    def test_a_connection_lost_before_the_reply_is_no_success(self):
        self.scripted("hear")
        done = self.refused(["closed the connection", "nobody knows", "ocspctl status"], "issue", 5, 6)
        self.assertEqual(done.stdout, "")

    def test_what_is_not_redis(self):
        self.scripted("hear", b"HTTP/1.1 400 Bad Request\r\n\r\n")
        for command in ("issue", "revoke", "unrevoke"):
            done = self.refused("is not Redis", command, 5)
            self.assertEqual(done.stdout, "")
        self.assertEqual(self.run_ctl("status", 5).returncode, 1)
