"""The tests here need the real CuPy and NVIDIA's compiler: they are collected by `make test-gpu-static` only."""

import os

collect_ignore_glob = [] if "CSRECOVER_GPU_STATIC" in os.environ else ["test_*.py"]
