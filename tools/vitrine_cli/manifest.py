"""From what the person named (.dts, .dtb, or --kernel) to the blob QEMU hands over as initrd."""

import hashlib
import os
import re
import shutil
import subprocess

from . import fdt
from .messages import BUILD, EXIT_SETUP, Failure, say, shown, usage_failure
from .options import MIB

IMAGE_DIRS = (os.path.join(BUILD, "guests"),)  # searched for /incbin/ after the manifest's own folder
KERNEL_RAM_BASE = 0x4000_0000
RAW_OFFSET = 0x8_0000
LABEL_NAME = 30  # characters; the hypervisor keeps 51 of a label

# Enough of the .dts language to know in which property an /incbin/ stands.
DTS_TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|(?P<string>"(?:\\.|[^"\\])*")|(?P<incbin>/incbin/)|/[a-z][a-z0-9-]*/'
    r"|(?P<open>\{)|(?P<close>\})|(?P<equals>=)|(?P<name>/|&?[\w,.+*#?@-]+)", re.DOTALL)


def included_images(dts):
    """(node path, property, file name) of every /incbin/ in the text, in order."""
    found, path = [], []
    name = prop = ""
    wanted = False
    for token in DTS_TOKEN.finditer(dts):
        kind, text = token.lastgroup, token.group()
        if kind == "name":
            name = text
        elif kind == "open":
            path.append(name.strip("/"))
        elif kind == "close":
            path = path[:-1]
        elif kind == "equals":
            prop = name
        elif kind == "incbin":
            wanted = True
        elif kind == "string" and wanted:
            wanted = False
            found.append(("/" + "/".join(path[1:]), prop, re.sub(r"\\(.)", r"\1", text[1:-1])))
    return found


def check_images(source, dts):
    """dtc names neither node nor property when an image is missing, so look before it does."""
    folders = (os.path.dirname(os.path.abspath(source)),) + IMAGE_DIRS
    for node, prop, file in included_images(dts):
        candidates = [os.path.join(folder, file) for folder in folders]
        image = next((c for c in candidates if os.path.exists(c)), None)
        blame = f"{shown(source)}: node {node}, property {prop}: file '{file}'"
        if image is None:
            hint = "" if os.path.isabs(file) else f" in {' or '.join(shown(f) for f in folders)}"
            raise usage_failure(f"{blame} not found{hint}; `make run` fetches and builds our own guests")
        if not os.path.isfile(image) or not os.access(image, os.R_OK):
            raise usage_failure(f"{blame} cannot be read")
        if os.path.getsize(image) == 0:
            raise usage_failure(f"{blame} is empty")


def compile_dts(source, blob):
    """Run dtc; what it has to say is passed on with the manifest's name. The blob appears whole or not."""
    with open(source, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if "\0" in text:
        raise usage_failure(f"'{shown(source)}' is a binary, not a manifest; to run it as a guest: --kernel")
    check_images(source, text)
    if not shutil.which("dtc"):
        raise Failure(EXIT_SETUP, "dtc is missing; install it: apt-get install device-tree-compiler")

    partial = f"{blob}.{os.getpid()}.part"
    command = ["dtc", "-I", "dts", "-O", "dtb", "-W", "no-unit_address_vs_reg", "-o", partial]
    for folder in IMAGE_DIRS:
        command += ["-i", folder]
    try:
        done = subprocess.run(command + [os.path.abspath(source)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", check=False)
        for line in (done.stdout + done.stderr).splitlines():
            say(f"{shown(source)}: dtc: {line}")
        if done.returncode:
            raise usage_failure(f"{shown(source)}: dtc could not compile it")
        os.replace(partial, blob)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


def image_type(path):
    """What a --kernel file is, by its own magic numbers; files that cannot run are refused by name."""
    with open(path, "rb") as file:
        head = file.read(0x210)
    if head[0x38:0x3C] == b"ARM\x64":
        return "linux"
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:4] == b"\x7fELF":
        if head[4:6] != b"\x02\x01" or head[18:20] != b"\xb7\x00":
            raise usage_failure(f"--kernel: '{shown(path)}' is an ELF file, but not for AArch64, little-endian")
        return "elf"
    if head[:2] == b"MZ" and head[4:8] == b"zimg":
        raise usage_failure(f"--kernel: '{shown(path)}' is an EFI zboot image; use the Image inside it")
    if head[0x202:0x206] == b"HdrS":
        raise usage_failure(f"--kernel: '{shown(path)}' is an x86 Linux kernel")
    return "raw"


def _quoted(text):
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(c, c) for c in text) + '"'


def kernel_manifest(options):
    """The manifest that --kernel stands for, as .dts text: one VM."""
    kind = image_type(options["kernel"])
    size = options["mem"] or 512 * MIB
    lines = [
        'compatible = "vitrine,vm";',
        f"vcpus = <{options['smp'] or 1}>;",
        f"memory = <0x0 {KERNEL_RAM_BASE:#x} {size >> 32:#x} {size & 0xffff_ffff:#x}>;",
        f"image = /incbin/({_quoted(options['kernel'])});",
        f'image-type = "{kind}";',
    ]
    if kind == "raw":
        lines.append(f"image-offset = <{RAW_OFFSET:#x}>;")
    if options["initrd"]:
        lines.append(f"initrd = /incbin/({_quoted(options['initrd'])});")
    if options["append"]:
        lines.append(f"bootargs = {_quoted(options['append'])};")
    body = "\n".join("\t\t" + line for line in lines)
    return f'/dts-v1/;\n\n/ {{\n\tcompatible = "vitrine,manifest-v1";\n\n\tguest {{\n{body}\n\t}};\n}};\n'


def _label(name, data):
    """What the trace calls it: the file's name, and which contents that had."""
    plain = re.sub(r"[^\w.+-]", "_", os.path.basename(name), flags=re.ASCII)
    return f"{plain[:LABEL_NAME]}:sha256={hashlib.sha256(data).hexdigest()[:12]}"


class Summary:
    """What QEMU's command line must know of a compiled manifest."""

    def __init__(self, blob_path, name):
        with open(blob_path, "rb") as file:
            data = file.read()
        try:
            _, children = fdt.parse(data)
        except fdt.BadTree as error:
            raise usage_failure(f"'{name}' is no device tree blob: {error}") from None
        self.blob_bytes = len(data)
        self.label = _label(name, data)
        self.vcpus = []
        self.pinned_cpus = 0  # physical CPUs that cpu-affinity takes for granted
        self.memory_bytes = 0
        self.images = []  # (VM, bytes): where its code may have names
        for node, (properties, _) in children.items():
            if "vitrine,vm" not in fdt.strings(properties.get("compatible", b"")):
                continue
            # Wrong or missing values are for the hypervisor to name; here they only must not hurt.
            vcpus = fdt.cells(properties.get("vcpus", b""))
            memory = fdt.cells(properties.get("memory", b""))
            affinity = fdt.cells(properties.get("cpu-affinity", b""))
            self.vcpus.append(vcpus[0] if vcpus else 1)
            self.images.append((node, properties.get("image", b"")))
            self.pinned_cpus = max([self.pinned_cpus] + [cpu + 1 for cpu in affinity])
            if len(memory) >= 4:
                self.memory_bytes += memory[2] << 32 | memory[3]
