#!/usr/bin/python3
"""Measures what Vitrine costs and prints one line a figure:

    bench NAME VALUE UNIT

usage: run.py [--quick]        --quick: without the three boots of Linux, which take ten seconds

Under QEMU's -icount an instruction is a nanosecond, and with a counter of 1 GHz a tick is an instruction: the
figures are counts, the same on every machine. docs/reference/costs.md says what each of them means.
Exit status: 0; 1 when a figure is over its budget; 2 for a wrong option; 6 when something to measure with is missing.
"""

import base64
import math
import os
import re
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.environ.get("VITRINE_BUILD") or os.path.join(ROOT, "build")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "guests", "linux"))

import mkinitrd  # noqa: E402

EXITS = ("hvc_psci_version", "gicd_typer_read", "idreg_read", "sgi_self_total", "vtimer_irq", "uart_read")

# The other probes of guests/bench: (exit reason, probe, at most). Each is printed as exit_REASON_PROBE.
REASONS = (
    ("hypercall", "psci_features", 200),
    ("hypercall", "psci_affinity_info", 700),
    ("hypercall", "smc_psci_version", 100),
    ("hypercall", "smc_refused", 1050),
    ("hypercall", "hvc_unknown", 1000),
    ("hypercall", "hvc_vendor", 2000),
    ("cpu_up", "psci_cpu_on", 680),
    ("mmio_read", "gicr_typer_read", 200),
    ("mmio_write", "gicd_write", 260),
    ("mmio_write", "gicr_write", 260),
    ("mmio_write", "uart_write", 220),
    ("sysreg_read", "mdscr_read", 200),
    ("sysreg_read", "pmcr_read", 215),
    ("sysreg_read", "cntp_read", 200),
    ("sysreg_write", "mdscr_write", 210),
    ("sysreg_write", "cntp_write", 280),
    ("sysreg_write", "set_way", 200),
    ("send_ipi", "sgi_to_nobody", 130),
    ("halt", "wfi_pending", 220),
    ("nested_page_fault", "gicd_pair_read", 950),
    ("nested_page_fault", "fetch_abort", 510),
    ("mmio_read", "data_abort", 470),
)
# Those that the VMM answers, outside vcpu_run().
LEAVING = ("psci_affinity_info", "psci_cpu_on", "hvc_vendor", "hvc_unknown", "smc_refused", "gicd_pair_read", "data_abort", "fetch_abort")
# The same on -cpu max: a Cortex-A57 has neither the register nor the instruction.
REASONS_OF_MAX = (
    ("sysreg_read", "undefined_sysreg", 235),
    ("exception", "hidden_feature", 120),
)

ALL = (*EXITS, *(name for _, name, _ in REASONS), "vtimer_wfi")
ALL_OF_MAX = tuple(name for _, name, _ in REASONS_OF_MAX)

# At most these. Those without a goal of their own only keep what has been reached: docs/reference/costs.md tells.
BUDGETS = {
    "vtimer_wfi": 250,
    "world_switch": 350,
    "world_switch_pauth": 350,
    "world_switch_fp": 270,
    "ipi_total": 1200,
    "ipi_wfi_total": 1200,
    "ipi_same_cpu": 1300,
    "wfi_to_next_vcpu": 1200,
    **{f"exit_{reason}_{name}": most for reason, name, most in REASONS + REASONS_OF_MAX},
    "hvc_psci_version": 100,
    "gicd_typer_read": 140,
    "idreg_read": 100,
    "sgi_self_total": 300,
    "vtimer_irq": 160,
    "uart_read": 200,
    "trace_exit_cost": 36,
    "trace_left_exit_cost": 40,
    "trace_any_exit_cost": 40,
    "count_exit_cost": 15,
    "count_left_exit_cost": 26,
    "event_exit": 40,
    "event_exit_bytes": 32,
    "linux_boot_ratio": 1.02,
    "linux_boot_ratio_traced": 1.02,
    "image_bytes": 160 * 1024,
    "el2_ram_bytes": 1 << 20,
    "boot_to_guest": 5_000_000,
}

PROBE_TIMEOUT_S = 120
LINUX_TIMEOUT_S = 900
LINUX_BOOTARGS = "console=ttyAMA0"
COUNTER_HZ = 1_000_000_000  # one tick is one instruction
ICOUNT = "shift=0,sleep=off"
DEFAULT_CPU = "cortex-a57"
MAX_CPU = "max,pauth-impdef=on"
ON_MAX = ("--cpu", f"{MAX_CPU},cntfrq={COUNTER_HZ}")

