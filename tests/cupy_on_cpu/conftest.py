"""The tests here need the emulation: they are collected by `make test-cupy` only."""

import os

collect_ignore_glob = [] if "CUPY_ON_CPU" in os.environ else ["test_*.py"]
