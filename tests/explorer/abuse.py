"""Abuse of the explorer's server: random and hostile requests, many at once, and what must still hold afterwards.

    python -m tests.explorer.abuse 10000

The server runs in a process of its own, in which Python reports every file that is opened and every process, connection and file
that is made. Afterwards it must still answer a good request as before, hold no more memory than a bound says, have read nothing
outside of its folder and written nothing, and have answered nothing with a status that does not fit, or with a traceback.
"""

import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from mesascope.explorer.agents import Agents
from mesascope.explorer.connections import PATIENCE
from mesascope.explorer.folders import Folders
from mesascope.explorer.server import listening, serve
from tests.explorer.folders import named, study_under_way, three
from tests.explorer.hostile import CUT, LEVEL, Hostile, Target, draw, post, request

MOST_GROWTH = 0.05
"""Share by which memory may grow from after the first requests, a tenth of all, to the end."""
TOGETHER = 32
"""Requests under way at once."""
CONNECTIONS = 64
"""Connections that the server takes at once."""
SECRET = "a-secret-that-no-answer-may-hold"
READY = "ready "
_PATIENT = 120.0
"""Seconds after which a server that does not answer is given up."""


class Reply(NamedTuple):
    """What came back: a status, `CUT` for none, and everything that was sent."""

    status: int
    text: bytes


def exchange(port: int, data: bytes, *, half: bool = False) -> Reply:
    """Send bytes on a connection of their own and take what comes back; with `half` nothing more is sent, and that is said."""
    found = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_PATIENT) as own:
            try:
                own.sendall(data)
                if half:
                    own.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it was refused before it was whole; the answer may be there
            while not _whole(found) and (piece := own.recv(65_536)):
                found += piece
    except TimeoutError:
        raise
    except OSError:
        pass
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", found)
    return Reply(int(match[1]) if match else CUT, found)


def _whole(found: bytes) -> bool:
    """Whether an answer is there to its end."""
    head, end, body = found.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    none = b" 204 " in head[:20] or b" 304 " in head[:20]
    return bool(end) and (none or (length is not None and len(body) >= int(length[1])))


class Counted(NamedTuple):
    """What came of some requests: how many got which status, by kind, and what is wrong."""

    statuses: Counter
    wrong: list[str]


def attack(target: Target, count: int, seed: int, together: int = TOGETHER) -> Counted:
    """Send so many requests, several at once."""
    rng = random.Random(seed)
    statuses, wrong, lock = Counter(), [], threading.Lock()

    def ask(one: Hostile) -> None:
        # An answer to HEAD has a length and no body: the sender's end is told, so that the server closes.
        reply = exchange(target.port, one.data, half=one.half or one.data.startswith(b"HEAD"))
        with lock:
            statuses[one.kind, reply.status] += 1
            wrong.extend(faults(one, reply, target))

    with ThreadPoolExecutor(together) as pool:
        for _ in pool.map(ask, (draw(rng, target) for _ in range(count))):
            pass
    return Counted(statuses, wrong)


def faults(one: Hostile, reply: Reply, target: Target) -> list[str]:
    """What is wrong with the answer to a request."""
    found = []
    # A server with too many connections says that it is busy before it looks at what is asked.
    if reply.status not in one.allowed | {503}:
        found.append(f"{one.kind}: status {reply.status} for {one.data[:200]!r}")
    if b"Traceback" in reply.text:
        found.append(f"{one.kind}: a traceback for {one.data[:200]!r}")
    if SECRET.encode() in reply.text or (one.stranger and target.token.encode() in reply.text):
        found.append(f"{one.kind}: a secret for {one.data[:200]!r}")
    return found


def answered(target: Target) -> bytes:
    """The answer to a good question, waited for while the agent loads."""
    asked = json.dumps({"agent": target.ids[0], "levels": [LEVEL]}).encode()
    end = time.monotonic() + _PATIENT
    while time.monotonic() < end:
        reply = exchange(target.port, post(target, "/answer", asked))
        if reply.status == 200:
            return reply.text.partition(b"\r\n\r\n")[2]
        time.sleep(0.2)
    raise TimeoutError(f"no answer to a good question within {_PATIENT:g} seconds; the last was {reply}")


def known_ids(target: Target) -> tuple[str, ...]:
    """The ids of all results in the list, that of the organism first, which the server answers for."""
    page = exchange(target.port, request(target, "GET", "/")).text.decode()
    found = sorted(set(re.findall(r"/result/([a-z0-9-]+)", page)))
    return tuple(sorted(found, key=lambda one: not one.startswith("compass")))


def fill(folder: Path) -> Path:
    """A folder to explore, with a secret beside it and a link to it inside."""
    root = folder / "root"
    three(root / "three")
    named(root / "compass", "organism", "organism:compass")
    named(root / "module", "python", "python:os:nothing")
    named(folder / "outside", "saved", SECRET, name=SECRET)
    study_under_way(root / "grid")
    (folder / "secret.txt").write_text(SECRET)
    (root / "secret.txt").symlink_to(folder / "secret.txt")
    (root / "link").symlink_to(folder / "outside")
    return root


