"""How Redis is reached: addresses, users and passwords, replicas."""

import os
import socket
import subprocess
import time

import lab
import lab_redis
from lab import GOOD, REVOKED, REVOKED_AT, UNKNOWN
from lab_redis import RedisTest, fill


class Asking(RedisTest):
    def assert_answers(self):
        response = self.answer(self.request(GOOD, REVOKED, UNKNOWN))
        self.assertEqual(response.statuses, ["good", "revoked", "unknown"])
        revoked = response.singles[1]
        self.assertEqual((revoked.revocation_time, revoked.reason), (REVOKED_AT, 1))

    def assert_answers_from(self, address, **redis):
        self.compile_redis(address, **redis)
        self.assert_answers()


class Address(Asking):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis(port=True)
        fill(cls.server)

    def test_unix_socket(self):
        self.assert_answers_from(f"unix:{self.socket}")

    def test_unix_socket_by_a_path_from_the_configurations_folder(self):
        relative = os.path.relpath(self.socket, self.lab.folder)
        self.assertFalse(relative.startswith("/"))
        for address in (f"unix:{relative}", ["unix:no-such.sock", f"unix:./{relative}"]):
            self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={"address": address})
            words = ["compile", "-c", self.lab.path("config.yaml"), "-o", self.lab.path("snapshot")]
            done = subprocess.run([lab.program("ocspctl"), *words], cwd="/", capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"Redis at unix:{self.lab.folder}/", self.lab.must("show", "snapshot").stdout)
            self.assert_answers()

    def test_ipv4(self):
        self.assert_answers_from(f"127.0.0.1:{self.server.port}")

    def test_ipv6(self):
        if not os.path.exists("/proc/net/if_inet6") or not open("/proc/net/if_inet6").read():
            self.skipTest("no IPv6 here")
        self.assert_answers_from(f"[::1]:{self.server.port}")

    def test_host_name_resolved_when_compiled(self):
        try:
            socket.getaddrinfo("localhost", None)
        except socket.gaierror as error:
            self.skipTest(f"this system does not resolve localhost: {error}")
        self.assert_answers_from(f"localhost:{self.server.port}")
        shown = self.lab.must("show", "snapshot").stdout
        self.assertIn(f"127.0.0.1:{self.server.port}", shown)
        self.assertNotIn("localhost", shown)

    def test_host_name_that_is_none(self):
        self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate)}, redis={"address": "no-such-host.invalid:6379"})
        done = self.lab.ctl("compile", "-c", "config.yaml", "-o", "refused")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"config\.yaml:\d+:\d+: .*no-such-host\.invalid cannot be resolved")

    def test_url(self):
        self.assert_answers_from(f"redis://127.0.0.1:{self.server.port}")

    def test_url_with_a_database(self):
        client = self.server.client()
        client("SELECT", 3)
        client("HMSET", f"cert:/CN=ca:{GOOD}", "status", 1)
        client.close()
        self.compile_redis(f"redis://127.0.0.1:{self.server.port}/3")
        self.assertEqual(self.answer(self.request(GOOD, REVOKED)).statuses, ["revoked", "unknown"])

    def test_list_whose_first_refuses(self):
        self.assert_answers_from([f"127.0.0.1:{lab.free_port()}", "unix:/no/such/socket", f"unix:{self.socket}"])

    def test_list_whose_first_hangs_while_it_connects(self):
        self.assert_answers_from([lab_redis.hanging_address(self), f"127.0.0.1:{self.server.port}"], timeout_ms=1000)

    def test_list_is_not_searched_for_another_answer(self):
        """connect failures only: whoever can be connected to is asked"""
        first = lab_redis.Scripted(self.lab.path("scripted.sock"), ["hear", b"-LOADING busy\r\n"])
        self.addCleanup(first.close)
        self.compile_redis([f"unix:{self.lab.path('scripted.sock')}", f"unix:{self.socket}"])
        self.assert_error(self.request(GOOD), "tryLater")

    def test_key_prefix_beyond_all_measure_is_refused(self):
        self.lab.configure({"ca": lab_redis.redis_ca("ca", self.delegate, redis_subject="/CN=" + "x" * 4096)})
        done = self.lab.ctl("compile", "-c", "config.yaml", "-o", "refused")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"config\.yaml:\d+:\d+: .*shorter redis_subject")


