"""What must be true of a finished load."""

import collections

import load

Result = collections.namedtuple("Result", "what ok seen")

# What the last fifth may hold more than the second: a part, and some KiB for the replies that those who never read leave to the server.
MEMORY_PART, MEMORY_MORE = 1.05, 8192
DESCRIPTORS_MORE = 8  # of one process, at rest
DESCRIPTORS_EACH = 4  # for a client: its connection, and what leads to the program
# mod_cgi collects a program when its request is over, for which a client has Apache's TimeOut of 10 s.
ZOMBIE_SECONDS = collections.defaultdict(lambda: 2, {"apache-cgi": 12})


def flat(run, field, what, part=1.0, more=0):
    """
    The least in a fifth of the time is what a server holds beside what comes and goes with its clients: a leak raises it. Where there
    are more processes than before, they may hold as much more as they are more.
    """
    second, last = (min(run.watch.fifth(number, field)) for number in (2, 5))
    processes, processes_last = (min(run.watch.fifth(number, "processes")) for number in (2, 5))
    allowed = second * max(1, processes_last / processes) * part + more
    return Result(what, last <= allowed, f"at least {second} in the second fifth, {last} in the last, {allowed:.0f} allowed")


def of_clients(run):
    said = {name: run.said[name] + run.warm[name] for name in ("right", "wrong", "refused", "annoyed", "spared", "broken")}
    return [
        Result("every honest request is answered", said["refused"] == 0 < said["right"], f"{said['right']} were, {said['refused']} not"),
        Result("every verdict is right", said["wrong"] == 0, f"{said['wrong']} were wrong"),
        Result("hostile clients were there", said["annoyed"] > 0 == said["spared"], f"{said['annoyed']}, {said['spared']} found no room"),
        Result("none of them breaks the program", said["broken"] == 0, f"{said['broken']} were answered 500 or 502"),
    ]


def of_server(run):
    before, after = run.before.most_descriptors, run.after.most_descriptors
    zombie, limit = run.watch.longest_zombie, ZOMBIE_SECONDS[run.name]
    return [
        Result("zombies are collected", zombie < limit, f"one was there for {zombie:.0f} s, {limit} allowed"),
        flat(run, "kibibytes", "memory is flat (KiB)", MEMORY_PART, MEMORY_MORE),
        flat(run, "descriptors", "descriptors are flat", more=DESCRIPTORS_EACH * load.CLIENTS),
        Result("descriptors are given back", after <= before + DESCRIPTORS_MORE, f"a process has {after} at rest, {before} before"),
    ]


def of_what_is_left(run):
    programs = run.after.programs
    return [
        Result("no program is left", programs == 0, f"{programs} run or are zombies, {load.SETTLED} s after the end"),
        Result("no connection to Redis is left", run.redis_left == 0, f"{run.redis_left} are, of {run.most_redis} at a time"),
        Result("no file is left", not run.files_left, " ".join(sorted(run.files_left)[:5]) or "none is"),
    ]


def of(run):
    return of_clients(run) + of_server(run) + of_what_is_left(run)
