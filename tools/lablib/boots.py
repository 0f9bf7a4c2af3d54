"""Tests of the tiers Q and T: boots of the lab's image, what the guests said in their mailbox, and what the trace shows."""

import collections
import re
import secrets
import subprocess
import time

from . import answers, build, golden, jail, session, wire
from .common import BUILD, ROOT, STATUS_TODO, Infrastructure, case_pattern, counts, free_port, run, time_scale
from .manifest import manifest, vm

PLACEHOLDER = b"VITRINE-NONCE-##"
LAST_EVENTS = 20
POLL_S = 0.05
STATUS_TIMEOUT, STATUS_SETUP = 124, 6
# What the log says of a guest's crash: why, then the exit in numbers, then in words.
_CRASH = re.compile(r"(crash: .*)\n.*\]   exit: .*\n\[.*?\]   (.*)")


def run_until(pattern, command, cwd, timeout, preexec_fn):
    """run(), but over as soon as the output has the pattern."""
    if not pattern:
        return run(command, cwd=cwd, timeout=timeout, preexec_fn=preexec_fn)
    path = cwd / "console"
    with open(path, "wb") as out:
        child = subprocess.Popen([str(word) for word in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                                 preexec_fn=preexec_fn)
    end = time.monotonic() + timeout
    while child.poll() is None and time.monotonic() < end and not re.search(pattern, path.read_text(errors="replace"), re.MULTILINE):
        time.sleep(POLL_S)
    if child.poll() is None:
        child.terminate()
    _, said = child.communicate()
    return subprocess.CompletedProcess(command, child.returncode, path.read_text(errors="replace"), said.decode(errors="replace"))


def run_debugged(command, speak, cwd, timeout):
    """run() of a hypervisor with its debugger's port, and a debugger that speaks there: also its verdicts."""
    path = cwd / "console"
    with open(path, "wb") as out:
        child = subprocess.Popen([str(word) for word in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                                 preexec_fn=jail.limit_files)
    end, log, verdicts = time.monotonic() + timeout, cwd / "vitrine.log", []
    while child.poll() is None and time.monotonic() < end:
        if log.exists() and "gdb: port ready" in log.read_text(errors="replace"):
            verdicts, transcript = speak()
            (cwd / "wire").write_text("\n".join(transcript) + "\n")
            break
        time.sleep(POLL_S)
    try:
        _, said = child.communicate(timeout=max(end - time.monotonic(), 1))
    except subprocess.TimeoutExpired:
        child.terminate()
        _, said = child.communicate()
    return subprocess.CompletedProcess(command, child.returncode, path.read_text(errors="replace"), said.decode(errors="replace")), verdicts


class Booted:
    """A boot that has ended."""

    def __init__(self, folder, elf, status, said):
        self.folder, self.elf, self.status, self.said = folder, elf, status, said
        self.claims, self.values = [], {}  # (ok, claim) in order; what was seen of one that failed
        self.figures = {}  # what the guest has measured
        self.finished = False
        self.console = ""
        self.debugger, self.refused = "", ""  # what GDB has said under the student's script; why it was not asked
        log = folder / "vitrine.log"
        self.log = log.read_text(errors="replace") if log.exists() else ""

    def read_mailbox(self, nonces):
        path = self.folder / "mailbox"
        for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
            vm = next((vm for vm, nonce in nonces.items() if line.startswith(nonce + " ")), None)
            if vm is None:
                continue
            word, _, rest = line[len(PLACEHOLDER) + 1:].partition(" ")
            prefix = f"[{vm}] " if len(nonces) > 1 else ""
            if word in ("ok", "FAIL"):
                self.claims.append((word == "ok", prefix + rest))
            elif word == "figure" and (figure := re.fullmatch(r"(\S+) (\d+)", rest)):
                self.figures[prefix + figure[1]] = int(figure[2])
            elif word == "seen" and self.claims:
                self.values[self.claims[-1][1]] = f"seen {rest}"
            elif word == "done":
                self.ended = getattr(self, "ended", 0) + 1
                self.finished = self.ended == len(nonces)

    def vtrace(self, *arguments):
        done = run([BUILD / "host/vtrace", *arguments, self.folder / "run.vtr"])
        return done.stdout

    def last_events(self):
        """Of a trace that may be long."""
        with subprocess.Popen([BUILD / "host/vtrace", "dump", self.folder / "run.vtr"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, errors="replace") as dump:
            return [line.rstrip("\n") for line in collections.deque(dump.stdout, LAST_EVENTS)]

    def how_it_ended(self):
        """Why there is no verdict, in one line."""
        todo = re.search(r"LAB \d\d: .*", self.log + self.console)
        if todo:
            return todo[0].strip()
        crash = _CRASH.search(self.log)
        if crash:
            return f"{crash[1]}: {crash[2]}"
        for pattern in (r"manifest: .*", r"panic on cpu.*", r"cannot run guests here.*", r"no VM can be started"):
            found = re.search(pattern, self.log)
            if found:
                return found[0].strip()
        trace = self.folder / "run.vtr"
        if trace.exists() and trace.stat().st_size >= jail.TRACE_BYTES:
            return "it exits without end: its trace has become too long"
        if self.status == STATUS_TIMEOUT:
            return "it was still running when its time was up"
        return f"it ended with status {self.status}, and the guest had not come to its end"


class Boots:
    """The boots of one grading, each made once."""

    def __init__(self, lab, image, folder, work=None):
        self.lab, self.image, self.folder, self.work = lab, image, folder, work
        self.done = {}

    def get(self, name):
        if name not in self.done:
            self.done[name] = self._boot(self.lab.boot_named(name))
        return self.done[name]

    def _boot(self, boot):
        folder, elf, nonces = self._prepare(boot)
        return self._run(boot, folder, elf, nonces)

    def _prepare(self, boot):
        """A folder with the manifest and its guests: (folder, the last guest's ELF file, nonce of each VM)."""
        folder = self.folder / boot.id
        folder.mkdir(parents=True)
        rows = boot.nodes or [{"name": "guest", "guest": boot.guest, "how": boot.how, "vcpus": boot.vcpus,
                               "properties": boot.properties}]
        nodes, nonces, elf = [], {}, None
        for row in rows:
            elf = build.guest(row["guest"], self.lab)
            nonces[row["name"]] = secrets.token_hex(8)
            data = elf.read_bytes()
            if data.count(PLACEHOLDER) != 1:
                raise Infrastructure(f"{elf}: no place for the nonce")
            image = folder / f"{row['name']}.elf"
            image.write_bytes(data.replace(PLACEHOLDER, nonces[row["name"]].encode()))
            nodes.append(vm(row["name"], image.name, row.get("vcpus", 1), bootargs=self._how(row) or None, **row.get("properties", {})))
        (folder / "vms.dts").write_text(manifest(*nodes))
        return folder, elf, nonces

    def _how(self, row):
        """A guest's boot arguments: {seed} is of the student's name, {number} of this boot."""
        how = row.get("how") or ""
        return how.format(seed=answers.seed(self.work) if "{seed}" in how else 0, number=secrets.randbelow(1 << 32))

    def _command(self, boot):
        return [ROOT / "tools/vitrine", "run", "vms.dts", "--hypervisor", self.image, "--log", "vitrine.log", "--trace", "run.pftrace",
                *boot.args, "--qemu-arg=-chardev", "--qemu-arg=file,id=mailbox,path=mailbox",
                "--qemu-arg=-semihosting-config", "--qemu-arg=enable=on,target=native,chardev=mailbox"]

    def debug(self, name, port):
        """The boot in this terminal, with a debugger in another one: it takes as long as the person does."""
        boot = self.lab.boot_named(name)
        folder, elf, nonces = self._prepare(boot)
        try:
            command = [*self._command(boot), f"--gdb={port}", "--halt", "--symbols", elf]
            status = subprocess.run([str(word) for word in command], cwd=folder, check=False).returncode
        except KeyboardInterrupt:
            status = STATUS_TIMEOUT
        booted = Booted(folder, elf, status, "")
        booted.read_mailbox(nonces)
        return booted

    def _run(self, boot, folder, elf, nonces):
        seconds = boot.timeout * time_scale()
        command = [*jail.prefix(), *self._command(boot), "--timeout", str(int(seconds) + 1)]
        script = self.work / boot.script if boot.script and (self.work / boot.script).exists() else None
        refused = session.refused(script) if script else ""
        verdicts = []
        try:
            if boot.wire:
                port = free_port()  # in our namespace of networks
                command = [*command[len(jail.prefix()):], f"--gdb={port}", "--halt"]
                done, verdicts = run_debugged(command, lambda: wire.talk(port, self.lab.folder / boot.wire, elf), folder, seconds + 60)
            elif script and not refused:
                done, _ = run_debugged([*command, *session.OPTIONS], lambda: ([], session.talk(script, elf, folder, seconds / 2)), folder,
                                       seconds + 60)
            else:
                done = run_until(boot.until, command, cwd=folder, timeout=seconds * 2 + 60, preexec_fn=jail.limit_files)
        except subprocess.TimeoutExpired as error:
            raise Infrastructure(f"boot {boot.id}: tools/vitrine does not come back") from error
        if done.returncode == STATUS_SETUP:
            raise Infrastructure(f"boot {boot.id}: {done.stderr.strip()}")
        booted = Booted(folder, elf, done.returncode, done.stderr)
        booted.console = done.stdout.replace("\r", "")
        booted.read_mailbox(nonces)
        if script:
            said = folder / "wire"
            booted.refused, booted.debugger = refused, said.read_text() if said.exists() else f"{refused}\n"
            booted.console += f"--- GDB:\n{booted.debugger}"
        for ok, claim, seen in verdicts:
            booted.claims.append((ok, claim))
            booted.values[claim] = f"seen {seen}"
            booted.console += f"{'ok' if ok else 'FAIL'}: {claim}\n"
        return booted

    def figures(self):
        """What the guests of all boots have measured."""
        return {f"{boot}: {name}": value for boot, booted in self.done.items() for name, value in booted.figures.items()}

    def rerun(self, boot):
        return f"tools/lab run {self.lab.id} {boot}    (--gdb to stop at the guest's first instruction)"


def grade_claims(outcome, boots):
    """Q: the share of the claims that hold. Without patterns: all that the guest makes, and that it comes to its end. And what EL2
    itself says, where the test is about that."""
    test = outcome.test
    booted = boots.get(test.boot)
    for where, text, patterns in (("log", booted.log, test.log), ("console", booted.console, test.console)):
        for pattern in patterns:
            outcome.total += 1
            if re.search(pattern, text, re.MULTILINE):
                outcome.passed += 1
            else:
                outcome.failures.append(f"the {where} does not say {pattern!r}: " +
                                        booted.how_it_ended())
    if outcome.total == 0 or test.claims:
        _claims(outcome, booted)
    _look_back(outcome, boots, booted)


def _claims(outcome, booted):
    test = outcome.test
    patterns = test.claims or ["*"]
    for pattern in patterns:
        matching = [(ok, claim) for ok, claim in booted.claims if case_pattern(pattern).match(claim)]
        if not matching:
            outcome.total += 1
            outcome.failures.append(f"{pattern}: never came to it: {booted.how_it_ended()}")
        for ok, claim in matching:
            outcome.total += 1
            outcome.passed += ok
            if not ok:
                outcome.failures.append(f"{claim}" + (f": {booted.values[claim]}" if claim in booted.values else ""))
    if not test.claims:
        outcome.total += 1
        if booted.finished and booted.status == 0:
            outcome.passed += 1
        else:
            outcome.failures.append(f"the guest's end: {booted.how_it_ended()}")


def _look_back(outcome, boots, booted):
    outcome.rerun = boots.rerun(outcome.test.boot)
    if not outcome.ok and booted.status != STATUS_TODO:
        outcome.events = booted.last_events()


def golden_text(booted):
    dump = booted.vtrace("dump", "--no-time")
    return "".join(line + "\n" for line in golden.normal(dump, golden.Functions(booted.elf)))


def grade_golden(outcome, boots):
    """T: the same events in the same order, time removed."""
    test = outcome.test
    booted = boots.get(test.boot)
    outcome.total = 1
    now = booted.folder / "now.txt"
    now.write_text(golden_text(booted))
    done = run([BUILD / "host/vtrace", "diff", "--golden", boots.lab.folder / test.golden, now])
    if done.returncode == 0:
        outcome.passed = 1
    elif not now.read_text():
        outcome.failures.append(f"no event was recorded: {booted.how_it_ended()}")
    else:
        outcome.failures += (done.stdout + done.stderr).strip().splitlines()[:12]
    _look_back(outcome, boots, booted)


def grade_events(outcome, boots):
    """T: how many lines of `vtrace dump` match, and whether the recording is whole."""
    test = outcome.test
    booted = boots.get(test.boot)
    if test.check:
        done = run([BUILD / "host/vtrace", "check", booted.folder / "run.vtr"])
        outcome.total += 1
        if done.returncode == 0 and re.search(test.check, done.stdout):
            outcome.passed += 1
        else:
            said = (done.stderr + done.stdout).replace(f"{booted.folder}/", "").strip().splitlines()
            outcome.failures.append(f"vtrace check, expected {test.check!r}: " + "; ".join(said[:3]) + f": {booted.how_it_ended()}")
    lines = booted.vtrace("dump").splitlines()
    for pattern, wanted, count, ok in counts(test.events, lines):
        outcome.total += 1
        outcome.passed += ok
        if not ok:
            outcome.failures.append(f"{count} events {pattern!r}, expected {wanted}" + ("" if lines else f": {booted.how_it_ended()}"))
    _look_back(outcome, boots, booted)
