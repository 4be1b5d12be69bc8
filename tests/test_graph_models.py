"""Clusters in a graph: exact where the graph is small, certified where it is not."""

import itertools

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

import csrecover as cs
from csrecover.models import graph_growth, graph_sweep
from csrecover.models.graph_growth import Edges, steiner_forest

from .conftest import FULL

CASES = 1000 if FULL else 200


def pieces(graph, mask):
    """Number of connected components of the nodes of a mask."""
    mask = mask.reshape(-1)
    return connected_components(graph.adjacency[mask][:, mask], directed=False)[0]


def subsets(graph):
    """All sets of nodes, one row each, and their numbers of connected pieces."""
    rows = np.array(list(itertools.product([False, True], repeat=graph.size)))
    joined = (graph.adjacency.toarray() + np.eye(graph.size)) > 0
    labels = np.where(rows, np.arange(1, graph.size + 1), 0)
    for _ in range(graph.size):
        labels = np.where(rows, (labels[:, None, :] * joined).max(axis=-1), 0)
    return rows, (labels * rows == rows * np.arange(1, graph.size + 1)).sum(axis=1) - (~rows).sum(axis=1)


def small_graphs(count, seed):
    """Pixel grids and random graphs of up to ten nodes, with budget, clusters and a signal."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        if index % 2:
            graph = cs.Graph.grid([(2, 5), (3, 3), (10,), (2, 2, 2)][index // 2 % 4], diagonal=index % 3 == 0)
        else:
            n = rng.integers(5, 11)
            graph = cs.Graph(np.argwhere(np.triu(rng.random((n, n)) < rng.uniform(0.1, 0.5), 1)), n)
        yield graph, int(rng.integers(1, graph.size + 1)), int(rng.integers(1, 4)), rng.standard_normal(graph.shape)


def best_energy(graph, energies, k, clusters):
    rows, counts = subsets(graph)
    return (rows[(counts <= clusters) & (rows.sum(axis=1) <= k)] @ energies.reshape(-1)).max()


@pytest.fixture
def no_sweep(monkeypatch):
    """The approximate path, in graphs of any size."""
    monkeypatch.setattr(graph_sweep, "_MOST_STATES", 0)


def test_edges_are_sorted_and_counted_once():
    graph = cs.Graph([[3, 0], [0, 3], [1, 2], [1, 2]], (2, 2))
    assert graph.edges.tolist() == [[0, 3], [1, 2]]
    assert (graph.size, graph.degree, repr(graph)) == (4, 1, "Graph(4 nodes, 2 edges, shape (2, 2))")


@pytest.mark.parametrize("shape", [1, 6, (1, 4), (3, 4), (2, 3, 3)])
@pytest.mark.parametrize("diagonal", [False, True])
def test_neighbours_in_a_grid_differ_by_one(shape, diagonal):
    graph = cs.Graph.grid(shape, diagonal)
    places = np.array(list(np.ndindex(graph.shape)))
    steps = abs(places[:, None] - places[None])
    joined = (steps.max(axis=-1) == 1) if diagonal else (steps.sum(axis=-1) == 1)
    assert (graph.adjacency.toarray() == joined).all()


@pytest.mark.parametrize(
    ("edges", "shape", "error", "match"),
    [
        ([[0.0, 1.0]], 3, TypeError, "edges are pairs of integers, got dtype float64"),
        ([[0, 1, 2]], 3, ValueError, r"array of shape \(E, 2\), got shape \(1, 3\)"),
        ([[0, 3]], 3, ValueError, r"nodes are 0 .. 2, got the edge \[0, 3\]"),
        ([[-1, 0]], 3, ValueError, r"got the edge \[-1, 0\]"),
        ([[1, 1]], 3, ValueError, r"joins two different nodes, got \[1, 1\]"),
        ([], 0, ValueError, "at least one node"),
        ([], (), ValueError, "at least one node"),
        ([], 2.5, TypeError, "shape of a signal is integers"),
    ],
)
def test_wrong_graphs_are_refused(edges, shape, error, match):
    with pytest.raises(error, match=match):
        cs.Graph(edges, shape)


@pytest.mark.parametrize("clusters", [0, -1, 1.5, True])
def test_wrong_clusters_are_refused(clusters):
    with pytest.raises((TypeError, ValueError), match="number of clusters is an integer >= 1"):
        cs.GraphClusters(cs.Graph.grid(3), clusters)


def test_what_is_no_graph_is_refused():
    with pytest.raises(TypeError, match="expected Graph, for example"):
        cs.GraphClusters([[0, 1]], 1)


@pytest.mark.parametrize("exact", [True, False])
def test_signals_that_are_not_finite_are_refused_on_a_device_too(exact, monkeypatch):
    if not exact:
        monkeypatch.setattr(graph_sweep, "_MOST_STATES", 0)
    x = cs.to(np.array([1.0, np.nan, 2, 3]), "array_api_strict:device1")
    with pytest.raises(ValueError, match="projects finite signals"):
        cs.GraphClusters(cs.Graph.grid(4), 1).support(x, 2)


@pytest.mark.parametrize("runs", [1, 3])
def test_clusters_on_a_path_are_runs(runs):
    """The model of runs has a dynamic program of its own."""
    rng, graph = np.random.default_rng(runs), cs.Graph.grid(90)
    for k in (1, 7, 40, 89):
        x = rng.standard_normal(90)
        kept, wanted = (m.project(x, k) for m in (cs.GraphClusters(graph, runs), cs.Clustered(runs)))
        assert np.sum(kept**2) == pytest.approx(np.sum(wanted**2), rel=1e-12)


def test_no_swap_improves_the_best_clusters_of_a_grid():
    """Seven by seven pixels are too many to enumerate: what the search finds is never better, its bound never less."""
    graph = cs.Graph.grid((7, 7))
    model = cs.GraphClusters(graph, 2)
    for seed in range(5):
        x = np.random.default_rng(seed).standard_normal((7, 7))
        mask = model.support(x, 12)
        assert mask.sum() == 12
        assert pieces(graph, mask) <= 2
        for out, into in itertools.product(np.argwhere(mask), np.argwhere(~mask)):
            other = mask.copy()
            other[tuple(out)], other[tuple(into)] = False, True
            assert pieces(graph, other) > 2 or np.sum(x[other] ** 2) <= np.sum(x[mask] ** 2) * (1 + 1e-12)


@pytest.mark.usefixtures("no_sweep")
def test_the_search_is_close_to_the_best_and_its_bound_holds():
    shares, bounds = [], []
    for graph, k, clusters, x in small_graphs(CASES, 0):
        model = cs.GraphClusters(graph, clusters)
        mask, best = model.support(x, k), best_energy(graph, x**2, k, clusters)
        assert mask.sum() <= k
        assert pieces(graph, mask) <= clusters
        shares.append(np.sum(x[mask] ** 2) / best)
        bounds.append(float(model.bound(x, k)))
        assert 0 < bounds[-1] <= min(1, shares[-1] * (1 + 1e-12))
    assert np.mean(shares) > 0.99
    assert np.mean(bounds) > 0.95


@pytest.mark.usefixtures("no_sweep")
def test_the_tail_leaves_out_little_more_than_the_best_of_a_quarter_of_its_size():
    for graph, k, clusters, x in small_graphs(CASES, 1):
        mask = cs.GraphClusters(graph, clusters).tail(x, k)
        assert mask.sum() <= 4 * k
        assert pieces(graph, mask) <= clusters
        left = np.sum(x**2) - best_energy(graph, x**2, k, clusters)
        assert np.sum(x[~mask] ** 2) <= 2.02 * left + 1e-9 * np.sum(x**2)


def test_head_and_tail_are_exact_where_the_support_is():
    for graph, k, clusters, x in small_graphs(20, 2):
        model = cs.GraphClusters(graph, clusters)
        head, tail = model.head(x, k), model.tail(x, k)
        assert np.sum(x[head] ** 2) == pytest.approx(best_energy(graph, x**2, 2 * k, clusters), rel=1e-12)
        assert (tail == model.support(x, k)).all()


def test_steiner_forests_cost_at_most_twice_the_best():
    """Of F among forests of so many trees: c |F| + 2 p(nodes left out) <= 2 min (c |F'| + p(nodes left out))."""
    for graph, _, clusters, x in small_graphs(CASES // 4, 3):
        rows, counts = subsets(graph)
        rows = rows[counts <= clusters]
        prizes = np.round(2 * x.reshape(-1) ** 2) if graph.size % 2 else x.reshape(-1) ** 2
        for cost in (1e-3, 0.1, 0.7, 3.0):
            mask = steiner_forest(Edges.of(graph.adjacency), prizes, cost, clusters)
            assert pieces(graph, mask) <= clusters
            best = np.min(cost * np.maximum(rows.sum(axis=1) - clusters, 0) + (~rows) @ prizes)
            found = cost * max(mask.sum() - clusters, 0) + 2 * prizes[~mask].sum()
            assert found <= 2 * best + 1e-9


def test_compiled_loops_give_what_the_plain_ones_give(monkeypatch):
    pytest.importorskip("numba")
    graph, rng = cs.Graph.grid((9, 9)), np.random.default_rng(0)
    edges = Edges.of(graph.adjacency)
    cases = [(rng.standard_normal(81) ** 2, 10.0**power, count) for power in range(-3, 2) for count in (1, 4)]
    fast = [steiner_forest(edges, *case) for case in cases]
    monkeypatch.setenv("CSRECOVER_FAST", "0")
    assert graph_growth._loops(None)[0] is graph_growth._grow
    assert (np.array(fast) == [steiner_forest(edges, *case) for case in cases]).all()


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_bright_regions_of_an_image_are_found(scale):
    image = 0.2 * np.random.default_rng(0).standard_normal((40, 40))
    image[3:9, 5:12] += 3
    image[20:23, 10:30] += 3
    graph = cs.Graph.grid((40, 40))
    model = cs.GraphClusters(graph, 2)
    mask = model.support(scale * image, 102)
    assert (mask == (image > 1.5)).all()
    assert float(model.bound(scale * image, 102)) == pytest.approx(1, rel=1e-12)
    assert model.support(scale * image, 2000).all()
    assert not model.support(0 * image, 30).any()


def test_unequal_budgets_are_filled_in_a_large_image():
    graph, x = cs.Graph.grid((40, 40)), np.random.default_rng(1).standard_normal((2, 40, 40))
    model = cs.GraphClusters(graph, 3)
    for k in (1, 3, 50, 700, 1599):
        for signal, mask in zip(x, model.support(x, k), strict=True):
            assert mask.sum() == k
            assert pieces(graph, mask) <= 3
            share = float(model.bound(signal, k))
            assert np.sum(signal[mask] ** 2) <= share * np.sort(signal**2, axis=None)[-k:].sum() * (1 + 1e-12)


def test_the_count_is_less_than_that_of_all_sets_where_clusters_are_few():
    graph = cs.Graph.grid((30, 30))
    few, many = (cs.GraphClusters(graph, clusters).log_count(40) for clusters in (1, 40))
    assert few < 0.6 * many
    assert many == pytest.approx(cs.Sparse().log_count(40, (900,)))


@pytest.mark.parametrize("seed", range(50 if FULL else 10))
@pytest.mark.parametrize(("shape", "m", "k"), [((7, 7), 38, 5), ((15, 15), 150, 20)], ids=["exact", "approximate"])
def test_clusters_are_recovered(shape, m, k, seed):
    n = int(np.prod(shape))
    model = cs.GraphClusters(cs.Graph(cs.Graph.grid(shape).edges, n), 1)
    A, x = cs.gaussian(m, n, seed), cs.random_signal(model, n, k, seed)
    result = cs.subspace_pursuit(A, A @ x, model, k)
    assert np.linalg.norm(result.x - x) <= 1e-6 * np.linalg.norm(x)
