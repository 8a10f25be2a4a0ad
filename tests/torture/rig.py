"""A simulated printer and a mount of it, for the torture driver."""
import json
import mmap
import os
import queue
import select
import shutil
import signal
import struct
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PASSWORD = "sesame-1234567"
# A Buddy's patience is longer than the time limits given here, a Pi's shorter.
SCALE = {"buddy": "0.02", "pi": "0.005", "obico": "0.02"}
PATIENCE = 20  # seconds; longer than any bound that the mount is given here


class Violation(Exception):
    """A promise that was not kept."""


class NoMount(Violation):
    """prusafs has not mounted, and ended."""

    def __init__(self, status, words):
        super().__init__(f"prusafs ended with {status} and said: {words}")
        self.status, self.words = status, words


class Hang(Violation):
    """A call that did not come back."""


def wait_for(what, test, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            raise Violation(f"waited in vain: {what}")
        time.sleep(0.002)


class Printer:
    """A simulated printer with its control FIFO."""

    login = ["--password", PASSWORD, "--api-key", "api-key"]
    home = ""    # where its storage and its log are in the mount
    ordered = ""    # the directory of who is told what to do

    def __init__(self, build, personality, where):
        self.root = os.path.join(where, "printer")
        self.disk = self.root
        self.storage = "usb"
        self.read = 0    # of its requests
        if personality == "pi":
            self.disk = os.path.join(self.root, "local")
            self.storage = "local"
        os.makedirs(self.root)
        self.fifo = os.path.join(where, "control")
        self.answer = os.path.join(where, "answer")
        os.mkfifo(self.answer)
        ready = os.path.join(where, "ready")
        with open(ready, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [os.path.join(build, "simprinter"),
                 "--personality", personality, "--port", "0",
                 "--storage", self.root, *self.login, "--preview", "off",
                 "--time-scale", SCALE[personality],
                 "--control", self.fifo, *self.options(where)],
                stdout=out)
        wait_for("the printer", lambda: "READY" in open(
            ready, encoding="utf-8").read())
        with open(ready, encoding="utf-8") as file:
            self.url = file.read().split()[1]
        self.answers = os.open(self.answer, os.O_RDWR | os.O_NONBLOCK)
        self.orders = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)

    def options(self, where):
        """More of its own."""
        self.requests = where + "/requests"
        return ["--log", self.requests]

    def deleted(self):
        """The names of what was deleted since this was asked last."""
        with open(self.requests, encoding="utf-8") as log:
            log.seek(self.read)
            lines = log.readlines()
            self.read = log.tell()
        lines = [json.loads(line) for line in lines if "DELETE" in line]
        return [os.path.basename(line["target"]) for line in lines
                if line["method"] == "DELETE" and line["status"] == 204]

    def credentials(self, where):
        """The mount's options for the login."""
        return "password_file=" + secret(where + "/password", PASSWORD)

    def tell(self, *words):
        """A control verb; returns its answer's text."""
        line = "\t".join((self.answer,) + words) + "\n"
        os.write(self.orders, line.encode())
        text = b""
        while not text.endswith(b"\n"):
            if not select.select([self.answers], [], [], PATIENCE)[0]:
                raise Violation(f"no answer from the printer: {words}")
            text += os.read(self.answers, 4096)
        code, _, rest = text.decode().strip().partition(" ")
        if code != "0":
            raise RuntimeError(f"{words}: {code} {rest}")
        return rest

    def files(self):
        """What is on its storage: a dictionary of path and bytes, or None
        for a folder.  Hidden names are the server's own."""
        found = {}
        for folder, folders, names in os.walk(self.disk):
            folders[:] = [name for name in folders if name[0] != "."]
            for name in folders + names:
                path = os.path.join(folder, name)
                key = os.path.relpath(path, self.disk)
                if name[0] == "." or name.endswith(".tmp"):
                    continue
                try:
                    found[key] = None
                    if name in names:
                        with open(path, "rb") as file:
                            found[key] = file.read()
                except FileNotFoundError:
                    del found[key]
        return found

    def settles(self, mount):
        """Wait for what a mount does by itself when it begins."""

    def beside(self, op, files):
        """What a success may leave of the files that it replaced."""
        return []

    def stays_true(self, mount):
        """What must not have happened in the whole run."""

    def reset(self):
        """Idle, empty, without faults."""
        self.tell("fault", "off")
        self.tell("idle")
        if self.storage == "usb":
            self.tell("usb", "in")
        for name in os.listdir(self.disk):
            path = os.path.join(self.disk, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)

    def end(self):
        self.process.terminate()
        if self.process.wait(PATIENCE) != 0:
            raise Violation("the printer ended badly")


def secret(path, text):
    """A file that nobody else may read; returns its path."""
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8",
                  opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(text + "\n")
    return path


