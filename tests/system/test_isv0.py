"""Device accesses that a syndrome does not describe: the guest's instruction is decoded and done, or refused whole."""

import pytest

import harness


@pytest.mark.parametrize("cpu", harness.cpus("cortex-a57", "cortex-a76", "max,pauth-impdef=on"))
def test_accesses_without_a_syndrome(tmp_path, cpu):
    run = harness.run(tmp_path, "--cpu", cpu, nodes=[harness.test_guest("guest", "isv0"), harness.bystander()])
    run.assert_passed("guest")
    run.assert_passed("bystander")
    assert run.status == 0, run.report()
    assert "an access over the end of a page, abort injected" in run.log, run.report()
    assert "nothing there, abort injected" in run.log, run.report()
    assert "ok: the MMU is on" in run.console, "the second half ran"
