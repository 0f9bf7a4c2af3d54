"""GDB commands for Vitrine: `vitrine ...` for a guest, over Vitrine's own stub, and `vitrine el2 ...` for Vitrine itself, over QEMU's.

The generated .gdbinit loads this; by hand: (gdb) source tools/gdb/vitrine.py
"""

import pathlib
import re
import struct

import gdb

TREE = pathlib.Path(__file__).resolve().parents[2]
IMAGE_MAGIC, IMAGE_MAGIC_AT = b"ARM\x64", 56  # of the arm64 Image header, with which the hypervisor begins
PAGE_BYTES, IMAGE_BYTES_MAX = 4096, 16 << 20
ET_CORE, EM_AARCH64, PT_LOAD, ELF_VERSION = 4, 183, 1, 1


def ask(command):
    """What GDB says to it, or its one line of why not."""
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as error:
        raise gdb.GdbError(str(error)) from None


def monitor(words):
    """What the stub answers."""
    return ask(f"monitor {words}")


def number(expression):
    """A value of the guest's: of a symbol or function, its address."""
    value = gdb.parse_and_eval(expression)
    if value.type.code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRUCT):
        value = value.address
    return int(value.cast(gdb.lookup_type("unsigned long long")))


def exit_reasons():
    rows = re.findall(r"^REASON\((\w+),", (TREE / "src/core/exit_reasons.def").read_text(encoding="utf-8"), re.M)
    return [name.lower() for name in rows]


def system_registers():
    """Those that this target describes, beside the ones that every AArch64 has."""
    try:
        names = gdb.selected_frame().architecture().registers()
    except gdb.error:
        return []
    return [register.name.lower() for register in names if re.search(r"_EL\d$", register.name)]


# What may stand behind a word of `vitrine`, to complete it.
WORDS = {
    "break": ["exec", "exit", "ipa", "irq", "off", "psci", "sysreg"],
    "break exit": exit_reasons,
    "break psci": ["cpu_on", "cpu_off", "cpu_suspend", "system_off", "system_reset"],
    "break sysreg": system_registers,
    "sysreg": system_registers,
    "trace": ["classes", "dump", "level", "mode", "sample", "status", "vcpus"],
    "trace level": ["counters", "events", "off"],
    "trace mode": ["flight", "stream"],
    "crash": ["off", "on"],
    "phys": ["off", "on"],
    "stepirq": ["off", "on"],
    "vtime": ["freeze", "run"],
    "lost": ["resume", "stay"],
}


class Vitrine(gdb.Command):
    """Look at a guest from below, or at the hypervisor itself. `help vitrine` lists what there is."""

    def __init__(self):
        super().__init__("vitrine", gdb.COMMAND_STATUS, gdb.COMPLETE_NONE, True)


class Monitor(gdb.Command):
    """One command of the stub's, with completion."""

    def __init__(self, word, text):
        self.word, self.__doc__ = word, text
        super().__init__(f"vitrine {word}", gdb.COMMAND_STATUS)

    def invoke(self, argument, _from_tty):
        gdb.write(monitor(f"{self.word} {argument}".rstrip()))

    def complete(self, text, word):
        path = " ".join([self.word, *text[:len(text) - len(word)].split()])
        words = WORDS.get(path)
        if words is None:
            return gdb.COMPLETE_NONE
        return [choice for choice in (words() if callable(words) else words) if choice.startswith(word.lower())]


class Address(Monitor):
    """A command of the stub's about an address, which may be any expression."""

    def invoke(self, argument, _from_tty):
        if not argument:
            raise gdb.GdbError(f"which address? vitrine {self.word} EXPRESSION")
        gdb.write(monitor(f"{self.word} {number(argument):#x}"))

    def complete(self, text, word):
        return gdb.COMPLETE_EXPRESSION


class Walk(gdb.Command):
    """Where an address of the guest's really is: through its own tables, then through stage 2.
vitrine walk EXPRESSION"""

    def __init__(self):
        super().__init__("vitrine walk", gdb.COMMAND_STATUS, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, _from_tty):
        if not argument:
            raise gdb.GdbError("which address? vitrine walk EXPRESSION")
        first = monitor(f"s1 {number(argument):#x}")
        gdb.write(first)
        found = re.search(r"-> IPA (0x[0-9a-f]+)", first)
        if found:
            gdb.write(monitor(f"s2 {found[1]}"))


