"""Exact 0/1 knapsack: the items of the largest total value that cost at most the budget.

A Lagrangian price lam a unit of cost settles most items: those of gain v_i - lam c_i > 0 are taken, the others left,
and a choice S of cost C <= K has the value

    v(S) = bound - loss(S),   loss(S) = sum of |gain| over the items decided against their sign + lam (K - C).

So the best choice has the least loss, and an item whose |gain| exceeds the loss of a choice at hand is decided. The
others, cheapest first, make the core of a dynamic program. It need not hold many items of one cost: where Delta is the
largest, some best choice changes less than 2 Delta of these decisions. For if changes (a unit left over is one too) are
taken in an order that keeps their sum in (-Delta, Delta], 2 Delta of them lead to one sum twice, and undoing those
between loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .tree_core import least_loss
from .tree_ties import ranked

PRECISION = 1e-12  # a value this close to its upper bound, relatively, is optimal
CORE = 16  # items of the first core; the next ones are four times larger


@dataclass(frozen=True, eq=False)
class Items:
    """The items that matter, densest first, and the price at which the budget is spent.

    Parameters
    ----------
    places : (m,) int, where the items stand among all
    values : (m,) float > 0
    costs : (m,) int > 0, at most the budget
    budget : int
    gains : (m,) float, value - price * cost
    prefix : int, number of items before the first that the budget does not reach
    price : float, value of a unit of cost, that of the first item left; zero where all are taken
    """

    places: np.ndarray
    values: np.ndarray
    costs: np.ndarray
    budget: int
    gains: np.ndarray
    prefix: int
    price: float

    @classmethod
    def of(cls, values: np.ndarray, costs: np.ndarray, budget: int) -> Items:
        """Sort the items of nonzero value that the budget reaches; costs in units of their common divisor."""
        places = np.flatnonzero((values > 0) & (costs <= budget))
        values, costs = values[places], costs[places]
        unit = int(np.gcd.reduce(costs)) if len(costs) else 1
        costs, budget = costs // unit, budget // unit
        density = values / costs
        order = np.argsort(-density, kind="stable")
        places, values, costs, density = places[order], values[order], costs[order], density[order]
        prefix = int(np.searchsorted(np.cumsum(costs), budget, side="right"))
        price = float(density[prefix]) if prefix < len(costs) else 0.0
        gains = values - price * costs
        gains[:prefix] = np.maximum(gains[:prefix], 0)
        gains[prefix:] = np.minimum(gains[prefix:], 0)
        return cls(places, values, costs, budget, gains, prefix, price)

    @property
    def bound(self) -> float:
        """No choice has a larger value (linear programming)."""
        room = self.budget - int(self.costs[: self.prefix].sum())
        return float(self.values[: self.prefix].sum() + self.price * room)

    def filled(self, chosen: np.ndarray) -> np.ndarray:
        """A choice with further items, densest first, as far as each fits."""
        chosen, room = chosen.copy(), self.budget - int(self.costs[chosen].sum())
        left = np.flatnonzero(~chosen)
        while len(left := left[self.costs[left] <= room]):
            spent = np.cumsum(self.costs[left])
            count = int(np.searchsorted(spent, room, side="right"))
            chosen[left[:count]] = True
            room -= int(spent[count - 1])
            left = left[count:]
        return chosen

    def greedy(self) -> np.ndarray:
        """Items, densest first, as far as each fits."""
        return self.filled(np.zeros(len(self.values), bool))

    def loss(self, chosen: np.ndarray) -> float:
        """What a choice lacks to the bound; rounding errors count as nothing."""
        loss = self.bound - float(self.values[chosen].sum())
        return loss if loss > PRECISION * self.bound else 0.0

    def step(self) -> float:
        """How much the values of two choices differ at least, if at all: quantised values have a common divisor."""
        largest = self.values.max()
        unit, error = float(self.values.min()), 1e-13 * largest
        while unit > 1e-6 * largest:
            rest = abs(self.values - unit * np.rint(self.values / unit))
            if (rest <= error).all():
                return unit - 2 * len(rest) * error
            unit = float(rest[rest > error].min())  # Euclid's algorithm, on all of them
        return 0.0

    def undecided(self, loss: float) -> np.ndarray:
        """Items that a choice of less loss may decide against the sign of their gain, the cheapest changes first."""
        change = np.where(np.arange(len(self.costs)) < self.prefix, -self.costs, self.costs)
        open_ = np.flatnonzero(abs(self.gains) < loss)
        if not len(open_):
            return open_
        regret = abs(self.gains[open_])
        few = ranked(change[open_], regret)[0] < 2 * int(self.costs[open_].max())
        return open_[few][np.argsort(regret[few], kind="stable")]

    def improved(self, core: np.ndarray, limit: float) -> np.ndarray | None:
        """Best choice that changes items of the core only, None where each loses more than the limit."""
        default = np.arange(len(self.costs)) < self.prefix
        default[core] = False
        target = self.budget - int(self.costs[default].sum())
        spare = 1 << np.arange(int(limit / self.price).bit_length())  # units left over, any number of them
        sizes = np.concatenate([self.costs[core], spare])
        gains = np.concatenate([self.gains[core], -self.price * spare])
        _, taken = least_loss(sizes, gains, np.arange(1, len(sizes) + 1), target, limit)
        if taken is None:
            return None
        default[core] = taken[: len(core)]
        return default


def best_choice(values: np.ndarray, costs: np.ndarray, budget: int) -> np.ndarray:
    """Items of the largest total value that cost at most `budget` together, to 1e-12 of that value.

    Near-linear time but for contrived values and costs.

    Parameters
    ----------
    values : (count,) float >= 0
    costs : (count,) int > 0
    budget : int >= 0

    Returns
    -------
    (count,) bool array; no further item of nonzero value fits, and none of value zero is taken

    References
    ----------
    H. Kellerer, U. Pferschy and D. Pisinger, Knapsack Problems, Springer, 2004, for cores and prices;
    F. Eisenbrand and R. Weismantel, Proximity results and faster algorithms for integer programming using the Steinitz
    lemma, ACM Trans. Algorithms 16(1), 2020, for the number of changes.
    """
    items = Items.of(values, costs, budget)
    chosen, size = items.greedy(), CORE
    step = items.step() if items.loss(chosen) else 0.0
    while (loss := items.loss(chosen)) and loss >= step:
        undecided = items.undecided(loss)
        found = items.improved(undecided[:size], loss)
        if found is not None and items.loss(found) < loss:
            chosen, loss = found, items.loss(found)
        left_out = abs(items.gains[undecided[size:]]).min(initial=np.inf)
        if loss <= left_out + PRECISION * items.bound:
            break
        size *= 4
    best = np.zeros(len(values), bool)
    best[items.places[items.filled(chosen)]] = True
    return best


def maximal_choices(costs: np.ndarray, budget: int) -> Iterator[tuple[int, ...]]:
    """Choices of items that cost at most `budget` together, where no item that is left out could be added.

    The dearest items are decided first. While the room left would not hold all further items and the cheapest one
    left out besides, there is a way to go on: to take what fits.
    """
    order = np.argsort(-costs, kind="stable")
    prices = costs[order].tolist()
    further = np.append(np.cumsum(costs[order][::-1])[::-1], 0).tolist()
    open_: list[tuple[tuple[int, ...], int, int, float]] = [((), 0, budget, np.inf)]
    while open_:
        chosen, item, room, left_out = open_.pop()
        if room - further[item] >= left_out:
            continue
        if item == len(prices):
            yield chosen
            continue
        open_.append((chosen, item + 1, room, min(left_out, prices[item])))
        if prices[item] <= room:
            open_.append(((*chosen, int(order[item])), item + 1, room - prices[item], left_out))


def log_sums(costs: np.ndarray, log_weights: np.ndarray, budget: int) -> np.ndarray:
    """Logarithm of the sum over all sets of cost t of the product of their weights, for t = 0 .. budget.

    One multiplication of polynomials an item, by 1 + weight z^cost.
    """
    sums = np.full(budget + 1, -np.inf)
    sums[0] = 0
    for cost, weight in zip(costs.tolist(), log_weights.tolist(), strict=True):
        if cost <= budget:
            sums[cost:] = np.logaddexp(sums[cost:], sums[: budget + 1 - cost] + weight)
    return sums
