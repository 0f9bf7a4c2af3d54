#!/usr/bin/env python3
"""What converting costs: exits a second on one core, memory, and bytes an exit in the trace.

  tests/bench/convert.py [--exits N]

The recording is made here: a mix of exits as a Linux boot makes them (most are MMIO) on four CPUs. Speed is by the user
time of the process, so that it means something on a busy machine, too.
"""
import argparse
import os
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("VITRINE_BUILD", ROOT / "build"))
CNTFRQ, CPUS, PAGE = 62_500_000, 4, 4056
RUNS = 3  # the quickest counts: neighbours on the machine only ever slow it down
REASONS = re.findall(r"^REASON\((\w+)", (ROOT / "src/core/exit_reasons.def").read_text(), re.M)
KERNEL = 0xFFFF800008000000


def an_exit(rng):
    """(reason, ESR, words after the PC) as often as they come when Linux boots."""
    register = rng.randrange(31)
    device = rng.choice([0x09000018, 0x09000000, 0x08000100 + 4 * rng.randrange(32), 0x080A0104])
    mmio = 0x93800006 | register << 16
    kind = rng.choices(range(6), [36, 36, 21, 3, 2, 2])[0]
    return [("MMIO_WRITE", mmio | 0x40, device | rng.randrange(256) << 32),
            ("MMIO_READ", mmio, device | rng.choice([0, 0x90, 0xFFFFFFFF]) << 32),
            ("HALT", 0x06000000 | 1 << 25, 0),
            ("EXTERNAL_INTERRUPT", 0, 27),
            ("SEND_IPI", 0x62323016, 0x1000001),
            ("SYSREG_READ", 0x62300001, 7)][kind]


def payload(rng, vcpu):
    """A page full of exits, and how long they take."""
    records, time = [], 0
    while len(b"".join(records)) + 32 <= PAGE:
        reason, esr, value = an_exit(rng)
        time += rng.randrange(300, 6000)
        duration = rng.choice([60, 80, 120, 700])
        word0 = 1 | 4 << 8 | vcpu << 16 | REASONS.index(reason) << 24 | (time + duration) << 32
        time += duration
        records.append(struct.pack("<4Q", word0, duration | esr << 32, KERNEL + 4 * int(rng.expovariate(1 / 800)), value))
    return b"".join(records), len(records), time


def write_recording(path, exits):
    rng = random.Random(1)
    pages = [[payload(rng, cpu) for _ in range(40)] for cpu in range(CPUS)]
    text = f"cntfrq={CNTFRQ}\ncpus={CPUS}\nvm.0.name=linux\nvm.0.vcpus={CPUS}\nvm.0.first=0\n".encode()
    text += bytes(-len(text) % 8)
    time, seq, written = [1000] * CPUS, 0, 0
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHIIQQQ", 0x50525456, 2, 0xFFFF, len(text), 0, 0, 0, 0) + text)
        while written < exits:
            for cpu in range(CPUS):
                body, count, length = pages[cpu][rng.randrange(40)]
                out.write(struct.pack("<IHHIIQQQ", 0x50525456, 2, cpu, len(body), 0, seq, time[cpu], 0) + body)
                time[cpu] += length
                written += count
            seq += 1
    return written


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exits", type=int, default=2_000_000)
    parser.add_argument("--vtrace", default=BUILD / "host/vtrace")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        raw, trace = Path(scratch) / "raw", Path(scratch) / "trace"
        exits = write_recording(raw, args.exits)
        times, before = [], 0.0
        for _ in range(RUNS):
            done = subprocess.run([args.vtrace, "convert", raw, "-o", trace], check=False)
            if done.returncode:
                sys.exit(f"convert.py: vtrace convert: exit status {done.returncode}")
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(used.ru_utime - before)
            before = used.ru_utime
        print(f"bench convert_exits_per_second {exits / min(times):.0f} exits/s")
        print(f"bench convert_memory_mib {used.ru_maxrss / 1024:.1f} MiB")
        print(f"bench convert_bytes_per_exit {trace.stat().st_size / exits:.1f} bytes")


if __name__ == "__main__":
    main()