# Of `monitor help`, but for the lists that GDB has itself.
COMMANDS = {
    "vms": "The virtual machines.",
    "vcpus": "Their vCPUs: state, PC, where they run.",
    "exits": "How many exits of each kind this VM has had.",
    "last": "The last exits of the CPU that runs this vCPU.\nvitrine last [N]",
    "explain": "This vCPU's last exit that EL2 had to think about, in words.",
    "gic": "Interrupts of this vCPU and its VM.",
    "timer": "The vCPU's timers.",
    "sysreg": "One system register; without a name, all of them.\nvitrine sysreg [NAME]",
    "break": "Stop at what only a hypervisor sees; alone: the list.\n"
             "vitrine break exit REASON | sysreg NAME | psci FN | irq INTID | ipa FIRST [BYTES] [r|w] | exec PAGE [BYTES] | off [N]",
    "trace": "What is recorded.\nvitrine trace level | classes | vcpus | mode | sample | dump | status",
    "crash": "Whether a VM that crashes waits for GDB.\nvitrine crash on|off",
    "phys": "Whether GDB's addresses are guest-physical.\nvitrine phys on|off",
    "stepirq": "Whether interrupts arrive while stepping.\nvitrine stepirq on|off",
    "vtime": "The guest's time while it is stopped.\nvitrine vtime freeze|run",
    "lost": "What a VM does when GDB goes without a word.\nvitrine lost stay|resume",
    "reset": "The VM begins anew, stopped.",
}
ADDRESSES = {
    "s1": "Walk the guest's own tables.\nvitrine s1 EXPRESSION",
    "s2": "Where guest-physical memory really is.\nvitrine s2 EXPRESSION",
}


class El2(gdb.Command):
    """Look at Vitrine itself, through QEMU's stub. `vitrine el2 load` comes first."""

    def __init__(self):
        super().__init__("vitrine el2", gdb.COMMAND_STATUS, gdb.COMPLETE_NONE, True)


def read(address, count):
    return gdb.selected_inferior().read_memory(address, count).tobytes()


def physical():
    """EL2 maps all RAM where it is. The CPU that is selected may be in a guest, and mean other addresses."""
    if 'received: "OK"' not in ask("maintenance packet Qqemu.PhyMemMode:1"):
        raise gdb.GdbError("this is not QEMU's stub: tools/vitrine run --qemu-gdb, target remote 127.0.0.1:1235")
    ask("maintenance flush dcache")


def variable(name):
    """Of Vitrine's; what its addresses point to can be read."""
    physical()
    symbol = gdb.lookup_global_symbol(name)
    if symbol is None:
        raise gdb.GdbError("Vitrine's symbols are not there: vitrine el2 load")
    return symbol.value()


class Load(gdb.Command):
    """Load Vitrine's symbols where it runs.
vitrine el2 load [ELF]
Without a file: build/vitrine.elf. Vitrine must have started, so that a CPU's VBAR_EL2 says where it is."""

    def __init__(self):
        super().__init__("vitrine el2 load", gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, _from_tty):
        path = pathlib.Path(argument or TREE / "build/vitrine.elf")
        if not path.exists():
            raise gdb.GdbError(f"{path}: there is no such file")
        physical()
        base = self.base()
        ask(f'add-symbol-file "{path}" -o {base:#x}')
        gdb.write(f"Vitrine is at {base:#x}, its symbols are those of {path}\n")

    @staticmethod
    def base():
        vectors = int(gdb.parse_and_eval("(unsigned long)$VBAR_EL2"))
        for page in range(vectors & -PAGE_BYTES, max(vectors - IMAGE_BYTES_MAX, 0), -PAGE_BYTES):
            if read(page + IMAGE_MAGIC_AT, len(IMAGE_MAGIC)) == IMAGE_MAGIC:
                return page
        raise gdb.GdbError("Vitrine has not started on this CPU yet: `continue` for a moment, or choose another `thread`; then vitrine el2 load")


def all_vcpus():
    """Number of the VM, of the vCPU, and its struct vm_vcpu; both from 1, as Vitrine's own stub has them."""
    vms = variable("vms")
    for index in range(int(variable("vm_count"))):
        vm = vms[index].dereference()
        for n in range(int(vm["vcpus"])):
            yield index + 1, n + 1, vm["vcpu"][n].dereference()


def name_of(vcpu):
    return f'{vcpu["vm"]["config"]["name"].string()}.vcpu{int(vcpu["index"])}'


