"""Visual Studio Code's launch.json: what it names is what the Makefile makes and tools/vitrine opens, and GDB takes its commands."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from vitrine_cli import options  # noqa: E402

CONFIGURATIONS = json.loads((ROOT / ".vscode/launch.json").read_text())["configurations"]
PORTS = {"Vitrine guest": options.DEFAULT_GDB_PORT, "Vitrine itself": options.DEFAULT_QEMU_GDB_PORT}
MADE_BY = {"build/gdb/linux.elf": "-o $(BUILD)/gdb/linux.elf", "build/vitrine.elf": "$(@:.img=.elf)"}


def test_each_way_to_debug_has_one():
    assert [way["name"] for way in CONFIGURATIONS] == list(PORTS)


@pytest.mark.parametrize("way", CONFIGURATIONS, ids=lambda way: way["name"])
def test_it_names_what_is_there(way):
    assert way["type"] == "cppdbg" and way["MIMode"] == "gdb"
    assert way["miDebuggerServerAddress"] == f"127.0.0.1:{PORTS[way['name']]}"
    program = way["program"].removeprefix("${workspaceFolder}/")
    makefiles = "".join(path.read_text() for path in [ROOT / "Makefile", *sorted((ROOT / "tools/make").glob("*.mk"))])
    assert MADE_BY[program] in makefiles
    for path in re.findall(r"\$\{workspaceFolder\}/(\S+)", json.dumps(way.get("postRemoteConnectCommands", [])).replace('"', " ")):
        assert path in MADE_BY or (ROOT / path).exists(), path


@pytest.mark.parametrize("way", CONFIGURATIONS, ids=lambda way: way["name"])
def test_gdb_takes_its_commands(way):
    """But for those about a target, which there is none of here."""
    commands = [command["text"].replace("${workspaceFolder}", str(ROOT))
                for name in ("setupCommands", "postRemoteConnectCommands") for command in way.get(name, [])]
    argv = [way["miDebuggerPath"], "-nx", "-q", "-batch"]
    for command in commands:
        argv += ["-ex", command if not command.startswith("vitrine ") else f"help {' '.join(command.split()[:-1])}"]
    done = subprocess.run([*argv, "-ex", "echo done"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert not done.stderr and done.stdout.endswith("done"), done
