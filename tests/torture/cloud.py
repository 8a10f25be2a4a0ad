"""An account on a simulated Obico server: the cloud folder of its printers,
and what one of them is told."""
import errno
import glob
import json
import os

from rig import Printer, Violation, secret, wait_for
from script import Steps, model

TOKEN = "token-1234567"
PRINTERS = ("1", "2", "3", "5")
ORDERS = ("pause_print", "resume_print", "cancel_print")


class Account(Printer):
    """The account, and the first of its printers, which prints."""

    login = ["--token", TOKEN]
    home = ""
    ordered = "/MK3S Workshop"

    def __init__(self, build, personality, where):
        self.ids = {}    # of the files, as they were looked at last
        self.replaced = set()    # ids of those that gave way to others
        super().__init__(build, personality, where)
        self.storage = "gcodes"

    def deleted(self):
        return []    # it is done by number: see stays_true()

    def credentials(self, where):
        return "type=obico,token_file=" + secret(where + "/token", TOKEN)

    def files(self):
        while True:
            try:
                return self.look()
            except FileNotFoundError:    # a deletion came in between
                pass

    def look(self):
        library = json.loads(self.tell("library"))
        folders = {folder["id"]: folder for folder in library["folders"]}

        def path(row):
            names = [row["name"]]
            while row["parent"]:
                row = folders[row["parent"]]
                names.insert(0, row["name"])
            return "/".join(names)

        found = {}
        for folder in folders.values():
            if path(folder) in found:
                raise Violation(f"two folders are {path(folder)}")
            found[path(folder)] = None
        self.ids = {}
        # The newest has the name; who once gave way does not get it back.
        for row in sorted(library["files"], key=lambda row: (
                row["id"] not in self.replaced, row["updated_at"], row["id"]),
                          reverse=True):
            name = path(row)
            if name in found or row["id"] in self.replaced:
                self.replaced.add(row["id"])
                name += f" ({row['id']})"
            found[name] = self.bytes_of(row)
            self.ids[name] = row["id"]
        return found

    @staticmethod
    def bytes_of(row):
        """None would be a folder."""
        if "path" not in row:
            return b""
        with open(row["path"], "rb") as file:
            data = file.read()
        if len(data) != row["size"]:
            raise Violation(f"{row['name']}: {len(data)} bytes, told "
                            f"{row['size']}")
        return data

    def settles(self, mount):
        """Each printer and the cloud folder keeps a book of its own, once the
        list has come.

        Time may be short: on a machine that stands still the server seems to
        be away, and needs another try."""
        def has_come():
            try:
                os.listdir(mount.home)
            except OSError as error:
                if error.errno not in (errno.ETIMEDOUT, errno.EHOSTDOWN):
                    raise
                return False
            return True

        wait_for("the list of printers", has_come)
        wait_for("the books of all printers", lambda: len(
            glob.glob(mount.cache + "/*.book")) == len(PRINTERS) + 1)

    def beside(self, op, files):
        """The former file stays where only its deletion fails."""
        if op.replaces not in self.ids:
            return []
        return [op.after(files) | {
            f"{op.replaces} ({self.ids[op.replaces]})": files[op.replaces]}]

    def targets(self, method):
        with open(self.requests, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return [row["target"] for row in rows if row["method"] == method]

    def stays_true(self, mount):
        with open(mount.home + "/log", encoding="utf-8") as file:
            log = file.read()
        if self.replaced and not any(words in log for words in (
                "could not be deleted", "was not stored")):
            raise Violation("what was replaced stays, and nobody told")
        for number in PRINTERS:
            self.tell("state", number)    # it is there
        if [target for target in self.targets("DELETE")
                if "/printers/" in target]:
            raise Violation("a printer was to be deleted")
        for word in ORDERS:
            sent = [target for target in self.targets("POST")
                    if word in target]
            if len(sent) > 1:
                raise Violation(f"sent {len(sent)} times: {word}")

    def reset(self):
        self.tell("fault", "off")
        self.tell("idle")
        self.tell("print", "long.gcode")
        self.tell("library", "clear")
        self.replaced.clear()
        with open(self.requests, "w", encoding="utf-8"):
            pass


def cloud_script(mount, printer):
    """The operations of the cloud folder, in order."""
    steps = Steps(mount, printer)
    one, two, three = model(1, 20000), model(2, 30000), model(3, 5000)

    return [
        *steps.beginning(one, two, three),
        steps.move("a.gcode", "m.gcode", "rename"),
        steps.mkdir("d"),
        steps.mkdir("d/e"),
        steps.copy("d/e/c.gcode", three),
        steps.mkdir("f"),
        steps.move("d/e", "f/g", "move a folder"),
        steps.control("refresh"),
        steps.read("d/e/c.gcode"),
        steps.read("f/g/c.gcode"),
        steps.stat("b.gcode"),
        steps.patch("b.gcode", b"; changed", 100),
        steps.move("m.gcode", "b.gcode", "move over",
                   replaces="b.gcode"),
        # The empty folder goes first: the server has no two of a name.
        steps.move("f", "d", "move over a folder", between=lambda files: {
            path: data for path, data in files.items() if path != "d"}),
        steps.delete("d/g/c.gcode"),
        steps.rmdir("d/g"),
        steps.rmdir("d"),
        steps.delete_staged("b.gcode"),
        steps.status(),
    ]


def job_script(mount, printer):
    """What the printer is told, in order."""
    steps = Steps(mount, printer)

    return [
        steps.status(),
        steps.order("pause", "PAUSED"),
        steps.order("resume", "PRINTING"),
        steps.order("stop", "OPERATIONAL"),
        steps.status(),
    ]
