"""core/insn.c against binutils: random and systematic instruction words, decoded by both."""

import pathlib
import random
import re
import shutil
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
AS, OBJDUMP, OBJCOPY = (f"aarch64-linux-gnu-{tool}" for tool in ("as", "objdump", "objcopy"))

# Mnemonics that must be emulated: what each moves. Bytes 0: as wide as the register.
PLAIN = {}
for _name, _bytes, _sign in [("r", 0, False), ("rb", 1, False), ("rh", 2, False), ("rsb", 1, True), ("rsh", 2, True),
                             ("rsw", 4, True)]:
    for _prefix in ("ld", "ldu", "ldt", "lda", "ldla", "ldapu", "st", "stu", "stt", "stl", "stll", "stlu"):
        PLAIN[_prefix + _name] = (_bytes, _sign, _prefix in ("lda", "ldla", "ldapu", "stl", "stll", "stlu"))
for _name, _bytes in [("r", 0), ("rb", 1), ("rh", 2)]:
    PLAIN["ldap" + _name] = (_bytes, False, True)
for _name in ("ldp", "stp", "ldnp", "stnp"):
    PLAIN[_name] = (0, False, False)
PLAIN["ldpsw"] = (4, True, False)

# Those that must be refused, and what for.
REFUSED = [
    (r"(ld|st)(a|l)?x[rp][bh]?$", "an exclusive access"),
    (r"prfu?m$|rprfm$", "a prefetch"),
    (r"ldra[ab]$", "an authenticated load"),
    (r"(ldg|ldgm|stg|stgm|stgp|st2g|stz2?gm?)$", "a memory tag access"),
    (r"(cas|swp|(ld|st)(add|clr|eor|set|[su](max|min)))", "an atomic access"),
    (r"(ld|st)64b", "an atomic access"),
    (r"(cpy|set)[fgpme]", "a memory copy or other unsupported access"),
    (r"(ld|st)[1-4]r?$", "a SIMD, SVE or SME access"),
]
SHOULD_BE_ONE = 0x1f << 16 | 0x1f << 10
EXTEND = {"uxtw": 2, "lsl": 3, "sxtw": 6, "sxtx": 7}


def number(text):
    return int(text.lstrip("#"), 0)


def register(text):
    """("w" or "x", number), None for SIMD registers."""
    found = re.fullmatch(r"([wx])(\d+|zr)", text)
    return found and (found[1], 31 if found[2] == "zr" else int(found[2]))


def expected_address(operands, address):
    """What insn_print says behind the registers, from objdump's address operand."""
    found = re.fullmatch(r"\[(x\d+|sp)(?:, ([^\]]+))?\](!)?(?:, #(-?\w+))?", operands)
    if not found:
        return f"[pc{(int(operands.split()[0], 16) - address + 2**63) % 2**64 - 2**63:+d}]"
    base = 31 if found[1] == "sp" else int(found[1][1:])
    inner = found[2] or "#0"
    if inner.startswith("#"):
        offset = number(inner)
        if found[3]:
            return f"[{base}{offset:+d}] wb{offset:+d}"
        if found[4] is not None:
            return f"[{base}+0] wb{number(found[4]):+d}"
        return f"[{base}{offset:+d}]"
    index, _, extend = inner.partition(", ")
    extend, _, shift = extend.partition(" ")
    return (f"[{base}+0 index {register(index)[1]} extend {EXTEND[extend or 'lsl']} "
            f"shift {number(shift) if shift else 0}]")


