"""An example of a problem file for each kind."""

from __future__ import annotations

from .kinds import BASES, OPERATORS, STRUCTURES
from .tables import keys

_MASK = '{ kind = "variable_density_mask", shape = [8, 8], m = 40, seed = 0 }'
_OPERATORS = {  # what follows the kind, and before it where the operator is a factor
    "gaussian": "m = 32\nn = 64\nseed = 0",
    "bernoulli": "m = 32\nn = 64\nseed = 0",
    "partial_orthogonal": "m = 32\nn = 64\nseed = 0",
    "sparse_binary": "m = 32\nn = 64\nd = 4  # equal entries of each column\nseed = 0",
    "Matrix": 'matrix = "matrix.npy"  # shape (m, n)',
    "SparseMatrix": 'data = "sparse.npz:data"  # as scipy.sparse.save_npz writes compressed rows\n'
    'indices = "sparse.npz:indices"\nindptr = "sparse.npz:indptr"\nn = 64',
    "random_rows": "m = 32\nseed = 0",
    "Sampling": 'indices = "rows.npy"  # flat indices, or a mask',
    "DCT": "in_shape = 64",
    "DFT": "in_shape = [8, 8]",
    "WalshHadamard": "in_shape = 64",
    "random_signs": "shape = 64\nseed = 0",
    "random_permutation": "shape = 64\nseed = 0",
    "Permutation": "in_shape = 4\nindices = [2, 0, 3, 1]",
    "Diagonal": "weights = [1.0, 0.5, 2.0, 1.0]",
    "Identity": "in_shape = 64",
    "structurally_random": 'm = 32\nseed = 0\ntransform = { kind = "WalshHadamard", in_shape = 64 }',
    "spread_spectrum": "shape = 64\nm = 32\nseed = 0",
    "Convolution": 'kernel = "kernel.npy"  # of the signal\'s shape, entry 0 its centre',
    "random_convolution": "shape = 64\nseed = 0",
    "blur": "shape = 64\nkernel = 1.5  # samples; or the point-spread function",
    "toeplitz": "column = [2.0, 1.0, 0.5]\nrow = [2.0, -1.0, 0.5, 0.25]",
    "random_demodulator": "m = 16\nn = 64\nseed = 0",
    "SinglePixel": "in_shape = [4, 4]\nindices = [0, 1, 2, 3, 4, 6, 8, 9, 11, 12]  # patterns, the open one first",
    "CASSI": 'mask = "mask.npy"  # shape (height, width)\nbands = 3',
    "NUFFT": 'in_shape = [8, 8]\npoints = { kind = "radial_trajectory", spokes = 8, samples = 16 }',
    "CoilMaps": 'maps = { kind = "birdcage_maps", shape = [8, 8], coils = 4 }',
    "sense": f'maps = {{ kind = "birdcage_maps", shape = [8, 8], coils = 4 }}\nmask = {_MASK}',
    "Gradient": "in_shape = 64",
    "Wavelet": 'in_shape = 64\nname = "db2"',
    "BiorthogonalWavelet": 'in_shape = 64\nname = "bior4.4"',
    "channels": 'A = { kind = "gaussian", m = 16, n = 32, seed = 0 }\ncount = 2',
    "unit_columns": 'A = { kind = "gaussian", m = 32, n = 64, seed = 0 }',
    "Kronecker": '[[operator.operators]]\nkind = "gaussian"\nm = 6\nn = 8\nseed = 0\n\n'
    '[[operator.operators]]\nkind = "DCT"\nin_shape = 8',
    "BlockDiagonal": '[[operator.operators]]\nkind = "DCT"\nin_shape = 32\n\n'
    '[[operator.operators]]\nkind = "gaussian"\nm = 16\nn = 32\nseed = 0',
    "VStack": '[[operator.operators]]\nkind = "gaussian"\nm = 16\nn = 64\nseed = 0\n\n'
    '[[operator.operators]]\nkind = "bernoulli"\nm = 16\nn = 64\nseed = 0',
    "hstack": '[[operator.operators]]\nkind = "DCT"\nin_shape = 32\n\n'
    '[[operator.operators]]\nkind = "Identity"\nin_shape = 32',
}
_FACTORS = {"random_rows": 'kind = "DCT"\nin_shape = 64', "Sampling": 'kind = "DFT"\nin_shape = [8, 8]'}
_BASES = {"Wavelet": 'name = "db2"'}
_STRUCTURES = {  # what follows the kind, and what [recover] says
    "Sparse": ("", "k = 3"),
    "BlockSparse": ("size = 4  # or labels = [...]", "k = 2  # blocks"),
    "TreeSparse": ("", "k = 5"),
    "Clustered": ("runs = 2", "k = 6"),
    "Separated": ("delta = 4", "k = 3"),
    "Windows": ("size = 3", "k = 2  # windows"),
    "Hierarchical": ("size = 8\nwithin = 2", "k = 2  # blocks"),
    "Levels": ('labels = "labels.npy"  # 0, 1, ... of the level of each coefficient', "k = [2, 3]"),
    "JointSparse": ('model = { kind = "Sparse" }', "k = 3"),
    "OverlappingGroups": ("size = 4\nstep = 2  # windows that overlap; or members = [[0, 1], ...]", "k = 2  # groups"),
    "GraphClusters": ("clusters = 1\ndiagonal = true", "k = 5"),
    "Union": ('[[structure.models]]\nkind = "Sparse"\n\n[[structure.models]]\nkind = "Clustered"\nruns = 1', "k = 3"),
    "L1": ("", 'scale = "0.1 lmax"  # a tenth of the weight from which on the answer is zero'),
    "NonNegativeL1": ("", 'scale = "0.1 lmax"'),
    "ElasticNet": ("ridge = 0.1", 'scale = "0.1 lmax"'),
    "GroupL2": ("size = 4", 'scale = "0.1 lmax"'),
    "GroupLInf": ("size = 4", 'scale = "0.1 lmax"'),
    "SparseGroup": ("size = 4\nl1 = 0.5\ngroup = 1.0", 'scale = "0.1 lmax"'),
    "BlockMCP": ("size = 4", 'scale = "0.1 lmax"'),
    "BlockSCAD": ("size = 4", 'scale = "0.1 lmax"'),
    "TreeL2": ("", 'scale = "0.1 lmax"'),
    "TreeLInf": ("", 'scale = "0.1 lmax"'),
    "OverlappingGroupL2": ("size = 4\nstep = 2", 'scale = "0.1 lmax"'),
    "LatentGroupL2": ("size = 4\nstep = 2", 'scale = "0.1 lmax"'),
    "Nuclear": ("", 'scale = "0.1 lmax"'),
    "NuclearFrobenius": ("frobenius = 0.1", 'scale = "0.1 lmax"'),
    "NuclearSquaredFrobenius": ("frobenius = 0.1", 'scale = "0.1 lmax"'),
    "TV": ("weight = 0.01", ""),
    "Box": ("low = 0.0\nhigh = 1.0", ""),
    "L2Ball": ("radius = 2.0", ""),
    "Simplex": ("total = 1.0", ""),
}
_IMAGES = ("GraphClusters", "Nuclear", "NuclearFrobenius", "NuclearSquaredFrobenius")
_IMAGE = ('[[operator]]\nkind = "random_rows"\nm = 40\nseed = 0', '[[operator]]\nkind = "DCT"\nin_shape = [8, 8]')
_GAUSSIAN = f'[operator]\nkind = "gaussian"\n{_OPERATORS["gaussian"]}'
_SPARSE = '[structure]\nkind = "Sparse"'


