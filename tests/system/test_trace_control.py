"""What is traced, changed while guests run through the trace's own port: levels, vCPUs, and a question that changes nothing."""

import re
import subprocess
import time

import harness
import pytest

pytestmark = pytest.mark.once
TIMES = 20


class Recorded:
    """A run with a recorder at its socket; words go through that."""

    def __init__(self, folder, *nodes):
        self.folder, self.port = folder, folder / "trace.sock"
        (folder / "vms.dts").write_text(harness.manifest(*nodes))
        self.recorder = subprocess.Popen([harness.VTRACE, "record", self.port, "-o", folder / "run.vtr", "--pftrace",
                                          folder / "run.pftrace", "--wait", str(harness.BACKSTOP_S)], stderr=subprocess.PIPE, text=True)
        self.machine = subprocess.Popen([harness.VITRINE, "run", folder / "vms.dts", "--trace-socket", self.port, "--log",
                                         folder / "log"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder)
        self.heard = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in (self.machine, self.recorder):
            child.kill()
            child.wait()

    def expect(self, text):
        self.heard = harness.read_until(self.machine.stdout.fileno(), text, harness.BACKSTOP_S, self.heard).partition(text)[2]

    def say(self, keys):
        self.machine.stdin.write(keys)
        self.machine.stdin.flush()

    def ask(self, *words):
        """Give the command, and wait for the answer in the log."""
        answers = self.answers()
        subprocess.run([harness.VTRACE, "control", self.port, *words], check=True, capture_output=True)
        end = time.monotonic() + harness.BACKSTOP_S
        while len(self.answers()) == len(answers):
            assert time.monotonic() < end, f"no answer to {words}"
            time.sleep(0.02)
        return self.answers()[-1]

    def answers(self):
        return re.findall(r"trace: (level=.*)$", (self.folder / "log").read_text(errors="replace"), re.MULTILINE)

    def end(self):
        """After the key that ends the guest: the balance must hold. Gives (cpu, vcpu, event, rest) of each record."""
        assert self.machine.wait(timeout=harness.BACKSTOP_S) == 0
        assert self.recorder.wait(timeout=harness.BACKSTOP_S) == 0, self.recorder.stderr.read()
        check = subprocess.run([harness.VTRACE, "check", self.folder / "run.vtr", "--pftrace", self.folder / "run.pftrace"],
                               capture_output=True, text=True, check=False)
        assert check.returncode == 0 and re.search(r"exits=\d+ lost=\d+ total=\d+ ok", check.stdout), check
        dump = subprocess.run([harness.VTRACE, "dump", self.folder / "run.vtr"], capture_output=True, text=True, check=True).stdout
        return re.findall(r"^[\d.]+ cpu(\d+) (\S+) (\w+)(.*)$", dump, re.MULTILINE)


def restart(run):
    run.say(b"r")
    run.expect("start")


def test_the_level_is_switched_off_and_on(tmp_path):
    """Of a whole life of the guest in between, a thousand exits, nothing is recorded; before and after it everything."""
    with Recorded(tmp_path, harness.test_guest("guest", "reset")) as run:
        run.expect("start")
        assert run.ask("level", "off").startswith("level=off mode=stream")
        restart(run)
        assert run.ask("level", "counters").startswith("level=counters")
        restart(run)
        assert run.ask("level", "events").startswith("level=events")
        restart(run)
        run.say(b"q")
        records = [(event, rest) for _, _, event, rest in run.end()]
    levels = [i for i, (event, _) in enumerate(records) if event == "LEVEL"]
    assert [re.search(r"level=(\w+)", records[i][1])[1] for i in levels] == ["events", "off", "events"]
    assert levels[2] == levels[1] + 1, "a record while the level was off, or exits only counted"
    for begin, end in ((levels[0], levels[1]), (levels[2], len(records))):
        assert [event for event, _ in records[begin:end]].count("EXIT") > 10


def test_vcpus_are_chosen(tmp_path):
    """Two vCPUs trap all the time. From the command on one of them is recorded, and what is about no vCPU."""
    with Recorded(tmp_path, harness.test_guest("guest", "reset", vcpus=4)) as run:
        run.expect("start")
        run.ask("level", "off")
        assert "vcpus=0x4 " in run.ask("vcpus", "2")
        run.ask("level", "events")
        restart(run)
        run.say(b"q")
        records = run.end()
    switches = [i for i, (_, _, event, _) in enumerate(records) if event == "LEVEL"]
    of = {vcpu for _, vcpu, event, _ in records[:switches[0]] + records[:switches[-1]] if event == "EXIT"}
    assert {"guest/0", "guest/2"} <= of, "both of them before"
    assert {vcpu for _, vcpu, _, _ in records[switches[-1]:]} <= {"guest/2", "-"}
    assert [vcpu for _, vcpu, event, _ in records[switches[-1]:] if event == "EXIT"].count("guest/2") > 10


@pytest.mark.parametrize("words, wakes", [(("status",), False), (("vcpus", "all"), True)])
def test_a_question_wakes_nobody(tmp_path, words, wakes):
    """A change is taken over by every CPU at once; asking what holds leaves them asleep."""
    with Recorded(tmp_path, harness.test_guest("guest", "reset"), harness.test_guest("other", "reset", cpu_affinity=1)) as run:
        run.expect("start")
        run.expect("start")
        for _ in range(TIMES):
            assert "vcpus=0xffffffffffffffff" in run.ask(*words)
        run.machine.terminate()
        run.machine.wait()
        run.recorder.wait(timeout=harness.BACKSTOP_S)
        dump = subprocess.run([harness.VTRACE, "dump", run.folder / "run.vtr"], capture_output=True, text=True, check=False).stdout
    kicks = len(re.findall(r"^[\d.]+ cpu1 \S+ IRQ intid=1 ", dump, re.MULTILINE))
    assert kicks >= TIMES // 2 if wakes else kicks < TIMES // 2