# Read by the guest's shell just before its first prompt. The count comes first; what follows is no longer counted.
LINUX_SHRC = b"""now=$(cntvct)
idle=$(cut -d ' ' -f 2 /proc/uptime)
echo "at-prompt $now idle $idle"
echo fdt-begin
base64 /sys/firmware/fdt
echo fdt-end
poweroff -f
"""


class BenchError(Exception):
    """One line for the person; there are no figures."""


def output_of(argv, timeout_s, environment=None):
    """Standard output and error of a command that must succeed."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment, timeout=timeout_s, check=False)
    except FileNotFoundError:
        raise BenchError(f"{argv[0]} is missing; `make bench` installs it") from None
    except subprocess.TimeoutExpired:
        raise BenchError(f"{os.path.basename(argv[0])} has not ended after {timeout_s} s") from None
    text = done.stdout.decode(errors="replace").replace("\r", "")
    if done.returncode:
        raise BenchError(f"{os.path.basename(argv[0])} ended with status {done.returncode}: {text[-400:]}")
    return text


def vitrine(folder, timeout_s, *arguments):
    """One run of tools/vitrine; its log and its trace go into `folder`. Returns console and log."""
    text = output_of([os.path.join(ROOT, "tools", "vitrine"), "run", "--timeout", str(timeout_s), *arguments],
                     timeout_s + 10, {**os.environ, "VITRINE_BUILD": BUILD, "VITRINE_OUT": folder})
    with open(os.path.join(folder, "vitrine.log"), encoding="utf-8", errors="replace") as log:
        return text, log.read()


def found(pattern, text, what):
    match = re.search(pattern, text, re.MULTILINE)
    if not match:
        raise BenchError(f"{what} is not in the output: {text[-400:]}")
    return match


# --- Exits ------------------------------------------------------------------------------------------------


def cpu_option(model):
    return f"{model},cntfrq={COUNTER_HZ}"


def probe_lines(text):
    """{name: (min, max, mean)} of each probe that a guest has printed."""
    lines = re.findall(r"^probe (\w+) (\d+) (\d+) (\d+) (\d+)$", text, re.MULTILINE)
    return {name: (int(low), int(high), int(total) / int(count)) for name, low, high, total, count in lines}


def worst(results, name):
    """The most that any repetition has cost; usually all are the same."""
    if name not in results:
        raise BenchError(f"{name} is not in the output: {sorted(results)}")
    return results[name][1]


def more(results, than, names):
    """{name: instructions that it has cost more, in the mean}."""
    return {name: math.ceil(results[name][2] - than[name][2]) for name in names}


def probe_guest(folder, guest, *arguments):
    # -singlestep: a trapped MRS would be counted with the rest of its translation block.
    text, _ = vitrine(folder, PROBE_TIMEOUT_S, "--kernel", os.path.join(BUILD, "guests", guest), "--mem", "2M",
                      "--qemu-arg", "-singlestep", *arguments)
    return text


def probe(folder, *arguments):
    """{name: (min, max, mean)} of each probe, and the count at the guest's first instruction."""
    text = probe_guest(folder, "bench.elf", "--icount", *arguments)
    return probe_lines(text), int(found(r"^start (\d+)$", text, "start")[1])


def exit_figures(folder):
    off, start = probe(folder, "--no-trace")
    exits, start_traced = probe(folder, "--hv-append", "trace-classes=exit")
    counted, _ = probe(folder, "--hv-append", "trace=counters")
    on, _ = probe(folder)
    with_max, _ = probe(folder, "--no-trace", *ON_MAX)

    for name in EXITS:
        yield name, worst(off, name), "instructions"
        # The mean: each eighth page costs more, as the device is asked then.
        yield f"{name}_traced", math.ceil(on[name][2]), "instructions"
    # One record an exit; what else an exit may cause has its own.
    recorded = {**more(exits, off, ALL), **more(probe(folder, "--hv-append", "trace-classes=exit", *ON_MAX)[0], with_max, ALL_OF_MAX)}
    everything = {**more(on, off, ALL), **more(probe(folder, *ON_MAX)[0], with_max, ALL_OF_MAX)}
    for name, instructions in recorded.items():
        yield f"record_{name}", instructions, "instructions"
        yield f"record_all_{name}", everything[name], "instructions"
    yield "trace_exit_cost", max(recorded[name] for name in EXITS), "instructions"
    yield "trace_left_exit_cost", max(recorded[name] for name in LEAVING), "instructions"
    yield "trace_any_exit_cost", max(recorded.values()), "instructions"
    yield "count_exit_cost", max(math.ceil(counted[name][2] - off[name][2]) for name in EXITS), "instructions"
    yield "count_left_exit_cost", max(math.ceil(counted[name][2] - off[name][2]) for name in LEAVING), "instructions"
    yield "boot_to_guest", start, "instructions"
    yield "boot_to_guest_traced", start_traced, "instructions"
    # The mean: EL2 sleeps in it, and on a busy host QEMU wakes its CPU for nothing once in ten thousand times.
    yield "vtimer_wfi", round(off["vtimer_wfi"][2]), "instructions"

    for results, reasons in ((off, REASONS), (with_max, REASONS_OF_MAX)):
        for reason, name, _ in reasons:
            yield f"exit_{reason}_{name}", worst(results, name), "instructions"


