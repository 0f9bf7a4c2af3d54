"""What a person may count on from tools/vitrine's command line: each test is one claim.

Run: /usr/bin/python3 -m pytest tests/unit/test_cli.py. How runs end is in test_cli_run.py.
"""

import hashlib
import re
import struct
from pathlib import Path

import pytest

from cli_world import ECHO_IMAGE, MANIFEST, ROOT, World
from vitrine_cli import fdt, options as cli_options


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def after(command, option):
    return command[command.index(option) + 1]


# --- the command line for QEMU -----------------------------------------------------------------------------

def test_the_machine_is_the_one_the_hypervisor_is_written_for(world):
    command = world.command("set.dts")
    out = world.out
    assert command == [
        "qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3,dtb-randomness=off",
        "-cpu", "cortex-a57", "-smp", "3", "-m", f"{512 + 4096 + 2 + 256 + 2}M",
        "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
        "-global", "virtio-mmio.force-legacy=false",
        "-chardev", "stdio,id=con,signal=off", "-serial", "chardev:con",
        "-device", "virtio-serial-device,max_ports=4",
        "-chardev", f"file,id=log,path={out}/vitrine.log",
        "-device", "virtserialport,chardev=log,nr=1,name=vitrine.log",
        "-chardev", f"file,id=trace,path={out}/run.vtr",
        "-device", "virtserialport,chardev=trace,nr=2,name=vitrine.trace",
        "-kernel", f"{world.build}/vitrine.img", "-initrd", f"{out}/set.dtb",
        "-append", f"manifest=set.dts:sha256={hashlib.sha256((out / 'set.dtb').read_bytes()).hexdigest()[:12]}"]


def test_dry_run_names_the_manifest_and_starts_nothing(world):
    (world.build / "vitrine.img").unlink()
    done = world.run("run", "set.dts", "--dry-run")
    assert done.returncode == 0 and done.stdout.startswith("# manifest: set.dts -> out/set.dtb\n")
    assert not world.qemu_was_started


@pytest.mark.parametrize("arguments, option, value", [
    (["--gic", "2"], "-M", "virt,virtualization=on,gic-version=2,dtb-randomness=off"),
    (["--cpu", "cortex-a76"], "-cpu", "cortex-a76"),
    (["--pcpus", "8"], "-smp", "8"),
    (["--icount"], "-icount", "shift=0,sleep=off"),
    (["--icount"], "-smp", "1"),
    (["--icount"], "-cpu", "cortex-a57,cntfrq=1000000000"),
    (["--icount", "--cpu", "max,cntfrq=5"], "-cpu", "max,cntfrq=5"),
    (["--qemu-gdb"], "-gdb", "tcp:127.0.0.1:1235"),
    (["--qemu-gdb=4321"], "-gdb", "tcp:127.0.0.1:4321"),
    (["--gdb", "--halt", "--no-trace"], "-append", "trace=off gdb=halt"),
    (["--gdb", "--gdb-uart", "--no-trace"], "-append", "trace=off gdb=uart"),
    (["--no-trace", "--hv-append=log=uart"], "-append", "log=uart trace=off"),
    (["--qemu-arg", "-S", "--qemu-arg", "-d", "--qemu-arg=int"], "-S", "-d"),
])
def test_an_option_reaches_qemu(world, arguments, option, value):
    assert after(world.command("set.dts", *arguments), option) == value


@pytest.mark.parametrize("machine", ["virt", "zcu102"])
def test_a_debugger_may_have_the_consoles_uart(world, machine):
    """And nothing else has it then: neither the terminal nor a port of virtio-serial."""
    world.manifest.write_text(MANIFEST.replace("0x1 0x00200000", "0x0 0x00200000"))
    command = world.command("set.dts", "--machine", machine, "--gdb=1300", "--gdb-uart")
    assert after(command, "-serial") == "chardev:con"
    assert "socket,id=con,host=127.0.0.1,port=1300,server=on,wait=off,nodelay=on" in command
    assert not [word for word in command if "vitrine.gdb" in word or "stdio" in word]
    assert after(command, "-kernel").endswith("-gdb.img")


