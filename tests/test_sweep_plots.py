"""Figures and reports of sweeps: what is drawn is what was counted, fitted and predicted."""

import re
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from csrecover import plotting, report
from csrecover.analysis.theory import success_probability, transition_rho
from csrecover.experiments import Sweep

DELTAS, RHOS = (0.1, 0.2, 0.35, 0.5, 0.8), tuple(np.round(np.linspace(0.1, 0.9, 17), 3).tolist())
TRIAL = {"trial": {"class": "trial", "n": 256}}


def counted(deltas=DELTAS, rhos=RHOS, trials=60, **theory):
    """Counts as theory predicts them for l1, or another kind."""
    kind = theory.pop("kind", "l1")
    delta, rho = np.array(deltas)[:, None], np.array(rhos)
    m, units = delta * 256, 256 / theory.get("size", 1)
    p = success_probability(kind, 256, np.minimum(rho * delta * units, units), m, **theory)
    successes = np.random.default_rng(0).binomial(trials, p)
    return Sweep({"delta": deltas, "rho": rhos}, successes, np.full(p.shape, trials), None, 0 * successes, TRIAL)


def paired():
    """Two solvers on one grid."""
    parts = counted(), counted(kind="nonnegative")
    axes = {**parts[0].axes, "solver": ("signed", "nonnegative")}
    counts = {
        name: np.stack([getattr(part, name) for part in parts], axis=-1) for name in ("successes", "trials", "errors")
    }
    return replace(parts[0], axes=axes, **counts)


def adaptive():
    """Cells far from the transition are not visited."""
    sweep = counted()
    near = abs(np.array(RHOS) - transition_rho("l1", np.array(DELTAS))[:, None]) < 0.12
    return replace(sweep, trials=sweep.trials * near, successes=sweep.successes * near)


def lines(ax):
    return {line.get_label(): np.array(line.get_data(), dtype=float) for line in ax.lines}


def mesh(ax):
    (found,) = [each for each in ax.collections if hasattr(each, "get_coordinates")]
    return np.asarray(found.get_coordinates()), np.ma.filled(found.get_array(), np.nan)


def test_the_map_shows_each_rate_in_the_cell_around_its_place():
    sweep = counted()
    edges, rates = mesh(plotting.plot_sweep(sweep))
    assert np.array_equal(rates.T, sweep.rate())
    across, up = edges[0, :, 0], edges[:, 0, 1]
    assert across == pytest.approx([0.05, 0.15, 0.275, 0.425, 0.65, 0.95])
    assert np.all((up[:-1] < RHOS) & (up[1:] > RHOS))


def test_cells_of_logarithmic_axes_meet_in_geometric_means():
    sweep = replace(counted(), axes={"n": (16, 32, 64, 128, 256), "rho": RHOS})
    ax = Figure().subplots()
    ax.set_xscale("log")
    edges, _ = mesh(plotting.plot_sweep(sweep, ax=ax))
    assert edges[0, :, 0] == pytest.approx(16 * 2.0 ** (np.arange(6) - 0.5))


def test_the_order_of_values_does_not_change_the_picture():
    sweep = counted()
    shuffled = replace(
        sweep,
        axes={"delta": DELTAS[::-1], "rho": RHOS[::-1]},
        **{name: getattr(sweep, name)[::-1, ::-1] for name in ("successes", "trials", "errors")},
    )
    assert plotting.as_svg(plotting.plot_sweep(sweep).figure) == plotting.as_svg(plotting.plot_sweep(shuffled).figure)


def test_the_lines_of_equal_rate_are_those_of_the_fits():
    sweep, drawn = counted(), lines(plotting.plot_sweep(counted(), levels=(0.1,)))
    fits = sweep.fit()
    assert drawn["50 % succeed"] == pytest.approx(np.array([DELTAS, [fit.at() for fit in fits]]))
    assert drawn["10 %"] == pytest.approx(np.array([DELTAS, [fit.at(0.1) for fit in fits]]))


def test_the_band_is_the_interval_of_the_fits():
    sweep = counted()
    ax = plotting.plot_sweep(sweep, confidence=0.9)
    (band,) = [each.get_paths()[0].vertices for each in ax.collections if not hasattr(each, "get_coordinates")]
    for x, fit in zip(DELTAS, sweep.fit(), strict=True):
        there = band[band[:, 0] == x, 1]
        assert (there.min(), there.max()) == pytest.approx(fit.interval(0.5, 0.9))


