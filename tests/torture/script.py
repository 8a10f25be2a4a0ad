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


def long_print(seed, size):
    """A model whose print does not end before somebody looks."""
    end = b"; estimated printing time (normal mode) = 1d 0h 0m 0s\n"
    return model(seed, size - len(end)) + end


def moved_to(old, new):
    """A file or a folder with what is in it; what was there goes."""
    def after(files):
        others = {path: data for path, data in files.items()
                  if path != new and not is_at(old, path)}
        return others | {new + path[len(old):]: data
                         for path, data in files.items() if is_at(old, path)}
    return after


def is_spelling(name, path):
    """Is it the file's name, or the short one that FAT gives it?"""
    stem = os.path.basename(path).split(".")[0]
    return name.upper().startswith(stem.upper())


def is_at(folder, path):
    return path == folder or path.startswith(folder + "/")


def is_empty(path, files):
    """Is nothing below it, whatever it is, if it is there at all?"""
    return not any(other.startswith(path + "/") for other in files)


def has_folder(path):
    """Is the folder there that it is to be in?"""
    return lambda files: os.path.dirname(path) in {"", *files}


class Op:
    """One operation.  after() tells what a success makes of the files."""

    def __init__(self, name, call, after=None, needs=None, promise=False,
                 sends=None, check=None, between=None, aside=None,
                 replaces=None):
        self.name, self.call = name, call
        self.promise = promise    # success may come true later (or a test)
        self.after = after or (lambda files: dict(files))
        self.needs = needs or (lambda files: True)
        self.sends = sends    # (path, bytes) that must not be lost
        self.check = check    # of what the call returned
        self.between = between    # what else a failure may leave
        self.aside = aside    # the path that a failure may leave in unsent/
        self.replaces = replaces    # the path of a file that gives way


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


class Steps:
    """Makes operations of a storage and of the printer it belongs to."""

    def __init__(self, mount, printer):
        self.root = f"{mount.home}/{printer.storage}"
        self.home, self.printer = mount.home, printer

    def at(self, path):
        return f"{self.root}/{path}"

    def write(self, name, path, data, **more):
        return Op(name, lambda: write_all(self.at(path), data),
                  put(path, data), has_folder(path), sends=(path, data),
                  **more)

    def copy(self, path, data):
        return self.write("copy in", path, data)

    def overwrite(self, path, data):
        return self.write("overwrite", path, data, replaces=path)

    def append(self, path, data):
        return Op("append", lambda: write_all(self.at(path), data,
                                              os.O_WRONLY | os.O_APPEND),
                  lambda files: {**files, path: files[path] + data},
                  lambda files: path in files, replaces=path)

    def patch(self, path, data, offset):
        return Op("patch", lambda: write_at(self.at(path), data, offset),
                  lambda files: {**files, path: files[path][:offset] + data +
                                 files[path][offset + len(data):]},
                  lambda files: path in files, replaces=path)

    def read(self, path):
        return Op("read back", lambda: read_all(self.at(path)),
                  needs=lambda files: path in files,
                  check=lambda got, files: got == files[path])

    def stat(self, path):
        return Op("stat", lambda: os.stat(self.at(path)).st_size,
                  needs=lambda files: path in files,
                  check=lambda got, files: got == len(files[path]))

    def list(self, promised):
        """promised: its deletion may be under way."""
        def listed(got, files):
            return (sorted(name for name in files if "/" not in name) ==
                    sorted(name for name in got if not name.endswith(".tmp")
                           and (name in files or name != promised)))
        return Op("list", lambda: os.listdir(self.root), check=listed)

    def move(self, old, new, name="move", **more):
        return Op(name, lambda: os.rename(self.at(old), self.at(new)),
                  moved_to(old, new), lambda files: old in files and
                  has_folder(new)(files) and is_empty(new, files), **more)

    def behind(self, path, data):
        """Another client stores another file in its place."""
        def store():
            with open(f"{self.printer.disk}/{path}", "wb") as file:
                file.write(data)
        return Op("store behind", store, put(path, data),
                  lambda files: path in files)

    def take_out(self, path, data):
        """What mv does to another file system: nothing is deleted but what
        was read."""
        def take():
            got = read_all(self.at(path))
            os.unlink(self.at(path))
            return got
        return Op("take out", take, gone(path),
                  lambda files: files.get(path) == data,
                  check=lambda got, _files: got == data)

    def without_medium(self, path):
        """What cannot be asked is neither empty nor gone."""
        def whole(got, files):
            return sorted(got) == sorted(name for name in files
                                         if "/" not in name)
        return [
            Op("stick out", lambda: self.printer.tell("usb", "out")),
            self.control("refresh"),
            Op("list without a stick", lambda: os.listdir(self.root),
               check=whole),
            Op("stat without a stick", lambda: os.stat(self.at(path)),
               needs=lambda files: path in files),
            Op("stick in", lambda: self.printer.tell("usb", "in")),
            # For want of memory the first may fail.
            self.control("refresh"), self.control("refresh"),
        ] if self.printer.storage == "usb" else []

    def print_stored(self, path):
        """It is started where it is, and stays there."""
        name = os.path.basename(path)
        return Op("move to print/", lambda: os.rename(
            self.at(path), f"{self.home}/print/{name}"),
            needs=lambda files: path in files,
            check=lambda got, files: self.printer.tell("state") in (
                "PRINTING", "BUSY"))

    def mkdir(self, path):
        return Op("mkdir", lambda: os.mkdir(self.at(path)), put(path, None),
                  lambda files: path not in files and
                  has_folder(path)(files))

    def delete(self, path, **more):
        return Op("delete", lambda: os.unlink(self.at(path)), gone(path),
                  lambda files: path in files, **more)

    def rmdir(self, path):
        return Op("rmdir", lambda: os.rmdir(self.at(path)), gone(path),
                  lambda files: path in files and is_empty(path, files))

    def control(self, words, **more):
        return Op(words.split()[0], lambda: write_all(
            self.home + "/control", words.encode(), os.O_WRONLY), **more)

    def order(self, words, *states):
        """It is obeyed when the printer is in one of these states."""
        def obeyed(_got, _files):
            end = time.monotonic() + 5
            while self.printer.tell("state") not in states:
                if time.monotonic() > end:
                    return False
                time.sleep(0.005)
            return True
        at = f"{self.home}{self.printer.ordered}/control"
        return Op(words.split()[0], lambda: write_all(
            at, words.encode(), os.O_WRONLY), check=obeyed)

    def staged(self, path, data):
        """What slicers do."""
        tmp = self.at(path) + ".tmp"
        return [
            Op("write .tmp", lambda: write_all(tmp, data, sync=True)),
            Op("unlink before rename", lambda: os.unlink(self.at(path)),
               gone(path), lambda files: path in files, promise=True),
            Op("rename in", lambda: os.rename(tmp, self.at(path)),
               put(path, data), lambda files: os.path.exists(tmp),
               replaces=path),
        ]

    def delete_staged(self, path):
        """A rename that failed has left the .tmp file: see staged()."""
        return self.delete(path, promise=lambda: os.path.exists(
            self.at(path) + ".tmp"))

    def status(self):
        return Op("status", lambda: read_all(
            f"{self.home}{self.printer.ordered}/status.json"),
                  check=lambda got, files: got.endswith(b"}\n"))

    def beginning(self, one, two, three):
        """What any storage can do: a.gcode is changed, b.gcode is two."""
        return [
            self.copy("a.gcode", one),
            self.read("a.gcode"),
            self.copy("b.gcode", three),
            *self.staged("b.gcode", two),
            self.read("b.gcode"),
            self.overwrite("a.gcode", model(4, 25000)),
            self.append("a.gcode", three),
            self.list("b.gcode"),
        ]


