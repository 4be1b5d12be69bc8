"""Builds the emulation: CuPy's wheel from PyPI, its runtime module compiled anew, and libraries in NVIDIA's place."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from .stubs import RUNTIME, stub_libraries, undefined_symbols

HERE = Path(__file__).parent
VERSION = "14.2.0"
WHEEL = f"cupy-cuda13x=={VERSION}"
HEADERS = ("nvidia-cuda-runtime==13.2.*", "nvidia-cuda-crt==13.2.*", "nvidia-cuda-profiler-api==13.2.*")
TOOLS = ("cython>=3.2,<3.3", "setuptools>=77", "wheel")
COMPILE = ("g++", "-std=c++17", "-w", "-fPIC", "-shared")
# Those of a kernel; the header of the shim, compiled in advance with the same, takes two thirds off its compilation
KERNEL_FLAGS = "-std=c++17 -O1 -w -fpermissive -fPIC -ffp-contract=off -D__CUDA_ARCH__=900 -D__CUDACC_VER_MAJOR__=13"
# What CuPy's own build would set, for CUDA 13.2
CYTHONIZE = """
from Cython.Build import cythonize
from setuptools import Extension
constants = dict(CUPY_USE_CUDA_PYTHON=False, CUPY_CUFFT_STATIC=False, CUPY_CYTHON_VERSION="3.2",
                 CUPY_CUDA_VERSION=13020, CUPY_HIP_VERSION=0)
directives = dict(embedsignature=True, c_api_binop_methods=True, binding=False, freethreading_compatible=True)
runtime = Extension("cupy_backends.cuda.api.runtime", ["cupy_backends/cuda/api/runtime.pyx"], language="c++")
cythonize([runtime], language_level=3, force=True, compile_time_env=constants, compiler_directives=directives)
"""


class MissingError(Exception):
    """Something that the emulation needs and that is not to be had here."""


def ensure_built(destination):
    """Build into a folder unless it holds what this folder, this version of CuPy and this Python give.

    The file `built` there says what it holds, nothing while it is incomplete, and is locked by whoever looks or builds.
    """
    check_requirements()
    import fcntl  # Windows has none

    destination.mkdir(exist_ok=True)
    with open(destination / "built", "a+") as stamp:
        fcntl.flock(stamp, fcntl.LOCK_EX)
        stamp.seek(0)
        wanted = fingerprint()
        if stamp.read() == wanted:
            return
        print(f"building CuPy {VERSION} for the CPU in {destination} (half a minute)", flush=True)
        stamp.truncate(0)
        for folder in filter(Path.is_dir, destination.iterdir()):
            shutil.rmtree(folder)
        build(destination)
        stamp.write(wanted)


def fingerprint():
    """Hash of all that a build depends on; the folder `site` is used in place."""
    digest = hashlib.sha256(f"{sys.version} {os.environ.get('CUDA_INC')}".encode())
    sources = [HERE / "build.py", HERE / "stubs.py", *(HERE / "native").rglob("*"), *(HERE / "replaced").rglob("*.py")]
    for path in sorted(path for path in sources if path.is_file()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check_requirements():
    if not (sys.platform == "linux" and os.uname().machine == "x86_64"):
        raise MissingError("it needs Linux on x86-64")
    if sys.implementation.name != "cpython":
        raise MissingError("it needs CPython")
    for program in ("g++", "gcc", "nm"):
        if shutil.which(program) is None:
            raise MissingError(f"it needs {program}")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        raise MissingError("it needs the headers of Python")


def build(destination):
    site, library, work = (destination / name for name in ("site", "lib", "work"))
    library.mkdir(parents=True)
    install(site, WHEEL)
    install(work / "tools", *TOOLS)
    source, headers = sdist(work), cuda_headers(work)
    shutil.copytree(HERE / "native" / "shim", library / "shim")
    compile_native(library)
    runtime_module(site, library, source, headers)
    stub_libraries(site, source, library)
    replace_modules(site)
    shutil.rmtree(work)


def pip(*arguments, **environment):
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
        raise MissingError(f"it needs packages from PyPI: {errors[-1]}")


def install(folder, *packages):
    pip("install", "--no-deps", "--target", folder, *packages)


def sdist(work):
    """CuPy's source, unpacked."""
    environment = {"PYTHONPATH": str(work / "tools"), "CUPY_INSTALL_USE_STUB": "1"}  # no CUDA is looked for
    options = ("--no-deps", "--no-build-isolation", "--no-binary", "cupy", "-d", work)
    pip("download", *options, f"cupy=={VERSION}", **environment)
    shutil.unpack_archive(work / f"cupy-{VERSION}.tar.gz", work, filter="data")
    return work / f"cupy-{VERSION}"


