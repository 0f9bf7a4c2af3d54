"""Static dispatch, read from the disassembly: on the exit path there is one indirect jump, the table of exception classes."""

import re
import subprocess

import harness
import pytest

pytestmark = pytest.mark.once
# From here the whole exit path is called; a vCPU's life outside it (the scheduler, the end of a run) is behind vcpu_enter().
BEGIN = ["exit_sync", "exit_irq", "exit_serror", "exit_record", "exit_count", "vcpu_exit_done"]


@pytest.fixture(scope="module")
def listing():
    """The image that the other tests run, disassembled."""
    subprocess.run(["make", "-s", "build/vitrine.img"], cwd=harness.ROOT, check=True, capture_output=True)
    elf = harness.ROOT / "build/aarch64-linux-gnu-gcc-release/vitrine.elf"
    return subprocess.run(["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", elf], capture_output=True, text=True,
                          check=True).stdout.splitlines()


@pytest.fixture(scope="module")
def functions(listing):
    """Name -> [(mnemonic, operands)]."""
    found, current = {}, None
    for line in listing:
        if head := re.match(r"[0-9a-f]+ <([^>]+)>:", line):
            current = found.setdefault(head[1], [])
        elif body := re.match(r"\s+[0-9a-f]+:\s+(\S+)\s*(.*)", line):
            current.append((body[1], body[2]))
    return found


def vectors(listing, table):
    """[(mnemonic, operands)] of a table of vectors: by address, as what a vector branches to may stand inside."""
    start = next(int(line.split()[0], 16) for line in listing if f"<{table}>:" in line)
    body = (re.match(r"\s+([0-9a-f]+):\s+(\S+)\s*(.*)", line) for line in listing)
    return [(found[2], found[3]) for found in body if found and start <= int(found[1], 16) < start + 0x800]


def indirect(code):
    """Calls and jumps through a register. A switch's own jump table is none: it adds an offset to its own address."""
    found = []
    for before, (mnemonic, operands) in zip([("", "")] + code, code):
        in_a_switch = before[0] == "add" and re.match(rf"{operands}, x\d+, w\d+, sxt[bh] #2", before[1])
        if mnemonic == "blr" or (mnemonic == "br" and not in_a_switch):
            found.append((mnemonic, operands))
    return found


def callees(code):
    return {match[1] for _, operands in code if (match := re.search(r"<([^>+]+)>$", operands))}


def closure(functions, names):
    seen, waiting = set(), [name for name in names if name in functions]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [callee for callee in callees(functions[name]) if callee in functions]
    return seen


def test_exit_path_has_one_indirect_jump(functions):
    names = set(BEGIN) | {name for name in functions if re.match(r"(on|leave)_\w+|leave$", name)}  # what the table holds
    path = closure(functions, names)
    assert {"exit_sync", "on_data_abort", "mmio_load", "vuart_read", "on_hvc"} <= path, "the closure does not reach what it must"
    assert {name: indirect(functions[name]) for name in path if indirect(functions[name])} == {"exit_sync": [("br", "x16")]}


def test_nor_has_the_rest_of_the_hypervisor_but_at_boot(functions):
    """boot_main has the table of device trees; zlib calls back for its input and output."""
    others = {name for name, code in functions.items() if indirect(code)} - {"exit_sync"}
    assert {name for name in others if not name.startswith("inflate")} <= {"boot_main"}


def test_this_test_sees_indirect_calls(functions):
    assert indirect(functions["inflateBack"])
    assert indirect([("ldr", "x16, [x1]"), ("br", "x16")]) == [("br", "x16")]
    assert indirect([("add", "x1, x2, w1, sxth #2"), ("br", "x1")]) == []


# What is called around an exit: in and out of the guest, and the loading of another vCPU.
AROUND = ["vcpu_enter", "vcpu_run", "vcpu_load", "vcpu_put", "el2_vectors", "el2_vectors_traced"]


def around(functions):
    names = set(BEGIN) | set(AROUND) | {name for name in functions if re.match(r"(on|leave)_\w+|leave$", name)}
    found = closure(functions, names)
    assert {"exit_sync", "vcpu_enter", "el2_vectors", "el2_vectors_traced", "on_wait"} <= found
    return found


def test_no_exit_flushes_a_tlb_or_the_instruction_cache(functions):
    """A stage-2 that changes does, by mm/stage2.c, which no exit of the fast path calls."""
    flushes = {name for name in around(functions) for mnemonic, _ in functions[name] if mnemonic in ("tlbi", "ic")}
    assert not flushes
    assert any(mnemonic == "tlbi" for code in functions.values() for mnemonic, _ in code), "this test would see one"


def test_no_interrupt_is_let_in_on_the_way_to_a_guest(functions):
    """EL2 runs masked, so nothing can come between loading the guest's registers and ERET."""
    assert not {name for name in around(functions) for mnemonic, operands in functions[name]
                if mnemonic == "msr" and operands.startswith(("daifclr", "daif,"))}
    assert any(mnemonic == "msr" and operands.startswith("daifset") for code in functions.values() for mnemonic, operands in code)


@pytest.mark.parametrize("table", ["el2_vectors", "el2_vectors_traced"])
def test_every_vector_of_a_guest_saves_all_of_it(listing, table):
    """Synchronous, IRQ, FIQ, SError, from both states: the first thing is the same, each register into the vCPU's frame."""
    words = vectors(listing, table)
    slots = [words[start // 4:start // 4 + 32] for start in range(0x400, 0x800, 0x80)]
    saved = slots[0][:22]
    stored = {register for mnemonic, operands in saved if mnemonic in ("stp", "str") for register in re.findall(r"\bx\d+", operands.split("[")[0])}
    assert {f"x{number}" for number in range(31)} <= stored
    assert [mnemonic for mnemonic, _ in saved].count("mrs") == 2, "PC and PSTATE"
    assert all(slot[:22] == saved for slot in slots)
