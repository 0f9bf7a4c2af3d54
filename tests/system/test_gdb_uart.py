"""The debugger on the console's UART, as on a board that has no other port: one line for GDB's packets and what guests print."""

import os
import re
import signal
import subprocess
import time

import pytest

import debugger
import harness
from debugger import LET_IT_END, Debugged, two_vcpus
from test_gdb_protocol import FIRST_THREAD, SUPPORTED, Wire, symbol

pytestmark = pytest.mark.once  # the way there, not the CPU: test_gdb.py is for that


@pytest.fixture(scope="module", autouse=True)
def gdb_image():
    debugger.gdb_image()


def on_uart(folder, *arguments, **how):
    return Debugged(folder, "--gdb-uart", *arguments, nodes=[two_vcpus()], **how)


def said_by_the_guest(text):
    return [line for line in text.replace("\r", "").splitlines() if re.match(r"ready|S?ok: |waiting|done: |.*FAIL", line)]


def ended(guest):
    run = guest.dialogue.end()
    assert run.exit_line() == (0, "poweroff") and "console's UART" in run.log, run.report()
    assert not run.console, run.console  # nothing is said to who does not have the UART


def test_a_session_shows_what_the_guest_prints(tmp_path):
    """Whole, in order and before its end; its packets are not disturbed by it."""
    (tmp_path / "plain").mkdir()
    with Debugged(tmp_path / "plain", nodes=[two_vcpus()]) as guest:
        guest.gdb(*LET_IT_END)
        expected = said_by_the_guest(guest.dialogue.end().console)
    with on_uart(tmp_path, "--halt") as guest:
        said = guest.gdb("hbreak *call", "continue", "p $x0", "stepi", "delete", "break *touch", "continue", "p $x0", "x/i $pc",
                         "info threads", "dump binary memory image.bin _start _start+65536", *LET_IT_END)
        assert re.findall(r"^\$\d+ = (\d+)$", said, re.M)[:2] == ["1", "1"], said
        assert "brk" not in said and '"debugged.vcpu1" (EL1)' in said and "exited normally" in said, said
        assert said_by_the_guest(said) == expected and len(expected) > 4, said
        assert (tmp_path / "image.bin").stat().st_size == 65536
        ended(guest)


def test_ctrl_c_and_a_gdb_that_comes_back(tmp_path):
    """A UART cannot tell that the first one has been killed."""
    with on_uart(tmp_path) as guest:
        child = guest.start("p spins", "echo going on\\n", "continue", "p/x *(long *)&spins", "continue", start_new_session=True)
        before = harness.read_until(child.stdout.fileno(), "going on\n", harness.BACKSTOP_S)
        time.sleep(3)  # for `continue` to reach the guest; more is not wrong
        os.killpg(child.pid, signal.SIGINT)
        harness.read_until(child.stdout.fileno(), "received signal SIGINT", harness.BACKSTOP_S, before)
        time.sleep(1)
        child.kill()
        child.communicate()
        said = guest.gdb("p *(long *)&watched", "x/2i touch", *LET_IT_END)
        assert "= 5" in said and "brk" not in said and "done: " in said, said
        ended(guest)


def test_it_is_a_terminal_before_and_after_a_session(tmp_path):
    with on_uart(tmp_path, "--halt") as guest:
        with Wire(guest.port, hello=False) as wire:
            while not wire.is_quiet():  # the log's last lines
                wire.heard = b""
            wire.send(b"hello?\r")  # somebody types: nothing is heard of it, and no guest gets it
            assert wire.is_quiet()
            assert b"PacketSize" in wire.ask(SUPPORTED)
            assert wire.ask(b"?").startswith(b"T")
            assert wire.ask(b"Hg" + FIRST_THREAD) == b"OK"
            assert wire.ask(b"M%x,8:0100000000000000" % symbol("released")) == b"OK"
            assert wire.ask(b"D;1") == b"OK"
            while b"done: " not in wire.heard:
                assert wire.more(harness.BACKSTOP_S)
            assert b"$O" not in wire.heard and b"waiting\n" in wire.heard.replace(b"\r", b""), wire.heard
            ended(guest)


def test_without_the_option_the_console_stays_a_console(tmp_path):
    """The machine has no port, and nobody has offered the UART."""
    said = harness.run(tmp_path, f"--gdb={debugger.free_port()}", "--gdb-uart", "--hv-append=gdb=run", "--dry-run",
                       nodes=[harness.test_guest("hello", "bystander", "naps=1")]).console
    argv = said.splitlines()[-1].replace(" gdb=uart", "")
    argv = re.sub(r"-chardev socket,id=con\S*", "-chardev stdio,id=con,signal=off", argv)
    done = subprocess.run(argv, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          timeout=harness.BACKSTOP_S, cwd=tmp_path)
    assert "done: " in done.stdout, done.stdout
    assert "gdb: this machine has no port for it; there is gdb=uart" in (tmp_path / "vitrine.log").read_text()


def test_a_board_without_virtio(tmp_path):
    """The ZCU102's UART is another one; its log has the second."""
    subprocess.run(["make", "-s", "-j2", "PLATFORM=zcu102", "gdb-image"], cwd=harness.ROOT, check=True, capture_output=True)
    with on_uart(tmp_path, "--machine", "zcu102", "--halt", trace=False) as guest:
        said = guest.gdb("hbreak *call", "continue", "p $x0", "info threads", "delete", "watch *(long *)&watched", "continue", "continue",
                         *LET_IT_END)
        assert re.findall(r"New value = (\d+)", said) == ["1", "2"] and '"debugged.vcpu1" (EL1)' in said, said
        assert "done: " in said and "FAIL" not in said and "exited normally" in said, said
        ended(guest)
