#!/usr/bin/python3
"""
A CGI program that a web server runs beside ocsp-cgi, as the same user, and that wants the CA's signing key. It prints what it
got in JSON: attempt → "refused …", or what it holds in its hands then. CONFIG, below, is filled in by the test.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import time

# command (of ocsp-cgi) and its folder, snapshot, own_snapshot (of this user's making; None: it cannot be named to the command),
# request (hexadecimal), pid of a running ocsp-cgi or None
CONFIG = {}

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
PTRACE_TRACEME, PTRACE_CONT, PTRACE_ATTACH, PTRACE_SEIZE = 0, 7, 16, 0x4206


class Region(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def held(**how):
    """An ocsp-cgi of our own that waits for the rest of its body: the snapshot is mapped, the keys are in its memory."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {"OCSP_CGI_SNAPSHOT": CONFIG["snapshot"]}
    process = subprocess.Popen(CONFIG["command"], env=environment, cwd=CONFIG["folder"], **pipes, **how)
    time.sleep(0.2)
    return process


def asked(environment, **how):
    """What it answers us: the OCSPResponseStatus, and its log line."""
    request = bytes.fromhex(CONFIG["request"])
    where = {"cwd": CONFIG["folder"], "env": environment}
    done = subprocess.run(CONFIG["command"], input=request, capture_output=True, timeout=20, **where, **how)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    line = json.loads(done.stderr)
    return {"ocsp": line["ocsp"], "message": line.get("message", ""), "octets": len(body)}


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return f"got {result}"


def read(path):
    with open(path, "rb") as file:
        return f"got {len(file.read(1 << 16))} octets"


def read_memory(pid):
    octets = ctypes.create_string_buffer(16)
    local = Region(ctypes.addressof(octets), 16)
    remote = Region(0x400000, 16)
    return check(LIBC.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))


def attacks(pid):
    """What can be tried on a running process."""
    return {
        "attach": lambda: check(LIBC.ptrace(PTRACE_ATTACH, pid, None, None)),
        "seize": lambda: check(LIBC.ptrace(PTRACE_SEIZE, pid, None, None)),
        "process_vm_readv": lambda: read_memory(pid),
        "mem": lambda: f"got {os.open(f'/proc/{pid}/mem', os.O_RDWR)}",
        "maps": lambda: read(f"/proc/{pid}/maps"),
        "environ": lambda: read(f"/proc/{pid}/environ"),
        "fd": lambda: f"got {os.listdir(f'/proc/{pid}/fd')}",
        "map_files": lambda: f"got {os.listdir(f'/proc/{pid}/map_files')}",
        "exe": lambda: f"got {os.readlink(f'/proc/{pid}/exe')}",
    }


def dump():
    """Each signal whose default is a core file, with limits that would let one be written."""
    found = []
    for number in (signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV, signal.SIGSYS):
        process = held(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)))
        process.send_signal(number)
        _, status = os.waitpid(process.pid, 0)
        found.append(os.WCOREDUMP(status))
    return "refused" if not any(found) else f"got {found}"


def trace_from_the_start():
    """A traced program does not get the group: what it answers then is what it can read without."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        os.dup2(writer, 2)
        LIBC.ptrace(PTRACE_TRACEME, 0, None, None)
        os.chdir(CONFIG["folder"])
        os.execve(CONFIG["command"][0], CONFIG["command"], {"OCSP_CGI_SNAPSHOT": CONFIG["snapshot"]})
    os.close(writer)
    while True:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            break
        LIBC.ptrace(PTRACE_CONT, pid, None, None)
    with os.fdopen(reader) as log:
        said = log.read()
    return "refused" if "Permission denied" in said else f"got {said}"


def take_over(path):
    """A snapshot of our making, with our key in it: its answers would be believed by nobody, but nobody else's would be given."""
    answer = asked({"OCSP_CGI_SNAPSHOT": path})
    return f"refused: {answer['message']}" if answer["ocsp"] == "internalError" else f"got {answer}"


def attempts():
    own = held()
    yield "read", lambda: read(CONFIG["snapshot"])
    for name, attack in attacks(own.pid).items():
        yield f"own {name}", attack
    own.stdin.close()
    if CONFIG["pid"]:
        for name, attack in attacks(CONFIG["pid"]).items():
            yield f"server's {name}", attack
    yield "core", dump
    yield "trace", trace_from_the_start
    if CONFIG["own_snapshot"]:
        yield "own snapshot", lambda: take_over(CONFIG["own_snapshot"])
        yield "own snapshot by dots", lambda: take_over("/var/lib/ocsp-cgi/../../.." + CONFIG["own_snapshot"])


def tried(attempt):
    try:
        return attempt()
    except PermissionError as error:
        return f"refused: {error}"
    except Exception as error:  # anything else is no refusal: the test must look at it
        return f"failed: {error!r}"


def main():
    result = {name: tried(attempt) for name, attempt in attempts()}
    result["honest"] = asked({"OCSP_CGI_SNAPSHOT": CONFIG["snapshot"]})
    result["ids"] = [os.getuid(), os.getgid()]
    text = json.dumps(result)
    print(f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}", end="")


main()
