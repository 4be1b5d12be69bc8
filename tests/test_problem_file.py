"""Problem files: what they describe, what is refused, what is written."""

import dataclasses
import importlib.util
import inspect
import json
import os
import re
import stat
import tomllib

import numpy as np
import pytest
import scipy.sparse

import csrecover as cs
from csrecover import cli, problem_file
from csrecover.problem_file import kinds
from csrecover.problem_file.examples import kinds as all_kinds
from csrecover.problem_file.outputs import plain_data
from csrecover.problem_file.parts import Context
from csrecover.problem_file.tables import operator

RNG = np.random.default_rng(0)
FILES = {
    "matrix.npy": RNG.standard_normal((32, 64)),
    "kernel.npy": np.exp(-np.arange(64.0)),
    "rows.npy": np.sort(RNG.permutation(64)[:40]),
    "mask.npy": RNG.integers(0, 2, (6, 5)).astype(float),
    "labels.npy": np.arange(64) // 40,
}
BASE = """
measurements = "y.npy"
[operator]
kind = "gaussian"
m = 20
n = 32
seed = 3
[structure]
kind = "Sparse"
[recover]
k = 2
"""


def prepare(folder, text):
    """Write a problem file, the files that examples name, and the measurements of a member of some sparsity."""
    (folder / "problem.toml").write_text(text)
    for name, array in FILES.items():
        np.save(folder / name, array)
    scipy.sparse.save_npz(folder / "sparse.npz", scipy.sparse.random_array((32, 64), density=0.3, rng=0, format="csr"))
    A = operator(tomllib.loads(text)["operator"], "", Context(folder, tomllib.loads(text).get("seed")))
    truth = cs.random_signal(cs.Sparse(), A.in_shape, 2, rng=1)
    np.save(folder / "y.npy", A @ truth)
    return A, truth


def run(folder, *extra):
    return cli.main(["recover", str(folder / "problem.toml"), "--out", str(folder / "out"), *extra])


def edited(old, new):
    assert old in BASE
    return BASE.replace(old, new)


@pytest.mark.parametrize("kind", all_kinds())
def test_every_printed_example_runs_to_the_end(kind, tmp_path, capsys):
    if kind == "NUFFT" and not importlib.util.find_spec("finufft"):
        pytest.skip("needs finufft")
    assert cli.main(["recover", "--examples", kind]) == 0
    text = capsys.readouterr().out
    A, _ = prepare(tmp_path, text)
    assert run(tmp_path) in (0, 1), capsys.readouterr().err
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert np.load(tmp_path / "out" / "recovered.npy").shape == A.in_shape
    assert summary["problem"] == text
    assert text.startswith(f"# {kind}: ")


def test_all_examples_are_printed_together(capsys):
    assert cli.main(["recover", "--examples"]) == 0
    assert re.findall(r"^# (\w+): ", capsys.readouterr().out, flags=re.MULTILINE) == all_kinds()


def test_no_kind_is_forgotten():
    """Public operators, their creators, models and penalties, but for what no file describes or `recover` refuses."""
    public = {
        name
        for name, value in vars(cs).items()
        if (inspect.isfunction(value) and value.__module__.startswith("csrecover.operators"))
        or (isinstance(value, type) and issubclass(value, cs.LinearOperator | cs.Model | cs.Penalty))
    }
    abstract = {"LinearOperator", "Model", "SupportModel", "Penalty", "Norm"}
    others = {"from_scipy", "from_pylops", "sparse_matrix", "Product", "LowRank"}
    known = {*kinds.OPERATORS, *kinds.STRUCTURES, *kinds.BASES, *kinds.ARRAYS}
    assert public - known == abstract | others
    assert known <= set(vars(cs))


