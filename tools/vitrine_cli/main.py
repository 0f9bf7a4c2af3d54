"""The commands: `run` puts manifest, QEMU and report together; `manifest` only compiles."""

import contextlib
import fcntl
import os
import shlex
import shutil
from dataclasses import dataclass
from typing import Optional

from . import fdt, gdbinit, manifest, qemu
from .messages import BUILD, EXIT_OK, EXIT_SETUP, EXIT_SIGNAL, OUT, ROOT, Failure, say, shown, usage_failure
from .options import (MANIFEST_OPTIONS, MANIFEST_USAGE, RUN_USAGE, VERSION, HelpWanted, help_text, input_file,
                      parse, parse_run)
from .report import report
from .session import Session

ZCU102_TREE = os.path.join(ROOT, "src", "hal", "zcu102", "zcu102.dts")
DEFAULT_MANIFEST = os.path.join(ROOT, "vms", "linux.dts")
RAW_TRACE_SUFFIX = ".vtr"
TRACE_SUFFIX = ".pftrace"


@dataclass
class Files:
    """Every path of one run, absolute."""
    source: str  # the manifest as the person or we wrote it
    blob: str
    hypervisor: str
    log: str
    trace: Optional[str] = None
    raw_trace: Optional[str] = None
    machine_tree: Optional[str] = None


def _out_folder():
    try:
        os.makedirs(OUT, exist_ok=True)
    except OSError as error:
        raise Failure(EXIT_SETUP, f"{shown(OUT)} cannot be made: {error.strerror}") from None
    return OUT


def _choose_files(options):
    """Where everything lies. Compiled manifests carry our pid, so that runs side by side do not mix;
    after --dry-run the blob must outlive us, and has a plain name."""
    tag = "" if options["dry_run"] else f"-{os.getpid()}"
    if options["kernel"]:
        source = os.path.join(_out_folder(), f"kernel{tag}.dts")
    elif options["vm"] is not None:
        source = input_file("manifest", options["vm"])
    else:
        source = input_file("manifest", DEFAULT_MANIFEST)

    name = "kernel" if options["kernel"] else os.path.splitext(os.path.basename(source))[0]
    files = Files(source=source, blob=os.path.join(_out_folder(), f"{name}{tag}.dtb"),
                  hypervisor=options["hypervisor"] or os.path.join(BUILD, qemu.image_name(options)),
                  log=options["log"] or os.path.join(OUT, "vitrine.log"))
    if options["machine"] == "zcu102":
        files.machine_tree = os.path.join(_out_folder(), f"zcu102{tag}.dtb")
    elif not options["no_trace"] and not options["trace_socket"]:
        trace = options["trace"] or os.path.join(OUT, "run" + TRACE_SUFFIX)
        stem = trace.removesuffix(TRACE_SUFFIX).removesuffix(RAW_TRACE_SUFFIX)
        files.raw_trace = stem + RAW_TRACE_SUFFIX
        files.trace = stem + TRACE_SUFFIX if trace == files.raw_trace else trace
    return files


def _compile(options, files, cleanup):
    """Make files.blob; what is only needed while QEMU runs is removed afterwards."""
    is_temporary = not options["dry_run"]
    if files.machine_tree:
        manifest.compile_dts(ZCU102_TREE, files.machine_tree)
        if is_temporary:
            cleanup.callback(os.unlink, files.machine_tree)
    if options["kernel"]:
        text = manifest.kernel_manifest(options)
        with open(files.source, "w", encoding="utf-8") as file:
            file.write(text)
        if is_temporary:
            cleanup.callback(os.unlink, files.source)
    else:
        with open(files.source, "rb") as file:
            if fdt.is_fdt(file.read(4)):
                files.blob = files.source
                return
    manifest.compile_dts(files.source, files.blob)
    if is_temporary:
        cleanup.callback(os.unlink, files.blob)