def script(mount, printer):
    """The operations of a printer's storage, in order."""
    steps = Steps(mount, printer)
    # The second or the third is printed, as it happens.
    one, two, three = (model(1, 20000), long_print(2, 30000),
                       long_print(3, 5000))

    return [
        *steps.beginning(one, two, three),
        # Sent under the new name, then deleted under the old one.
        steps.move("a.gcode", "m.gcode", between=lambda files: {
            **files, "m.gcode": files["a.gcode"]}, aside="a.gcode"),
        steps.copy("o.gcode", model(5, 9000)),
        steps.behind("o.gcode", model(6, 7000)),
        steps.take_out("o.gcode", model(6, 7000)),
        steps.mkdir("d"),
        steps.mkdir("d/e"),
        steps.copy("d/e/c.gcode", three),
        steps.control("refresh"),
        steps.list("b.gcode"),
        steps.read("d/e/c.gcode"),
        steps.stat("b.gcode"),
        steps.patch("b.gcode", b"; changed", 100),
        steps.control(f"print {printer.storage}/b.gcode",
                      needs=lambda files: "b.gcode" in files,
                      check=lambda got, files: printer.tell("state") in (
                          "PRINTING", "BUSY")),
        steps.order("pause", "PAUSED"),
        steps.order("stop", "STOPPED", "IDLE", "FINISHED"),
        Op("dismiss", lambda: printer.tell("idle")),
        steps.print_stored("b.gcode"),
        Op("dismiss", lambda: printer.tell("idle")),
        steps.delete("d/e/c.gcode"),
        steps.rmdir("d/e"),
        *steps.without_medium("b.gcode"),
        steps.delete_staged("b.gcode"),
        steps.status(),
    ]


# What else may be said, and of what: the state is not what it should be
# because a command before failed, or a file is in the way.
ELSE = {"pause": {errno.ESRCH}, "stop": {errno.ESRCH},
        "rename in": {errno.ENOENT, errno.EINVAL},  # the .tmp was not written
        "move": {errno.EXDEV},
        # Whose names cannot be compared, for want of memory, is copied.
        "move to print/": {errno.EXDEV},
        "list without a stick": {errno.ENOMEDIUM},
        "stat without a stick": {errno.ENOMEDIUM}}


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
    deleted = printer.deleted()
    if op.sends and any(is_spelling(name, op.sends[0]) for name in deleted):
        raise Violation(f"{op.name} has deleted what it stored")
    if error is None:
        allowed = [wanted, files] if may_wait else [wanted]
        allowed += printer.beside(op, files)
    else:
        allowed = [files, wanted]
        # Stored whole, and then there was no memory to say so.
        if error.errno == errno.ENOMEM:
            allowed += printer.beside(op, files)
        if op.between is not None:
            allowed.append(op.between(files))
        if op.aside is not None and files[op.aside] in mount.unsent():
            allowed.append(gone(op.aside)(files))
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


def play(make, worker, mount, printer):
    """The script once.  Returns the files of which a deletion was promised."""
    files, promised = {}, set()
    for op in make(mount, printer):
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
