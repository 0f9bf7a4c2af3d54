"""The manual page and the shell's completion know each command and option that vtrace knows, and none besides."""
import re
import subprocess

import pytest

from test_vtrace import ROOT, build  # noqa: F401

MANUAL = (ROOT / "docs/man/vtrace.1").read_text().replace("\\-", "-")


@pytest.fixture(scope="module")
def options(build):
    """By command: {option: "FILE" or ""}"""

    def asked(*arguments):
        return subprocess.run([build / "host/vtrace", *arguments, "--help"], capture_output=True, text=True, check=True).stdout

    commands = re.findall(r"^  ([a-z]+) ", asked(), re.M)
    assert len(commands) > 5
    return {command: dict(re.findall(r"^  (?:-[a-z], |    )(--[a-z-]+)(?: ([A-Z]+))? ", asked(command), re.M)) for command in commands}


def test_the_manual_has_every_option_and_no_other(options):
    sections = dict(re.findall(r"^\.SS vtrace (\w+) [^\n]*\n(.*?)(?=^\.S[SH] )", MANUAL, re.M | re.S))
    assert sections.keys() == options.keys()
    for command, known in options.items():
        told = dict(re.findall(r"^\.BR? .*?(--[a-z-]+)(?: ([A-Z]+))?$", sections[command], re.M))
        assert told == known, command


def test_the_manual_is_sound_roff():
    done = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-z", ROOT / "docs/man/vtrace.1"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and done.stderr == ""


def completed(build, *words):
    """What bash would offer for the last of these words."""
    script = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vtrace; printf '%s\\n' "${COMPREPLY[@]}" """
    done = subprocess.run(["bash", "-c", script, "bash", ROOT / "tools/completion/vtrace.bash", build / "host/vtrace", *words],
                          capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_completion_offers_commands_options_and_files(build, options):
    assert completed(build, "") == options.keys() | {"help"}
    assert completed(build, "c") == {"check", "convert", "control"}
    for command, known in options.items():
        assert completed(build, command, "--") == set(known), command
    assert completed(build, "stat", "--by", "") == {"reason", "name", "vcpu", "pc"}
    assert completed(build, "stat", str(ROOT / "READ")) == {str(ROOT / "README.md")}
