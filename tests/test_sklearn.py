"""The estimator for scikit-learn."""

import subprocess
import sys

import numpy as np
import pytest

import csrecover as cs

pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra interop)")
from sklearn.linear_model import Lasso
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from csrecover.sklearn import GroupLasso


@parametrize_with_checks([GroupLasso()])
def test_it_is_an_estimator_of_scikit_learn(estimator, check):
    check(estimator)


def data(seed=0):
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal((40, 12))
    return samples, samples @ np.repeat([1.0, 0, -2, 0], 3) + 0.1 * rng.standard_normal(40)


def test_groups_of_one_are_the_lasso_of_scikit_learn():
    samples, y = data()
    expected = Lasso(alpha=0.1, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(samples, y)
    found = GroupLasso(alpha=0.1, tol=1e-14).fit(samples, y)
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-8)
    np.testing.assert_allclose(found.predict(samples), expected.predict(samples), atol=1e-7)


@pytest.mark.parametrize("groups", [3, np.arange(12) // 3, np.array([2, 0, 1, 3] * 3)])
@pytest.mark.parametrize("weight", ["sqrt", 0.5, np.array([1.0, 2.0, 3.0, 4.0])])
def test_it_minimises_its_objective(groups, weight):
    """No subgradient of any group is further than the penalty allows: the optimality conditions, group by group."""
    samples, y = data()
    w = GroupLasso(groups, alpha=0.3, weight=weight, tol=1e-14).fit(samples, y).coef_
    labels = np.arange(12) // 3 if np.ndim(groups) == 0 else groups
    weights = 0.3 * np.broadcast_to(3**0.5 if isinstance(weight, str) else weight, 4)
    slope = samples.T @ (y - samples @ w) / 40
    for g in range(4):
        part, pull = w[labels == g], slope[labels == g]
        if part.any():
            np.testing.assert_allclose(pull, weights[g] * part / np.linalg.norm(part), atol=1e-5)
        else:
            assert np.linalg.norm(pull) <= weights[g] + 1e-5


def test_the_weight_is_chosen_by_cross_validation():
    samples, y = data()
    search = GridSearchCV(GroupLasso(3), {"alpha": [1e-3, 0.1, 10.0]}).fit(samples, y)
    assert search.best_params_["alpha"] < 10
    assert search.score(samples, y) > 0.9


def test_bad_parameters_are_refused():
    samples, y = data()
    for bad, error, message in (
        ({"alpha": 0.0}, ValueError, "alpha must be positive and finite, got 0"),
        ({"alpha": "1"}, TypeError, "alpha is a real number"),
        ({"groups": np.zeros(3, int)}, ValueError, r"expected shape \(12,\), got \(3,\)"),
        ({"groups": 5}, ValueError, "does not divide"),
        ({"weight": [1.0, 2.0]}, ValueError, "one weight a block"),
    ):
        with pytest.raises(error, match=message):
            GroupLasso(**({"groups": 3} | bad)).fit(samples, y)


def test_a_fit_that_ends_early_warns():
    samples, y = data()
    from sklearn.exceptions import ConvergenceWarning

    with pytest.warns(ConvergenceWarning, match="raise max_iter"):
        GroupLasso(3, alpha=1e-4, tol=1e-15, max_iter=1).fit(samples, y)


def test_the_package_is_imported_without_scikit_learn():
    code = "import sys, csrecover; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert "sklearn" not in cs.__all__
