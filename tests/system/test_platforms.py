"""Linux on every machine that we have an image for: each sees the machine's own kind of GIC."""

import pathlib
import re
import subprocess

import pytest

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUEST = ROOT / "build/guests/linux"

# Interrupts from every CPU to every other (hotplug, migration), timers on each, the console's SPI.
SCRIPT = r"""
echo "online=$(nproc)"
for i in $(seq 0 $(($(nproc) - 1))); do taskset $(printf %x $((1 << i))) sh -c 'sleep 0.2; echo slept-on-$((1$0))' $i; done
echo 0 > /sys/devices/system/cpu/cpu1/online; echo "without-one=$(nproc)"
echo 1 > /sys/devices/system/cpu/cpu1/online; echo "with-it=$(nproc)"
grep -E 'arch_timer|uart-pl011|Rescheduling|Function' /proc/interrupts
poweroff -f
"""


def run(tmp_path, *options):
    return subprocess.run(
        [ROOT / "tools/vitrine", "run", "--kernel", GUEST / "Image", "--initrd", GUEST / "initrd.gz",
         "--append", "console=ttyAMA0", "--log", tmp_path / "log", "--timeout", str(harness.BACKSTOP_S), *harness.on_the_cpu(options), *options],
        input=SCRIPT, capture_output=True, text=True, errors="replace", timeout=harness.BACKSTOP_S + 60, check=False)


def boot(tmp_path, *options):
    """The console's text, the tool's own, and the hypervisor's log."""
    done = run(tmp_path, *options)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return done.stdout.replace("\r", ""), done.stderr, (tmp_path / "log").read_text()


def interrupts(console, name, cpus):
    """How often, on each CPU, as /proc/interrupts has it."""
    line = re.search(rf"^ *\w+:((?: +\d+){{{cpus}}}) .*{name}", console, re.MULTILINE)
    assert line, console[-2000:]
    return [int(count) for count in line[1].split()]


def expect_a_whole_linux(console, cpus):
    assert f"\nonline={cpus}\n" in console and f"\nwithout-one={cpus - 1}\n" in console
    assert f"\nwith-it={cpus}\n" in console
    for cpu in range(cpus):
        assert f"slept-on-{10 + cpu}\n" in console
    assert all(interrupts(console, "arch_timer", cpus))
    sgis = zip(interrupts(console, "Rescheduling", cpus), interrupts(console, "Function call", cpus))
    assert all(rescheduling + call for rescheduling, call in sgis)
    assert sum(interrupts(console, "uart-pl011", cpus)) > 0


@pytest.mark.parametrize("vcpus, pcpus", [(2, 2), (3, 1)])
@pytest.mark.parametrize("gic, driver", [("2", "GIC-0"), ("3", "GICv3")])
def test_linux_on_virt(tmp_path, gic, driver, vcpus, pcpus):
    console, _, log = boot(tmp_path, "--gic", gic, "--smp", str(vcpus), "--pcpus", str(pcpus),
                           "--trace", tmp_path / "run.pftrace")
    expect_a_whole_linux(console, vcpus)
    assert re.search(rf"{driver} +27 Level +arch_timer", console)
    assert "exit: status=0 reason=poweroff" in log
    assert (tmp_path / "run.pftrace").stat().st_size > 100_000


@pytest.mark.once
def test_linux_on_zcu102(tmp_path):
    console, said, log = boot(tmp_path, "--machine", "zcu102", "--smp", "4")
    expect_a_whole_linux(console, 4)
    assert re.search(r"GIC-0 +27 Level +arch_timer", console)
    assert "trace: not available" in said and "qemu:" not in said
    assert "vitrine: total" in said  # the summary has come through the second UART
    assert re.search(r"4 cpus, \d+ list registers, trace off", log)
    assert "exit: status=0 reason=poweroff" in log


@pytest.mark.once
@pytest.mark.parametrize("machine", [["--gic", "2"], ["--machine", "zcu102"]])
def test_a_hypervisor_fault_is_reported(tmp_path, machine):
    done = run(tmp_path, *machine, "--hv-append", "panic-test=null")
    assert done.returncode == 4, done.stdout + done.stderr
    for report in done.stdout, (tmp_path / "log").read_text():
        assert "EL2 exception: synchronous" in report and "backtrace:" in report