def test_each_gic_has_its_own_image(world):
    assert after(world.command("set.dts", "--gic", "2"), "-kernel") == f"{world.build}/vitrine-qemu-virt-gicv2.img"
    assert after(world.command("set.dts", "--gic", "3"), "-kernel") == f"{world.build}/vitrine.img"
    assert after(world.command("set.dts", "--gic", "2", "--hypervisor", "one.bin"),
                 "-kernel") == f"{world.folder}/one.bin"


def test_zcu102_is_what_it_is(world):
    done = world.run("run", "set.dts", "--machine", "zcu102", "--dry-run")
    assert done.returncode == 2 and "need 4868 MiB of RAM, --machine zcu102 has 2048" in done.stderr
    world.manifest.write_text(MANIFEST.replace("0x1 0x00200000", "0x0 0x00200000"))
    command = world.command("set.dts", "--machine", "zcu102")
    assert command[:5] == ["qemu-system-aarch64", "-M", "xlnx-zcu102,virtualization=on", "-smp", "4"]
    assert after(command, "-kernel") == f"{world.build}/vitrine-zcu102.img"
    assert Path(after(command, "-dtb")).read_bytes()[:4] == b"\xd0\x0d\xfe\xed"
    assert "-cpu" not in command and not [word for word in command if word.startswith("virt")]
    for arguments in (["--gic", "3"], ["--cpu", "cortex-a57"], ["--pcpus", "2"], ["--icount"], ["--trace", "t"]):
        done = world.run("run", "set.dts", "--machine", "zcu102", *arguments)
        assert done.returncode == 2 and done.stderr.startswith(f"vitrine: {arguments[0]}: "), done.stderr


def test_a_trace_socket_is_listened_on_until_a_recorder_comes(world):
    command = world.command("set.dts", "--trace-socket", "s,1")
    assert f"socket,id=trace,path={world.folder}/s,,1,server=on,wait=on" in command
    assert "virtserialport,chardev=trace,nr=2,name=vitrine.trace" in command


def test_no_trace_opens_no_trace_port(world):
    assert not [a for a in world.command("set.dts", "--no-trace") if "vitrine.trace" in a]


def test_default_pcpus_are_the_largest_vms_vcpus_but_at_most_four(world):
    world.manifest.write_text(MANIFEST.replace("<3>", "<8>"))
    assert after(world.command("set.dts"), "-smp") == "4"


def test_default_pcpus_reach_the_cpus_that_vcpus_are_pinned_to(world):
    world.manifest.write_text(MANIFEST.replace("<3>;", "<3>; cpu-affinity = <0 5 2>;"))
    assert after(world.command("set.dts"), "-smp") == "6"


def test_a_comma_in_a_path_does_not_end_the_chardev_option(world):
    command = world.command("set.dts", "--log", "a,b.log")
    assert f"file,id=log,path={world.folder}/a,,b.log" in command


def test_gdb_does_not_swallow_the_manifest(world):
    assert after(world.command("--qemu-gdb", "set.dts"), "-gdb") == "tcp:127.0.0.1:1235"


@pytest.mark.parametrize("name, vcpus, mib", [("linux", [4], 512), ("hello", [1], 2), ("pair", [2, 1], 258)])
def test_a_manifest_we_ship_compiles(world, name, vcpus, mib):
    for image in re.findall(r'/incbin/\("(.*?)"\)', (ROOT / "vms" / f"{name}.dts").read_text()):
        (world.build / "guests" / image).parent.mkdir(exist_ok=True)
        (world.build / "guests" / image).write_bytes(b"image")
    done = world.run("manifest", ROOT / "vms" / f"{name}.dts", "-o", "x.dtb")
    assert (done.returncode, done.stderr) == (0, "")
    _, vms = fdt.parse((world.folder / "x.dtb").read_bytes())
    cells = {vm: {p: fdt.cells(v) for p, v in props.items()} for vm, (props, _) in vms.items()}
    assert [c["vcpus"][0] for c in cells.values()] == vcpus
    assert sum(c["memory"][3] for c in cells.values()) == mib << 20


# --- --kernel ----------------------------------------------------------------------------------------------