def _claim(path, option, cleanup):
    """Empty an output file and hold it until the end: two runs must not write one file."""
    try:
        file = cleanup.enter_context(open(path, "ab"))
    except OSError as error:
        raise usage_failure(f"{option}: '{shown(path)}' cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise usage_failure(f"{option}: '{shown(path)}' is being written by another run; name another file") from None
    file.truncate(0)


def _check_tools(options, files):
    if not os.path.isfile(files.hypervisor):
        name = qemu.platform(options)
        how = "make" if name == qemu.DEFAULT_PLATFORM else f"make PLATFORM={name} build"
        if options["gdb"]:
            how = "make gdb-image" if name == qemu.DEFAULT_PLATFORM else f"make PLATFORM={name} gdb-image"
        raise Failure(EXIT_SETUP, f"the hypervisor {shown(files.hypervisor)} is not built; run {how}")
    if not shutil.which(qemu.PROGRAM):
        raise Failure(EXIT_SETUP, f"{qemu.PROGRAM} is missing; install it: apt-get install qemu-system-arm")


def run(arguments):
    options = parse_run(arguments)
    with contextlib.ExitStack() as cleanup:
        files = _choose_files(options)
        _compile(options, files, cleanup)
        summary = manifest.Summary(files.blob, shown(files.source))
        argv = qemu.command(options, summary, files)
        if options["dry_run"]:
            print(f"# manifest: {shown(files.source)} -> {shown(files.blob)}")
            print(shlex.join(argv), flush=True)
            return EXIT_OK

        _check_tools(options, files)
        _claim(files.log, "--log", cleanup)
        if files.raw_trace:
            _claim(files.raw_trace, "--trace", cleanup)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(files.trace)  # an old trace must not pass for this run's
        if files.machine_tree and not options["no_trace"]:
            say("trace: not available: this machine has no port that a trace could leave by")
        if options["trace_socket"]:
            say(f"trace: waiting for a recorder: vtrace record {shown(options['trace_socket'])} -o FILE.vtr")
        if options["qemu_gdb"]:
            say(f"gdb: QEMU's own stub listens on 127.0.0.1:{options['qemu_gdb']}; it sees whole CPUs, "
                "EL2 and guest together (--qemu-arg -S waits for you); "
                f"in another terminal: {gdbinit.command(gdbinit.write_el2(options, files.hypervisor))}")
        if options["gdb"]:
            say(f"gdb: {gdbinit.waiting(options)}; in another terminal: {gdbinit.command(gdbinit.write(options))}")
        return report(Session(argv, options["timeout"], qemu.NOISE, qemu.input_gate(options, files)).run(),
                      files, summary.images)


def compile_manifest(arguments):
    options = parse(arguments, MANIFEST_OPTIONS, "vm")
    if options["vm"] is None:
        raise usage_failure(f"no manifest named; usage: {MANIFEST_USAGE}")
    if options["o"] is None:
        raise usage_failure(f"-o: where the result goes is missing; usage: {MANIFEST_USAGE}")
    source = input_file("manifest", options["vm"])
    with open(source, "rb") as file:
        if fdt.is_fdt(file.read(4)):
            raise usage_failure(f"'{options['vm']}' is compiled already")
    manifest.compile_dts(source, options["o"])
    return EXIT_OK


def _open_missing_standard_files():
    """Started with 0, 1 or 2 closed, the next file opened would become QEMU's console."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number: fd


def main(arguments):
    _open_missing_standard_files()
    commands = {"run": run, "manifest": compile_manifest}
    try:
        if arguments[:1] in (["--help"], ["-h"], ["help"]):
            raise HelpWanted
        if arguments[:1] == ["--version"]:
            print(f"vitrine {VERSION}")
            return EXIT_OK
        if not arguments:
            raise usage_failure(f"no command given; usage: {RUN_USAGE}; see vitrine --help")
        if arguments[0] not in commands:
            raise usage_failure(f"unknown command '{arguments[0]}': run or manifest; see vitrine --help")
        return commands[arguments[0]](arguments[1:])
    except HelpWanted:
        with contextlib.suppress(BrokenPipeError):
            print(help_text(), end="", flush=True)
        return EXIT_OK
    except Failure as failure:
        say(failure)
        return failure.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains once more at its exit
        return EXIT_SIGNAL + 13
    except KeyboardInterrupt:
        return EXIT_SIGNAL + 2