class Switch:
    """The counters that tests/torture/wrap.c shares with us."""

    KINDS = {"alloc": 1, "disk": 2}
    KILL = -1    # in place of an error: the process ends right there

    def __init__(self, path):
        with open(path, "wb") as file:
            file.write(bytes(64))
        self.path = path
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 64)

    def arm(self, kind, k, error):
        """The k-th call of that kind from now on fails."""
        self.map[0:32] = struct.pack("=4q", 0, 0, 0, error)
        self.map[8:16] = struct.pack("=q", k)
        self.map[0:8] = struct.pack("=q", self.KINDS[kind])

    def disarm(self):
        """Returns how many calls there were."""
        self.map[0:8] = bytes(8)
        return struct.unpack("=q", self.map[16:24])[0]


class Mount:
    """prusafs in the foreground, on a mount point of its own."""

    # Where silence is tried it is waited for; elsewhere no machine may be so
    # busy that an answer comes too late.
    SHORT = "connect_timeout=0.3,answer_timeout=0.15,stall_timeout=0.3"
    LONG = "connect_timeout=5,answer_timeout=5,stall_timeout=5"

    def __init__(self, program, printer, where, limits, switch=None):
        self.at = os.path.join(where, "mnt")
        self.home = self.at + printer.home
        self.cache = os.path.join(where, "cache")
        self.errors = os.path.join(where, "prusafs.err")
        os.makedirs(self.at, exist_ok=True)
        environment = dict(os.environ)
        if switch is not None:
            environment["TORTURE_SWITCH"] = switch.path
        environment["ASAN_OPTIONS"] = "exitcode=99:detect_leaks=1"
        # OpenSSL keeps something for each thread, whenever that ends.
        environment["LSAN_OPTIONS"] = "print_suppressions=0:suppressions=" + (
            os.path.join(HERE, "lsan.supp"))
        with open(self.errors, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [program, "-f", "-o", f"{printer.credentials(where)},"
                 f"cache_dir={self.cache},ttl=1,{limits}", printer.url,
                 self.at],
                stdout=out, stderr=out, env=environment)
        device = os.stat(where).st_dev
        wait_for("the mount", lambda: self.process.poll() is not None or
                 self.device() not in (device, None))
        if self.process.poll() is not None:
            raise self.no_mount()

    def device(self):
        """None: what is mounted there has ended, or ends just now."""
        try:
            return os.stat(self.at).st_dev
        except OSError:
            return None

    def gives_up(self):
        """Does it end by itself?"""
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return False
        return True

    def no_mount(self):
        """What there is to say of an end without a mount."""
        self.clear(keep=True)
        return NoMount(self.process.returncode, self.said())

    def said(self):
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            return file.read()

    def files_open(self):
        """Open files of the process, sockets aside."""
        folder = f"/proc/{self.process.pid}/fd"
        count = 0
        for name in os.listdir(folder):
            try:
                target = os.readlink(os.path.join(folder, name))
            except OSError:
                continue
            count += not target.startswith("socket:")
        return count

    def log(self):
        """What the mount has to say of late."""
        try:
            with open(self.home + "/log", encoding="utf-8") as file:
                return "".join(file.readlines()[-12:])
        except OSError as error:
            return str(error)

    def unsent(self):
        """The bytes that wait in unsent/."""
        found = []
        for name in os.listdir(self.home + "/unsent"):
            for attempt in range(2):  # the fault may come right here
                try:
                    with open(f"{self.home}/unsent/{name}", "rb") as file:
                        found.append(file.read())
                    break
                except OSError:
                    if attempt > 0:
                        raise
        return found

    def end(self, keep=False, killed=False):
        """Unmount; a crash, a leak or a sanitizer's report is a violation.
        keep: the cache directory stays, for another mount.  killed: so the
        process may have ended."""
        if self.process.poll() is None:
            subprocess.run(["umount", self.at], check=False,
                           stderr=subprocess.DEVNULL)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                self.clear()
                raise Hang("the process did not end") from None
        self.clear(keep)
        said = self.said()
        if killed and self.process.returncode == -signal.SIGKILL:
            return
        if self.process.returncode != 0 or "Sanitizer" in said:
            raise Violation(f"prusafs ended with {self.process.returncode}:\n"
                            + said[-3000:])

    def clear(self, keep=False):
        if self.device() != os.stat(os.path.dirname(self.at)).st_dev:
            subprocess.run(["umount", "-l", self.at], check=False,
                           stderr=subprocess.DEVNULL)
        if not keep:
            shutil.rmtree(self.cache, ignore_errors=True)


class Worker:
    """A thread that makes the calls, so that one that hangs is noticed."""

    def __init__(self):
        self.orders, self.results = queue.Queue(), queue.Queue()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            call = self.orders.get()
            try:
                self.results.put((call(), None))
            except OSError as error:
                self.results.put((None, error))

    def run(self, call):
        """Returns what it returns, and the OSError that it raised."""
        self.orders.put(call)
        try:
            return self.results.get(timeout=PATIENCE)
        except queue.Empty:
            raise Hang("a call did not come back") from None
