"""A student's code runs with limits, and without a network where the machine lets us take it away."""

import functools
import resource
import shutil
import subprocess

CPU_S = 120
FILE_BYTES = 256 << 20
TRACE_BYTES = 64 << 20  # of a boot: a guest that exits without end would fill the disk


@functools.lru_cache(maxsize=None)
def prefix():
    """What to put before a command so that it has no network; () where that may not be done."""
    if shutil.which("unshare"):
        for words in (("unshare", "-n"), ("unshare", "-r", "-n")):
            if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
                return words
    return ()


def limit_files():
    """In the child that boots: QEMU ends when its trace becomes longer than any lab's."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (TRACE_BYTES, TRACE_BYTES))


def limit():
    """In the child, before it becomes the student's program. No limit of memory: the sanitizers reserve terabytes."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
