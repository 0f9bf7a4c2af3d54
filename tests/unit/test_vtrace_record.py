"""vtrace record and control, against a socket of ours in QEMU's place."""
import os
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from test_vtrace import KERNEL, build, header, ordinary  # noqa: F401

BACKSTOP_S = 60


class Qemu:
    """The far end: sends a recording in pieces, collects what it is told."""

    def __init__(self, path=None):
        self.server = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.server.bind(str(path) if path else ("127.0.0.1", 0))
        self.server.listen(1)
        self.server.settimeout(BACKSTOP_S)
        self.name = str(path) if path else f"127.0.0.1:{self.server.getsockname()[1]}"
        self.peer, self.told = None, b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()
        if self.peer:
            self.peer.close()

    def accept(self):
        self.peer, _ = self.server.accept()
        self.peer.settimeout(BACKSTOP_S)
        return self

    def send(self, data, piece=3001):
        for at in range(0, len(data), piece):
            self.peer.sendall(data[at:at + piece])

    def hear(self, text):
        while text not in self.told:
            data = self.peer.recv(4096)
            assert data, self.told
            self.told += data
        return self.told


def record(build, name, *options):
    return subprocess.Popen([build / "host/vtrace", "record", name, *options], stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("tcp", [False, True])
def test_what_is_sent_is_what_is_saved(build, tmp_path, tcp):
    recording = ordinary(2, 300)
    data = recording.bytes()
    raw, pftrace = tmp_path / "raw", tmp_path / "out.pftrace"
    with Qemu(None if tcp else tmp_path / "s") as qemu:
        child = record(build, qemu.name, "-o", raw, "--pftrace", pftrace)
        qemu.accept().send(data)
        qemu.peer.close()
        _, errors = child.communicate(timeout=BACKSTOP_S)
    assert child.returncode == 0, errors
    assert raw.read_bytes() == data
    assert f"{len(data)} bytes, " in errors and f" {recording.exits} exits in " in errors and errors.endswith(" 0 lost\n")
    assert subprocess.run([build / "host/vtrace", "check", raw, "--pftrace", pftrace], check=False).returncode == 0


def test_the_trace_has_the_guests_symbols(build, tmp_path):
    (tmp_path / "System.map").write_text(f"{KERNEL:x} T a_name_of_ours\n")
    with Qemu(tmp_path / "s") as qemu:
        child = record(build, qemu.name, "-o", tmp_path / "raw", "--pftrace", tmp_path / "out", "-s", f"linux={tmp_path}/System.map")
        qemu.accept().send(ordinary(1, 50).bytes())
        qemu.peer.close()
        assert child.wait(timeout=BACKSTOP_S) == 0, child.stderr.read()
    assert b"a_name_of_ours" in (tmp_path / "out").read_bytes()


def test_symbols_that_are_not_there_are_told_before_it_records(build, tmp_path):
    child = record(build, tmp_path / "s", "-o", tmp_path / "raw", "--pftrace", tmp_path / "out", "-s", "linux=nowhere")
    assert child.wait(timeout=BACKSTOP_S) == 1 and child.stderr.read() == "vtrace: nowhere: No such file or directory\n"
    assert not (tmp_path / "raw").exists()


def wait_for(condition):
    end = time.monotonic() + BACKSTOP_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_only_whole_pages_are_saved_however_it_ends(build, tmp_path, number):
    recording = ordinary(1, 900)
    pages = recording.cpus[0].pages
    whole = recording.first + b"".join(pages[:3])
    raw = tmp_path / "raw"
    with Qemu(tmp_path / "s") as qemu:
        child = record(build, qemu.name, "-o", raw)
        qemu.accept().send(whole + pages[3][:100])
        wait_for(lambda: raw.exists() and raw.stat().st_size >= len(whole))
        child.send_signal(number)
        _, errors = child.communicate(timeout=BACKSTOP_S)
    assert raw.read_bytes() == whole
    assert child.returncode == (-number if number == signal.SIGKILL else 0), errors


def test_a_run_that_is_killed_leaves_its_torn_page_too(build, tmp_path):
    data = ordinary(1, 300).bytes()[:-500]
    with Qemu(tmp_path / "s") as qemu:
        child = record(build, qemu.name, "-o", tmp_path / "raw")
        qemu.accept().send(data)
        qemu.peer.close()
        _, errors = child.communicate(timeout=BACKSTOP_S)
    assert (tmp_path / "raw").read_bytes() == data
    assert child.returncode == 0 and "warning: byte" in errors


def test_damage_ends_a_recording_with_its_offset(build, tmp_path):
    recording = ordinary(1, 30)
    sound = recording.first + b"".join(recording.cpus[0].pages)
    with Qemu(tmp_path / "s") as qemu:
        child = record(build, qemu.name, "-o", tmp_path / "raw")
        qemu.accept().send(sound + header(0, 8, magic=0xDEADBEEF) + bytes(8))
        _, errors = child.communicate(timeout=BACKSTOP_S)
    assert child.returncode == 1 and f"error: byte {len(sound)}: no page begins here" in errors
    assert (tmp_path / "raw").read_bytes().startswith(sound)


def test_control_words_go_through_the_recorder(build, tmp_path):
    data = ordinary(1, 30).bytes()
    with Qemu(tmp_path / "s") as qemu:
        child = record(build, qemu.name, "-o", tmp_path / "raw", "--send", "level counters", "--send", "vcpus 0,2")
        qemu.accept().hear(b"level counters\nvcpus 0,2\n")
        control = tmp_path / "s.control"
        wait_for(lambda: control.exists())
        assert stat.S_ISSOCK(control.stat().st_mode)
        for words in (["level events"], ["classes", "exit,irq"]):
            done = subprocess.run([build / "host/vtrace", "control", qemu.name, *words], capture_output=True, text=True, timeout=30)
            assert (done.returncode, done.stderr) == (0, "")
        qemu.hear(b"level events\nclasses exit,irq\n")
        qemu.send(data)
        qemu.peer.close()
        _, errors = child.communicate(timeout=BACKSTOP_S)
    assert child.returncode == 0 and (tmp_path / "raw").read_bytes() == data, errors
    assert not control.exists()


def test_a_recorder_that_was_killed_does_not_keep_the_next_from_control(build, tmp_path):
    for attempt in range(2):
        if (tmp_path / "s").exists():
            os.unlink(tmp_path / "s")
        with Qemu(tmp_path / "s") as qemu:
            child = record(build, qemu.name, "-o", tmp_path / "raw", "--send", "x")
            qemu.accept().hear(b"x\n")
            wait_for((tmp_path / "s.control").exists)
            if attempt:
                wait_for(lambda: subprocess.run([build / "host/vtrace", "control", qemu.name, "dump"], capture_output=True,
                                                check=False).returncode == 0)
                qemu.hear(b"dump\n")
            child.kill()
            child.communicate(timeout=BACKSTOP_S)


def test_control_without_a_recorder_goes_straight_there(build, tmp_path):
    with Qemu(tmp_path / "s") as qemu:
        thread = threading.Thread(target=lambda: qemu.accept().hear(b"level off\n"))
        thread.start()
        done = subprocess.run([build / "host/vtrace", "control", qemu.name, "level off"], capture_output=True, text=True, timeout=30)
        thread.join()
        assert (done.returncode, done.stderr, qemu.told) == (0, "", b"level off\n")


def test_nobody_there_and_bad_words(build, tmp_path):
    def run(*arguments):
        return subprocess.run([build / "host/vtrace", *arguments], capture_output=True, text=True, timeout=30)

    done = run("record", tmp_path / "absent", "-o", tmp_path / "raw", "--wait", "0")
    assert done.returncode == 1 and done.stderr == f"vtrace: {tmp_path}/absent: No such file or directory\n"
    assert run("control", tmp_path / "absent", "dump").returncode == 1
    assert run("record", tmp_path / "absent").returncode == 2
    assert run("record", tmp_path / "absent", "-o", tmp_path / "raw", "--wait", "soon").returncode == 2
    assert run("record", tmp_path / ("x" * 200), "-o", tmp_path / "raw", "--wait", "0").returncode == 1
    (tmp_path / "file").write_bytes(b"x")
    done = run("record", tmp_path / "file", "-o", tmp_path / "raw")
    assert done.returncode == 1 and "not a socket" in done.stderr
    with Qemu(tmp_path / "s") as qemu:
        done = run("control", qemu.name, "level\nevents")
        assert done.returncode == 1 and "one line of ASCII" in done.stderr
        assert run("control", qemu.name, "x" * 300).returncode == 2


def test_a_full_disk_is_told(build, tmp_path):
    with Qemu(tmp_path / "s") as qemu:
        child = record(build, qemu.name, "-o", "/dev/full")
        qemu.accept()
        try:
            qemu.send(ordinary(1, 3000).bytes())
        except OSError:
            pass  # it has gone, as it should
        _, errors = child.communicate(timeout=BACKSTOP_S)
    assert child.returncode == 1 and "No space left" in errors
