"""Groups, and the best union of k of them: each way to find it against enumeration or another way."""

from itertools import combinations

import numpy as np
import pytest

import csrecover as cs
import csrecover.models.overlapping_coverage as coverage
from csrecover.models.overlapping_greedy import greedy, swapped
from csrecover.models.overlapping_program import best_by_program, relaxed

from .conftest import FULL


def masks(groups, n):
    """The groups as rows."""
    return np.array([np.isin(np.arange(n), group) for group in groups])


def best_energy(groups, energies, k):
    """Most energy in a union of k groups, by enumeration."""
    rows = masks(groups, len(energies))
    return max(energies[rows[list(chosen)].any(axis=0)].sum() for chosen in combinations(range(len(groups)), k))


def random_groups(rng, count, n, largest):
    return [rng.choice(n, rng.integers(1, largest + 1), replace=False) for _ in range(count)]


def intervals(rng, count, n, longest):
    starts = rng.integers(0, n, count)
    return [np.arange(start, min(n, start + rng.integers(1, longest + 1))) for start in starts]


def loop_free_groups(rng, count):
    """Groups of three coefficients of their own and one that they share with an earlier group, and their number."""
    groups = [list(range(4 * group, 4 * group + 4)) for group in range(count)]
    for group in range(1, count):
        if rng.random() < 0.9:
            groups[rng.integers(group)].append(4 * group)
    places = rng.permutation(4 * count)
    return [places[group] for group in groups], 4 * count


# --- the structure ---------------------------------------------------------------------------------------------------


def test_sums_and_cover_follow_their_definitions(like, backend):
    rng = np.random.default_rng(0)
    members = [[5, 0], [2], [3, 1, 5], [2, 1]]
    groups, rows = cs.to(cs.Groups(members, (2, 4)), backend), masks(members, 8).reshape(4, 2, 4)
    values = rng.standard_normal((3, 2, 4)).astype(cs.to_numpy(like).dtype)
    sums = groups.sums(cs.to(values, backend))
    assert sums.dtype == like.dtype
    np.testing.assert_allclose(cs.to_numpy(sums), np.einsum("bij,gij->bg", values, rows), rtol=1e-5, atol=1e-5)
    chosen = np.array([[True, False, False, True], [False] * 4, [True] * 4])
    union = [
        np.logical_or.reduce(rows[choice], axis=0) if choice.any() else np.zeros((2, 4), bool) for choice in chosen
    ]
    assert np.array_equal(cs.to_numpy(groups.cover(cs.to(chosen, backend))), union)
    assert np.array_equal(cs.to_numpy(groups.cover(cs.to(chosen[0], backend))), union[0])


def test_groups_know_their_members_sizes_and_shape():
    groups = cs.Groups([[3, 1], np.array([0], dtype=np.int8)], 5)
    assert (groups.count, groups.shape, groups.sizes.tolist()) == (2, (5,), [2, 1])
    assert (groups.indices.tolist(), groups.starts.tolist()) == ([1, 3, 0], [0, 2, 3])
    assert repr(groups) == "Groups(2 of 1 to 2, shape (5,))"
    with pytest.raises(ValueError, match="read-only"):
        groups.indices[0] = 0


def test_windows_are_those_that_fit():
    groups = cs.Groups.windows(8, 3, 2)
    assert groups.indices.reshape(-1, 3).tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    assert cs.Groups.windows(5, 5).count == 1


@pytest.mark.parametrize(
    ("error", "match", "make"),
    [
        (ValueError, "at least one group", lambda: cs.Groups([], 4)),
        (ValueError, "group 1 is empty", lambda: cs.Groups([[0], []], 4)),
        (ValueError, "group 0 holds index 2 twice", lambda: cs.Groups([[2, 0, 2]], 4)),
        (ValueError, "group 0 holds index 4, but", lambda: cs.Groups([[2, 4]], 4)),
        (ValueError, "group 1 holds index -1, but", lambda: cs.Groups([[0], [-1, 2]], (2, 2))),
        (ValueError, "at least one side", lambda: cs.Groups([[0]], ())),
        (ValueError, "at least one side, each at least 1", lambda: cs.Groups([[0]], (2, 0))),
        (TypeError, "group 0 has dtype float64", lambda: cs.Groups([[0.0, 1.0]], 4)),
        (TypeError, "group 0 has dtype bool", lambda: cs.Groups([[True, False]], 4)),
        (TypeError, "shape is an integer", lambda: cs.Groups([[0]], 4.0)),
        (ValueError, "size must be between 1 and n=4, got 5", lambda: cs.Groups.windows(4, 5)),
        (ValueError, "step must be at least 1, got 0", lambda: cs.Groups.windows(4, 2, 0)),
        (TypeError, "are integers", lambda: cs.Groups.windows(4, 2.0)),
        (TypeError, "expected Groups, for example", lambda: cs.OverlappingGroups([[0, 1]])),
        (ValueError, "signals of shape", lambda: cs.OverlappingGroups(cs.Groups([[0]], 4)).support(np.ones(5), 1)),
        (ValueError, "finite", lambda: cs.OverlappingGroups(cs.Groups([[0]], 2)).support(np.array([1, np.nan]), 1)),
        (ValueError, "at least 0, got -1", lambda: cs.OverlappingGroups(cs.Groups([[0]], 2)).support(np.ones(2), -1)),
    ],
)
def test_bad_input_is_refused(error, match, make):
    with pytest.raises(error, match=match):
        make()