def test_the_file_says_what_python_says(tmp_path):
    text = """
measurements = "data.npz:y"
seed = 5
[[operator]]
kind = "random_rows"
m = 24
[[operator]]
kind = "DCT"
[[operator]]
kind = "random_signs"
shape = 64
seed = 7
[basis]
kind = "Wavelet"
name = "haar"
levels = 3
[structure]
kind = "TreeSparse"
[recover]
k = 4
tol = 1e-9
"""
    (tmp_path / "problem.toml").write_text(text)
    A = cs.random_rows(64, 24, 5) @ cs.DCT(64) @ cs.random_signs(64, 7)
    W = cs.Wavelet(64, "haar", 3)
    y = A @ (W.H @ cs.random_signal(cs.TreeSparse(W.tree), 64, 4, rng=0))
    np.savez(tmp_path / "data.npz", y=y, other=np.zeros(3))
    problem = problem_file.read_problem(tmp_path / "problem.toml")
    x = np.random.default_rng(0).standard_normal(64)
    assert np.array_equal(problem.A @ x, A @ x)
    assert np.array_equal(problem.basis @ x, W @ x)
    assert problem.options == {"k": 4, "tol": 1e-9, "rng": 5}
    expected = cs.recover(A, y, cs.TreeSparse(W.tree), 4, basis=W, tol=1e-9, rng=5)
    assert np.array_equal(problem.recover().signal, expected.signal)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('kind = "BlockSparse"\nsize = 4', cs.BlockSparse(cs.Blocks.uniform(32, 4))),
        ('kind = "BlockSparse"\nlabels = "labels.npy"', cs.BlockSparse(cs.Blocks(np.arange(32) // 20))),
        ('kind = "OverlappingGroups"\nsize = 4\nstep = 2', cs.OverlappingGroups(cs.Groups.windows(32, 4, 2))),
        (
            'kind = "OverlappingGroups"\nmembers = [[0, 1], [1, 2, 5]]',
            cs.OverlappingGroups(cs.Groups([[0, 1], [1, 2, 5]], 32)),
        ),
        ('kind = "TreeL2"\nparents = "parents.npy"', cs.TreeL2(cs.Tree(np.arange(32) - 1))),
        ('kind = "GraphClusters"\nclusters = 2', cs.GraphClusters(cs.Graph.grid(32), 2)),
        (
            'kind = "GraphClusters"\nclusters = 2\nedges = [[0, 1], [4, 3]]',
            cs.GraphClusters(cs.Graph([[0, 1], [4, 3]], 32), 2),
        ),
    ],
)
def test_structures_are_described_by_their_keys(table, expected, tmp_path):
    (tmp_path / "problem.toml").write_text(edited('kind = "Sparse"', table))
    np.save(tmp_path / "labels.npy", np.arange(32) // 20)
    np.save(tmp_path / "parents.npy", np.arange(32) - 1)
    np.save(tmp_path / "y.npy", np.ones(20))
    found = problem_file.read_problem(tmp_path / "problem.toml").structure
    assert type(found) is type(expected)
    x = np.random.default_rng(0).standard_normal((3, 32))
    if isinstance(found, cs.Penalty):
        assert np.allclose(found.prox(x, 0.3), expected.prox(x, 0.3))
    else:
        assert np.array_equal(found.project(x, 2), expected.project(x, 2))


def test_a_recovered_signal_and_its_summary_are_written(tmp_path, capsys):
    _, truth = prepare(tmp_path, BASE)
    assert run(tmp_path) == 0
    assert "CONVERGED" in capsys.readouterr().out
    assert np.load(tmp_path / "out" / "recovered.npy") == pytest.approx(truth, abs=1e-6)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"] == "CONVERGED"
    assert summary["meaning"] == cs.Status.CONVERGED.value
    assert summary["problem"] == BASE
    assert summary["versions"]["numpy"] == np.__version__
    assert summary["residual_norm"] < 1e-5
    assert summary["gap"] is None
    assert (tmp_path / "out" / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(os.listdir(tmp_path / "out")) == ["figure.png", "recovered.npy", "summary.json"]


def test_a_batch_has_a_list_of_statuses(tmp_path):
    A, truth = prepare(tmp_path, BASE)
    np.save(tmp_path / "y.npy", A @ np.stack([truth, 2 * truth]))
    assert run(tmp_path) == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"] == ["CONVERGED", "CONVERGED"]
    assert summary["shape"] == [2, 32]
    assert (tmp_path / "out" / "figure.png").exists()


def test_each_signal_of_a_batch_may_have_its_noise_level(tmp_path):
    A, truth = prepare(tmp_path, edited("k = 2", "k = 2\nnoise = [1e-3, 2e-3]"))
    np.save(tmp_path / "y.npy", A @ np.stack([truth, 2 * truth]))
    assert run(tmp_path) == 0


def test_joint_models_are_of_one_channel(tmp_path):
    text = problem_file.example("JointSparse").replace('{ kind = "Sparse" }', '{ kind = "BlockSparse", size = 4 }')
    prepare(tmp_path, text)
    model = problem_file.read_problem(tmp_path / "problem.toml").structure
    assert model.model.signal_shape == (32,)
    assert np.array_equal(model.model.blocks.labels, np.arange(32) // 4)


def test_cubes_have_no_figure_and_leave_none_of_another_signal(tmp_path):
    prepare(tmp_path, BASE)
    assert run(tmp_path) == 0
    prepare(tmp_path, problem_file.example("CASSI"))
    assert run(tmp_path) in (0, 1)
    assert sorted(os.listdir(tmp_path / "out")) == ["recovered.npy", "summary.json"]


def test_one_is_the_exit_status_of_what_did_not_converge(tmp_path, capsys):
    prepare(tmp_path, edited("k = 2", "k = 2\nmax_iter = 1"))
    np.save(tmp_path / "y.npy", np.random.default_rng(0).standard_normal(20))
    assert run(tmp_path) == 1
    assert re.fullmatch(r"csrecover: not converged: .*\n", capsys.readouterr().err)
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["status"] != "CONVERGED"


def test_noise_holdout_and_seed_reach_the_solver(tmp_path):
    prepare(tmp_path, "seed = 4\n" + edited("k = 2", "holdout = 7\nnoise = 1e-6").replace("m = 20", "m = 28"))
    problem = problem_file.read_problem(tmp_path / "problem.toml")
    assert problem.options == {"holdout": 7, "noise": 1e-6, "rng": 4}
    assert run(tmp_path) in (0, 1)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["seed"] == 4
    assert summary["budget"] is not None
    assert summary["error_estimate"]["high"] >= summary["error_estimate"]["low"]


def test_files_that_exist_are_replaced_whole_or_not_at_all(tmp_path, monkeypatch, capsys):
    prepare(tmp_path, BASE)
    assert run(tmp_path) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    def torn(file, *arguments, **options):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(problem_file.outputs.np, "save", torn)
    assert run(tmp_path) == 2
    assert "No space left" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_written_files_have_the_usual_permissions(tmp_path):
    prepare(tmp_path, BASE)
    assert run(tmp_path) == 0
    other = (tmp_path / "problem.toml").stat().st_mode
    assert stat.S_IMODE((tmp_path / "out" / "summary.json").stat().st_mode) == stat.S_IMODE(other)


WRONG = [
    (
        'kind = "gaussian"',
        'kind = "gausian"',
        r"\[operator\] kind: there is no 'gausian', did you mean 'gaussian'\?; there are",
    ),
    ('kind = "gaussian"', 'kind = "GAUSSIAN"', "did you mean 'gaussian'"),
    ('kind = "gaussian"', "", r"\[operator\] needs a kind: gaussian, bernoulli"),
    ('kind = "gaussian"', "kind = 3", "there is no 3"),
    ("seed = 3", "", r"\[operator\] needs seed; its keys are m, n, seed, dtype"),
    ("seed = 3", "sede = 3", r"\[operator\] has no key 'sede', did you mean 'seed'\?; its keys are m, n, seed, dtype"),
    ("seed = 3", "seed = -3", r"\[operator\]: expected non-negative integer"),
    ("seed = 3", "seed = 1.5", r"\[operator\] seed: expected an integer, got 1.5"),
    ("m = 20", "m = true", r"\[operator\] m: expected an integer, got True"),
    ("m = 20", 'm = "20"', r"\[operator\] m: expected an integer, got '20'"),
    ("m = 20", "m = -1", r"\[operator\]: .*negative"),
    ("m = 20", "m = 0", r"\[operator\]: "),
    ("m = 20", "m = 10000000000000", r"\[operator\]: Unable to allocate"),
    ("seed = 3", 'seed = 3\ndtype = "float33"', r"\[operator\]: .*float33"),
    ("seed = 3", 'seed = 3\ndevice = "cupy"', r"has no key 'device'"),
    ('kind = "Sparse"', 'kind = "BlockSparse"', r"\[structure\]: give either size or labels"),
    ('kind = "Sparse"', 'kind = "BlockSparse"\nsize = 5', r"\[structure\]: size=5 does not divide n=32"),
    ('kind = "Sparse"', 'kind = "BlockSparse"\nsize = 4\nlabels = [0]', r"give either size or labels"),
    ('kind = "Sparse"', 'kind = "BlockSparse"\nlabels = [[0], [1, 2]]', r"labels: expected rows of equal lengths"),
    ('kind = "Sparse"', 'kind = "BlockSparse"\nlabels = ["a"]', r"labels: expected numbers"),
    ('kind = "Sparse"', 'kind = "BlockSparse"\nlabels = "none.npy"', r"labels: cannot read .*none.npy: No such file"),
    ('kind = "Sparse"', 'kind = "TreeSparse"', r"\[structure\]: it takes the tree of the basis"),
    ('kind = "Sparse"', 'kind = "Clustered"', r"\[structure\] needs runs; its keys are runs"),
    ('kind = "Sparse"', 'kind = "Union"\nmodels = 3', r"\[structure\] models: expected several tables"),
    ('kind = "Sparse"', 'kind = "Union"\nmodels = [{}]', r"\[structure\] models 1 needs a kind"),
    ('kind = "Sparse"', 'kind = "JointSparse"\nmodel = 3', r"\[structure\] model: expected a table with a kind, got 3"),
    ('kind = "Sparse"', 'kind = "L1"\nweight = -1.0', r"\[structure\]: weights must be finite and not negative"),
    ('kind = "Sparse"', 'kind = "L1"\nweight = nan', r"\[structure\] weight: expected a number"),
    ("k = 2", "k = 2\nkk = 3", r"\[recover\] has no key 'kk', did you mean 'k'\?"),
    ("k = 2", 'k = 2\nmax_iter = "10"', r"\[recover\] max_iter: expected an integer, got '10'"),
    ("k = 2", "k = 2\nnoise = 1979-05-27", r"\[recover\] noise: expected a number"),
    ("k = 2", "k = 0", "at least 1, got 0"),
    ("k = 2", "k = 99", "k=99"),
    ("k = 2", "", "budget"),
    ("[recover]\nk = 2", "[[recover]]\nk = 2", r"\[recover\]: expected a table, got \["),
    ("k = 2", 'k = 2\n[basis]\nkind = "Wavelet"\nname = "db9000"', r"\[basis\]: .*db9000"),
    ("k = 2", 'k = 2\n[basis]\nname = "db2"', r"\[basis\] needs a kind: Wavelet"),
    ('measurements = "y.npy"', "", r"the top level needs measurements"),
    ('measurements = "y.npy"', "measurements = 3", r"measurements: expected the name of"),
    ('measurements = "y.npy"', 'measurements = "other.npy"', r"measurements: cannot read .*other.npy: No such file"),
    (
        'measurements = "y.npy"',
        'measurements = "pickle.npy"',
        r"measurements: cannot read .*pickle.npy: .*allow_pickle",
    ),
    ('measurements = "y.npy"', 'measurements = "torn.npy"', r"measurements: cannot read .*torn.npy: "),
    ('measurements = "y.npy"', 'measurements = "torn.npz"', r"measurements: cannot read .*torn.npz: "),
    ('measurements = "y.npy"', 'measurements = "two.npz"', r'2 arrays, write "two.npz:name": there are a, b'),
    ('measurements = "y.npy"', 'measurements = "two.npz:c"', r"it holds no array 'c': there are a, b"),
    ('measurements = "y.npy"', 'measurements = "text.npy"', r"measurements: .*expected numbers, got an array of"),
    ('measurements = "y.npy"', 'measurements = "short.npy"', r"y must have shape"),
    ('measurements = "y.npy"', 'measurements = "nan.npy"', r"y holds NaN"),
    ('measurements = "y.npy"', 'measurements = "y.npy"\nseed = "one"', r"seed: expected an integer >= 0, got 'one'"),
    ('measurements = "y.npy"', 'measurements = "y.npy"\nmodel = 1', r"the top level has no key 'model'"),
    ('measurements = "y.npy"', "measurements = ", r"problem.toml: Invalid value \(at line 2"),
    ("[operator]", "[[operator]]\nkind = 'DCT'\nin_shape = 7\n[[operator]]", r"\[operator\]: .*7"),
    (
        "[operator]",
        "[[operator]]\nkind = 'DCT'\nin_shape = 'x'\n[[operator]]",
        r"\[operator\] 1 in_shape: expected an integer or a list",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_what_is_not_understood_is_said_in_one_line_with_its_place(old, new, message, tmp_path, capsys):
    prepare(tmp_path, BASE)
    (tmp_path / "problem.toml").write_text(edited(old, new))
    np.save(tmp_path / "pickle.npy", np.array([object()]), allow_pickle=True)
    for name in ("torn.npy", "torn.npz"):
        (tmp_path / name).write_bytes(b"\x93NUMPY\x01\x00half" if name.endswith("npy") else b"PK\x03\x04half")
    np.savez(tmp_path / "two.npz", a=np.ones(20), b=np.ones(20))
    np.save(tmp_path / "text.npy", np.array(["a", "b"]))
    np.save(tmp_path / "short.npy", np.ones(19))
    np.save(tmp_path / "nan.npy", np.full(20, np.nan))
    assert run(tmp_path) == 2
    error = capsys.readouterr().err
    assert re.search(message, error), error
    assert error.startswith("csrecover: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recover"], "needs a problem file"),
        (["recover", "/nowhere.toml"], "No such file"),
        (["recover", "--examples", "Sparze"], "there is no kind 'Sparze'"),
    ],
)
def test_wrong_arguments_are_said_in_one_line(arguments, message, capsys):
    assert cli.main(arguments) == 2
    assert re.fullmatch(f"csrecover: .*{message}.*\n", capsys.readouterr().err)


def test_a_folder_that_cannot_be_made_is_said(tmp_path, capsys):
    prepare(tmp_path, BASE)
    (tmp_path / "out").write_text("a file")
    assert run(tmp_path) == 2
    assert "out" in capsys.readouterr().err


def test_numbers_that_json_does_not_know_become_null():
    @dataclasses.dataclass
    class Bracket:
        low: float
        high: np.ndarray

    value = {"a": np.float64("inf"), "b": Bracket(0.5, np.array([1.0, np.nan])), "c": (cs.Status.STALLED, np.int64(3))}
    assert plain_data(value) == {"a": None, "b": {"low": 0.5, "high": [1.0, None]}, "c": ["STALLED", 3]}