def expected(word, mnemonic, operands, address):
    """The line that insn_print should print, or None: binutils does not know it, anything but "ok" will do."""
    if mnemonic in (".inst", "udf"):
        return None
    names = operands.split(", ")
    registers = []
    while names and register(names[0]) and len(registers) < 2:
        registers.append(register(names.pop(0)))
    if mnemonic not in PLAIN or not registers:
        for pattern, why in REFUSED:
            if re.match(pattern, mnemonic):
                return why
        return "a SIMD, SVE or SME access" if re.match(r"[bhsdqvz{]", operands) else None
    width, sign, ordered = PLAIN[mnemonic]
    parts = []
    for i, (size, reg) in enumerate(registers):
        in_bytes = width or (8 if size == "x" else 4)
        # A plain LDRSW or LDR x: the register is 64 bits; objdump says so.
        parts.append(f"{size}{reg}:{in_bytes}@{i * in_bytes}{'s' if sign else ''}")
    load = mnemonic.startswith("ld")
    # binutils does not always look at the fields that should be ones.
    if re.match(r"(ldl?ar|stll?r)[bh]?$", mnemonic) and word & SHOULD_BE_ONE != SHOULD_BE_ONE:
        return "constrained unpredictable"
    where = expected_address(", ".join(names), address)
    base = re.match(r"\[(\d+)", where)
    if "wb" in where and base[1] != "31" and int(base[1]) in [reg for _, reg in registers]:
        return "constrained unpredictable"
    if load and len(registers) == 2 and registers[0] == registers[1]:
        return "constrained unpredictable"
    return f"ok {'load' if load else 'store'}{' ordered' if ordered else ''} {' '.join(parts)} {where}"


@pytest.fixture(scope="module")
def insn_print(tmp_path_factory):
    program = tmp_path_factory.mktemp("insn") / "insn_print"
    subprocess.run(["cc", "-std=c17", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined",
                    "-Isrc", "-I.", "-Iinclude", "-o", program, "tests/unit/insn_print.c", "src/core/insn.c"],
                   cwd=ROOT, check=True)
    return program


def disassemble(words, directory):
    image = directory / "words.bin"
    image.write_bytes(b"".join(struct.pack("<I", word) for word in words))
    text = subprocess.run([OBJDUMP, "-D", "-z", "-b", "binary", "-m", "aarch64", image], capture_output=True, text=True,
                          check=True).stdout
    for line in text.splitlines():
        found = re.match(r"\s*([0-9a-f]+):\t([0-9a-f]{8}) \t(\S+)\s*([^/<;]*)", line)
        if found:
            yield int(found[1], 16), int(found[2], 16), found[3], found[4].strip()


def compare(words, insn_print, directory):
    """Counts of what was compared; fails with the first differences."""
    said = subprocess.run([insn_print], input="\n".join(f"{word:x}" for word in words), capture_output=True, text=True,
                          check=True).stdout.splitlines()
    differences, emulated, refused = [], 0, 0
    listing = list(disassemble(words, directory))
    assert len(said) == len(listing) == len(words)
    for ours, (address, word, mnemonic, operands) in zip(said, listing):
        wanted = expected(word, mnemonic, operands, address)
        if wanted is None and ours.startswith("ok") or wanted is not None and ours != wanted:
            differences.append(f"{word:08x} {mnemonic} {operands}: ours {ours!r}, wanted {wanted!r}")
        emulated += ours.startswith("ok")
        refused += wanted is not None and not wanted.startswith("ok")
    assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences[:20])
    return emulated, refused


needs_binutils = pytest.mark.skipif(not shutil.which(OBJDUMP), reason="no cross binutils")


@needs_binutils
def test_random_words_of_the_load_and_store_space(insn_print, tmp_path):
    chance = random.Random(3)
    words = [chance.getrandbits(32) & ~(1 << 25) | 1 << 27 for _ in range(150000)]
    # Half of them without SIMD, so that most are ours to emulate.
    words = [word & ~(1 << 26) if i % 2 else word for i, word in enumerate(words)]
    emulated, refused = compare(words, insn_print, tmp_path)
    assert emulated > 30000 and refused > 30000


@needs_binutils
def test_every_form_with_every_small_field(insn_print, tmp_path):
    """All values of the bits that choose a form; registers and offsets that show mistakes in sign or scale."""
    words = []
    for form in range(1 << 9):  # bits 31:30, 29:28, 24:21 and 15 (V = 0)
        top = (form >> 7) << 30 | (form >> 5 & 3) << 28 | 1 << 27 | (form >> 1 & 0xf) << 21 | (form & 1) << 15
        for mode in range(4):
            for middle in (0x1f << 16, 0x10 << 16 | 7 << 12, 0x0f << 16 | 4 << 12, 0x11 << 16 | 3 << 12):
                for registers in (1 << 5 | 2, 31 << 5 | 3, 4 << 5 | 31, 5 << 5 | 5):
                    words.append(top | middle | mode << 10 | registers)
    emulated, refused = compare(words, insn_print, tmp_path)
    assert emulated > 5000 and refused > 5000


