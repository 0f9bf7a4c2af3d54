#!/usr/bin/python3
"""Writes the Linux guest's initramfs: busybox, our init, /dev/console, in cpio "newc" format, gzipped.

usage: mkinitrd.py BUSYBOX OUTPUT

Written here and not by cpio(1), for three reasons: the kernel opens /dev/console before init runs, and only
root can make a device node for cpio to read; everything must belong to root; and the same input must give
the same bytes on every machine, whatever its clock, umask and inode numbers.
"""

import gzip
import os
import stat
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# The one time stamp in the archive and in the gzip header: any fixed value serves.
MTIME = 0


def newc_entry(ino, name, mode, data=b"", rdev=(0, 0)):
    """One member: a header of 13 eight-digit hex fields, the name, the data, each padded to 4 bytes."""
    name_bytes = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (ino, mode, 0, 0, links, MTIME, len(data), 0, 0, *rdev, len(name_bytes), 0)
    head = b"070701" + b"".join(b"%08X" % f for f in fields) + name_bytes
    return pad(head) + pad(data)


def pad(chunk):
    return chunk + b"\0" * (-len(chunk) % 4)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def archive(busybox):
    """The members, in an order where every folder comes before what is in it."""
    folders = ["bin", "dev", "etc", "proc", "root", "sys", "tmp"]
    members = [(name, stat.S_IFDIR | 0o755) for name in folders] + [
        ("dev/console", stat.S_IFCHR | 0o600, b"", (5, 1)),
        ("bin/busybox", stat.S_IFREG | 0o755, busybox),
        ("bin/sh", stat.S_IFLNK | 0o777, b"busybox"),
        ("etc/shrc", stat.S_IFREG | 0o644, read(os.path.join(HERE, "shrc"))),
        ("init", stat.S_IFREG | 0o755, read(os.path.join(HERE, "init"))),
    ]
    out = b"".join(newc_entry(i, *m) for i, m in enumerate(members, start=1))
    return out + newc_entry(0, "TRAILER!!!", 0)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.splitlines()[2])
    busybox_path, out_path = sys.argv[1:]
    try:
        cpio = archive(read(busybox_path))
        part = out_path + ".part"
        with open(part, "wb") as f:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=f, mtime=MTIME) as z:
                z.write(cpio)
        os.replace(part, out_path)
    except OSError as e:
        sys.exit(f"mkinitrd.py: {e.filename}: {e.strerror}")


if __name__ == "__main__":
    main()
