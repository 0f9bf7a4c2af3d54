"""How a run of tools/vitrine ends: exit statuses, signals, the trace, the terminal.

QEMU is played by a script (World.fake_qemu) that does as its test says; the last tests use the real
one, with a hypervisor of 20 instructions.
"""

import os
import pty
import shutil
import signal
import subprocess
import termios
import time

import pytest

from cli_world import ECHO_IMAGE, MANIFEST, World, is_gone


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


# --- how a run ends ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("status, reason, word", [
    (0, "poweroff", "wall time"), (3, "guest-crash", "crash record"), (4, "panic", "hypervisor fault"),
    (5, "no-vm", "no VM could be started"), (0, "quit", "wall time")])
def test_the_exit_line_decides_the_status(world, status, reason, word):
    world.log_says("exit: status=77 reason=early", "summary: 12 exits",
                   f"exit: status={status} reason={reason}", "tail")
    done = world.run("run", "set.dts")
    assert done.returncode == status
    assert "vitrine: 12 exits\n" in done.stderr and word in done.stderr
    assert all(line.startswith("vitrine: ") for line in done.stderr.splitlines())


def test_an_end_without_an_exit_line_is_a_hypervisor_fault(world):
    world.log_says("booting", "guest says: exit: status=0 reason=poweroff")
    done = world.run("run", "set.dts")
    assert done.returncode == 4 and "no exit line" in done.stderr


def test_an_end_by_semihosting_before_the_first_word_is_a_hypervisor_fault(world):
    world.fake_qemu("sys.exit(4)")
    done = world.run("run", "set.dts")
    assert done.returncode == 4 and "QEMU ended with status 4" in done.stderr


def test_a_killed_qemu_is_told_from_one_that_did_not_start(world):
    world.fake_qemu("open(log, 'w').write('booting\\n'); os.kill(os.getpid(), 9)")
    done = world.run("run", "set.dts")
    assert done.returncode == 4 and "killed by signal 9" in done.stderr


def test_qemu_that_does_not_start_is_a_setup_failure_and_an_old_log_does_not_speak(world):
    world.out.mkdir()
    (world.out / "vitrine.log").write_text("exit: status=0 reason=poweroff\n")
    world.fake_qemu("print('no such CPU', file=sys.stderr); sys.exit(1)")
    done = world.run("run", "set.dts")
    assert done.returncode == 6 and "vitrine: qemu: no such CPU\n" in done.stderr


def test_a_missing_hypervisor_or_tool_is_a_setup_failure(world):
    (world.build / "vitrine.img").unlink()
    done = world.run("run", "set.dts")
    assert done.returncode == 6 and "build/vitrine.img is not built" in done.stderr
    done = world.run("run", "set.dts", "--gic", "2")
    assert done.returncode == 6 and "run make PLATFORM=qemu-virt-gicv2 build" in done.stderr
    world.environment["PATH"] = "/nonexistent"
    done = world.run("run", "set.dts")
    assert done.returncode == 6 and "apt-get install device-tree-compiler" in done.stderr


def test_input_for_zcu102_waits_until_the_hypervisor_listens(world):
    world.manifest.write_text(MANIFEST.replace("0x1 0x00200000", "0x0 0x00200000"))
    (world.build / "vitrine-zcu102.img").write_bytes(b"hypervisor")
    world.fake_qemu("""import select
sys.stdout.write("too early " if select.select([0], [], [], 0.5)[0] else "in time ")
open(log, "w").write("exit: status=0 reason=poweroff\\n")
sys.stdout.write(sys.stdin.read())""")
    done = world.run("run", "set.dts", "--machine", "zcu102", stdin=b"nproc\n")
    assert (done.returncode, done.stdout) == (0, "in time nproc\n"), done.stderr


def test_the_console_is_standard_input_and_output(world):
    world.fake_qemu("sys.stdout.write(sys.stdin.read().upper()); open(log, 'w').write('exit: status=0 reason=x')")
    done = world.run("run", "set.dts", stdin=b"nproc\npoweroff -f\n")
    assert (done.returncode, done.stdout) == (0, "NPROC\nPOWEROFF -F\n")


