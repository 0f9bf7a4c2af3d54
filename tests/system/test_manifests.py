"""Bad manifests: one line names node and property, the other VMs start; when none can, status 5."""

import re
import subprocess

import pytest

import harness

pytestmark = pytest.mark.once
HELLO = "hello.elf"


def refused(folder, node, complaint):
    """The bad VM is left out with this complaint; hello beside it runs to its end."""
    run = harness.run(folder, "--pcpus", 1, nodes=[node, harness.vm("good", HELLO)], trace=False)
    assert run.status == 0, run.report()
    assert re.search(r"manifest: " + complaint, run.log), run.report()
    assert "PSCI 1.1" in run.console, "the other VM has started: " + run.report()
    assert "vm bad: " not in run.log.replace("manifest: vm bad: ", ""), "the bad one has not: " + run.report()


def nothing_starts(folder, complaint, nodes=None, arguments=()):
    run = harness.run(folder, *arguments, nodes=nodes, trace=False)
    assert run.status == 5, run.report()
    assert run.exit_line() == (5, "no-vm"), run.report()
    assert re.search(complaint, run.log), run.report()
    assert "no VM can be started" in run.log and "no VM could be started" in run.said, run.report()


def bad(image=HELLO, **properties):
    return harness.vm("bad", image, **properties)


BAD_NODES = {
    "unknown property": (dict(colour="red"), "vm bad: colour: unknown property"),
    "no image": (dict(image=None), "vm bad: image: is missing"),
    "no memory": (dict(memory=None), "vm bad: memory: is missing"),
    "no vcpus": (dict(vcpus=None), "vm bad: vcpus: is missing"),
    "RAM over the devices": (dict(memory="<0 0x08000000 0 0x200000>"), "vm bad: memory: .*overlaps the devices"),
    "unaligned base": (dict(memory="<0 0x40001000 0 0x200000>"), "vm bad: memory: .*not multiples of 2 MiB"),
    "unaligned size": (dict(memory="<0 0x40000000 0 0x201000>"), "vm bad: memory: .*not multiples of 2 MiB"),
    "RAM that wraps": (dict(memory="<0xffffffff 0xffe00000 0 0x400000>"), "vm bad: memory: "),
    "too many vCPUs": (dict(vcpus=9), r"vm bad: vcpus: 9 is not in 1\.\.8"),
    "no vCPUs at all": (dict(vcpus=0), r"vm bad: vcpus: 0 is not in 1\.\.8"),
    "a CPU that is not there": (dict(cpu_affinity=7), "vm bad: cpu-affinity: CPU 7"),
    "an ELF file as a Linux image": (dict(image_type="linux"), "vm bad: image: "),
    "an ELF file as gzip": (dict(image_type="gzip"), "vm bad: image: "),
    "a raw image as ELF": (dict(image="hello.bin", image_type="elf"), "vm bad: image: "),
    "an unknown type": (dict(image_type="pe"), 'vm bad: image-type: "pe"'),
    "a device that is not there": (dict(devices="ne2000"), 'vm bad: devices: "ne2000" is unknown'),
    "an image larger than RAM": (dict(image="linux/Image"), "vm bad: image: .*do not fit"),
    "an initrd larger than RAM": (dict(initrd='/incbin/("linux/Image")'), "vm bad: initrd: .*do not fit"),
    "a VM of that name": (dict(vm_name="good"), None),
}


@pytest.mark.parametrize("case", BAD_NODES)
def test_a_bad_vm_is_left_out(tmp_path, case):
    properties, complaint = BAD_NODES[case]
    if case == "RAM that wraps":
        return nothing_starts_with_qemu(tmp_path, properties, complaint)
    if complaint is None:  # the second of two equal names is the one that goes
        run = harness.run(tmp_path, nodes=[harness.vm("good", HELLO), bad(**properties)], trace=False)
        assert run.status == 0 and 'vm bad: vm-name: "good" is another VM\'s name' in run.log, run.report()
        return None
    return refused(tmp_path, bad(**properties), complaint)


