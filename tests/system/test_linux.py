"""Debian's kernel under Vitrine: what a Linux guest relies on, with vCPUs and physical CPUs in every proportion."""

import re
import subprocess

import pytest

import harness

# The guest's shell echoes what it is given, so each answer has a mark that the question has not: $((...)) computes it.
SCRIPT = r"""
say() { echo "answer $((40+2)) $*"; }
say online $(nproc) $(cat /sys/devices/system/cpu/online)
ticks() { sed -n 's/^ *[0-9]*: \(.*\) GICv3 .*arch_timer.*/\1/p' /proc/interrupts; }
say ticks1 $(ticks)
now() { cut -d' ' -f1 /proc/uptime; }
before=$(now); sleep 1; say slept $before $(now)
cpu=0; while [ $cpu -lt $(nproc) ]; do
say sum $cpu $(taskset -c $cpu sh -c 'dd if=/dev/zero bs=64k count=16 2>/dev/null | sha256sum')
cpu=$((cpu+1)); done
say ticks2 $(ticks)
"""
HOTPLUG = r"""
cd /sys/devices/system/cpu
echo 0 > cpu1/online; say offline $(cat online)
echo 1 > cpu1/online; say back $(cat online)
say sum1 $(taskset -c 1 sh -c 'dd if=/dev/zero bs=64k count=16 2>/dev/null | sha256sum')
cd /
"""
# sha256sum of 1 MiB of zeroes, as everywhere.
SUM = "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"


def linux(vcpus, megabytes=128, name="linux"):
    return harness.vm(name, "linux/Image", vcpus=vcpus, memory=f"<0x0 0x40000000 0x0 {megabytes << 20:#x}>",
                      initrd='/incbin/("linux/initrd.gz")', bootargs="console=ttyAMA0 quiet")


def answers(console):
    """{first word: the rest} of every answer line; a list for words that come several times."""
    found = {}
    for name, rest in re.findall(r"answer 42 (\S+) (.*)", console):
        found.setdefault(name, []).append(rest)
    return found


def wait_for_the_shell(talk, vcpus):
    """While a command runs, the guest's terminal echoes what is typed ahead into the middle of anything: not here."""
    heard = talk.expect(f"on {vcpus} CPUs")
    talk.expect("vitrine:/# ")
    talk.say("stty -echo\n")
    talk.expect("vitrine:/# ")
    return heard


@pytest.mark.parametrize("pcpus", [1, 2, 4], ids="on{}".format)
@pytest.mark.parametrize("vcpus", [1, 2, 4], ids="{}vcpus".format)
def test_linux(tmp_path, vcpus, pcpus):
    script = SCRIPT + (HOTPLUG if vcpus > 1 else "")
    with harness.Dialogue(tmp_path, "--pcpus", pcpus, nodes=[linux(vcpus)]) as talk:
        wait_for_the_shell(talk, vcpus)
        talk.say(script + "reboot -f\n")
        first = wait_for_the_shell(talk, vcpus)
        talk.say("say() { echo \"answer $((40+2)) $*\"; }\nsay online $(nproc) $(cat /sys/devices/system/cpu/online)\npoweroff\n")
        run = talk.end()

    before, after = answers(first), answers(run.console)
    everyone = f"{vcpus} " + ("0" if vcpus == 1 else f"0-{vcpus - 1}")
    assert before.get("online") == [everyone], first + run.report()
    assert after.get("online") == [everyone], run.report()

    ticks = [[int(count) for count in before[which][0].split()] for which in ("ticks1", "ticks2")]
    assert len(ticks[0]) == len(ticks[1]) == vcpus
    assert all(later > earlier > 0 for earlier, later in zip(*ticks)), f"timer interrupts on each CPU: {ticks}"

    begin, end = (float(seconds) for seconds in before["slept"][0].split())
    assert 0.99 <= end - begin < 5, "sleep 1 takes a second of the guest's time"

    sums = [line.split()[1] for line in before["sum"]]
    assert sums == [SUM] * vcpus, first
    if vcpus > 1:
        others = "0" if vcpus == 2 else f"0,2-{vcpus - 1}"
        assert before["offline"] == [others] and before["back"] == [everyone.split()[1]], first
        assert before["sum1"][0].split()[0] == SUM, first

    assert run.status == 0, run.report()
    assert run.exit_line() == (0, "poweroff"), run.report()
    assert run.log.count("vm linux: reset") == 1, run.report()
    assert re.search(r"^vitrine: total +\d+$", run.said, re.MULTILINE), run.report()
    assert re.search(r"^vitrine: trace: \d+ events recorded, 0 lost$", run.said, re.MULTILINE), run.report()
    assert re.search(r"^vitrine: wall time", run.said, re.MULTILINE), run.report()
    harness.check_trace(tmp_path)


@pytest.mark.parametrize("cpu", harness.cpus("cortex-a53", "cortex-a72", "cortex-a76", "neoverse-n1", "max,pauth-impdef=on"))
def test_linux_on_other_cpus(tmp_path, cpu):
    run = harness.run(tmp_path, "--cpu", cpu, nodes=[linux(2)], stdin=b'echo "answer $((40+2)) online $(nproc)"\npoweroff -f\n')
    assert run.status == 0, run.report()
    assert answers(run.console)["online"] == ["2"], run.report()


@pytest.mark.once
def test_make_run_through_a_pipe(tmp_path):
    """`printf 'nproc\\npoweroff -f\\n' | make run`, as the README promises, with its outputs kept apart from other runs'."""
    done = subprocess.run(["make", "run", f"ARGS=--log {tmp_path}/vitrine.log --trace {tmp_path}/run.pftrace"], cwd=harness.ROOT,
                          input=b"nproc\npoweroff -f\n", capture_output=True, check=False, timeout=600)
    console = done.stdout.decode(errors="replace").replace("\r", "")
    said = done.stderr.decode(errors="replace")
    assert done.returncode == 0, console + said
    assert re.search(r"vitrine:/# nproc\n(.*\n)?.*4\n", console), console
    assert "Linux" in console and "on 4 CPUs" in console, console
    assert "exits by reason" in said and f"{tmp_path.name}/run.pftrace" in said, said

    exits = harness.check_trace(tmp_path)
    total = re.search(r"vitrine: total +(\d+)", said)
    assert total and int(total[1]) == exits, said
    check_schema(tmp_path / "run.pftrace")


def check_schema(trace):
    """protoc knows every field of the trace: with the subset of the schema none is left as a number."""
    with open(trace, "rb") as data, open(trace.with_suffix(".txt"), "wb") as text:
        done = subprocess.run(["protoc", f"--proto_path={harness.ROOT}/trace/host", "--decode=perfetto.protos.Trace",
                               "perfetto_subset.proto"], stdin=data, stdout=text, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    slices = 0
    with open(trace.with_suffix(".txt"), encoding="utf-8", errors="replace") as text:
        for line in text:
            assert not re.match(r"\s*\d+(:| \{)", line), f"a field that the schema does not have: {line}"
            slices += "TYPE_SLICE_BEGIN" in line
    assert slices > 1000
