"""Libraries that stand for NVIDIA's: every function that CuPy may call is there, and passes its call on."""

import re
import subprocess
from collections import defaultdict

# Libraries that CuPy loads although none of its modules is linked to them.
LOADED = ("libcublasLt.so.13", "libnvJitLink.so.13")
WORDS = 24

HEAD = f"""
#include <stdint.h>
extern int (*emulation_hook)(const char*, intptr_t*);
static int pass(const char* name, intptr_t* words) {{ return emulation_hook ? emulation_hook(name, words) : 0; }}
#define PASS(name) \\
    int name({", ".join(f"intptr_t a{i}" for i in range(WORDS))}) {{ \\
        intptr_t words[] = {{{", ".join(f"a{i}" for i in range(WORDS))}}}; \\
        return pass(#name, words); }}
"""
# cuSPARSE is asked for the text of an error; site/emulation/calls.py gives its own.
ERROR_TEXT = 'const char* {}(int status) {{ return "error of an emulated library"; }}\n'

RUNTIME = """
extern const char* emulation_missing_call;
int {0}(void) {{ emulation_missing_call = "{0} is not modelled by the emulation of CuPy on the CPU"; return 801; }}
"""


def undefined_symbols(shared_object):
    """Symbols that a shared object looks for elsewhere: pairs of a name and a library ('' where none is named)."""
    listing = subprocess.run(
        ["nm", "-D", "--undefined-only", shared_object], capture_output=True, text=True, check=True
    )
    return re.findall(r" U (\w+)(?:@(lib\w+\.so\.\d+))?", listing.stdout)


def linked_functions(site):
    """NVIDIA's libraries that the modules of CuPy are linked to, and the functions they take from each."""
    functions = defaultdict(set)
    for module in site.glob("cupy*/**/*.so"):
        for name, library in undefined_symbols(module):
            if re.match("cu[a-z]", name) and library:
                functions[library].add(name)
    return functions


def looked_up_functions(source, prefix):
    """Functions of cuSPARSE or cuSOLVER that CuPy looks up by name when it is imported."""
    text = (source / f"cupy_backends/cuda/libs/{prefix}.pyx").read_text()
    return {prefix + name for name in re.findall(r"_lib\.get\(\s*'(\w+)'", text)}


def stub_libraries(site, source, folder):
    """Compile the libraries that the modules in `site`, and their source, refer to."""
    functions = linked_functions(site)
    functions["libcusparse.so.12"] |= looked_up_functions(source, "cusparse")
    functions["libcusolver.so.12"] |= looked_up_functions(source, "cusolver")
    for library in LOADED:
        functions[library] |= set()
    for library, names in functions.items():
        code = HEAD + "".join(map(_function, sorted(names))) + "int emulation_stub;\n"
        compile_library(code, library, folder, folder / "libcuda.so.1")


def _function(name):
    return ERROR_TEXT.format(name) if "GetError" in name else f"PASS({name})\n"


def compile_library(code, library, folder, *objects):
    """Compile C code to a library whose symbols carry its name as their version, as NVIDIA's do."""
    versions = folder / "versions.map"
    versions.write_text(f"{library} {{ global: *; }};")
    options = [f"-Wl,-soname,{library}", f"-Wl,--version-script={versions}", "-Wl,-rpath,$ORIGIN"]
    command = ["gcc", "-O1", "-shared", "-fPIC", "-w", "-x", "c", "-", "-x", "none", *objects, *options]
    subprocess.run([*command, "-o", folder / library], input=code, text=True, check=True)
    versions.unlink()
