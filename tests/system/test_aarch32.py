"""32-bit programs at a guest's EL0: guests/tests/aarch32.c. EL1 is always 64-bit."""

import pytest

import harness


@pytest.mark.parametrize("trace", [False, True], ids=["untraced", "traced"])
@pytest.mark.parametrize("cpu", harness.cpus("cortex-a53", "cortex-a57", "max,pauth-impdef=on"))
def test_programs_of_32_bits(tmp_path, cpu, trace):
    run = harness.run(tmp_path, "--pcpus", 1, "--cpu", cpu, trace=trace,
                      nodes=[harness.test_guest("guest", "aarch32"), harness.bystander()])
    run.assert_passed("guest")
    run.assert_passed("bystander")
    assert run.status == 0, run.report()
    assert "no AArch32" not in run.console, run.report()
    assert "a 32-bit program calls its kernel" in run.console, run.report()
    if trace:
        harness.check_trace(tmp_path)


@pytest.mark.once
def test_a_cpu_without_them(tmp_path):
    """The CPU should refuse the return to such a program. QEMU's does not: then the VM is stopped, and nobody else notices."""
    run = harness.run(tmp_path, "--pcpus", 1, "--cpu", "a64fx", nodes=[harness.test_guest("guest", "aarch32"), harness.bystander()])
    run.assert_passed("bystander")
    assert "[guest] no AArch32" in run.console, run.report()
    assert run.status == 3, run.report()
    assert "crash: vm guest vcpu 0: it can not be entered" in run.log, run.report()
