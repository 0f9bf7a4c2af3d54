"""One mark: `once`, for a test that chooses its CPUs and compilers itself, or that no CPU makes a difference to."""


def pytest_configure(config):
    config.addinivalue_line("markers", "once: does not depend on the CPU or the compiler, or chooses its own; `make matrix` runs it once")
