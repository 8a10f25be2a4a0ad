"""What nobody may lose, whatever fails and whenever the process is killed:
the bytes of each file that a call has promised to keep are on the printer or,
in the next mount, in unsent/."""
import errno
import os

from rig import Violation
from script import EXCUSES, Steps, model, write_all

# A rename may be left to the program; names go with what failed before.
ELSE = {errno.EXDEV, errno.ENOENT, errno.EINVAL}
# The process has ended, or does just now.
DEATH = {errno.ECONNABORTED, errno.ENOTCONN}


class Step:
    """A call, and what it makes of the set of what is kept."""

    def __init__(self, name, call, adds=(), drops=()):
        self.name, self.call = name, call
        self.adds, self.drops = adds, drops

    def after(self, kept):
        """What a success keeps."""
        return (kept - set(self.of(self.drops))) | set(self.of(self.adds))

    @staticmethod
    def of(what):
        return what() if callable(what) else what


class Keeper:
    """Makes the calls; knows whether the old version has another name."""

    def __init__(self, mount, printer):
        self.steps = Steps(mount, printer)
        self.backed, self.current = False, None

    def put(self, name, path, data):
        """Replace the file whose former bytes only a backup keeps."""
        former = self.current

        def call():
            write_all(self.steps.at(path), data)
            self.current = data
        return Step(name, call, adds=(data,), drops=lambda: (
            () if self.backed else (former,)))

    def back_up(self, old, new):
        def call():
            os.rename(self.steps.at(old), self.steps.at(new))
            self.backed = True
        return Step("back up", call)

    def move(self, name, old, new, adds=()):
        return Step(name, lambda: os.rename(self.steps.at(old),
                                            self.steps.at(new)), adds=adds)

    def script(self):
        """In order; each begins when the one before has ended."""
        first, second, third, staged = (model(11, 20000), model(12, 21000),
                                        model(13, 22000), model(14, 9000))
        self.current = first
        yield Step("copy in", lambda: write_all(
            self.steps.at("a.gcode"), first), adds=(first,))
        yield Step("write a temporary file", lambda: write_all(
            self.steps.at("t.gcode.part"), staged, sync=True))
        yield self.back_up("a.gcode", "a.gcode.bak")
        yield self.put("replace", "a.gcode", second)
        yield self.move("rename in", "t.gcode.part", "p.gcode",
                        adds=(staged,))
        yield Step("unlink the backup", lambda: os.unlink(
            self.steps.at("a.gcode.bak")), drops=(first,))
        self.backed = False
        yield self.put("replace again", "a.gcode", third)
        yield self.move("hide", "p.gcode", ".p.gcode")
        yield self.move("change the name", "a.gcode", "n.gcode")


def keep(worker, mount, printer):
    """The calls, until the process is killed if it is.  Returns the bytes that
    must be somewhere."""
    kept = set()
    for step in Keeper(mount, printer).script():
        _, error = worker.run(step.call)
        after = step.after(kept)
        if error is None:
            kept = after
        else:    # it may have been done nevertheless
            kept &= after
        if error is not None and error.errno in DEATH:
            mount.gives_up()
        if mount.process.poll() is not None:
            break
        if error is not None and error.errno not in EXCUSES | ELSE:
            raise Violation(f"{step.name} told {os.strerror(error.errno)}")
    return kept


def somewhere(kept, mount, printer):
    """A complaint if something is lost."""
    there = list(printer.files().values()) + mount.unsent()
    lost = [len(data) for data in kept if data not in there]
    if lost:
        raise Violation(f"lost: {lost} bytes; on the printer: " + ", ".join(
            f"{path} {'/' if data is None else len(data)}"
            for path, data in sorted(printer.files().items())))