def nothing_starts_with_qemu(folder, properties, complaint):
    """The launcher would ask QEMU for that much RAM: so here QEMU is started with little."""
    (folder / "vms.dts").write_text(harness.manifest(bad(**properties)))
    subprocess.run([harness.VITRINE, "manifest", "vms.dts", "-o", "vms.dtb"], cwd=folder, check=True)
    _, output = harness.boot_raw(folder, "-initrd", "vms.dtb")
    assert re.search(complaint, output) and "exit: status=5 reason=no-vm" in output, output


def test_no_vm_can_be_started(tmp_path):
    nothing_starts(tmp_path, "manifest: vm bad: colour: unknown property", nodes=[bad(colour="red")])


def test_a_manifest_without_vms(tmp_path):
    nothing_starts(tmp_path, "manifest: empty: no node", nodes=[])


def test_another_node_is_named(tmp_path):
    run = harness.run(tmp_path, nodes=['\tlamp { compatible = "acme,lamp"; };\n', harness.vm("good", HELLO)], trace=False)
    assert run.status == 0, run.report()
    assert "manifest: /lamp: unknown node" in run.log, run.report()


def test_more_ram_than_the_machine_has(tmp_path):
    """-m after the launcher's own: QEMU takes the last."""
    run = harness.run(tmp_path, "--qemu-arg", "-m", "--qemu-arg", "192M", trace=False,
                      nodes=[harness.vm("bad", HELLO, memory="<0 0x40000000 0 0x20000000>"), harness.vm("good", HELLO)])
    assert run.status == 0, run.report()
    assert "manifest: vm bad: memory: the machine has not enough RAM" in run.log, run.report()


@pytest.fixture(name="blob")
def compiled(tmp_path):
    (tmp_path / "vms.dts").write_text(harness.manifest(harness.vm("good", HELLO)))
    subprocess.run([harness.VITRINE, "manifest", "vms.dts", "-o", "vms.dtb"], cwd=tmp_path, check=True)
    return (tmp_path / "vms.dtb").read_bytes()


def boots_and_says(folder, data, complaint):
    """The launcher looks at blobs, too, so these come from QEMU directly, as from any boot loader."""
    (folder / "broken.dtb").write_bytes(data)
    status, output = harness.boot_raw(folder, "-initrd", "broken.dtb")
    assert status == 0 and "exit: status=5 reason=no-vm" in output, output
    assert re.search(r"\[vitrine\] manifest: .*" + complaint, output), output


@pytest.mark.parametrize("cut", [20, 100, 1000, -1])
def test_a_truncated_blob(tmp_path, blob, cut):
    boots_and_says(tmp_path, blob[:cut], "truncated")


def test_a_blob_that_is_no_device_tree(tmp_path):
    boots_and_says(tmp_path, b"This is not a device tree. " * 40, "bad magic 0x54686973")


def test_a_blob_with_a_broken_structure(tmp_path, blob):
    start = int.from_bytes(blob[8:12], "big")  # off_dt_struct
    boots_and_says(tmp_path, blob[:start + 8] + b"\xff" * 8 + blob[start + 16:], "malformed")


def test_no_manifest(tmp_path):
    status, output = harness.boot_raw(tmp_path)
    assert status == 0 and "exit: status=5 reason=no-vm" in output, output
    assert "[vitrine] manifest: manifest: there is none: give one as the initrd" in output, output


def test_a_machine_description_that_lacks_what_is_needed(tmp_path):
    """The boot loader's own tree without its interrupt controller: said, and no fault."""
    machine = "virt,virtualization=on,gic-version=3,dumpdtb=machine.dtb"
    subprocess.run(["qemu-system-aarch64", "-M", machine, "-cpu", "cortex-a57", "-nodefaults"], cwd=tmp_path,
                   check=True, capture_output=True)
    nodes = subprocess.run(["fdtget", "-l", "machine.dtb", "/"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    gic = next(name for name in nodes.split() if name.startswith("intc@"))
    subprocess.run(["fdtput", "-r", "machine.dtb", "/" + gic], cwd=tmp_path, check=True)
    _, output = harness.boot_raw(tmp_path, "-dtb", "machine.dtb")
    assert "exit: status=4 reason=panic" in output, output
    assert re.search(r"panic on cpu 0: .*(gic|interrupt controller)", output, re.IGNORECASE), output
    assert "EL2 exception" not in output, output