@needs_binutils
def test_what_the_assembler_makes(insn_print, tmp_path):
    """Written by a person, assembled by the real assembler: independent of how objdump prints."""
    cases = {
        "ldr w1, [x2]": "ok load w1:4@0 [2+0]",
        "ldrb w1, [x2, #4095]": "ok load w1:1@0 [2+4095]",
        "ldrsb x1, [x2], #-256": "ok load x1:1@0s [2+0] wb-256",
        "ldrsb w1, [x2, #255]!": "ok load w1:1@0s [2+255] wb+255",
        "ldrsh w1, [sp, w3, sxtw #1]": "ok load w1:2@0s [31+0 index 3 extend 6 shift 1]",
        "ldrsw x1, [x2, x3, lsl #2]": "ok load x1:4@0s [2+0 index 3 extend 3 shift 2]",
        "ldr x1, [x2, w3, uxtw]": "ok load x1:8@0 [2+0 index 3 extend 2 shift 0]",
        "str xzr, [sp, #32760]": "ok store x31:8@0 [31+32760]",
        "stur w1, [x2, #-3]": "ok store w1:4@0 [2-3]",
        "strh wzr, [x2, #2]!": "ok store w31:2@0 [2+2] wb+2",
        "ldp x1, x2, [x3, #-512]": "ok load x1:8@0 x2:8@8 [3-512]",
        "ldp w1, wzr, [sp], #252": "ok load w1:4@0 w31:4@4 [31+0] wb+252",
        "stp x29, x30, [sp, #-16]!": "ok store x29:8@0 x30:8@8 [31-16] wb-16",
        "ldpsw x1, x2, [x3, #-256]!": "ok load x1:4@0s x2:4@4s [3-256] wb-256",
        "stnp w1, w2, [x3, #4]": "ok store w1:4@0 w2:4@4 [3+4]",
        "ldar w1, [x2]": "ok load ordered w1:4@0 [2+0]",
        "stlrh w1, [sp]": "ok store ordered w1:2@0 [31+0]",
        "ldapr x1, [x2]": "ok load ordered x1:8@0 [2+0]",
        "ldtrsw x1, [x2, #8]": "ok load x1:4@0s [2+8]",
        "ldrsw x1, .+8": "ok load x1:4@0s [pc+8]",
        "dc zva, x5": "ok store zva [5+0]",
        "dc zva, xzr": "ok store zva [31+0]",
        "dc civac, x5": "not a load or store",
        "add x1, x2, x3": "not a load or store",
        "ldr q0, [x1]": "a SIMD, SVE or SME access",
        "ldp d0, d1, [x2], #16": "a SIMD, SVE or SME access",
        "ld1 {v0.16b}, [x1]": "a SIMD, SVE or SME access",
        "ldxr w1, [x2]": "an exclusive access",
        "stlxp w0, x1, x2, [x3]": "an exclusive access",
        "casp x0, x1, x2, x3, [x4]": "an atomic access",
        "swpal w1, w2, [x3]": "an atomic access",
        "ldadd x1, x2, [x3]": "an atomic access",
        "prfm pldl1keep, [x1]": "a prefetch",
        "ldraa x1, [x2, #8]!": "an authenticated load",
        "stg x1, [x2]": "a memory tag access",
        "dc gva, x1": "a memory tag access",
    }
    source, objects, image = tmp_path / "a.s", tmp_path / "a.o", tmp_path / "a.bin"
    source.write_text(".arch armv8.5-a+memtag+lse+rcpc\n" + "\n".join(cases) + "\n")
    subprocess.run([AS, "-o", objects, source], check=True)
    subprocess.run([OBJCOPY, "-O", "binary", "-j", ".text", objects, image], check=True)
    words = struct.unpack(f"<{len(cases)}I", image.read_bytes())
    said = subprocess.run([insn_print], input="\n".join(f"{word:x}" for word in words), capture_output=True, text=True,
                          check=True).stdout.splitlines()
    assert dict(zip(cases, said)) == cases