def elf(machine):
    return b"\x7fELF\x02\x01" + bytes(12) + struct.pack("<H", machine) + bytes(600)


@pytest.mark.parametrize("content, kind", [
    (ECHO_IMAGE, "linux"), (b"\x1f\x8b" + bytes(99), "gzip"), (elf(183), "elf"), (b"\x00\x01", "raw")],
    ids=["Image", "gzip", "ELF", "raw"])
def test_kernel_makes_a_manifest_for_any_image(world, content, kind):
    (world.folder / "k").write_bytes(content)
    (world.folder / 'rd "1"').write_bytes(b"initrd bytes")
    command = world.command("--kernel", "k", "--initrd", 'rd "1"', "--append", 'a="b\\c" d',
                            "--smp", "2", "--mem", "1G")
    assert (after(command, "-smp"), after(command, "-m")) == ("2", f"{1024 + 256 + 2}M")
    (properties, _), = fdt.parse(Path(after(command, "-initrd")).read_bytes())[1].values()
    assert bytes(properties["image"]) == content
    assert bytes(properties["initrd"]) == b"initrd bytes"
    assert fdt.strings(properties["bootargs"]) == ['a="b\\c" d']
    assert fdt.strings(properties["image-type"]) == [kind]
    assert fdt.cells(properties["memory"]) == [0, 0x40000000, 0, 1 << 30]
    assert ("image-offset" in properties) == (kind == "raw")
    assert kind != "raw" or fdt.cells(properties["image-offset"]) == [0x80000]


@pytest.mark.parametrize("text, mib", [("64", 64), ("64M", 64), ("2048k", 2), ("1g", 1024)])
def test_mem_is_read_as_qemu_reads_it(world, text, mib):
    assert after(world.command("--kernel", "one.bin", "--mem", text), "-m") == f"{mib + 256 + 2}M"


# --- usage errors ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments, culprit", [
    (["--frobnicate"], "--frobnicate"), (["-smp", "2"], "did you mean --smp"), (["-m"], "'-m'"),
    (["set.dts", "extra.dts"], "extra.dts"), (["set.dts", "--kernel", "one.bin"], "set.dts"),
    (["nosuch.dts"], "nosuch.dts"), (["empty"], "'empty' is empty"), (["."], "'.' is not a regular file"),
    (["one.dtb"], "one.dtb"), (["binary"], "--kernel"),
    (["--kernel", "nosuch"], "nosuch"), (["--kernel", "empty"], "'empty' is empty"), (["--kernel", ""], "--kernel"),
    (["--kernel", "x86elf"], "x86elf"), (["--kernel", "zboot"], "zboot"),
    (["--kernel", "one.bin", "--initrd", "empty"], "--initrd: 'empty'"),
    (["--smp", "2"], "--smp: only with --kernel"), (["--append", "x"], "--append: only with --kernel"),
    (["--kernel", "one.bin", "--smp", "9"], "--smp: 9"), (["--kernel", "one.bin", "--smp", "0"], "--smp: 0"),
    (["--kernel", "one.bin", "--smp", "-1"], "--smp: -1"), (["--kernel", "one.bin", "--smp", "two"], "'two'"),
    (["--kernel", "one.bin", "--mem", "3M"], "--mem: '3M' is not a multiple of 2 MiB"),
    (["--kernel", "one.bin", "--mem", "512G"], "--mem: '512G'"),
    (["--kernel", "one.bin", "--mem", "-2"], "--mem: '-2'"),
    (["--kernel", "one.bin", "--mem", "0"], "--mem: '0'"), (["--kernel", "one.bin", "--mem"], "--mem"),
    (["--pcpus", "9"], "--pcpus: 9"), (["--pcpus", "0"], "--pcpus: 0"), (["--pcpus", "2", "--icount"], "--pcpus: 2"),
    (["--gic", "4"], "--gic: '4'"), (["--cpu", "cortex-a15"], "cortex-a15"), (["--cpu", ""], "--cpu"),
    (["--machine", "raspi3b"], "--machine: 'raspi3b'"),
    (["--gdb=0"], "--gdb: 0"), (["--gdb=65536"], "--gdb: 65536"), (["--gdb=http"], "--gdb: 'http'"),
    (["--gdb="], "--gdb"), (["--halt"], "--halt: only with --gdb"), (["--symbols", "set.dts"], "--symbols: only with --gdb"),
    (["--gdb=99", "--qemu-gdb=99"], "both on port 99"), (["--gdb", "--machine", "zcu102"], "--gdb: --machine zcu102"),
    (["--timeout", "0"], "--timeout: 0"), (["--timeout", "-1"], "--timeout: -1"), (["--timeout", "nan"], "'nan'"),
    (["--trace", "t", "--no-trace"], "--trace"),
    (["--trace", "t", "--trace-socket", "s"], "--trace-socket"), (["--no-trace", "--trace-socket", "s"], "--trace-socket"),
    (["--trace-socket", "no/such/s"], "no/such/s"), (["--trace-socket", "x" * 120], "107 bytes"),
    (["--trace-socket", "set.dts"], "is no socket"), (["--trace-socket", "s", "--machine", "zcu102"], "--trace-socket"),
    (["--trace", "no/such/t"], "no/such/t"),
    (["--log", "."], "--log: '.'"),
    (["--log", "--dry-run"], "--log"), (["--dry-run=yes"], "--dry-run"), (["--hypervisor", "nosuch"], "nosuch"),
])
def test_bad_usage_is_one_line_that_names_the_culprit(world, arguments, culprit):
    (world.folder / "empty").touch()
    (world.folder / "binary").write_bytes(ECHO_IMAGE)
    (world.folder / "one.dtb").write_bytes(b"\xd0\x0d\xfe\xed not much more")
    (world.folder / "x86elf").write_bytes(elf(62))
    (world.folder / "zboot").write_bytes(b"MZ\0\0zimg" + bytes(600))
    done = world.run("run", *arguments)
    assert done.returncode == 2
    assert re.fullmatch(r"vitrine: .*\n", done.stderr) and culprit in done.stderr
    assert not world.qemu_was_started