# --- What recording costs, class by class ----------------------------------------------------------------------

# Class: (a probe of guests/bench that causes its events, how many each time). Other classes' events are rare.
CLASS_PROBES = {
    "exit": ("gicd_typer_read", 1),
    "irq": ("sgi_self_total", 5),  # sent, pending, in a list register, acknowledged, done
    "timer": ("vtimer_irq", 1),
    "sched": ("vtimer_wfi", 5),  # blocked and off the CPU, ready, running and on it again
    "memory": ("fetch_abort", 1),
    "call": ("psci_cpu_on", 1),
}


def recorded_bytes(folder):
    """Bytes of records in the last run's recording, without headers and metadata, by page as trace/format.h has it."""
    with open(os.path.join(folder, "run.vtr"), "rb") as file:
        data = file.read()
    at = found_bytes = 0
    while at < len(data):
        cpu, commit = struct.unpack_from("<HI", data, at + 6)
        found_bytes += commit if cpu != 0xffff else 0
        at += 40 + commit
    return found_bytes


def class_figures(folder):
    """Against a run that looks at each event's class and wants none of them."""
    none, _ = probe(folder, "--hv-append", "trace-classes=mark")
    vtrace = os.path.join(BUILD, "host", "vtrace")
    for name, (by, events) in CLASS_PROBES.items():
        alone, _ = probe(folder, "--hv-append", f"trace-classes={name}")
        table = output_of([vtrace, "stat", os.path.join(folder, "run.vtr")], PROBE_TIMEOUT_S)
        count = int(found(r"^all events +(\d+)$", table, "the number of events")[1])
        yield f"event_{name}", round((alone[by][2] - none[by][2]) / events), "instructions"
        yield f"event_{name}_bytes", round(recorded_bytes(folder) / count), "bytes"


# --- Two vCPUs --------------------------------------------------------------------------------------------


def switch(model):
    """vcpu_put() and vcpu_load() in an embedder of the library: (with FP registers, without)."""
    text = output_of(["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3", "-cpu", cpu_option(model),
                      "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-serial", "stdio",
                      "-icount", ICOUNT, "-singlestep", "-kernel", os.path.join(BUILD, "guests", "switch.elf")],
                     PROBE_TIMEOUT_S)
    results = probe_lines(text)
    with_fp = worst(results, "switch")
    return with_fp, with_fp - worst(results, "fp")


def pair(folder):
    """Two vCPUs on a CPU each. --icount is for one CPU: it would refuse two, which pair.S knows how to count on."""
    return probe_lines(probe_guest(folder, "pair.elf", "--smp", "2", "--pcpus", "2", "--no-trace", "--cpu",
                                   cpu_option(DEFAULT_CPU), "--qemu-arg", "-icount", "--qemu-arg", ICOUNT))


def two_vcpu_figures(folder):
    with_fp, without = switch(DEFAULT_CPU)
    yield "world_switch", without, "instructions"
    yield "world_switch_fp", with_fp, "instructions"
    yield "world_switch_pauth", switch(MAX_CPU)[1], "instructions"

    results = pair(folder)
    for name, mode in (("ipi", "running"), ("ipi_wfi", "waiting")):
        parts = {part: worst(results, f"{mode}_{part}") for part in ("send", "receive", "end")}
        yield f"{name}_total", sum(parts.values()), "instructions"
        yield f"{name}_send", parts["send"], "instructions"
        yield f"{name}_receive", parts["receive"], "instructions"

    shared = probe_lines(probe_guest(folder, "pair_shared.elf", "--smp", "2", "--icount", "--no-trace"))
    yield "ipi_same_cpu", worst(shared, "waiting_deliver"), "instructions"
    yield "wfi_to_next_vcpu", worst(shared, "waiting_switch"), "instructions"


# --- Memory -----------------------------------------------------------------------------------------------

FOUR_VMS = """/dts-v1/;
/ {
	compatible = "vitrine,manifest-v1";
%s};
"""
ONE_OF_FOUR = """	vm%d {
		compatible = "vitrine,vm";
		vcpus = <4>;
		memory = <0x0 0x40000000 0x0 0x00200000>;
		image = /incbin/("%s");
	};
"""