def example(kind: str) -> str:
    """A commented problem file with a structure, an operator or a basis of that kind.

    Raises
    ------
    ValueError
        When there is no such kind.
    """
    if kind in STRUCTURES:
        body, options = _STRUCTURES[kind]
        tables = [_GAUSSIAN, _table("structure", kind, body), f"[recover]\n{options}"]
        if kind in _IMAGES:
            tables[:1] = _IMAGE
        elif kind == "JointSparse":
            tables[0] = _table("operator", "channels", _OPERATORS["channels"])
        elif kind.startswith("Tree"):
            tables[1:1] = [_table("basis", "Wavelet", _BASES["Wavelet"])]
        make = STRUCTURES[kind]
    elif kind in OPERATORS:
        factor = [f"[[operator]]  # applied first\n{_FACTORS[kind]}"] if kind in _FACTORS else []
        table = _table("[operator]" if factor else "operator", kind, _OPERATORS[kind])
        tables = [table, *factor, _SPARSE, "[recover]\nk = 2"]
        make = OPERATORS[kind]
    elif kind in BASES:
        tables = [_GAUSSIAN, _table("basis", kind, _BASES.get(kind, "")), _SPARSE, "[recover]\nk = 2"]
        make = BASES[kind]
    else:
        raise ValueError(f"there is no kind {kind!r}; there are {', '.join(kinds())}")
    title = f"# {kind}: {(make.__doc__ or '').strip().splitlines()[0]}"
    needed = [key for key, required in keys(make).items() if required]
    others = [key for key, required in keys(make).items() if not required]
    known = f"# keys needed: {', '.join(needed) or 'none'}; optional: {', '.join(others) or 'none'}"
    return "\n\n".join([f'{title}\n{known}\nmeasurements = "y.npy"', *tables]).rstrip() + "\n"


def examples() -> list[str]:
    """A problem file for each kind."""
    return [example(kind) for kind in kinds()]


def kinds() -> list[str]:
    """All kinds: structures, operators and bases."""
    return list(dict.fromkeys([*STRUCTURES, *OPERATORS, *BASES]))


def _table(name: str, kind: str, body: str) -> str:
    gap = "\n" if body.startswith("[") else ""
    return f'[{name}]\nkind = "{kind}"\n{gap}{body}'.rstrip()
