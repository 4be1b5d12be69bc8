"""The emulation of `make test-cupy` is built once, whoever asks at the same time, and anew after an interruption."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from .cupy_on_cpu import build

pytest.importorskip("fcntl")


@pytest.fixture
def builds(monkeypatch):
    """Contents of the folder at the start of each build; a build writes one folder."""
    seen = []

    def write(destination):
        seen.append(sorted(path.name for path in destination.iterdir() if path.is_dir()))
        (destination / "site").mkdir()

    monkeypatch.setattr(build, "check_requirements", lambda: None)
    monkeypatch.setattr(build, "fingerprint", lambda: "these sources")
    monkeypatch.setattr(build, "build", write)
    return seen


def test_what_is_built_is_not_built_again(builds, tmp_path):
    for _ in range(3):
        build.ensure_built(tmp_path / "new")
    assert builds == [[]]


def test_of_two_at_once_one_builds_and_the_other_waits_for_it(builds, monkeypatch, tmp_path):
    begun, go_on, write = Event(), Event(), build.build

    def slow(destination):
        begun.set()
        assert go_on.wait(10)
        write(destination)

    monkeypatch.setattr(build, "build", slow)
    with ThreadPoolExecutor() as pool:  # a lock belongs to an open file: threads exclude each other as processes do
        first = pool.submit(build.ensure_built, tmp_path)
        assert begun.wait(10)
        second = pool.submit(build.ensure_built, tmp_path)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.2)
        go_on.set()
        first.result(10)
        second.result(10)
    assert builds == [[]]


@pytest.mark.parametrize("built_before", [False, True])
def test_an_interrupted_build_is_done_again_from_the_start(builds, monkeypatch, tmp_path, built_before):
    def interrupted(destination):
        (destination / "half").mkdir()
        raise KeyboardInterrupt

    if built_before:
        build.ensure_built(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(build, "fingerprint", lambda: "other sources")
        patch.setattr(build, "build", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build.ensure_built(tmp_path)
    build.ensure_built(tmp_path)
    assert builds == [[]] * (1 + built_before)


def test_other_sources_are_built_anew(builds, monkeypatch, tmp_path):
    build.ensure_built(tmp_path)
    monkeypatch.setattr(build, "fingerprint", lambda: "other sources")
    build.ensure_built(tmp_path)
    assert builds == [[], []]
