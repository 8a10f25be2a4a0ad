"""The operations that are tried while things fail, and what each promises."""
import errno
import os
import time

from rig import Violation

# What a call may say when the network, the memory or the disk fails.
EXCUSES = {errno.EIO, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT,
           errno.EPROTO, errno.EREMOTEIO, errno.EBUSY, errno.ENOMEM,
           errno.ENOSPC, errno.EMFILE}


def model(seed, size):
    """Bytes of a print file, different for each seed."""
    line = f"; model {seed}\nG1 X{seed} Y10 E0.5\n".encode()
    return (line * (size // len(line) + 1))[:size]


class Op:
    """One operation.  after() tells what a success makes of the files."""

    def __init__(self, name, call, after=None, needs=None, promise=False,
                 sends=None, check=None, between=None):
        self.name, self.call = name, call
        self.promise = promise    # success may come true later (or a test)
        self.after = after or (lambda files: dict(files))
        self.needs = needs or (lambda files: True)
        self.sends = sends    # (path, bytes) that must not be lost
        self.check = check    # of what the call returned
        self.between = between    # what else a failure may leave


def put(path, data):
    return lambda files: {**files, path: data}


def gone(path):
    return lambda files: {name: data for name, data in files.items()
                          if name != path}


def write_all(path, data, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
              sync=False):
    fd = os.open(path, flags, 0o644)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view):]
        if sync:
            os.fdatasync(fd)
    except OSError:
        try:
            os.close(fd)
        except OSError:
            pass
        raise
    try:
        os.close(fd)
    except OSError as error:
        error.at_close = True
        raise


def write_at(path, data, offset):
    """Change a file in the middle; a failed write leaves nothing to send."""
    fd = os.open(path, os.O_RDWR)
    try:
        if os.pwrite(fd, data, offset) != len(data):
            raise OSError(errno.EIO, "a short write")
    except OSError:
        try:
            os.close(fd)
        except OSError:
            pass
        raise
    os.close(fd)


def read_all(path):
    with open(path, "rb", buffering=0) as file:
        data = b""
        while (piece := file.read(65536)):
            data += piece
        return data


def script(mount, printer):
    """The operations, in order."""
    root = f"{mount.at}/{printer.storage}"
    control = mount.at + "/control"
    one, two, three = model(1, 20000), model(2, 30000), model(3, 5000)
    changed, patch = model(4, 25000), b"; changed"

    def at(path):
        return f"{root}/{path}"

    def copy(path, data, name="copy in"):
        return Op(name, lambda: write_all(at(path), data), put(path, data),
                  lambda files: os.path.dirname(path) in files or
                  "/" not in path, sends=(path, data))

    def read(path):
        return Op("read back", lambda: read_all(at(path)),
                  needs=lambda files: path in files,
                  check=lambda got, files: got == files[path])

    def order(words, *states):
        def obeyed(_got, _files):
            end = time.monotonic() + 5
            while printer.tell("state") not in states:
                if time.monotonic() > end:
                    return False
                time.sleep(0.005)
            return True
        return Op(words, lambda: write_all(control, words.encode(),
                                           os.O_WRONLY), check=obeyed)

    def staged(path, data):
        tmp = at(path) + ".tmp"
        return [
            Op("write .tmp", lambda: write_all(tmp, data, sync=True)),
            Op("unlink before rename", lambda: os.unlink(at(path)),
               gone(path), lambda files: path in files, promise=True),
            Op("rename in", lambda: os.rename(tmp, at(path)),
               put(path, data), lambda files: os.path.exists(tmp)),
        ]

    def patched(files):
        data = files["b.gcode"]
        return {**files, "b.gcode": data[:100] + patch +
                data[100 + len(patch):]}

    def moved(files):
        return {**gone("a.gcode")(files), "m.gcode": files["a.gcode"]}

    def listed(got, files):
        return (sorted(name for name in files if "/" not in name) ==
                sorted(name for name in got if not name.endswith(".tmp")
                       and (name in files or name != "b.gcode")))

    return [
        copy("a.gcode", one),
        read("a.gcode"),
        copy("b.gcode", three),
        *staged("b.gcode", two),
        read("b.gcode"),
        copy("a.gcode", changed, "overwrite"),
        Op("append", lambda: write_all(at("a.gcode"), three,
                                       os.O_WRONLY | os.O_APPEND),
           lambda files: {**files, "a.gcode": files["a.gcode"] + three},
           lambda files: "a.gcode" in files),
        Op("list", lambda: os.listdir(root), check=listed),
        # Sent under the new name, then deleted under the old one.
        Op("move", lambda: os.rename(at("a.gcode"), at("m.gcode")), moved,
           lambda files: "a.gcode" in files,
           between=lambda files: {**files, "m.gcode": files["a.gcode"]}),
        Op("mkdir", lambda: os.mkdir(at("d")), put("d", None),
           lambda files: "d" not in files),
        Op("mkdir below", lambda: os.mkdir(at("d/e")), put("d/e", None),
           lambda files: "d" in files and "d/e" not in files),
        copy("d/e/c.gcode", three),
        Op("refresh", lambda: write_all(control, b"refresh", os.O_WRONLY)),
        read("d/e/c.gcode"),
        Op("stat", lambda: os.stat(at("b.gcode")).st_size,
           needs=lambda files: "b.gcode" in files,
           check=lambda got, files: got == len(files["b.gcode"])),
        Op("patch", lambda: write_at(at("b.gcode"), patch, 100), patched,
           lambda files: "b.gcode" in files),
        Op("print", lambda: write_all(
            control, f"print {printer.storage}/b.gcode".encode(),
            os.O_WRONLY),
           needs=lambda files: "b.gcode" in files,
           check=lambda got, files: printer.tell("state") in (
               "PRINTING", "BUSY")),
        order("pause", "PAUSED"),
        order("stop", "STOPPED", "IDLE", "FINISHED"),
        Op("dismiss", lambda: printer.tell("idle")),
        Op("delete", lambda: os.unlink(at("d/e/c.gcode")),
           gone("d/e/c.gcode"), lambda files: "d/e/c.gcode" in files),
        Op("rmdir", lambda: os.rmdir(at("d/e")), gone("d/e"),
           lambda files: "d/e" in files and "d/e/c.gcode" not in files),
        # A rename that failed has left the .tmp file: see staged().
        Op("delete", lambda: os.unlink(at("b.gcode")), gone("b.gcode"),
           lambda files: "b.gcode" in files,
           promise=lambda: os.path.exists(at("b.gcode.tmp"))),
        Op("status", lambda: read_all(mount.at + "/status.json"),
           check=lambda got, files: got.endswith(b"}\n")),
    ]


