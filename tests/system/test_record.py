"""vtrace record and stat --live at the other end of a running hypervisor's trace port."""

import subprocess

import harness


def test_a_recorder_gets_the_whole_run(tmp_path):
    """From the first page to the last: as good as a file, exit for exit."""
    socket, raw, trace = tmp_path / "s", tmp_path / "run.vtr", tmp_path / "run.pftrace"
    (tmp_path / "vms.dts").write_text(harness.manifest(harness.test_guest("one", "timer"), harness.bystander()))
    recorder = subprocess.Popen([harness.VTRACE, "record", socket, "-o", raw, "--pftrace", trace, "--wait", str(harness.BACKSTOP_S)],
                                stderr=subprocess.PIPE, text=True)
    try:
        done = subprocess.run([harness.VITRINE, "run", tmp_path / "vms.dts", "--trace-socket", socket, "--log", tmp_path / "log",
                               "--timeout", str(harness.BACKSTOP_S)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              cwd=tmp_path, check=False)
        said = recorder.communicate(timeout=harness.BACKSTOP_S)[1]
    finally:
        recorder.kill()
        recorder.wait()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "waiting for a recorder" in done.stderr and "QEMU waiting" not in done.stderr
    assert recorder.returncode == 0, said
    exits = harness.check_trace(tmp_path)
    assert f" {exits} exits in " in said
