"""A small world for the tests of tools/vitrine: a build folder, and a QEMU that does as the test says."""

import os
import shlex
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VITRINE = ROOT / "tools" / "vitrine"
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

MANIFEST = """/dts-v1/;
/ {
	compatible = "vitrine,manifest-v1";
	one { compatible = "vitrine,vm"; vcpus = <3>; memory = <0x0 0x40000000 0x0 0x20000000>;
	      image = /incbin/("one.bin"); };
	/* a comment with image = /incbin/("nowhere") in it */
	two@0 { compatible = "vitrine,vm"; vcpus = <1>; memory = <0x0 0x40000000 0x1 0x00200000>;
	      image = /incbin/("made/two.bin"); };
	other { vcpus = <8>; };
};
"""

# A whole hypervisor, as arm64 Image: prints "up", echoes each byte plus one; 'q' is SYSTEM_OFF by smc.
ECHO_IMAGE = struct.pack("<IIQQQ24x4sI", 0x14000010, 0, 0, 0x1000, 0, b"ARM\x64", 0) + struct.pack(
    "<20I",
    0xd2a12001, 0x52800ea0, 0xb9000020, 0x52800e00, 0xb9000020, 0x52800140, 0xb9000020,  # UART: u p newline
    0xb9401822, 0x3727ffe2, 0xb9400020, 0x7101c41f, 0x54000080, 0x11000400, 0xb9000020, 0x17fffff9,  # echo
    0xd2b08000, 0xf2800100, 0xd4000003, 0x14000000, 0)  # SYSTEM_OFF


class World:
    """A folder with a build, a QEMU that is ours, and outputs of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.build, self.out, self.bin = folder / "build", folder / "out", folder / "bin"
        for made in (self.build / "guests" / "made", self.build / "host", self.bin):
            made.mkdir(parents=True)
        (self.build / "vitrine.img").write_bytes(b"hypervisor")
        (folder / "one.bin").write_bytes(b"ONE!")
        (self.build / "guests" / "made" / "two.bin").write_bytes(b"TWO!")
        self.manifest = folder / "set.dts"
        self.manifest.write_text(MANIFEST)
        self.environment = {**os.environ, "VITRINE_BUILD": str(self.build), "VITRINE_OUT": str(self.out),
                            "PATH": f"{self.bin}:{os.environ['PATH']}"}
        self.fake_qemu("pass")

    def script(self, path, body):
        path.write_text(f"#!{sys.executable} -IS\n{body}\n")
        path.chmod(0o755)

    def fake_qemu(self, body):
        """`body` sees argv, log and trace (paths), and has left its pid in the file 'pid'."""
        self.script(self.bin / "qemu-system-aarch64", f"""
import os, signal, sys, time
argv = sys.argv
def port(name):
    return next((a.split("path=")[1].replace(",,", ",") for a in argv if a.startswith(f"file,id={{name}},")), None)
log, trace = port("log"), port("trace")
open({str(self.folder / 'pid')!r}, "w").write(str(os.getpid()))
{body}""")

    def log_says(self, *lines):
        self.fake_qemu(f"open(log, 'w').write({''.join(line + chr(10) for line in lines)!r})")

    def start(self, *arguments, **kwargs):
        """As from a terminal: a test run in the background would hand on that SIGINT is ignored."""
        return subprocess.Popen([VITRINE, *map(str, arguments)], env=self.environment,
                                cwd=kwargs.pop("cwd", self.folder),
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **kwargs)

    def run(self, *arguments, stdin=b"", **kwargs):
        process = self.start(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, **kwargs)
        try:
            out, err = process.communicate(stdin, timeout=20)
        finally:
            process.terminate()
        return subprocess.CompletedProcess(arguments, process.returncode, out.decode(), err.decode())

    def command(self, *arguments):
        done = self.run("run", *arguments, "--dry-run")
        assert done.returncode == 0, done.stderr
        return shlex.split(done.stdout, comments=True)

    def qemu_pid(self):
        """Once the fake runs; None if it was never started."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if (self.folder / "pid").exists() and (text := (self.folder / "pid").read_text()):
                return int(text)
            time.sleep(0.01)
        return None

    @property
    def qemu_was_started(self):
        return (self.folder / "pid").exists()


def is_gone(pid, wait_s=5):
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False