# What else may be said, and of what: the state is not what it should be
# because a command before failed, or a file is in the way.
ELSE = {"pause": {errno.ESRCH}, "stop": {errno.ESRCH},
        "rename in": {errno.ENOENT, errno.EINVAL},  # the .tmp was not written
        "move": {errno.EXDEV}}


def settle(printer, allowed, seconds=2):
    """What is on the printer, once it is one of these; else whatever it is."""
    end = time.monotonic() + seconds
    while True:
        files = printer.files()
        if files in allowed or time.monotonic() > end:
            return files
        time.sleep(0.005)


def judge(op, got, error, files, may_wait, promised, mount, printer):
    """Compare with what was promised.  Returns what is on the printer."""
    wanted = op.after(files)
    if error is None:
        allowed = [wanted, files] if may_wait else [wanted]
    else:
        allowed = [files, wanted]
        if op.between is not None:
            allowed.append(op.between(files))
    now = settle(printer, allowed)
    if now not in allowed:
        said = "success" if error is None else os.strerror(error.errno)
        raise Violation(f"{op.name} told {said}; on the printer: " + ", ".join(
            f"{path} {'/' if data is None else len(data)}"
            for path, data in sorted(now.items())))
    # A Raspberry Pi's tree follows its disk a moment later, unseen by us.
    if error is not None and now != files:
        time.sleep(0.05)
    if error is None and op.check is not None and not op.check(got, {
            path: data for path, data in now.items()
            if op.name != "list" or path not in promised}):
        raise Violation(f"{op.name} told success, which is not true: "
                        f"{str(got)[:200]}")
    excuses = EXCUSES | ELSE.get(op.name, set())
    if promised:  # it is absent until its deletion is sent
        excuses |= {errno.ENOENT}
    if error is not None and error.errno not in excuses:
        raise Violation(f"{op.name} told {os.strerror(error.errno)}")
    if error is not None and op.sends and getattr(error, "at_close", False):
        path, data = op.sends
        if now.get(path) != data and data not in mount.unsent():
            raise Violation(f"{op.name} failed, and its bytes are lost")
    return now


def play(worker, mount, printer):
    """The script once.  Returns the files of which a deletion was promised."""
    files, promised = {}, set()
    for op in script(mount, printer):
        if not op.needs(files):
            continue
        may_wait = op.promise() if callable(op.promise) else op.promise
        got, error = worker.run(op.call)
        if mount.process.poll() is not None:
            raise Violation(f"prusafs died in {op.name}")
        now = judge(op, got, error, files, may_wait, promised, mount, printer)
        if may_wait and error is None:
            promised |= files.keys() - op.after(files).keys()
        elif error is None:
            promised -= op.after(files).keys() - {
                name for name in now if now[name] == files.get(name)}
        files = now
    return promised
