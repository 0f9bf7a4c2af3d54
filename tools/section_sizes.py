#!/usr/bin/env python3
"""Add up what `objdump -h` says of sections: `objdump -h *.o | section_sizes.py .text .rodata` prints a line each.

A section counts for the name that it begins with: .text.f is .text.
"""

import sys

sizes = {name: 0 for name in sys.argv[1:]}
for line in sys.stdin:
    words = line.split()
    if len(words) < 7 or not words[0].isdigit():
        continue
    for name in sizes:
        if words[1] == name or words[1].startswith(name + "."):
            sizes[name] += int(words[2], 16)
for name, size in sizes.items():
    print(name, size)
