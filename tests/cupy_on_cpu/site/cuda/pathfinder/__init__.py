"""Where CuPy asks for NVIDIA's libraries: answers with those that the emulation built."""

import ctypes
import os
from pathlib import Path

from emulation import calls

FOLDER = Path(os.environ["CUPY_ON_CPU"]) / "lib"


class DynamicLibNotFoundError(RuntimeError):
    pass


class LoadedDL:
    def __init__(self, path):
        self.abs_path = str(path)
        self.found_via = "emulation"
        self._library = ctypes.CDLL(self.abs_path)
        self._handle_uint = self._library._handle


def load_nvidia_dynamic_lib(name):
    for path in FOLDER.glob(f"lib{name}.so.*"):
        return LoadedDL(path)
    raise DynamicLibNotFoundError(name)


def find_nvidia_header_directory(name):
    return str(FOLDER / "shim")


def locate_nvidia_header_directory(name):
    return None


def find_nvidia_binary_utility(name):
    return None


calls.answer(ctypes.CDLL(str(FOLDER / "libcuda.so.1")))
