#!/usr/bin/python3
"""Copy the public headers, with the tables they are made from, into one self-contained folder.

    tools/install_headers.py DEST

include/vitrine/*.h go to DEST/vitrine, and so does each file that one of them reaches by a quoted include ("core/sysregs.def",
from src/ or the top folder); the include lines become <vitrine/...>.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
QUOTED = re.compile(r'^#include "([\w/.-]+)"', re.M)


def find(name):
    for folder in (ROOT / "src", ROOT):
        if (folder / name).is_file():
            return folder / name
    sys.exit(f"error: a public header includes {name}, which is not there")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    destination = pathlib.Path(sys.argv[1]) / "vitrine"
    destination.mkdir(parents=True, exist_ok=True)

    waiting = sorted((ROOT / "include/vitrine").glob("*.h"))
    done = {}
    while waiting:
        path = waiting.pop()
        if path.name in done:
            if done[path.name] != path:
                sys.exit(f"error: two public files are called {path.name}: {path} and {done[path.name]}")
            continue
        done[path.name] = path
        text = path.read_text()
        waiting += [find(name) for name in QUOTED.findall(text)]
        text = QUOTED.sub(lambda match: f"#include <vitrine/{pathlib.PurePath(match[1]).name}>", text)
        installed = destination / path.name
        if not installed.exists() or installed.read_text() != text:  # somebody may be compiling with it
            installed.write_text(text)
    for stale in {path.name for path in destination.iterdir()} - set(done):
        (destination / stale).unlink()


main()
