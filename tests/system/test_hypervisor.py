"""Vitrine's own face: faults of EL2, the console, image types, machines it cannot run on."""

import re
import subprocess

import pytest

import harness
from lablib.common import addresses

HELLO = "hello.elf"

PANICS = {
    "null": r"EL2 exception: synchronous, data abort, same EL",
    "text": r"EL2 exception: synchronous, data abort, same EL",
    "stack": r"EL2 exception: synchronous, data abort, same EL",
    "brk": r"EL2 exception: synchronous, BRK",
    "registers": r"EL2 exception: synchronous, BRK",
    "assert": r"name == 0",
}


@pytest.mark.parametrize("name", PANICS)
def test_an_el2_fault_is_reported(tmp_path, name):
    run = harness.run(tmp_path, "--pcpus", 4, "--hv-append", f"panic-test={name}", nodes=[harness.vm("hello", HELLO)])

    assert run.status == 4, run.report()
    assert run.exit_line() == (4, "panic"), run.report()
    assert "hypervisor fault" in run.said, run.report()
    for output in (run.log, run.console):
        assert re.search(r"panic on cpu \d: .*" + PANICS[name], output, re.IGNORECASE), run.report()
        assert output.count("panic on cpu") == 1, "one CPU reports, all stop: " + run.report()
        names = re.findall(r"(?:pc|from) 0x[0-9a-f]+ = image\+0x[0-9a-f]+ (\w+)\+0x", output)
        assert name in ("stack", "registers") or "boot_main" in names and "primary_entry" in names, f"a backtrace with names: {names}"
        if name == "stack":
            assert names.count("overflow_stack") > 3, names
        if name != "assert":
            assert re.search(r"esr 0x[0-9a-f]+: class 0x[0-9a-f]+, iss 0x[0-9a-f]+; far 0x", output), run.report()
            assert re.search(r"pc 0x[0-9a-f]+ = image\+0x[0-9a-f]+ \w+\+0x", output), run.report()
            assert re.search(r"x30 [0-9a-f]{16}  sp  [0-9a-f]{16}", output), run.report()
    assert "hello from" not in run.console, "nobody runs on"


def test_a_stack_that_overflows_meets_its_guard_page(tmp_path):
    """The fault is in the one page below the boot stack, not somewhere further down after overwriting what was there."""
    run = harness.run(tmp_path, "--hv-append", "panic-test=stack", nodes=[harness.vm("hello", HELLO)])
    far = int(re.search(r"far (0x[0-9a-f]+);", run.log)[1], 16)
    pc, in_image = (int(number, 16) for number in re.search(r"pc (0x[0-9a-f]+) = image\+(0x[0-9a-f]+)", run.log).groups())
    assert 0 <= far - (pc - in_image) - addresses(image_elf())["boot_stack_guard"] < 4096, run.report()


def image_elf():
    """The linked form of what runs: the image is cut out of it."""
    image = (harness.BUILD / "vitrine.img").read_bytes()
    return next(path.with_suffix(".elf") for path in harness.BUILD.glob("*/vitrine.img") if path.read_bytes() == image)


@pytest.mark.parametrize("vector, kind", [(0, "synchronous, SP_EL0"), (3, "SError, SP_EL0"), (6, "FIQ"), (7, "SError")])
def test_each_vector_tells_what_it_is_for(tmp_path, vector, kind):
    run = harness.run(tmp_path, "--hv-append", f"panic-test=vector{vector}", nodes=[harness.vm("hello", HELLO)])
    assert re.search(rf"EL2 exception: {kind}, \w", run.log), run.report()
    assert run.exit_line() == (4, "panic"), run.report()


def test_each_register_is_told_as_it_was(tmp_path):
    run = harness.run(tmp_path, "--hv-append", "panic-test=registers", nodes=[harness.vm("hello", HELLO)])
    told = {name: int(value, 16) for name, value in re.findall(r"\b(x\d+|sp) +([0-9a-f]{16})\b", run.log)}
    sp = told.pop("sp")
    assert told == {f"x{number}": sp if number == 27 else 0x101 * number for number in range(31)}, run.report()