def test_theory_is_drawn_where_it_belongs():
    x, y = lines(plotting.plot_sweep(counted(), theory="l1"))["theory"]
    assert y == pytest.approx(transition_rho("l1", x))
    x, y = lines(plotting.plot_sweep(counted(), theory=partial(transition_rho, "block", size=4)))["theory"]
    assert y == pytest.approx(transition_rho("block", x, size=4))
    assert (x.min(), x.max()) == (DELTAS[0], DELTAS[-1])


def test_theory_in_measurements_and_nonzeros_is_that_in_ratios():
    sweep = replace(counted(), axes={"k": (5, 10, 20, 40, 80), "m": tuple(range(20, 190, 10))})
    k, m = lines(plotting.plot_sweep(sweep, theory="l1"))["theory"]
    assert k / m == pytest.approx(transition_rho("l1", m / 256))


def test_several_solvers_are_lines_with_a_name_each_and_one_theory():
    ax = plotting.plot_sweep(paired(), theory={"signed": "l1", "nonnegative": "nonnegative", "blocks": lambda x: x})
    drawn = lines(ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["signed", "nonnegative", "theory", "blocks"]
    for name in ("signed", "nonnegative"):
        assert drawn[name][1] == pytest.approx([fit.at() for fit in paired().select(solver=name).fit()])


def test_any_axis_can_be_told_apart():
    sweep = counted()
    by_delta = plotting.plot_sweep(sweep, by="delta")
    assert [text.get_text() for text in by_delta.get_legend().get_texts()] == [f"delta = {each}" for each in DELTAS]
    named = replace(sweep, axes={"ensemble": tuple("abcde"), "rho": RHOS})
    assert [text.get_text() for text in plotting.plot_sweep(named).get_legend().get_texts()] == list("abcde")


def test_one_axis_has_rates_with_their_intervals_the_fit_and_theory():
    m = tuple(range(60, 160, 10))
    trials = np.full(len(m), 40)
    successes = np.random.default_rng(1).binomial(trials, success_probability("l1", 256, 30, np.array(m)))
    sweep = Sweep({"m": m}, successes, trials, None, 0 * trials, {"trial": {"n": 256, "k": 30}})
    ax = plotting.plot_sweep(sweep, theory="l1")
    (container,) = ax.containers
    points, _, (bars,) = container.lines
    assert np.array_equal(points.get_data(), [m, sweep.rate()])
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    assert np.allclose(ends.T, sweep.interval())
    x, y = lines(ax)["theory"]
    assert y == pytest.approx(success_probability("l1", 256, 30, x))
    (fitted,) = [line for line in ax.lines if line.get_label().startswith("_child") and len(line.get_xdata()) > len(m)]
    assert fitted.get_ydata() == pytest.approx(sweep.fit().rate(fitted.get_xdata()))


def test_theory_knows_what_was_selected():
    column = counted().select(delta=0.5)
    known = replace(column, experiment={"trial": {"n": [16, 16], "m": None}, "selected": {"delta": 0.5}})
    rho, p = lines(plotting.plot_sweep(known, theory="l1"))["theory"]
    assert p == pytest.approx(success_probability("l1", 256, 128 * rho, 128))


def test_cells_that_were_not_visited_are_hatched_and_named():
    sweep = adaptive()
    ax = plotting.plot_sweep(sweep)
    _, rates = mesh(ax)
    assert np.array_equal(np.isnan(rates.T), sweep.trials == 0)
    assert "not visited" in [text.get_text() for text in ax.get_legend().get_texts()]
    assert any(patch.get_hatch() for patch in ax.patches)
    assert "not visited" not in [text.get_text() for text in plotting.plot_sweep(counted()).get_legend().get_texts()]


@pytest.mark.parametrize("share", [0, 1])
def test_columns_without_a_transition_leave_a_gap(share):
    sweep = counted()
    successes = sweep.successes.copy()
    successes[2] = share * sweep.trials[2]
    ax = plotting.plot_sweep(replace(sweep, successes=successes))
    assert np.isnan(lines(ax)["50 % succeed"][1]).tolist() == [False, False, True, False, False]


def test_a_sweep_that_has_just_begun_can_be_drawn_and_reported(tmp_path):
    sweep = counted()
    trials = np.zeros_like(sweep.trials)
    trials[0, 0] = 1
    begun = replace(sweep, successes=trials, trials=trials)
    plotting.save(plotting.plot_sweep(begun).figure, tmp_path / "begun.png")
    plotting.save(plotting.plot_sweep(begun.select(delta=DELTAS[0])).figure, tmp_path / "column.png")
    report.write_report(begun, tmp_path / "begun.html")
    nothing = replace(begun, successes=0 * trials, trials=0 * trials)
    plotting.save(plotting.plot_sweep(nothing).figure, tmp_path / "nothing.png")
    plotting.save(plotting.plot_sweep(nothing.select(delta=DELTAS[0])).figure, tmp_path / "no_column.png")
    report.write_report(nothing, tmp_path / "nothing.html")


def test_settings_of_matplotlib_stay_as_they_are():
    before = dict(matplotlib.rcParams)
    plotting.as_svg(plotting.plot_sweep(paired()).figure)
    assert dict(matplotlib.rcParams) == before


def test_axes_that_are_given_are_drawn_on_and_returned():
    first, second = Figure().subplots(1, 2)
    assert plotting.plot_sweep(counted(), ax=second) is second
    assert second.collections
    assert not first.collections


def test_what_cannot_be_drawn_is_refused_with_the_remedy():
    sweep = counted()
    axes = {"a": (1,), **sweep.axes}
    three = replace(
        sweep, axes=axes, **{name: getattr(sweep, name)[None] for name in ("successes", "trials", "errors")}
    )
    with pytest.raises(ValueError, match=r"one or two axes can be drawn, got a, delta, rho.*select"):
        plotting.plot_sweep(three)
    with pytest.raises(ValueError, match="got none"):
        plotting.plot_sweep(sweep.select(delta=0.1, rho=0.1))
    with pytest.raises(ValueError, match="by='size' is no axis of the sweep: it has delta, rho"):
        plotting.plot_sweep(sweep, by="size")
    words = replace(sweep, axes={"delta": DELTAS, "name": tuple(map(str, RHOS))})
    with pytest.raises(ValueError, match="axis 'name' has values that are no numbers"):
        plotting.plot_sweep(words, by="delta")
    with pytest.raises(ValueError, match="'l1' over snr and rho needs n, m and k"):
        plotting.plot_sweep(replace(sweep, axes={"snr": DELTAS, "rho": RHOS}), theory="l1")
    with pytest.raises(ValueError, match="'l1' over rho needs n, m and k"):
        plotting.plot_sweep(replace(sweep.select(delta=0.1), experiment={}), theory="l1")


class Page(HTMLParser):
    """Tags, addresses and cells of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.rows, self.tags = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "xlink:href")]
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data):
        if self.rows and self.tags[-1] in ("td", "th") and data.strip():
            self.rows[-1].append(data)


def test_the_report_stands_alone_and_tells_the_half_way_points(tmp_path):
    report.write_report(paired(), tmp_path / "sweep.html", theory="l1", title="signs <&>")
    text = (tmp_path / "sweep.html").read_text()
    page = Page(text)
    assert all(address.startswith("#") for address in page.addresses)
    assert page.tags.count("svg") == 1
    assert "signs &lt;&amp;&gt;" in text
    assert "class&quot;: &quot;trial" in text
    assert not re.search(r"<(link|script|img)\b", text)
    assert page.rows[0] == ["delta", "solver", "rho", "low", "high", "scale", "trials", "theory"]
    fits = paired().fit(axis="rho")
    for row, (i, j) in zip(page.rows[1:], np.ndindex(fits.shape), strict=False):
        assert row[:2] == [str(DELTAS[i]), ("signed", "nonnegative")[j]]
        expected = [fits[i, j].at(), *fits[i, j].interval(), fits[i, j].scale, len(RHOS) * 60]
        assert [float(each) for each in row[2:7]] == pytest.approx(expected, rel=1e-3)
        assert float(row[7]) == pytest.approx(transition_rho("l1", DELTAS[i]), abs=1e-3)


def test_a_report_has_a_figure_for_each_value_of_further_axes(tmp_path):
    sweep = paired()
    both = replace(
        sweep,
        axes={"n": (64, 128), **sweep.axes},
        **{name: np.stack([getattr(sweep, name)] * 2) for name in ("successes", "trials", "errors")},
    )
    report.write_report(both, tmp_path / "sweep.html")
    text = (tmp_path / "sweep.html").read_text()
    assert re.findall("<figcaption>(.*?)</figcaption>", text) == ["n = 64", "n = 128"]
