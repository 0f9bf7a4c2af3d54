"""QEMU's command line: the machine that the hypervisor is written for, and what the options change."""

from .options import MAX_PCPUS, MIB

PROGRAM = "qemu-system-aarch64"
DEFAULT_PLATFORM = "qemu-virt"
DEFAULT_CPU = "cortex-a57"
DEFAULT_PCPUS_MAX = 4
HYPERVISOR_BYTES = 256 * MIB  # on top of the VMs' RAM: image, rings, page tables
MEMORY_STEP_BYTES = 2 * MIB
ICOUNT_CNTFRQ_HZ = 1_000_000_000  # with 1 ns an instruction: one counter tick is one instruction


def platform(options):
    """Which of our images is for this machine: the build's PLATFORM."""
    return "qemu-virt-gicv2" if options["gic"] == 2 else DEFAULT_PLATFORM


def image_name(options):
    name = platform(options)
    return "vitrine.img" if name == DEFAULT_PLATFORM else f"vitrine-{name}.img"


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


def hypervisor_options(options):
    words = list(options["hv_append"])
    if options["no_trace"]:
        words.append("trace=off")
    return " ".join(words)


def command(options, manifest, files):
    """The whole command, as a list. `files` has: hypervisor, blob, log, raw_trace (None: no trace)."""
    argv = [
        PROGRAM,
        "-M", f"virt,virtualization=on,gic-version={options['gic'] or 3},dtb-randomness=off",
        "-cpu", cpu(options),
        "-smp", str(pcpus(options, manifest)),
        "-m", f"{memory_mib(manifest)}M",
        "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
        "-global", "virtio-mmio.force-legacy=false",
        # signal=off: C-c is a key for the guest. QEMU itself puts a terminal into raw mode.
        "-chardev", "stdio,id=con,signal=off", "-serial", "chardev:con",
        "-device", "virtio-serial-device,max_ports=4",
        "-chardev", f"file,id=log,path={_path(files.log)}",
        "-device", "virtserialport,chardev=log,nr=1,name=vitrine.log",
    ]
    if files.raw_trace:
        argv += ["-chardev", f"file,id=trace,path={_path(files.raw_trace)}",
                 "-device", "virtserialport,chardev=trace,nr=2,name=vitrine.trace"]
    if options["icount"]:
        argv += ["-icount", "shift=0,sleep=off"]
    if options["gdb"]:
        argv += ["-gdb", f"tcp:127.0.0.1:{options['gdb']}"]
    argv += ["-kernel", files.hypervisor, "-initrd", files.blob]
    if hypervisor_options(options):
        argv += ["-append", hypervisor_options(options)]
    return argv + options["qemu_arg"]
