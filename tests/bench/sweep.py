"""What grows and what it costs: CAs, serials, hashes in Redis (instructions, to stay within 5 %), CertIDs of a request."""

import os
import tempfile
import time

import sites  # first: it knows where the tests' library is
import chart
import lab
import lab_redis
import measure
import ocsp

MANY_CAS = 10000
TABLE_SIZES = (10**3, 10**5, 10**7)
HASHES = (10**3, 10**6)
CERTIDS = (1, 2, 4, 8, 16, 32, 64)


def per_cent(first, last):
    return 100 * (last - first) / first


def row(table, what, counts):
    """`counts`: instructions, from the smallest to the largest."""
    growth = max(per_cent(counts[0], count) for count in counts[1:])
    table.row(what, f"{growth:+.1f} %", "<= +5 %", growth <= 5)


class Cas(lab.Lab):
    """So many CAs in Redis, with one key and one delegate's key: the snapshot is as large, and is made in seconds."""

    def __init__(self, count, redis):
        super().__init__()
        self.cas = [self.authority("ca0")]
        key = self.cas[0].key
        self.cas += [self.authority(f"ca{number}", key=key) for number in range(1, count)]
        names = {ca.name: {"ca_cert": {"cert": ca.cert_file, "key": ca.key_file}, "status": "redis"} for ca in self.cas}
        self.compile(names, redis={"address": f"unix:{redis.path}"})
        middle = self.cas[count // 2]
        redis.put(1, 0, subject=f"/CN={middle.name}")
        self.request_file = self.write("request.der", ocsp.request(ocsp.certid(middle, 1)))

    def run(self, name):
        return [name, self.request_file, f"OCSP_CGI_SNAPSHOT={self.snapshot}", sites.CGI]


def cas(table, redis):
    counts = []
    for count in (1, MANY_CAS):
        site = Cas(count, redis)
        try:
            counts.append(measure.instructions(site.run("cas"), site.folder, ()))
        finally:
            site.close()
    row(table, f"1 -> {MANY_CAS:,} Redis CAs in the snapshot, instructions", counts)


def write_index(path, count):
    """`count` lines of `openssl ca`'s database, each fourth revoked; serials without a pattern that an index could use."""
    with open(path, "w", encoding="ascii") as file:
        for start in range(1, count + 1, 100000):
            numbers = range(start, min(start + 100000, count + 1))
            file.writelines(
                f"V\t491231235959Z\t\t{n:08X}{n * 2654435761 % 2**32:08X}\tunknown\t/CN=x\n" if n % 4 else
                f"R\t491231235959Z\t250101000000Z\t{n:08X}{n * 2654435761 % 2**32:08X}\tunknown\t/CN=x\n"
                for n in numbers
            )


def evict(path):
    """Out of the page cache, so that the next look-up reads the disk."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def look_up_cold_and_warm(site):
    """Microseconds that ocsp-cgi says it took."""
    with open(site.request_file, "rb") as file:
        der = file.read()
    evict(site.path("ca.table"))
    cold = site.ask(der).log["us"]
    return cold, sorted(site.ask(der).log["us"] for _ in range(9))[4]


def tables(table):
    counts = []
    site = sites.Site()
    try:
        for count in TABLE_SIZES:
            write_index(site.path("index.txt"), count)
            began = time.monotonic()
            site.table("ca", "--index", "index.txt")
            seconds = time.monotonic() - began
            middle = count // 2 + 1
            site.request_file = site.ask_for("request.der", [middle << 32 | middle * 2654435761 % 2**32])
            counts.append(measure.instructions(site.run("serials"), site.folder, ()))
            cold, warm = look_up_cold_and_warm(site)
            size = os.path.getsize(site.path("ca.table")) / 2**20
            print(f"    {count:>12,} serials: built in {seconds:.1f} s, {size:.1f} MiB; whole request {cold} us cold, {warm} us warm")
        row(table, f"{TABLE_SIZES[0]:,} -> {TABLE_SIZES[-1]:,} serials in a table, instructions", counts)
    finally:
        site.close()


def hashes(table, redis):
    counts = []
    had = 0
    site = sites.Site(redis=redis)
    try:
        for count in HASHES:
            sites.more_hashes(redis, had + 1, count)
            had = count
            counts.append(measure.instructions(site.run("hashes"), site.folder, ()))
        row(table, f"{HASHES[0]:,} -> {HASHES[-1]:,} hashes in Redis, instructions", counts)
    finally:
        site.close()


def sizes(table):
    redis = lab_redis.Server(tempfile.mkdtemp(prefix="ocsp-cgi-bench-"))
    try:
        cas(table, redis)
        tables(table)
        hashes(table, redis)
    finally:
        redis.close()


def certids():
    """CPU time of 1 … 64 CertIDs, from a table and from Redis, with a nonce and without."""
    redis = sites.start_redis(64)
    made = {"table": sites.Site(serials=64), "Redis": sites.Site(redis=redis)}
    curves = {}
    print(f"\nCPU time by CertIDs of a request, x floor{'':<7}" + "".join(f"{count:>8}" for count in CERTIDS))
    try:
        for source, site in made.items():
            for nonce, extensions in (("", ()), (", nonce", [ocsp.nonce(bytes(range(32)))])):
                files = [site.ask_for(f"{count}.der", range(1, count + 1), extensions=extensions) for count in CERTIDS]
                runs = [site.run(file, request=file) for file in files]
                costs = measure.timed([site.run("floor", sites.FLOOR), *runs], 9)[1:]
                curves[source + nonce] = [(count, cost.ratio) for count, cost in zip(CERTIDS, costs)]
                print(f"  P-256, {source + nonce:<38}" + "".join(f"{cost.ratio:>8.2f}" for cost in costs), flush=True)
    finally:
        for site in made.values():
            site.close()
        redis.close()
    path = f"{sites.BUILD}/bench/certids.svg"
    chart.curves_svg(curves, "CPU time of a request, as a multiple of the floor", "CertIDs in the request", path)