@pytest.mark.parametrize("arguments", [[], ["walk"], ["manifest", "set.dts"], ["manifest", "-o", "x"]])
def test_a_command_must_be_given_whole(world, arguments):
    done = world.run(*arguments)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("empty, why", [(False, "not found"), (True, "is empty")])
def test_a_missing_image_is_named_with_node_and_property(world, empty, why):
    image = world.build / "guests" / "made" / "two.bin"
    image.write_bytes(b"") if empty else image.unlink()
    done = world.run("run", "set.dts")
    assert done.returncode == 2 and not world.qemu_was_started
    assert f"set.dts: node /two@0, property image: file 'made/two.bin' {why}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_dtc_says_is_passed_on_with_the_manifests_name(world):
    world.manifest.write_text("/dts-v1/;\n/ { vcpus = ; };\n")
    done = world.run("run", "set.dts")
    assert done.returncode == 2 and not world.qemu_was_started
    assert re.search(r"^vitrine: set.dts: dtc: .*2\..*syntax error$", done.stderr, re.M)
    assert list(world.out.iterdir()) == []


def test_a_device_tree_cut_anywhere_is_refused_and_nothing_worse(world):
    assert world.run("manifest", "set.dts", "-o", "x.dtb").returncode == 0
    blob = (world.folder / "x.dtb").read_bytes()
    for length in range(len(blob)):
        with pytest.raises(fdt.BadTree):
            fdt.parse(blob[:length])
        patched = blob[:4] + struct.pack(">I", length) + blob[8:length]  # a header that believes it is whole
        try:
            fdt.parse(patched)
        except fdt.BadTree:
            pass


def test_help_tells_every_option_status_and_chord(world):
    done = world.run("run", "--help")
    assert done.returncode == 0
    for option in cli_options.RUN_OPTIONS:
        assert f"  {option.spelling} " in done.stdout
    for word in ("C-a x", "C-a h", "C-a n", "exit status:", "  124 ", "  3 ", "  5 "):
        assert word in done.stdout
    assert re.fullmatch(r"vitrine \d+\.\d+\.\d+\n", world.run("--version").stdout)
