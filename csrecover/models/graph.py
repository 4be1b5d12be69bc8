"""At most k nonzero coefficients that form few clusters in a graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse.csgraph import connected_components

from ..backend import Array, cast_like, scaled, to_like, top_k_mask
from ..structures import Graph
from ..structures.signal import expect
from .base import SupportModel, check_count, log_choose
from .graph_bound import most_energy
from .graph_search import found_clusters, tail_clusters
from .graph_supports import cluster_sets
from .graph_sweep import Step, affordable, best_clusters, sweep


@dataclass(frozen=True, eq=False)
class GraphClusters(SupportModel):
    """Signals with at most k nonzero coefficients in at most so many connected pieces of a graph.

    To find the best support is NP-hard. The projection is exact, equal supports taken in no particular order, where
    the number of clusters is no limit (clusters >= k, or whole components of the graph fit) and in small or narrow
    graphs (paths, images of up to 7 x 7 or 4 x 100 pixels, any graph of up to 14 nodes), where the table of a dynamic
    program that sweeps over the nodes is not too large. Otherwise it is the best that was found in and near
    prize-collecting Steiner forests, and `bound` says how good that is at least.

    It runs on the host: the magnitudes of x go there, the mask comes back. A support may hold zeros of x that join
    other coefficients.

    Parameters
    ----------
    graph : Graph
        for example ``Graph.grid(shape)``.
    clusters : int >= 1
        largest number of connected components of a support.

    References
    ----------
    C. Hegde, P. Indyk and L. Schmidt, A nearly-linear time framework for graph-structured sparsity, ICML 2015.
    """

    graph: Graph
    clusters: int

    def __post_init__(self) -> None:
        expect(self.graph, Graph, "Graph.grid(shape)")
        try:
            check_count(self.clusters, 1)
        except (TypeError, ValueError) as error:
            raise type(error)(f"the number of clusters is an integer >= 1, got {self.clusters!r}") from None

    @property
    def ndim(self) -> int:
        return len(self.graph.shape)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return self.graph.shape

    def support(self, x: Array, k: int) -> Array:
        return self.support_of_sum(x, k, 1)

    def support_of_sum(self, x: Array, k: int, copies: int) -> Array:
        """Mask of the best support found of copies * k nodes in copies * clusters clusters, a larger family."""
        k, clusters = copies * check_count(k), copies * self.clusters
        return self._masks(x, lambda energies: self._best(energies, k, clusters)[0])

    def head(self, x: Array, k: int) -> Array:
        """Mask of at most 2 k nodes in so many clusters for which most energy was found.

        Exact, and then at least as good as any support of budget k, where `support` is for 2 k.
        """
        return self.support(x, 2 * check_count(k))

    def tail(self, x: Array, k: int) -> Array:
        """Mask S of at most 4 k nodes in so many clusters with ||x - x_S||^2 <= 2.02 min ||x - p||^2, but for rounding.

        The minimum is over all p of budget k. Where `support` is exact this is `support`. Otherwise let F_c be the
        forest of the algorithm of Goemans and Williamson at edge cost c, with c |F| + 2 e(F) <= 2 c |F'| + 2 e(F')
        for any forest F' of as many trees (Hegde, Indyk and Schmidt), e the energy left out. The best support is
        spanned by k - clusters edges. Bisection ends at a forest of 2 to 4 times as many edges, which leaves out no
        more than the best support; or at costs c < c' <= 1.02 c such that F_c has more edges and F_c' fewer; then
        c (k - clusters) is less than what the best leaves out, and F_c' leaves out at most c' (k - clusters) more.
        """
        k = check_count(k)

        def tail(energies: np.ndarray) -> np.ndarray:
            exact = self._exact(energies, k, min(k, self.clusters))
            if exact is None:
                return tail_clusters(self.graph.adjacency, energies, k, min(k, self.clusters))
            return exact

        return self._masks(x, tail)

    def bound(self, x: Array, k: int) -> Array:
        """Share of the best possible energy that `support` is certain to keep, in (0, 1]: a (*batch,) array.

        One where it is exact, else relative to a Lagrangian bound of what k nodes in so many clusters can keep.
        """
        x, k = self._signals(x), check_count(k)
        shares = [self._share(signal, k) for signal in self._energies(x)]
        return cast_like(np.array(shares).reshape(x.shape[: x.ndim - self.ndim]), x)

    def max_nonzeros(self, k: int) -> int:
        return min(k, self.graph.size)

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        """Natural logarithm of an upper bound of the number of supports of budget k that lie in no other.

        The bound is the smaller of the number of sets of k nodes and, with d the largest degree and c clusters, of

            binom(n, c) c / (d k + c) binom(d k + c, k).

        A support of k nodes is spanned by c trees, each rooted at one of its nodes; number the edges at each node by
        1 .. d: the roots and an ordered forest of c trees, whose nodes have d places for children, tell the support,
        and the last two factors count these forests of k nodes. Where the graph has more components than clusters,
        supports of fewer nodes may lie in no other, and the bound is the sum over the sizes.
        """
        self._one_shape(shape)
        n, k = self.graph.size, min(check_count(k, 1), self.graph.size)
        least = k if self._components[0] <= self.clusters else 1
        logs = [min(log_choose(n, size), self._log_forests(size)) for size in range(least, k + 1)]
        return float(np.logaddexp.reduce(logs))

    def supports(self, k: int, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        self._one_shape(shape)
        return cluster_sets(self.graph.adjacency, check_count(k), self.clusters)

    def _log_forests(self, k: int) -> float:
        c, d = min(self.clusters, k), self.graph.degree
        return log_choose(self.graph.size, c) + math.log(c / (d * k + c)) + log_choose(d * k + c, k)

    @cached_property
    def _components(self) -> tuple[int, np.ndarray]:
        """Number of components of the graph, and the label of each node."""
        return connected_components(self.graph.adjacency, directed=False)

    @cached_property
    def _sweep(self) -> tuple[Step, ...] | None:
        return sweep(self.graph.adjacency)

    def _energies(self, x: Array) -> np.ndarray:
        """Energies of each signal, the largest one, on the host: (signals, nodes)."""
        return scaled(self._magnitudes(self._signals(x))) ** 2

    def _masks(self, x: Array, choose: Callable[[np.ndarray], np.ndarray]) -> Array:
        x = self._signals(x)
        masks = [choose(signal) for signal in self._energies(x)]
        return to_like(np.array(masks, dtype=bool).reshape(x.shape), x)

    def _best(self, energies: np.ndarray, k: int, clusters: int) -> tuple[np.ndarray, bool]:
        """Mask of a support, and whether it is the best."""
        exact = self._exact(energies, k, min(k, clusters))
        if exact is not None:
            return exact, True
        return found_clusters(self.graph.adjacency, energies, k, min(k, clusters)), False

    def _exact(self, energies: np.ndarray, k: int, clusters: int) -> np.ndarray | None:
        """Mask of the best support where that is cheap, None where it is not."""
        if clusters == k or not energies.any():
            return top_k_mask(energies, k)
        count, labels = self._components
        whole = top_k_mask(np.bincount(labels, energies, count), clusters)[labels]
        if whole.sum() <= k:
            return whole
        if self._sweep is None or not affordable(self._sweep, k, clusters):
            return None
        return best_clusters(self._sweep, energies, k, clusters)

    def _share(self, energies: np.ndarray, k: int) -> float:
        mask, exact = self._best(energies, k, self.clusters)
        if exact:
            return 1.0
        kept = float(energies[mask].sum())
        return kept / most_energy(self.graph.adjacency, energies, k, min(k, self.clusters), kept)
