"""Recordings out of RAM dumps: the rings as they lie in memory, found by their descriptor (struct trace_rings)."""
import random
import struct
import subprocess

import pytest

from test_vtrace import KERNEL, Cpu, build  # noqa: F401

PAGE = 4096
BASE = 0x40000000


class Ram:
    """8 MiB of machine: pages of two rings at odd places, descriptor, metadata."""

    def __init__(self, cpus, page_count=8, opened=True, overwritten=0, flags=0):
        self.memory = bytearray(random.Random(1).randbytes(1 << 20))
        self.exits = 0
        rings = []
        for cpu in cpus:
            ring, pages = 0x1000 + 0x100 * cpu.index, 0x20000 + 0x40000 * cpu.index
            cpu.flush()
            for number, page in enumerate(cpu.pages):
                at = pages + number % page_count * PAGE
                page = bytearray(page.ljust(PAGE, b"\xee"))
                page[12:16] = struct.pack("<I", flags)
                if opened and number == len(cpu.pages) - 1:
                    page[8:12] = b"\0\0\0\0"  # its commit is not written yet
                self.memory[at:at + PAGE] = page
            filled = len(cpu.pages) - opened
            pos = BASE + pages + filled % page_count * PAGE + len(cpu.pages[-1])
            first = max(0, len(cpu.pages) - page_count)
            self.memory[ring:ring + 56] = struct.pack("<4Q4IQ", pos, 0, 0, BASE + pages, cpu.index, opened, filled, first, overwritten)
            rings.append(BASE + ring)
            self.exits += sum(page.count(b"HVC-MARK") for page in cpu.pages[first:])
        text = b"cntfrq=62500000\nvm.0.name=linux\nvm.0.vcpus=4\nvm.0.first=0\n"
        self.memory[0x3000:0x3000 + len(text)] = text
        self.at = 0x2008
        descriptor = struct.pack("<8sIIIIQQQ8Q", b"VTRRINGS", 1, len(rings), page_count, PAGE, BASE + self.at, BASE + 0x3000, len(text),
                                 *(rings + [0] * 8)[:8])
        self.memory[self.at:self.at + len(descriptor)] = descriptor
        self.size = len(descriptor)

    def raw(self):
        return bytes(self.memory)

    def elf(self):
        """As QEMU's dump-guest-memory: a note, then RAM in two pieces."""
        half = len(self.memory) // 2
        head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 183, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0)
        start = 64 + 3 * 56 + 13
        programs = struct.pack("<IIQQQQQQ", 4, 0, 64 + 168, 0, 0, 13, 13, 0)
        for address, offset in ((BASE, start), (BASE + half, start + half)):
            programs += struct.pack("<IIQQQQQQ", 1, 0, offset, 0, address, half, half, 0)
        return head + programs + b"a note, 13 by" + bytes(self.memory)


def busy(index, pages):
    cpu = Cpu(index)
    for i in range(110 * pages - 30):
        cpu.exit(1000 * i + 1000, 10, index, "HYPERCALL", 0x5A000000, KERNEL, [int.from_bytes(b"HVC-MARK", "little")])
    return cpu


@pytest.fixture
def vtrace(build, tmp_path):
    def run(command, data, *options):
        (tmp_path / "dump").write_bytes(data)
        return subprocess.run([build / "host/vtrace", command, "--ram-dump", tmp_path / "dump", *options], capture_output=True, text=True,
                              timeout=60)

    return run


@pytest.mark.parametrize("kind", ["raw", "elf"])
@pytest.mark.parametrize("pages,opened", [(3, True), (3, False), (8, True), (20, True), (21, False)])
def test_all_that_is_in_the_rings_is_found(vtrace, tmp_path, kind, pages, opened):
    """Rings that have wrapped have lost what was there before; the page being written ends at `pos`."""
    ram = Ram([busy(0, pages), busy(1, 2)], opened=opened)
    data = getattr(ram, kind)()
    done = vtrace("check", data)
    assert done.stdout == f"check: exits={ram.exits} lost=0 total=unknown ok\n", done.stderr
    assert vtrace("convert", data, "-o", tmp_path / "out").returncode == 0
    assert subprocess.run(["protoc", "--decode_raw"], stdin=(tmp_path / "out").open("rb"), capture_output=True, check=True).stdout
    assert "linux/1" in vtrace("dump", data).stdout and "hypercall" in vtrace("stat", data).stdout


def test_a_flight_recorder_tells_what_it_has_overwritten(vtrace):
    ram = Ram([busy(0, 20)], overwritten=1234, flags=1)
    assert vtrace("check", ram.raw()).stdout == f"check: exits={ram.exits} lost=1234 total=unknown ok\n"


def test_a_copy_of_the_descriptor_is_not_taken_for_it(vtrace):
    """In an ELF core it must lie where it says; the text alone means nothing."""
    ram = Ram([busy(0, 3)])
    descriptor = bytes(ram.memory[ram.at:ram.at + ram.size])
    ram.memory[0x100:0x100 + len(descriptor)] = descriptor
    ram.memory[0x800:0x808] = b"VTRRINGS"
    assert vtrace("check", ram.elf()).stdout.endswith("ok\n")
    ram.memory[ram.at:ram.at + 8] = bytes(8)
    done = vtrace("check", ram.elf())
    assert done.returncode == 1 and "no trace rings in this dump" in done.stderr


def test_damage_is_told_and_the_rest_used(vtrace):
    ram = Ram([busy(0, 3), busy(1, 3)])
    ram.memory[0x20000 + PAGE:0x20000 + PAGE + 4] = b"gone"
    done = vtrace("stat", ram.elf())
    assert done.returncode == 1 and "CPU 0: 1 page(s) of the ring are damaged" in done.stderr
    assert "CPU 0: 1 gap(s) in the page sequence" in done.stderr and "hypercall" in done.stdout
    cut = vtrace("stat", ram.elf()[:0x20000])
    assert cut.returncode in (0, 1) and "not in the dump" in cut.stderr


@pytest.mark.parametrize("data", [b"", b"VTRRINGS", b"\x7fELF\2\1\1", bytes(3 << 20)], ids=["empty", "magic", "elf", "zeros"])
def test_no_rings(vtrace, data):
    done = vtrace("convert", data, "-o", "/dev/null")
    assert done.returncode == 1 and "no trace rings in this dump" in done.stderr


@pytest.mark.parametrize("seed", range(30))
def test_hostile_descriptors(vtrace, seed):
    """Any field, any value: an error, a warning, or a recording, never a crash."""
    rng = random.Random(seed)
    ram = Ram([busy(0, 3), busy(1, 3)])
    for _ in range(4):
        where = rng.choice([ram.at + 8, 0x1000, 0x1100]) + 4 * rng.randrange(14)
        ram.memory[where:where + 4] = rng.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", rng.randbytes(4), b"\1\0\0\0"])
    for data in (ram.raw(), ram.elf()):
        assert vtrace("check", data).returncode in (0, 1)