def rights_of_the_example():
    """The one line of config.yaml.example, to be typed into redis-cli."""
    with open(os.path.join(lab.ROOT, "config.yaml.example"), encoding="utf-8") as file:
        (line,) = [line for line in file if "ACL SETUSER ocsp " in line]
    return line[line.index("ACL") :].split()


class Authentication(Asking):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.server = cls.start_redis()
        fill(cls.server)

    def test_password_only(self):
        self.server.do("CONFIG", "SET", "requirepass", "pass word\\")
        try:
            self.assert_answers_from(f"unix:{self.socket}", password="pass word\\")
            self.lab.write("redis.password", "pass word\\\n")
            self.assert_answers_from(f"unix:{self.socket}", password_file="redis.password")
        finally:
            client = self.server.client()
            client("AUTH", "pass word\\")
            client("CONFIG", "SET", "requirepass", "")
            client.close()

    def test_user_and_password(self):
        """With the rights that config.yaml.example names, and no others."""
        self.server.do(*rights_of_the_example())
        self.assert_answers_from(f"unix:{self.socket}", username="ocsp", password="secret")
        self.assertEqual(self.lab.get("/status").body, b"OK")

    def test_user_password_and_database(self):
        self.server.do(*rights_of_the_example())
        client = self.server.client()
        client("SELECT", 5)
        client("HMSET", f"cert:/CN=ca:{GOOD}", "status", 1)
        client.close()
        self.compile_redis(f"unix:{self.socket}", username="ocsp", password="secret", database=5)
        self.assertEqual(self.answer(self.request(GOOD)).statuses, ["revoked"])
        self.assertEqual(self.lab.get("/status").body, b"OK")


class Replicas(Asking):
    def wait_for_sync(self, replica):
        deadline = time.monotonic() + 20
        while "master_link_status:up" not in replica.do("INFO", "replication").decode():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_replica(self):
        primary = lab_redis.Server(self.lab.path("primary"), "--repl-diskless-sync-delay", "0", port=True)
        self.addCleanup(primary.close)
        fill(primary)
        replica = lab_redis.Server(self.lab.path("redis"), "--replicaof", f"127.0.0.1 {primary.port}")
        self.addCleanup(replica.close)
        self.wait_for_sync(replica)
        self.assert_answers_from(f"unix:{self.socket}")

    def test_replica_of_a_cluster(self):
        """which answers after READONLY only"""
        primary = lab_redis.Server(self.lab.path("primary"), *lab_redis.cluster(), "--repl-diskless-sync-delay", "0", port=True)
        self.addCleanup(primary.close)
        self.assertEqual(primary.do("CLUSTER", "ADDSLOTSRANGE", 0, 16383), "OK")
        self.until(lambda: "cluster_state:ok" in primary.do("CLUSTER", "INFO").decode())
        fill(primary)
        replica = lab_redis.Server(self.lab.path("redis"), *lab_redis.cluster(), port=True)
        self.addCleanup(replica.close)
        bus = primary.options[primary.options.index("--cluster-port") + 1]
        replica.do("CLUSTER", "MEET", "127.0.0.1", primary.port, bus)
        name = primary.do("CLUSTER", "MYID")
        self.until(lambda: replica.do("CLUSTER", "REPLICATE", name.decode()) == "OK")
        self.wait_for_sync(replica)
        self.until(lambda: "cluster_state:ok" in replica.do("CLUSTER", "INFO").decode())
        self.assert_answers_from(f"unix:{self.socket}", cluster=True)
        user = {"username": "ocsp", "password": "secret", "cluster": True}
        replica.do(*rights_of_the_example())
        self.compile_redis(f"unix:{self.socket}", **user)
        reply = self.lab.ask(self.request(GOOD))
        self.assertEqual(reply.ocsp.status, "tryLater")
        self.assertIn("READONLY: NOPERM", reply.log["message"])
        replica.do(*rights_of_the_example(), "+readonly")
        self.assert_answers_from(f"unix:{self.socket}", **user)
        self.assertEqual(self.lab.get("/status").body, b"OK")
        self.compile_redis(f"unix:{self.socket}")
        reply = self.lab.ask(self.request(GOOD))
        self.assertEqual(reply.ocsp.status, "tryLater")
        self.assertIn("MOVED", reply.log["message"])

    def until(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
