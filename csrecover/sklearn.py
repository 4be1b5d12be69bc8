"""An estimator for scikit-learn (extra `interop`): import this module for it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        f"scikit-learn 1.6 or later cannot be imported ({error}); install it with: pip install csrecover[interop]"
    ) from error

import warnings

from .penalties import GroupL2
from .penalties.base import positive_number
from .solvers import working_set
from .structures import Blocks


class GroupLasso(RegressorMixin, BaseEstimator):
    """Linear regression with the group lasso, without intercept: centre the data or give it a column of ones.

    Minimises ||y - X w||^2 / (2 n_samples) + alpha sum_g weight_g ||w_g||_2 over the coefficients w by `working_set`.
    The defaults and the data are those of scikit-learn; the data are dense.

    Parameters
    ----------
    groups : array of int, int or None, default None
        group of each feature, 0 .. count - 1; the size of consecutive groups; None for one feature each (lasso).
    alpha : float, default 1.0
    weight : float, array of one weight a group, or "sqrt" for the square roots of their sizes; default "sqrt"
    tol : float, default 1e-6
        duality gap relative to ||y||^2 / (2 n_samples).
    max_iter : int, default 10000

    Attributes
    ----------
    coef_ : array, (n_features,)
    dual_gap_ : float
        bound on how far the objective is above its minimum.
    n_iter_ : int
    n_features_in_ : int

    References
    ----------
    M. Yuan and Y. Lin, Model selection and estimation in regression with grouped variables,
    J. Royal Statistical Society B 68(1), 2006.
    """

    def __init__(
        self,
        groups: Any = None,
        alpha: float = 1.0,
        *,
        weight: Any = "sqrt",
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        self.groups = groups
        self.alpha = alpha
        self.weight = weight
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Fit the coefficients to samples X, (n_samples, n_features), and targets y, (n_samples,).

        Raises
        ------
        ValueError
            When alpha is not positive, or the groups do not fit the features.
        """
        alpha = positive_number(self.alpha, "alpha")
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], y_numeric=True)  # noqa: N806
        samples, features = X.shape
        penalty = GroupL2(self._blocks(features), self.weight)
        target = np.asarray(y, X.dtype)
        result = working_set(X, target, penalty, scale=alpha * samples, tol=self.tol, max_iter=self.max_iter)
        if not result.converged:
            warnings.warn(f"the fit ended early: {result.status.value}", ConvergenceWarning, stacklevel=2)
        self.coef_ = result.x
        self.dual_gap_ = result.gap / samples
        self.n_iter_ = result.iterations
        return self

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Targets X w of samples X, (n_samples, n_features)."""
        check_is_fitted(self)
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False) @ self.coef_

    def _blocks(self, features: int) -> Blocks:
        if self.groups is None or np.ndim(self.groups) == 0:
            return Blocks.uniform(features, 1 if self.groups is None else self.groups)
        blocks = Blocks(np.asarray(self.groups))
        if blocks.shape != (features,):
            raise ValueError(f"groups has one label a feature: expected shape ({features},), got {blocks.shape}")
        return blocks
