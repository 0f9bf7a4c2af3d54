#!/usr/bin/env python3
"""Turn `nm` output (standard input) into the assembly of the hypervisor's symbol table (standard output).

Used by the Makefile between the two links: functions only, ascending, one name an address.
"""
import re
import sys


def main() -> None:
    symbols = {}
    for line in sys.stdin:
        match = re.match(r"([0-9a-f]+) [tT] ([A-Za-z_][\w.]*)$", line)
        if match and not match[2].startswith("$"):
            # Compilers add suffixes (.constprop.0, .lto_priv.1) that a reader has no use for.
            symbols.setdefault(int(match[1], 16), match[2].split(".")[0])
    print('\t.section .symbols, "a"\n\t.balign 8\n\t.global symbol_count\nsymbol_count:')
    print(f"\t.long {len(symbols)}\n\t.global symbol_offsets\nsymbol_offsets:")
    for address in sorted(symbols):
        print(f"\t.long {address:#x}")
    print("\t.global symbol_names\nsymbol_names:")
    for address in sorted(symbols):
        print(f'\t.asciz "{symbols[address]}"')
    print("\t.balign 8")


main()
