"""QEMU's command line: the machine that the hypervisor is written for, and what the options change."""

import re

from .messages import usage_failure
from .options import MAX_PCPUS, MIB, ZCU102_CPUS

PROGRAM = "qemu-system-aarch64"
DEFAULT_PLATFORM = "qemu-virt"
ZCU102_RAM_MIB = 2048  # what is more lies elsewhere, and QEMU's device tree does not say so
QUIET = ("-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none")
# What QEMU says of the ZCU102's sound and network, which are there whether one wants them or not.
# and that it waits for a recorder, which we say ourselves.
NOISE = re.compile(r"xlnx_dp\.audio|nic cadence_gem\.\d has no peer|info: QEMU waiting for connection")
DEFAULT_CPU = "cortex-a57"
DEFAULT_PCPUS_MAX = 4
HYPERVISOR_BYTES = 256 * MIB  # on top of the VMs' RAM: image, rings, page tables
MEMORY_STEP_BYTES = 2 * MIB
ICOUNT_CNTFRQ_HZ = 1_000_000_000  # with 1 ns an instruction: one counter tick is one instruction


def platform(options):
    """Which of our images is for this machine: the build's PLATFORM."""
    if options["machine"] == "zcu102":
        return "zcu102"
    return "qemu-virt-gicv2" if options["gic"] == 2 else DEFAULT_PLATFORM


def image_name(options):
    """Images that debug guests are built apart, with GDB=1: the others carry nothing of it."""
    name = platform(options)
    suffix = "-gdb" if options["gdb"] else ""
    return f"vitrine{suffix}.img" if name == DEFAULT_PLATFORM else f"vitrine-{name}{suffix}.img"


def _path(text):
    """A path inside a comma-separated QEMU option."""
    return text.replace(",", ",,")


def cpu(options):
    model = options["cpu"] or DEFAULT_CPU
    if options["icount"] and "cntfrq=" not in model:
        model += f",cntfrq={ICOUNT_CNTFRQ_HZ}"
    return model


def pcpus(options, manifest):
    """One physical CPU for each vCPU of the largest VM, within reason: the host must run them too.
    A manifest that pins vCPUs gets the CPUs it names."""
    if options["pcpus"]:
        return options["pcpus"]
    if options["icount"]:
        return 1
    wanted = min(DEFAULT_PCPUS_MAX, max(manifest.vcpus, default=1))
    return max(1, wanted, min(MAX_PCPUS, manifest.pinned_cpus))


def memory_mib(manifest):
    need = manifest.memory_bytes + HYPERVISOR_BYTES + manifest.blob_bytes
    return -(-need // MEMORY_STEP_BYTES) * MEMORY_STEP_BYTES // MIB


def hypervisor_options(options, manifest):
    words = list(options["hv_append"])
    if options["no_trace"]:
        words.append("trace=off")
    elif options["machine"] != "zcu102":  # which has no port for one
        words.append(f"manifest={manifest.label}")
    if options["gdb_uart"]:
        words.append("gdb=uart")
    if options["halt"]:
        words.append("gdb=halt")
    return " ".join(words)


def _gdb_socket(name, port):
    return ["-chardev", f"socket,id={name},host=127.0.0.1,port={port},server=on,wait=off,nodelay=on"]


def _console(options):
    """signal=off: C-c is a key for the guest. QEMU itself puts a terminal into raw mode."""
    if options["gdb_uart"]:
        return [*_gdb_socket("con", options["gdb"]), "-serial", "chardev:con"]
    return ["-chardev", "stdio,id=con,signal=off", "-serial", "chardev:con"]


def _log(files):
    return ["-chardev", f"file,id=log,path={_path(files.log)}"]


def _trace(options, files):
    """QEMU discards what it can give to nobody: so it waits until somebody is there to take the first page."""
    if options["trace_socket"]:
        return f"socket,id=trace,path={_path(options['trace_socket'])},server=on,wait=on"
    return f"file,id=trace,path={_path(files.raw_trace)}" if files.raw_trace else None


def _virt(options, manifest, files):
    argv = [
        "-M", f"virt,virtualization=on,gic-version={options['gic'] or 3},dtb-randomness=off",
        "-cpu", cpu(options),
        "-smp", str(pcpus(options, manifest)),
        "-m", f"{memory_mib(manifest)}M",
        *QUIET,
        "-global", "virtio-mmio.force-legacy=false",
        *_console(options),
        "-device", "virtio-serial-device,max_ports=4",
        *_log(files),
        "-device", "virtserialport,chardev=log,nr=1,name=vitrine.log",
    ]
    trace = _trace(options, files)
    if trace:
        argv += ["-chardev", trace, "-device", "virtserialport,chardev=trace,nr=2,name=vitrine.trace"]
    if options["gdb"] and not options["gdb_uart"]:
        argv += [*_gdb_socket("gdb", options["gdb"]),
                 "-device", "virtserialport,chardev=gdb,nr=3,name=vitrine.gdb"]
    return argv


def _zcu102(options, manifest, files):
    """No virtio there: the log goes to the second UART. QEMU has no device tree for it: ours."""
    if memory_mib(manifest) > ZCU102_RAM_MIB:
        raise usage_failure(f"the VMs and the hypervisor need {memory_mib(manifest)} MiB of RAM, "
                            f"--machine zcu102 has {ZCU102_RAM_MIB}")
    return [
        "-M", "xlnx-zcu102,virtualization=on",
        "-smp", str(ZCU102_CPUS),
        "-m", f"{memory_mib(manifest)}M",
        *QUIET, "-audiodev", "none,id=none",
        *_console(options),
        *_log(files), "-serial", "chardev:log",
        "-dtb", files.machine_tree,
    ]


def input_gate(options, files):
    """Until EL2 has turned it on, the ZCU102's UART throws input away, where that of `virt` keeps it.
    EL2 does so before it writes the log's first line."""
    return files.log if options["machine"] == "zcu102" else None


def command(options, manifest, files):
    """The whole command, as a list. `files` has: hypervisor, blob, log, raw_trace (None: no trace),
    machine_tree (for machines that have none of their own)."""
    machine = _zcu102 if options["machine"] == "zcu102" else _virt
    argv = [PROGRAM, *machine(options, manifest, files)]
    if options["icount"]:
        argv += ["-icount", "shift=0,sleep=off"]
    if options["qemu_gdb"]:
        argv += ["-gdb", f"tcp:127.0.0.1:{options['qemu_gdb']}"]
    argv += ["-kernel", files.hypervisor, "-initrd", files.blob]
    if hypervisor_options(options, manifest):
        argv += ["-append", hypervisor_options(options, manifest)]
    return argv + options["qemu_arg"]
