"""Pools of workers: every task once, whatever dies; nothing of the caller's is closed, nothing of ours is left."""

import itertools
import logging
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from csrecover.experiments.executors import opened

from .conftest import FULL

full = pytest.mark.skipif(not FULL, reason="kills a dozen workers: CSRECOVER_FULL=1")
PATIENCE = 60  # seconds until a test gives up on a loaded machine


def spawned(workers):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


class Squares:
    """Squares, with the process they were made in and how often that has unpickled a function."""

    unpickled = 0

    def __setstate__(self, state):
        Squares.unpickled += 1

    def __getstate__(self):
        return {"some": "state"}

    def __call__(self, task):
        time.sleep(0.01)
        return task**2, os.getpid(), Squares.unpickled


def squares(pool, function, count=30):
    """Results of a run, after checking that each task came back once, with its own."""
    results = list(pool.run(function, range(count)))
    assert sorted(task for task, _ in results) == list(range(count))
    assert all(result[0] == task**2 for task, result in results)
    return [result for _, result in results]


def drain(results, kept, then=lambda task: None):
    """Keep the tasks that come back, also if an error ends it."""
    for task, _ in results:
        kept.append(task)
        then(task)


def killing(times, path):
    """Squares; the worker of task 7 is killed, the first few times."""

    def function(task):
        time.sleep(0.01)
        if task == 7:
            for attempt in range(times):
                try:
                    Path(f"{path}{attempt}").touch(exist_ok=False)
                except FileExistsError:
                    continue
                os.kill(os.getpid(), signal.SIGKILL)
        return (task**2,)

    return function


def ended(pid):
    """Whether a process ends within the time that we wait for it."""
    patience = time.monotonic() + PATIENCE
    while time.monotonic() < patience:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@contextmanager
def cluster(**options):
    """Client of a dask cluster on this machine."""
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    import dask

    quickly = {"distributed.comm.timeouts.connect": "2s", "distributed.scheduler.allowed-failures": 1}
    with dask.config.set(quickly), ExitStack() as stack:
        options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": logging.CRITICAL} | options
        local = stack.enter_context(distributed.LocalCluster(**options))
        yield stack.enter_context(distributed.Client(local))


def noted(tasks, drawn):
    for task in tasks:
        drawn.append(task)
        yield task


def test_in_process_tasks_run_one_by_one_as_they_are_asked_for():
    drawn = []
    with opened(None) as pool:
        results = pool.run(lambda task: task + 1, noted(itertools.count(), drawn))
        assert pool.workers == 1
        assert [next(results), next(results)] == [(0, 1), (1, 2)]
        assert drawn == [0, 1]


def test_at_most_four_tasks_for_each_worker_are_under_way():
    drawn, most = [], 0
    with ThreadPoolExecutor(2) as threads, opened(threads) as pool:
        assert pool.workers == 2
        for done, (task, result) in enumerate(pool.run(lambda task: -task, noted(range(200), drawn))):
            assert result == -task
            most = max(most, len(drawn) - done)
    assert drawn == list(range(200))
    assert most == 8


def test_threads_share_the_function_and_see_the_executor_survive():
    lock = threading.Lock()  # cannot be pickled

    def function(task):
        with lock:
            return (task**2,)

    with ThreadPoolExecutor(2) as threads:
        with opened(threads) as pool:
            squares(pool, function)
        assert threads.submit(pow, 2, 3).result() == 8


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor(1)])
def test_what_is_finished_comes_before_an_error(executor):
    kept = []
    with opened(executor) as pool, pytest.raises(ZeroDivisionError):
        drain(pool.run(lambda task: 1 / (3 - task), range(9)), kept)
    assert {0, 1, 2} <= set(kept)
    assert 3 not in kept


def interrupt(task):
    raise KeyboardInterrupt


def leave(executor, function):
    with opened(executor) as pool:
        drain(pool.run(function, itertools.count()), [], interrupt)


def test_a_run_that_is_left_is_cancelled_and_the_threads_stay():
    started = []
    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(KeyboardInterrupt):
            leave(threads, lambda task: started.append(task) or time.sleep(0.05))
        threads.submit(int).result()
    assert len(started) <= 3


def test_a_pool_within_a_task_is_in_process():
    def function(task):
        with opened(threads) as inner:
            return sum(result for _, result in inner.run(abs, [task, 1])), inner.workers

    with ThreadPoolExecutor(1) as threads, opened(threads) as pool:
        assert list(pool.run(function, [-2])) == [(-2, (3, 1))]