def cuda_headers(work):
    """Folder of CUDA's headers: CUDA_INC, or from PyPI."""
    if "CUDA_INC" in os.environ:
        return Path(os.environ["CUDA_INC"])
    install(work / "headers", *HEADERS)
    return next((work / "headers").glob("nvidia/*/include"))


def compile_native(library):
    native = HERE / "native"
    driver = [native / "driver.cpp", native / "grid.cpp", "-o", library / "libcuda.so.1", "-Wl,-soname,libcuda.so.1"]
    subprocess.run([*COMPILE, "-O2", *driver, "-ldl"], check=True)
    flags = f'-DKERNEL_FLAGS="{KERNEL_FLAGS}"'
    compiler = [native / "compiler.cpp", "-o", library / "libnvrtc.so.13", "-ldl"]
    subprocess.run([*COMPILE, "-O1", flags, *compiler], check=True)
    shim = library / "shim" / "cuda.h"
    subprocess.run(["g++", *KERNEL_FLAGS.split(), "-x", "c++-header", shim, "-o", f"{shim}.gch"], check=True)


def runtime_module(site, library, source, headers):
    """CuPy's module of the runtime API, which in the wheel has NVIDIA's library inside; here it is linked to ours."""
    tools = {**os.environ, "PYTHONPATH": str(source.parent / "tools")}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CYTHONIZE], cwd=source, env=tools, check=True, capture_output=True
    )
    (module,) = site.glob("cupy_backends/cuda/api/runtime.*.so")
    folders = [f"-I{path}" for path in (sysconfig.get_path("include"), headers, source / "cupy_backends", source)]
    code = source / "cupy_backends/cuda/api/runtime.cpp"
    cudart = library / "libcudart.so.13"
    subprocess.run([*COMPILE, "-O1", *folders, code, "-o", module], check=True)
    runtime_library(cudart, headers, [name for name, _ in undefined_symbols(module) if name.startswith("cuda")])
    subprocess.run([*COMPILE, "-O1", *folders, code, cudart, f"-Wl,-rpath,{library}", "-o", module], check=True)


def runtime_library(path, headers, needed):
    """native/runtime.cpp and, for what it does not have, functions that refuse."""
    link = ["-Wl,-soname,libcudart.so.13", f"-I{headers}", HERE / "native" / "runtime.cpp", "-o", path]
    subprocess.run([*COMPILE, "-O1", *link], check=True)
    listing = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    present = {line.split()[-1] for line in listing.splitlines()}
    missing = path.parent / "missing.c"
    missing.write_text("".join(RUNTIME.format(name) for name in sorted(set(needed) - present)))
    subprocess.run(["gcc", "-c", "-fPIC", missing, "-o", missing.with_suffix(".o")], check=True)
    subprocess.run([*COMPILE, "-O1", *link, missing.with_suffix(".o")], check=True)
    missing.unlink()
    missing.with_suffix(".o").unlink()


def replace_modules(site):
    """Put the modules of the folder `replaced` in the place of compiled ones."""
    for module in (HERE / "replaced").rglob("*.py"):
        place = site / module.relative_to(HERE / "replaced")
        for compiled in place.parent.glob(f"{place.stem}.*.so"):
            compiled.unlink()
        shutil.copy(module, place)