def test_what_is_not_finite_on_a_device_is_refused_on_the_host(backend):
    model = cs.to(cs.OverlappingGroups(cs.Groups([[0, 1], [1, 2]], 4)), backend)
    with pytest.raises(ValueError, match="finite"):
        model.support(cs.to(np.array([1.0, 2.0, np.inf, 0.0]), backend), 1)


# --- the best union --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["intervals", "loop-free", "disjoint"])
def test_dynamic_programs_equal_the_integer_program(kind):
    rng = np.random.default_rng(1)
    for _ in range(40 if FULL else 8):
        n = 160
        if kind == "loop-free":
            groups, n = loop_free_groups(rng, 40)
        else:
            groups = intervals(rng, 40, n, 12) if kind == "intervals" else rng.permutation(n).reshape(40, -1)
        found = coverage.Coverage.of(cs.Groups(groups, n))
        assert (found.forest is not None) == (kind == "loop-free")
        assert (found.furthest is not None) == (kind != "loop-free")
        energies = found.energies(np.abs(rng.standard_normal(n)))
        for k in (1, 7, 20):
            chosen, upper = found.best(energies, k)
            other, limit = best_by_program(found.matrix, energies, k)
            assert len(set(chosen)) == len(chosen) <= k
            assert found.kept(energies, chosen) == upper == pytest.approx(found.kept(energies, other), rel=1e-12)
            assert limit == pytest.approx(upper, rel=1e-12)


def test_loops_are_recognised():
    assert coverage.Coverage.of(cs.Groups([[0, 1, 6], [1, 2], [2, 0, 5]], 7)).forest is None
    assert coverage.Coverage.of(cs.Groups([[0, 1], [0, 2], [0, 3]], 4)).forest is None
    assert coverage.Coverage.of(cs.Groups([[0, 1, 2, 3], [0, 4], [1, 5], [2, 6, 3]], 7)).forest is not None


def test_integer_program_equals_enumeration_even_where_energies_nearly_tie():
    rng = np.random.default_rng(2)
    for draw in range(200 if FULL else 30):
        groups = random_groups(rng, 9, 20, 7)
        x = [rng.standard_normal(20), 1 + 1e-9 * rng.standard_normal(20), 10.0 ** rng.integers(-6, 6, 20)][draw % 3]
        found = coverage.Coverage.of(cs.Groups(groups, 20))
        k, energies = int(rng.integers(2, 7)), found.energies(np.abs(x))
        kept = found.kept(energies, best_by_program(found.matrix, energies, k)[0])
        held = np.where(masks(groups, 20).any(axis=0), np.abs(x), 0)
        assert kept == pytest.approx(best_energy(groups, (held / held.max()) ** 2, k), rel=1e-12)


def test_greedy_union_keeps_its_guarantee_and_the_bound_is_no_more_than_its_share(monkeypatch):
    monkeypatch.setattr(coverage, "_PROGRAM", 0)
    rng = np.random.default_rng(3)
    shares, bounds = [], []
    while len(shares) < 200:
        groups, k = random_groups(rng, 9, 24, 8), int(rng.integers(2, 6))
        model, x = cs.OverlappingGroups(cs.Groups(groups, 24)), rng.standard_normal(24)
        if model._coverage.exact:
            continue
        energies = x**2
        shares.append(energies[model.support(x, k)].sum() / best_energy(groups, energies, k))
        bounds.append(float(model.bound(x, k)))
    shares, bounds = np.array(shares), np.array(bounds)
    assert ((bounds > 0) & (bounds <= shares * (1 + 1e-12)) & (shares <= 1 + 1e-12)).all()
    assert (shares >= 1 - 1 / np.e).all()
    assert bounds.mean() >= 0.9 * shares.mean()