def memory_figures(folder):
    yield "image_bytes", os.path.getsize(os.path.join(BUILD, "vitrine.img")), "bytes"

    manifest = os.path.join(folder, "four.dts")
    hello = os.path.join(BUILD, "guests", "hello.elf")
    with open(manifest, "w", encoding="utf-8") as file:
        file.write(FOUR_VMS % "".join(ONE_OF_FOUR % (i, hello) for i in range(4)))
    _, log = vitrine(folder, PROBE_TIMEOUT_S, manifest, "--pcpus", "4")
    if len(re.findall(r"vm vm\d: 4 vcpus", log)) != 4:
        raise BenchError("the four VMs have not all started")
    image, allocated = found(r"el2 memory: image (\d+) bytes, allocated (\d+) bytes", log, "el2 memory").groups()
    yield "el2_ram_bytes", int(image) + int(allocated), "bytes"


# --- Linux ------------------------------------------------------------------------------------------------


def linux_initrd(folder):
    """The guest's initramfs, and behind it a second archive that replaces the shell's start-up file."""
    path = os.path.join(folder, "initrd")
    members = [("bin/cntvct", 0o100755, mkinitrd.read(os.path.join(BUILD, "guests", "cntvct"))),
               ("etc/shrc", 0o100644, LINUX_SHRC)]
    first = mkinitrd.read(os.path.join(BUILD, "guests", "linux", "initrd.gz"))
    second = b"".join(mkinitrd.newc_entry(i, *m) for i, m in enumerate(members, start=1))
    with open(path, "wb") as file:
        file.write(mkinitrd.pad(first) + second + mkinitrd.newc_entry(0, "TRAILER!!!", 0))
    return path


def at_prompt(text):
    """(count, idle seconds) when the shell was about to ask for its first command."""
    match = found(r"^at-prompt (\d+) idle ([\d.]+)$", text, "at-prompt")
    return int(match[1]), float(match[2])


def linux_under_vitrine(folder, initrd, *arguments):
    text, _ = vitrine(folder, LINUX_TIMEOUT_S, "--kernel", os.path.join(BUILD, "guests", "linux", "Image"),
                      "--initrd", initrd, "--append", LINUX_BOOTARGS, "--mem", "512M", "--smp", "1", "--icount",
                      *arguments)
    return text


def linux_direct(initrd, device_tree):
    """The same kernel, initramfs and device tree at EL1 of the same machine, with nothing at EL2."""
    return output_of(["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", cpu_option(DEFAULT_CPU),
                      "-smp", "1", "-m", "512M", "-nodefaults", "-no-user-config", "-display", "none", "-monitor",
                      "none", "-chardev", "stdio,id=con,signal=off", "-serial", "chardev:con", "-icount",
                      ICOUNT, "-kernel", os.path.join(BUILD, "guests", "linux", "Image"), "-initrd",
                      initrd, "-append", LINUX_BOOTARGS, "-dtb", device_tree], LINUX_TIMEOUT_S)


def linux_figures(folder):
    initrd = linux_initrd(folder)
    off = linux_under_vitrine(folder, initrd, "--no-trace")
    on = linux_under_vitrine(folder, initrd)

    device_tree = os.path.join(folder, "guest.dtb")
    with open(device_tree, "wb") as file:
        file.write(base64.b64decode(found(r"^fdt-begin\n([^-]*)\nfdt-end$", off, "the device tree")[1]))
    direct, idle_s = at_prompt(linux_direct(initrd, device_tree))
    if idle_s > 0.01 * direct / COUNTER_HZ:
        raise BenchError(f"Linux has slept {idle_s} s of its boot: a ratio would flatter us")

    yield "linux_boot_ratio", at_prompt(off)[0] / direct, "ratio"
    yield "linux_boot_ratio_traced", at_prompt(on)[0] / direct, "ratio"
    yield "linux_boot_direct", direct, "instructions"


# --- All --------------------------------------------------------------------------------------------------


def figures(folder, quick):
    yield from exit_figures(folder)
    yield from class_figures(folder)
    yield from two_vcpu_figures(folder)
    yield from memory_figures(folder)
    if not quick:
        yield from linux_figures(folder)


def shown(value):
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def main(arguments):
    if arguments not in ([], ["--quick"]):
        print(f"run.py: unknown option '{arguments[-1]}'; usage: run.py [--quick]", file=sys.stderr)
        return 2
    over = []
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        try:
            for name, value, unit in figures(folder, quick=bool(arguments)):
                print(f"bench {name} {shown(value)} {unit}", flush=True)
                if value > BUDGETS.get(name, math.inf):
                    over.append(f"{name} is over its budget of {BUDGETS[name]}")
        except (BenchError, OSError) as error:
            print(f"run.py: {error}", file=sys.stderr)
            return 6
    for line in over:
        print(f"run.py: {line}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