def test_the_faulting_address_is_told(tmp_path):
    run = harness.run(tmp_path, "--hv-append", "panic-test=null", nodes=[harness.vm("hello", HELLO)])
    assert "far 0x8;" in run.log, run.report()


@pytest.mark.parametrize("wanted, option", [(4, "panic-test=brk semihosting"), (0, "semihosting")])
def test_qemu_itself_ends_with_the_status_under_semihosting(tmp_path, wanted, option):
    (tmp_path / "vms.dts").write_text(harness.manifest(harness.vm("hello", HELLO)))
    subprocess.run([harness.VITRINE, "manifest", "vms.dts", "-o", "vms.dtb"], cwd=tmp_path, check=True)
    status, output = harness.boot_raw(tmp_path, "-initrd", "vms.dtb", "-semihosting-config", "enable=on", append=option)
    assert status == wanted, output
    assert f"exit: status={wanted} " in output, output


def test_started_without_virtualization(tmp_path):
    _, output = harness.boot_raw(tmp_path, "-M", "virt,virtualization=off", until="virtualization=on\n")
    assert "vitrine: not started at EL2" in output


IMAGES = {"Image": "linux/Image", "gzip": "linux/Image.gz", "ELF": "hello.elf", "raw": "hello.bin"}


@pytest.mark.once
@pytest.mark.parametrize("kind", IMAGES)
def test_image_types(tmp_path, kind):
    image = harness.GUESTS / IMAGES[kind]
    if kind in ("Image", "gzip"):
        run = harness.run(tmp_path, "--kernel", image, "--initrd", harness.GUESTS / "linux/initrd.gz", "--append",
                          "console=ttyAMA0 quiet", "--mem", "128M", "--smp", 2, stdin=b"poweroff -f\n")
        assert re.search(r"^Linux \S+ on 2 CPUs, ", run.console, re.MULTILINE), run.report()
    else:
        run = harness.run(tmp_path, "--kernel", image, "--mem", "2M", "--smp", 3)
        assert "hello from EL1 on vCPU 2" in run.console, run.report()
        assert re.search(r"device tree: 0x[0-9a-f]+", run.console), run.report()
    assert run.status == 0, run.report()


ECHO = "vitrine:/# "


def shell(name):
    return harness.vm(name, "linux/Image", memory="<0x0 0x40000000 0x0 0x06000000>", initrd='/incbin/("linux/initrd.gz")',
                      bootargs="console=ttyAMA0 quiet")


@pytest.mark.once
@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_the_console_of_two_vms(tmp_path, terminal):
    """Lines are prefixed; C-a chooses who hears the keys; C-a x ends it all."""
    with harness.Dialogue(tmp_path, "--pcpus", 2, nodes=[shell("one"), shell("two")], terminal=terminal) as talk:
        talk.expect("on 1 CPUs")
        talk.expect("on 1 CPUs")
        talk.say(b"\x01?")
        talk.expect("[vitrine] C-a x      quit")
        talk.expect("[vitrine] VM 1: one, has the input")
        talk.expect("[vitrine] VM 2: two")
        talk.say("echo first $((6*7))\n")
        talk.expect("[one] first 42\n")
        talk.say(b"\x01n")
        talk.expect("[vitrine] input goes to two")
        talk.say("echo second $((6*7))\n")
        talk.expect("[two] second 42\n")
        talk.say(b"\x011")
        talk.expect("[vitrine] input goes to one")
        talk.say("echo third $((6*7))\n")
        talk.expect("[one] third 42\n")
        talk.say(b"\x019")
        talk.expect("[vitrine] there is no VM 9")
        talk.say(b"\x01x")
        run = talk.end()
    assert run.status == 0, run.report()
    assert run.exit_line() == (0, "quit"), run.report()


