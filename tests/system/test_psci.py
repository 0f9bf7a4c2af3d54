"""PSCI and the SMC calling convention, from inside a guest: guests/tests/power.c and smccc.c."""

import pytest

import harness

# Workarounds that a CPU does not need, a bit each, and whether it makes random numbers: see guests/tests/smccc.c.
OF_THE_CPU = {"max,pauth-impdef=on": "trng=1 safe=1", "cortex-a53": "safe=7", "cortex-a76": "safe=1", "neoverse-n1": "safe=1"}
HERE = OF_THE_CPU.get(harness.CPU, "")
SMC_OF_QEMU = "<0x95c1ba60>"  # CPU_ON of PSCI 0.1, as QEMU's firmware numbers it


@pytest.mark.parametrize("pcpus, gic", [(1, 3), (2, 3), (2, 2)])
def test_sleep_and_resets(tmp_path, pcpus, gic):
    """Sleeping, waking and resetting beside a VM that notices nothing of it."""
    run = harness.run(tmp_path, "--gic", gic, "--pcpus", pcpus, stdin=b"123",
                      nodes=[harness.test_guest("guest", "power", vcpus=2), harness.bystander()])
    run.assert_passed("guest")
    run.assert_passed("bystander")
    assert run.status == 0, run.report()
    assert run.log.count("vm guest: warm reset") == 1, run.report()
    assert run.log.count("vm guest: reset") == 1, run.report()
    assert run.log.count("vm bystander: ") == 2, "started and powered off: " + run.report()
    harness.check_trace(tmp_path)


def test_calling_convention(tmp_path):
    run = harness.run(tmp_path, "--pcpus", 1, nodes=[harness.test_guest("guest", "smccc", HERE), harness.bystander()])
    run.assert_passed("guest")
    run.assert_passed("bystander")
    assert run.status == 0, run.report()
    assert "vm guest vcpu 0 says: seven registers?hold fifty-six characters and not one m" in run.log, run.report()
    assert run.log.count("vm guest vcpu 0 says: ") == 256, "its share of the log"
    assert "vm guest: has logged 256 lines; no more are taken" in run.log
    assert "passed to EL3" not in run.log, run.report()
    assert run.log.count(": smc 0x") == 8, "unknown SMCs are logged, but not for ever: " + run.report()
    assert "smc 0xdeadbeef at pc 0x" in run.log, run.report()
    harness.check_trace(tmp_path)


@pytest.mark.parametrize("cpu", harness.cpus("max,pauth-impdef=on", "cortex-a53", "cortex-a76", "neoverse-n1", "cortex-a72"))
def test_what_depends_on_the_cpu(tmp_path, cpu):
    """Random numbers where it has some; workarounds where it needs none."""
    harness.run(tmp_path, "--cpu", cpu, trace=False, nodes=[harness.test_guest("guest", "smccc", OF_THE_CPU.get(cpu, ""))]).assert_passed()


def test_smcs_that_the_manifest_allows(tmp_path):
    """They reach EL3, those of this VM only, and are logged."""
    nodes = [harness.test_guest("trusted", "smccc", f"smc=1 {HERE}".strip(), smc_allow=SMC_OF_QEMU),
             harness.test_guest("other", "smccc", HERE)]
    run = harness.run(tmp_path, "--pcpus", 1, nodes=nodes)
    run.assert_passed("trusted")
    run.assert_passed("other")
    assert run.status == 0, run.report()


@pytest.mark.once
@pytest.mark.parametrize("function", ["0x84000008", "0xc4000003", "0xc4000020", "0x8400003f"])
def test_no_manifest_lets_a_guest_switch_off_the_machine(tmp_path, function):
    run = harness.run(tmp_path, trace=False,
                      nodes=[harness.test_guest("guest", "smccc", smc_allow=f"<{function}>")])
    assert run.status == 5, run.report()
    assert f"vm guest: smc-allow: {function} is PSCI or SDEI: it is about the whole machine" in run.log, run.report()
