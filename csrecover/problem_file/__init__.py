"""Recovery problems described in a TOML file, and what is written about their solution.

A file has five parts; kinds and keys are the names that csrecover has in Python, a random `rng` is its `seed`::

    measurements = "y.npy"    # or "data.npz:y"; files lie beside this one
    seed = 0                  # of whatever draws and has no seed of its own

    [operator]                # what measured; [[operator]] several times: their product, the first applied last
    kind = "gaussian"
    m = 256
    n = 1024

    [basis]                   # optional: an orthonormal transform in which the signal has the structure
    kind = "Wavelet"
    name = "sym4"

    [structure]               # a model or a penalty; a tree is that of the basis
    kind = "TreeSparse"

    [recover]                 # arguments of `recover`
    k = 80

``csrecover recover --examples`` prints an example of each kind; ``csrecover rip`` needs no measurements. Blocks are
given by their ``size`` or by ``labels``, groups by ``size`` and ``step`` of windows or by ``members``, graphs by
``edges`` or as the grid of the signal. An array is a list, the name of an .npy file, of an .npz file with one array, or
"file.npz:array".
"""

from .examples import example, examples
from .outputs import meaning, write_outputs
from .reading import Problem, read_problem

__all__ = ["Problem", "example", "examples", "meaning", "read_problem", "write_outputs"]
