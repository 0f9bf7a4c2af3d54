"""Reads a flattened device tree, as far as the launcher must: which VMs, how many vCPUs, how much RAM.

Whether a manifest makes sense is the hypervisor's to say; here only a file that is no device tree
at all is refused. Layout: Devicetree Specification v0.4, chapter 5.
"""

import struct

MAGIC = 0xD00DFEED
BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
HEADER = struct.Struct(">10I")


class BadTree(Exception):
    pass


def is_fdt(head):
    return head[:4] == MAGIC.to_bytes(4, "big")


def parse(data):
    """The blob as nested (properties, children) pairs; property values are views, not copies."""
    try:
        return _parse(memoryview(data))
    except (struct.error, IndexError):
        raise BadTree("it ends in the middle of a node") from None


def _parse(data):
    if len(data) < HEADER.size or not is_fdt(bytes(data[:4])):
        raise BadTree("it has no device tree header")
    _, total, structs, strings, _, _, _, _, _, _ = HEADER.unpack_from(data)
    if total > len(data):
        raise BadTree(f"it is truncated: {len(data)} bytes of {total}")

    root = ({}, {})
    path = []
    at = structs
    while True:
        (token,) = struct.unpack_from(">I", data, at)
        at += 4
        if token == BEGIN_NODE:
            name, at = _string(data, at)
            at = (at + 3) & ~3
            node = ({}, {}) if path else root
            if path:
                path[-1][1][name] = node
            path.append(node)
        elif token == END_NODE and path:
            path.pop()
        elif token == PROP and path:
            size, name_at = struct.unpack_from(">II", data, at)
            name, _ = _string(data, strings + name_at)
            if at + 8 + size > len(data):
                raise BadTree(f"property '{name}' reaches beyond the end")
            path[-1][0][name] = data[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == END and not path:
            return root
        elif token != NOP:
            raise BadTree(f"token {token:#x} at {at - 4:#x} belongs to no device tree")


def _string(data, at):
    end = at
    while data[end]:
        end += 1
    return bytes(data[at:end]).decode(errors="replace"), end + 1


def cells(value):
    """A property as 32-bit cells; a length that is no multiple of 4 loses its tail."""
    return [int.from_bytes(value[i:i + 4], "big") for i in range(0, len(value) & ~3, 4)]


def strings(value):
    return bytes(value).rstrip(b"\0").decode(errors="replace").split("\0")