def test_upper_bounds_are_above_the_best_and_exchanges_gain():
    rng = np.random.default_rng(4)
    for _ in range(50):
        groups, k = random_groups(rng, 10, 24, 8), int(rng.integers(1, 8))
        found = coverage.Coverage.of(cs.Groups(groups, 24))
        energies = found.energies(np.abs(rng.standard_normal(24)))
        best = max(found.kept(energies, list(chosen)) for chosen in combinations(range(10), k))
        chosen, upper = greedy(found.matrix, energies, k, [])
        bound = relaxed(found.matrix, energies, k)
        exchanged = swapped(found.matrix, energies, chosen)
        assert best <= upper * (1 + 1e-12)
        assert best <= bound * (1 + 1e-12)
        assert found.kept(energies, chosen) <= found.kept(energies, exchanged) * (1 + 1e-12)
        assert len(exchanged) == len(chosen)


def test_an_exchange_repairs_a_greedy_mistake():
    """The middle group is best at first, but the other two hold everything."""
    groups = [[1, 2, 3, 4], [0, 1, 2, 6], [3, 4, 5, 7]]
    found = coverage.Coverage.of(cs.Groups(groups, 8))
    energies = found.energies(np.array([1, 2, 2, 2, 2, 1, 0.1, 0.1]))
    chosen = greedy(found.matrix, energies, 2, [])[0]
    assert 0 in chosen
    assert sorted(swapped(found.matrix, energies, chosen)) == [1, 2]


def test_a_search_that_is_ended_still_bounds_the_best(monkeypatch):
    monkeypatch.setattr("csrecover.models.overlapping_program._NODES", 1)
    rng = np.random.default_rng(5)
    found = coverage.Coverage.of(cs.Groups([rng.choice(60, 12, replace=False) for _ in range(30)], 60))
    energies = found.energies(np.abs(rng.standard_normal(60)))
    ended, limit = best_by_program(found.matrix, energies, 5)
    monkeypatch.setattr("csrecover.models.overlapping_program._NODES", 10**6)
    best = found.kept(energies, best_by_program(found.matrix, energies, 5)[0])
    assert best > 0
    assert found.kept(energies, ended) <= best * (1 + 1e-12) <= limit * (1 + 2e-12)


@pytest.mark.parametrize("groups", [[[0, 1, 2], [2, 3], [5]], [[0, 1], [1, 2], [2, 0, 3]]])
def test_groups_that_add_nothing_are_not_taken(groups):
    model, x = cs.OverlappingGroups(cs.Groups(groups, 6)), np.array([0.0, 2.0, 1.0, 0.0, 7.0, 0.0])
    assert not model.support(x, 3)[5]
    assert not model.support(0 * x, 3).any()
    assert (model.project(x, 3) == x * (np.arange(6) != 4)).all()


def test_equal_intervals_are_taken_from_the_left():
    model = cs.OverlappingGroups(cs.Groups.windows(9, 2))
    assert np.flatnonzero(model.support(np.ones(9), 3)).tolist() == [0, 1, 2, 3, 4, 5]


def test_coefficients_small_beyond_rounding_still_count():
    groups = [[0, 1], [1, 2], [2, 3], [4]]
    for more in ([], [[0, 4, 5], [1, 4]]):  # intervals, and groups with loops
        model = cs.OverlappingGroups(cs.Groups(groups + more, 6))
        assert model.support(np.array([1.0, 1e-30, 1e-60, 1e-90, 1e-100, 0.0]), 5)[:5].all()


def test_support_is_that_of_any_scale():
    rng = np.random.default_rng(6)
    model = cs.OverlappingGroups(cs.Groups(random_groups(rng, 8, 14, 5), 14))
    x = rng.standard_normal(14)
    assert all((model.support(scale * x, 3) == model.support(x, 3)).all() for scale in (1e-250, 1e250))


@pytest.mark.parametrize("kind", ["windows", "random"])
@pytest.mark.parametrize("seed", range(50 if FULL else 10))
def test_subspace_pursuit_recovers_signals_of_few_groups(kind, seed):
    rng = np.random.default_rng(7)
    members = random_groups(rng, 30, 128, 6)
    model = cs.OverlappingGroups(cs.Groups.windows(128, 4, 2) if kind == "windows" else cs.Groups(members, 128))
    A, x = cs.gaussian(80, 128, seed), cs.random_signal(model, 128, 4, seed)
    result = cs.subspace_pursuit(A, A @ x, model, 4)
    assert np.linalg.norm(result.x - x) <= 1e-6 * np.linalg.norm(x)
