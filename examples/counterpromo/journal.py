"""Files that a crash leaves whole."""

import json
import os


class Journal:
    """A file of JSON lines; each is written at once, so a killed process leaves no half of one."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def add(self, entry):
        os.write(self._file, json.dumps(entry).encode() + b"\n")


def write_whole(path, content):
    """Writes a file that is either there as a whole or not at all, and on the disk when this returns."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