@pytest.mark.parametrize("deaf", [False, True])
def test_a_time_out_ends_qemu_even_if_it_does_not_listen(world, deaf):
    world.fake_qemu(f"{'signal.signal(15, signal.SIG_IGN)' if deaf else ''}\ntime.sleep(60)")
    done = world.run("run", "set.dts", "--timeout", "0.2")
    assert done.returncode == 124 and "time-out after 0.2 s" in done.stderr
    assert is_gone(world.qemu_pid(), 0.1)


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_qemu_never_outlives_us(world, number, status):
    world.fake_qemu("time.sleep(60)")
    with world.start("run", "set.dts", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        pid = world.qemu_pid()
        process.send_signal(number)
        assert process.wait(5) == status
    assert is_gone(pid)


def test_a_reader_that_goes_away_ends_the_run(world):
    world.fake_qemu("time.sleep(60)")
    with world.start("run", "set.dts", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                     stderr=subprocess.DEVNULL) as process:
        pid = world.qemu_pid()
        process.stdout.close()
        assert process.wait(5) == 141
    assert is_gone(pid)


def test_a_run_leaves_log_and_trace_and_no_compiled_manifest(world):
    world.log_says("exit: status=0 reason=poweroff")
    assert world.run("run", "--kernel", "one.bin").returncode == 0
    assert sorted(p.name for p in world.out.iterdir()) == ["run.vtr", "vitrine.log"]


def test_two_runs_do_not_write_one_log(world):
    world.fake_qemu("time.sleep(60)")
    with world.start("run", "set.dts", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        world.qemu_pid()
        done = world.run("run", "set.dts")
        process.terminate()
    assert done.returncode == 2 and "--log: 'out/vitrine.log' is being written by another run" in done.stderr


# --- the trace ---------------------------------------------------------------------------------------------

RECORDED = "open(trace, 'w').write('RAW'); open(log, 'w').write('exit: status=0 reason=poweroff\\n')"


def test_the_trace_is_converted_and_its_reader_named(world):
    world.fake_qemu(RECORDED)
    world.script(world.build / "host" / "vtrace", """import sys
assert sys.argv[1] == "convert" and sys.argv[3] == "-o"
open(sys.argv[4], "w").write("converted " + open(sys.argv[2]).read())""")
    done = world.run("run", "set.dts", "--trace", "mine.pftrace")
    assert done.returncode == 0
    assert (world.folder / "mine.pftrace").read_text() == "converted RAW"
    assert "vitrine: trace: mine.pftrace\n" in done.stderr and "https://ui.perfetto.dev" in done.stderr


@pytest.mark.parametrize("converter", [None, "import sys; sys.exit('cannot read it')"])
def test_a_trace_that_cannot_be_converted_is_kept_raw_and_no_old_one_stands_in(world, converter):
    world.out.mkdir()
    (world.out / "run.pftrace").write_text("of an earlier run")
    world.fake_qemu(RECORDED)
    if converter:
        world.script(world.build / "host" / "vtrace", converter)
    done = world.run("run", "set.dts")
    assert done.returncode == 0 and "trace: kept raw in out/run.vtr" in done.stderr
    assert (world.out / "run.vtr").read_text() == "RAW" and not (world.out / "run.pftrace").exists()


# --- a terminal, and the real QEMU -------------------------------------------------------------------------

def read_until(fd, wanted, wait_s=8):
    seen = b""
    os.set_blocking(fd, False)
    deadline = time.monotonic() + wait_s
    while wanted not in seen and time.monotonic() < deadline:
        try:
            seen += os.read(fd, 4096)
        except BlockingIOError:
            time.sleep(0.01)
    return seen


def test_the_terminal_is_restored_when_qemu_could_not(world):
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    world.fake_qemu("import tty; tty.setraw(0); os.set_blocking(0, False); os.kill(os.getpid(), 9)")
    process = world.start("run", "set.dts", stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    assert process.wait(5) == 6
    assert termios.tcgetattr(theirs) == before and os.get_blocking(theirs)
    os.close(ours)
    os.close(theirs)


needs_qemu = pytest.mark.skipif(not shutil.which("qemu-system-aarch64"), reason="qemu-system-aarch64 is not installed")


@needs_qemu
@pytest.mark.parametrize("arguments", [[], ["--icount", "--gic", "2", "--no-trace", "--hv-append", "log=uart"]])
def test_the_real_qemu_takes_the_command_line(world, arguments):
    (world.bin / "qemu-system-aarch64").unlink()
    (world.folder / "echo").write_bytes(ECHO_IMAGE)
    done = world.run("run", "--kernel", "one.bin", "--hypervisor", "echo", *arguments, stdin=b"HALq")
    assert done.stdout == "up\nIBM", done.stderr
    assert done.returncode == 4 and "no exit line" in done.stderr  # this hypervisor writes no log


@needs_qemu
def test_on_a_terminal_ctrl_c_is_a_key_for_the_guest(world):
    (world.bin / "qemu-system-aarch64").unlink()
    (world.folder / "echo").write_bytes(ECHO_IMAGE)
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = world.start("run", "--kernel", "one.bin", "--hypervisor", "echo", stdin=theirs, stdout=theirs,
                          stderr=subprocess.DEVNULL, start_new_session=True)
    assert b"up" in read_until(ours, b"up")
    os.write(ours, b"\x03")
    assert b"\x04" in read_until(ours, b"\x04")
    os.write(ours, b"q")
    assert process.wait(5) == 4
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
