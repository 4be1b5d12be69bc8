"""Places on a line at least a gap apart, and unions of such sets: the best ones, on the host."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from ..kernels import compiled


def best_spaced(gains: np.ndarray, gap: int, k: int) -> np.ndarray:
    """Mask of at most k places, any two at least `gap` apart, of the largest total gain.

    The best total f_k(i) of the places from i on obeys f_k(i) = max(f_k(i + 1), gain_i + f_{k-1}(i + gap)): O(n k) in
    all, with n k / 8 bytes of choices. Of equal sets it is the lexicographically first.

    Parameters
    ----------
    gains : array, (signals, n)
        positive, or -inf where no place may be.
    gap, k : int
    """
    n = gains.shape[1]
    gap = min(int(gap), max(n, 1))
    fast = compiled("line")
    return (fast.best_spaced if fast else best_spaced_plain)(gains, gap, min(k, -(-n // gap)))


def best_spaced_plain(gains: np.ndarray, gap: int, k: int) -> np.ndarray:
    """The same for a gap that is at most n: for each k a running maximum from the last place to the first."""
    signals, n = gains.shape
    best, chosen = np.zeros((signals, n + gap)), []
    for _ in range(k):
        here = gains + best[:, gap:]
        best[:, :n] = np.maximum.accumulate(np.maximum(here, 0)[:, ::-1], axis=-1)[:, ::-1]
        chosen.append(np.packbits(here >= best[:, 1 : n + 1], axis=-1))
    mask, start, rows, places = np.zeros((signals, n), bool), np.zeros(signals, int), np.arange(signals), np.arange(n)
    for bits in reversed(chosen):
        ahead = np.unpackbits(bits, axis=-1, count=n).astype(bool) & (places >= start[:, None])
        first = ahead.argmax(axis=-1)
        found = ahead[rows, first]
        mask[rows, first] |= found
        start = np.where(found, first + gap, n)
    return mask


def best_union(gains: np.ndarray, gap: int, copies: int, k: int) -> np.ndarray:
    """Mask of at most k places, at most `copies` of them in any `gap` consecutive ones, of the largest total gain.

    These sets are the unions of `copies` sets whose places are at least `gap` apart: the i-th place goes to the set
    i mod `copies`. Without the limit k the best is a flow of `copies` units along the line; the limit is met by a price
    for each place. Let p(i) and q(i) count the places before i of two sets that are best at one price, with less and
    with `surplus` more than k places. Then max(p, q - surplus) counts those of a set of k places that is best too: the
    limits are bounds on differences of counts, and with min(p, q - surplus) it has the total of both. The prices tried
    are slopes of the best total as a concave function of k.

    Parameters
    ----------
    gains : array, (n,)
        of which the zeros are never taken; rounded to 2**-60 of the largest and added up exactly.
    gap, copies, k : int

    References
    ----------
    E. M. Arkin and E. B. Silverberg, Scheduling jobs with fixed start and end times,
    Discrete Applied Mathematics 18, 1987.
    """
    whole = [int(gain) for gain in np.ldexp(gains, 60)]

    def total(places: list[int]) -> int:
        return sum(whole[i] for i in places)

    floor = sorted(whole)[-4 * k] if 4 * k < len(whole) else 0  # a price that is too low as a rule, but not by much
    few, many = [], _heaviest(whole, floor, 1, gap, copies)
    if floor and len(many) < k:
        few, many = many, _heaviest(whole, 0, 1, gap, copies)
    while len(many) > k:
        count, price = len(many) - len(few), total(many) - total(few)
        between = _heaviest(whole, price, count, gap, copies)
        if total(between) * count - price * len(between) == total(many) * count - price * len(many):
            return _with_count(few, many, k, len(gains))
        if len(between) < k:
            few = between
        else:
            many = between
    return _mask(many, len(gains))


def _heaviest(gains: list[int], price: int, count: int, gap: int, copies: int) -> list[int]:
    """Places of the largest total of count * gain - price, at most `copies` of them in any `gap` consecutive ones.

    Units flow from the first to the last node; node t is before the t-th place worth its price. A unit that takes a
    place jumps to the node of the first one `gap` further on, one that does not steps to the next node. Each unit goes
    along the best path that those before leave, which may undo what they do.
    """
    places = [i for i, gain in enumerate(gains) if gain * count > price]
    weights, size = [gains[i] * count - price for i in places], len(places)
    after = np.searchsorted(places, np.array(places, dtype=int) + gap).tolist()
    taken, steps, best = [False] * size, [0] * size, [0] * (size + 1)
    for t in range(size):
        best[t + 1] = max(best[t + 1], best[t])
        best[after[t]] = max(best[after[t]], best[t] + weights[t])
    for _ in range(copies):
        arrival = _best_path(weights, after, taken, steps, best)
        node = size if best[size] > 0 else 0
        while node:
            before, jump = arrival[node]
            place, forwards = min(before, node), before < node
            if jump:
                taken[place] = forwards
            else:
                steps[place] += 1 if forwards else -1
            node = before
    return [i for i, is_taken in zip(places, taken, strict=True) if is_taken]


def _best_path(
    weights: list[int], after: list[int], taken: list[bool], steps: list[int], best: list[int]
) -> dict[int, tuple[int, bool]]:
    """Where the best path from node 0 to the last arrives from, node by node: the node before, and if by a jump.

    Steps and jumps that carry flow lead backwards too, at minus their gain. No arc gains more than `best` does along
    it, so that Dijkstra's algorithm finds the path that falls least behind; `best` is lowered to what paths reach now.
    """
    size, done, arrival = len(weights), {}, {0: (0, False)}
    landing: dict[int, list[int]] = {}
    for t in range(size):
        if taken[t]:
            landing.setdefault(after[t], []).append(t)
    behind, queue = {0: 0}, [(0, 0)]
    while size not in done:
        loss, node = heappop(queue)
        if node in done:
            continue
        done[node] = loss
        arcs = [(t, True, -weights[t]) for t in landing.get(node, ())]
        if node < size:
            arcs.append((node + 1, False, 0))
            if not taken[node]:
                arcs.append((after[node], True, weights[node]))
        if node and steps[node - 1]:
            arcs.append((node - 1, False, 0))
        for end, jump, gain in arcs:
            there = loss + best[end] - best[node] - gain
            if end not in behind or there < behind[end]:
                behind[end], arrival[end] = there, (node, jump)
                heappush(queue, (there, end))
    for node in range(size + 1):
        best[node] -= min(done.get(node, done[size]), done[size])
    return arrival


def _with_count(few: list[int], many: list[int], k: int, n: int) -> np.ndarray:
    """Mask of k places between two sets with fewer and with more, in the order of their counts."""
    below, above = np.cumsum(_mask(few, n)), np.cumsum(_mask(many, n))
    return np.diff(np.maximum(below, above - (len(many) - k)), prepend=0) > 0


def _mask(places: list[int], n: int) -> np.ndarray:
    mask = np.zeros(n, bool)
    mask[places] = True
    return mask