def test_processes_get_the_function_once_each_and_one_blas_thread():
    offset, function = 10, Squares()

    def closure(task):
        import threadpoolctl

        with opened(3) as inner:
            pools = [each["num_threads"] for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"]
            return task + offset, os.environ["OMP_NUM_THREADS"], inner.workers, max(pools)

    with opened(2) as pool:
        assert pool.workers == 2
        for _ in range(2):
            found = squares(pool, function)
            assert {unpickled for _, _, unpickled in found} == {1}
            assert os.getpid() not in {pid for _, pid, _ in found}
        assert list(pool.run(closure, [5])) == [(5, (15, "1", 1, 1))]
    assert all(ended(pid) for _, pid, _ in found)


def test_tasks_of_a_killed_worker_are_run_again(tmp_path):
    with opened(2) as pool:
        squares(pool, killing(1, tmp_path / "killed"))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_task_that_kills_its_worker_each_time_is_named_after_the_others_came_back(tmp_path):
    kept = []
    with opened(1) as pool, pytest.raises(RuntimeError, match=r"a task ends its worker, .*: 7"):
        drain(pool.run(killing(9, tmp_path / "killed"), range(9)), kept)
    assert len(list(tmp_path.iterdir())) == 3
    assert len(kept) == len(set(kept))
    assert set(range(7)) <= set(kept) <= set(range(9)) - {7}


def test_a_process_pool_of_the_caller_serves_and_says_when_it_broke(tmp_path):
    kept = []
    with spawned(2) as processes, opened(processes) as pool:
        squares(pool, killing(0, tmp_path / "killed"))
        with pytest.raises(RuntimeError, match=r"not ours to start anew.*new executor, and run what is missing"):
            drain(pool.run(killing(1, tmp_path / "killed"), range(40)), kept)
        with pytest.raises(RuntimeError, match="not ours to start anew"):
            next(pool.run(abs, [1]))
    assert len(kept) == len(set(kept)) < 40


def test_an_executor_that_is_shut_down_meanwhile_is_reported():
    threads = ThreadPoolExecutor(1)
    with opened(threads) as pool, pytest.raises(RuntimeError, match=r"ThreadPoolExecutor was shut down.*run what is"):
        drain(pool.run(time.sleep, [0.01] * 4), [], lambda task: threads.shutdown(cancel_futures=True))


SCRIPT = """
import os, sys, time
from csrecover.experiments.executors import opened

def function(task):
    print(os.getpid(), flush=True)
    time.sleep({seconds})

with opened(1) as pool:
    for _ in pool.run(function, range(9)):
        pass
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_a_script_that_is_interrupted_or_killed(how):
    command = [sys.executable, "-c", SCRIPT.format(seconds=PATIENCE)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as script:
        worker = int(script.stdout.readline())
        if how == signal.SIGINT:
            os.killpg(script.pid, how)
        else:
            script.kill()
        assert ended(worker)
        _, errors = script.communicate(timeout=PATIENCE)
    assert script.returncode == -how
    assert errors.count("Traceback") == (how == signal.SIGINT)


def test_dask_runs_every_task_once_though_a_worker_is_killed(tmp_path):
    with cluster(n_workers=2) as client:
        with opened(client) as pool:
            assert pool.workers == 2
            squares(pool, killing(1, tmp_path / "killed"))
            assert {unpickled for _, _, unpickled in squares(pool, Squares())} <= {1, 2}
        with opened(client.scheduler.address.replace("tcp", "dask")) as pool:
            assert [inner for _, inner in pool.run(nested, [(len, [0]), {"delta": 0.5}])] == [1, 1]
        assert client.submit(pow, 2, 3).result() == 8
    assert len(list(tmp_path.iterdir())) == 1


def nested(task):
    with opened(3) as pool:
        return pool.workers


@full
def test_dask_names_a_task_that_kills_its_worker_each_time(tmp_path):
    kept = []
    named = pytest.raises(RuntimeError, match=r"a task ends its worker, .*: 7")
    with cluster(n_workers=2) as client, opened(client) as pool, named:
        drain(pool.run(killing(99, tmp_path / "killed"), range(9)), kept)
    assert len(kept) == len(set(kept))
    assert 7 not in kept


def test_a_lost_scheduler_is_reported_after_what_was_finished():
    kept = []
    with cluster(n_workers=1, processes=False) as client, opened(client) as pool:

        def lose(task):
            if task == 5:
                client.cluster.loop.add_callback(client.cluster.scheduler.close)

        with pytest.raises(RuntimeError, match=r"dask scheduler at .* out of reach.*run what is missing"):
            drain(pool.run(lambda task: time.sleep(0.01), itertools.count()), kept, lose)
        with pytest.raises(RuntimeError, match="out of reach"):
            next(pool.run(abs, [1]))
    assert set(range(6)) <= set(kept)
    assert len(kept) == len(set(kept))


@pytest.mark.parametrize("wrong", [True, 1.5, [2]])
def test_what_is_no_executor_is_refused(wrong):
    with pytest.raises(TypeError, match=f"a number of processes, .*got {re.escape(repr(wrong))}"), opened(wrong):
        pass


def test_wrong_numbers_and_addresses_are_refused():
    with pytest.raises(ValueError, match="must be at least 1, got 0"), opened(0):
        pass
    with pytest.raises(ValueError, match="looks like \"dask://host:8786\", got 'localhost'"), opened("localhost"):
        pass


def test_a_function_that_cannot_be_pickled_is_refused():
    lock = threading.Lock()
    with opened(1) as pool, pytest.raises(TypeError, match=r"must be picklable: .*lock"):
        next(pool.run(lambda task: lock, [1]))


def test_an_address_where_nobody_answers_is_reported():
    pytest.importorskip("distributed", reason="dask.distributed is not installed")
    import dask

    silent = pytest.raises(ConnectionError, match="no dask scheduler answers")
    with dask.config.set({"distributed.comm.timeouts.connect": "0.2s"}), silent, opened("dask://127.0.0.1:9"):
        pass