class Vms(gdb.Command):
    """Vitrine's VMs and vCPUs: their states, and the CPU whose hardware holds each."""

    def __init__(self):
        super().__init__("vitrine el2 vms", gdb.COMMAND_STATUS)

    def invoke(self, _argument, _from_tty):
        for vm, n, vcpu in all_vcpus():
            core = vcpu["core"]
            state = str(core["state"]).rsplit("VCPU_", maxsplit=1)[-1].lower()
            where = "loaded" if int(core["cpu"]) else "not loaded"
            gdb.write(f'{vm}.{n} {name_of(vcpu):<20} cpu {int(vcpu["home"])}, {where:<10}  {state:<8} pc {int(core["frame"]["pc"]):#x}\n')


class Frame(gdb.Command):
    """A vCPU's registers as its last exit has left them in EL2. While it is in the guest, the CPU has newer ones.
vitrine el2 frame VM.VCPU"""

    def __init__(self):
        super().__init__("vitrine el2 frame", gdb.COMMAND_STATUS)

    def invoke(self, argument, _from_tty):
        for vm, n, vcpu in all_vcpus():
            if f"{vm}.{n}" == argument.strip():
                break
        else:
            raise gdb.GdbError(f"{argument or 'which one'}: no such vCPU; vitrine el2 vms lists them")
        frame = vcpu["core"]["frame"]
        gdb.write(f"{name_of(vcpu)}: {vcpu['core']['exit']['reason']}\n")
        values = [(f"x{i}", int(frame["x"][i])) for i in range(31)]
        values += [("pc", int(frame["pc"])), ("pstate", int(frame["pstate"]))]
        for at in range(0, len(values), 3):
            gdb.write("  ".join(f"{name:<6} {value:#018x}" for name, value in values[at:at + 3]) + "\n")

    def complete(self, _text, word):
        return [name for name in (f"{vm}.{n}" for vm, n, _ in all_vcpus()) if name.startswith(word)]


class Trace(gdb.Command):
    """Save the trace rings of all CPUs as they are in memory, for `vtrace COMMAND --ram-dump FILE`.
vitrine el2 trace FILE
Each has its last 8 MiB or what was recorded so far, whether that has been sent or not."""

    def __init__(self):
        super().__init__("vitrine el2 trace", gdb.COMMAND_DATA, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, _from_tty):
        if not argument:
            raise gdb.GdbError("where to? vitrine el2 trace FILE")
        rings = variable("trace_rings")
        count = int(rings["rings"])
        if not count:
            raise gdb.GdbError("nothing is traced: Vitrine has no rings")
        page, pages = int(rings["page_bytes"]), int(rings["page_count"])
        parts = [(int(rings.address), rings.type.sizeof), (int(rings["metadata"]), int(rings["metadata_bytes"]))]
        for at in (int(rings["ring"][i]) for i in range(count)):
            ring = gdb.Value(at).cast(gdb.lookup_type("struct trace_ring").pointer()).dereference()
            used = min(int(ring["filled"]) + bool(ring["open"]), pages)
            parts += [(at, ring.type.sizeof), (int(ring["pages"]), used * page)]
        try:
            with open(argument, "wb") as file:
                file.write(core_file([(address, read(address, size)) for address, size in parts if size]))
        except OSError as error:
            raise gdb.GdbError(f"{argument}: {error.strerror}") from None
        gdb.write(f"{argument}: {count} rings, {sum(size for _, size in parts)} bytes; vtrace dump --ram-dump {argument}\n")


def core_file(parts):
    """An ELF core with these pieces of memory, each an address and its bytes."""
    header, program = struct.Struct("<4s5B7xHHIQQQIHHHHHH"), struct.Struct("<IIQQQQQQ")
    at = header.size + program.size * len(parts)
    out = [header.pack(b"\x7fELF", 2, 1, ELF_VERSION, 0, 0, ET_CORE, EM_AARCH64, ELF_VERSION, 0, header.size, 0, 0, header.size,
                       program.size, len(parts), 0, 0, 0)]
    for address, data in parts:
        out.append(program.pack(PT_LOAD, 6, at, address, address, len(data), len(data), 1))
        at += len(data)
    return b"".join(out + [data for _, data in parts])


for command in (Vitrine, Walk, El2, Load, Vms, Frame, Trace):
    command()
for command, help_text in COMMANDS.items():
    Monitor(command, help_text)
for command, help_text in ADDRESSES.items():
    Address(command, help_text)