@pytest.mark.once
def test_one_vm_ends_the_other_goes_on(tmp_path):
    with harness.Dialogue(tmp_path, nodes=[harness.vm("short", HELLO), shell("long")]) as talk:
        talk.expect("[short] hello from EL1 on vCPU 0")
        talk.expect("on 1 CPUs")
        talk.say(b"\x01n")
        talk.expect("input goes to long")
        talk.say("echo alive $((6*7)); poweroff -f\n")
        talk.expect("[long] alive 42\n")
        run = talk.end()
    assert run.status == 0, run.report()
    assert run.log.index("vm short: powered off") < run.log.index("vm long: powered off"), run.report()


@pytest.mark.once
def test_the_log_leaves_the_console_when_the_guest_speaks(tmp_path):
    run = harness.run(tmp_path, nodes=[harness.vm("hello", HELLO)])
    before, _, after = run.console.partition("hello from EL1")
    assert "[vitrine] " in before and "[vitrine] " not in after, run.report()
    assert "exit: status=0 reason=poweroff" in run.log


@pytest.mark.once
def test_unknown_options_are_named(tmp_path):
    run = harness.run(tmp_path, "--hv-append", "frobnicate=1", nodes=[harness.vm("hello", HELLO)], trace=False)
    assert run.status == 0, run.report()
    assert "boot argument frobnicate=1: unknown, ignored" in run.log, run.report()
    assert "summary: trace: off" in run.log, run.report()


def test_the_trace_names_as_many_vms_and_cpus_as_there_can_be(tmp_path):
    """Eight VMs with the longest names on eight CPUs: the metadata still fits, and the totals balance."""
    nodes = [harness.vm(f"{number}-named-as-long-as-can-be-{'x' * 8}"[:31], HELLO) for number in range(8)]
    run = harness.run(tmp_path, "--pcpus", 8, nodes=nodes)

    assert run.status == 0, run.report()
    check = subprocess.run([harness.ROOT / "build/host/vtrace", "check", tmp_path / "run.vtr"], capture_output=True, text=True)
    total = re.search(r"check: exits=(\d+) lost=0 total=\1 ok", check.stdout)
    assert total, check.stdout + check.stderr + run.report()


@pytest.mark.parametrize("cpus", [2, 4])
def test_the_boot_cpu_need_not_be_listed_first(tmp_path, cpus):
    """A device tree may name CPUs in any order: the one that boots is here the last. All start, and guests run on each."""
    machine = "virt,virtualization=on,gic-version=3"
    subprocess.run(["qemu-system-aarch64", "-M", f"{machine},dumpdtb=machine.dtb", "-cpu", "cortex-a57", "-smp", str(cpus), "-m", "256M",
                    "-nodefaults"], cwd=tmp_path, check=True, capture_output=True)
    for index in range(cpus):
        subprocess.run(["fdtput", "-t", "i", "machine.dtb", f"/cpus/cpu@{index}", "reg", str(cpus - 1 - index)], cwd=tmp_path, check=True)
    (tmp_path / "vms.dts").write_text(harness.manifest(
        harness.test_guest("all", "ipi", vcpus=4, cpu_affinity="<" + " ".join(str(i % cpus) for i in range(4)) + ">"),
        harness.test_guest("last", "registers", "seed=1", cpu_affinity=cpus - 1)))
    subprocess.run([harness.VITRINE, "manifest", "vms.dts", "-o", "vms.dtb"], cwd=tmp_path, check=True)
    _, output = harness.boot_raw(tmp_path, "-smp", str(cpus), "-dtb", "machine.dtb", "-initrd", "vms.dtb")
    assert f"{cpus} cpus" in output and "exit: status=0 reason=poweroff" in output, output
    assert output.count("] done: ") == 2 and "FAIL" not in output, output