def contents(folder: Path) -> dict[str, bytes]:
    """All files by name, as they are."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


_MADE = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.chown",
    "os.truncate",
    "os.utime",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "subprocess.Popen",
    "socket.connect",
    "shutil.rmtree",
    "pickle.find_class",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def forbidden(event: str, args: tuple, readable: tuple[Path, ...]) -> str:
    """What a server must not have done, of what Python reports; "" for anything else."""
    if event in _MADE:
        return f"{event} {args!r}"
    if event not in ("open", "os.listdir", "os.scandir") or not args or isinstance(args[0], int) or args[0] is None:
        return ""
    path = Path(os.path.realpath(os.fsdecode(args[0])))
    if event == "open" and isinstance(args[2], int) and args[2] & _WRITING:
        return f"open for writing {path}"
    return "" if any(path.is_relative_to(place) for place in readable) else f"{event} {path}"


def be_server(root: Path) -> None:
    """Serve a folder until standard input ends, and print what Python reports that must not be."""
    libraries = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix, *sys.path) if p} - {Path.cwd()}
    own = Path(__file__).resolve().parents[2]
    readable = (root.resolve(), own / "mesascope", own / "tests", Path("/proc"), Path("/sys"), *libraries)
    folders = Folders([root])
    with listening("127.0.0.1", 0) as (found, access):

        def ready() -> None:
            print(READY + json.dumps([access.port, access.token, access.cookie]), flush=True)
            sys.addaudithook(report)

        def report(event: str, args: tuple) -> None:
            if said := forbidden(event, args, readable):
                os.write(1, (said + "\n").encode("utf-8", "replace"))

        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        serve(found, access, folders, Agents(folders), ready)


class Server:
    """The server's process; used as a context."""

    def __init__(self, folder: Path):
        self._folder, self.did = folder, list[str]()

    def __enter__(self):
        self._errors = (self._folder / "errors.txt").open("w+b")
        settings = {
            "JAX_PLATFORMS": "cpu",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MESASCOPE_CACHE": "off",
            "JAX_ENABLE_COMPILATION_CACHE": "0",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.explorer.abuse", "serve", str(self._folder / "root")],
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        line = self.process.stdout.readline().decode()
        if not line.startswith(READY):
            raise RuntimeError(f"the server did not start: {line} {self.errors()}")
        self.target = Target(*json.loads(line.removeprefix(READY)), ())
        self.target = self.target._replace(ids=known_ids(self.target))
        threading.Thread(
            target=lambda: self.did.extend(text.decode() for text in self.process.stdout), daemon=True
        ).start()
        return self

    def __exit__(self, *about):
        self.process.stdin.close()
        self.process.wait()
        self._errors.close()

    def errors(self) -> str:
        """What was written to standard error."""
        return (self._folder / "errors.txt").read_text("utf-8", "replace")

    def memory(self) -> float:
        """Resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1000

    def handles(self) -> int:
        """Open files and connections, the fewest within two seconds: the last connection may still be closing."""
        fewest = 1 << 30
        for _ in range(20):
            fewest = min(fewest, len(list(Path(f"/proc/{self.process.pid}/fd").iterdir())))
            time.sleep(0.1)
        return fewest


def crowd(target: Target) -> bool:
    """Whether a good request is answered after as many connections as there may be have sent half a request and wait."""
    held = []
    try:
        for _ in range(CONNECTIONS):
            own = socket.create_connection(("127.0.0.1", target.port))
            own.sendall(b"GET / HTTP/1.1\r\nHost: ")
            held.append(own)
        time.sleep(PATIENCE + 2)
        return exchange(target.port, request(target, "GET", "/")).status == 200
    finally:
        for own in held:
            own.close()


def main(arguments: list[str]) -> int:
    """So many requests from a seed; exit code 1 where something does not hold."""
    if arguments[:1] == ["serve"]:
        be_server(Path(arguments[1]))
        return 0
    count, seed = int(arguments[0]) if arguments else 1000, int(arguments[1]) if len(arguments) > 1 else 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = contents(fill(folder)) | {"secret": SECRET.encode()}
        with Server(folder) as server:
            good = answered(server.target)
            begun = time.monotonic()
            first = attack(server.target, max(count // 10, 1), seed)
            memory, handles = server.memory(), server.handles()
            rest = attack(server.target, count - max(count // 10, 1), seed + 1)
            took = time.monotonic() - begun
            crowded = crowd(server.target)
            same = answered(server.target) == good
            growth, more = server.memory() / memory - 1, server.handles() - handles
            did, errors = list(server.did), server.errors()
        after = contents(folder / "root") | {"secret": (folder / "secret.txt").read_bytes()}
    statuses, wrong = first.statuses + rest.statuses, first.wrong + rest.wrong
    by_status = Counter()
    for (_, status), number in statuses.items():
        by_status["cut" if status == CUT else str(status)] += number
    faulty = {
        "answers that do not fit": len(wrong),
        "tracebacks": errors.count("Traceback"),
        "files read outside or written, processes and connections": len(did),
        "files changed": sum(before.get(name) != after.get(name) for name in before.keys() | after.keys()),
        "connections left": max(more, 0),
        "good requests not answered as before": int(not same) + int(not crowded),
    }
    raised = Counter(re.findall(r"(?m)^[A-Za-z_][\w.]*(?::.*)?$", errors))
    for said in [*wrong[:10], *did[:10], *(f"{number} times {line}" for line, number in raised.items())]:
        print(said[:400])
    print(
        f"{sum(statuses.values())} requests in {took:.0f} s: "
        + ", ".join(f"{n} {s}" for s, n in sorted(by_status.items()))
    )
    print(", ".join(f"{number} {what}" for what, number in faulty.items()))
    print(f"memory {memory:.0f} MB, grown by {growth:.1%} (at most {MOST_GROWTH:.0%})")
    return int(any(faulty.values()) or growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
