"""Several processes train as one does, and none waits for one that is gone."""

from __future__ import annotations

import json
import os
import re
import runpy
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from torch.distributed import HashStore

import digitnet
from digitnet import DigitClassifier
from digitnet.callbacks import Checkpoint
from digitnet.errors import ProcessError
from digitnet.processes import Processes, current

pytestmark = pytest.mark.slow

JOBS = Path(__file__).parent / "jobs"
SECONDS = 120  # after which a job is stopped: nothing may hang
TRAIN = runpy.run_path(str(JOBS / "train.py"))


def environment(**changes):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TORCHEL")}
    return {**kept, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", **changes}


def torchrun(job, folder, *options):
    """Start a job of two processes; return it when it has ended."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    return subprocess.run(
        [*command, *options, JOBS / job, folder],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """What one process comes to."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small batches are as fast, and faster on a busy machine
    folder = tmp_path_factory.mktemp("one")
    yield {name: TRAIN["outcome"](name, folder) for name in TRAIN["RECIPES"]}
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """The folder of a job of two processes, and what each came to."""
    folder = tmp_path_factory.mktemp("two")

    class Stop(TRAIN["Callback"]):
        def on_batch_end(self, state):
            if state.step == 33:
                raise KeyboardInterrupt

    checkpoint = Checkpoint(folder / "theirs", every=10)
    with pytest.raises(KeyboardInterrupt):
        TRAIN["outcome"]("everything", folder, callbacks=[checkpoint, Stop()])
    done = torchrun("train.py", folder)
    assert done.returncode == 0, done.stderr
    found = [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]
    return folder, found, done.stdout


def same_figures(found, expected, *, relative=1e-4):
    assert found["losses"] == pytest.approx(expected["losses"], rel=relative)
    for ours, theirs in zip(found["history"], expected["history"], strict=True):
        assert ours.keys() == theirs.keys()
        for name in ours.keys() - {"epoch_seconds"}:
            assert ours[name] == pytest.approx(theirs[name], rel=relative)
    assert found["weights"] == pytest.approx(expected["weights"], rel=relative)


@pytest.mark.parametrize("name", TRAIN["RECIPES"])
def test_two_processes_train_as_one_does(one, job, name):
    (found, _) = job[1]
    assert len(one["report"]["losses"]) > 200
    same_figures(found[name], one[name])


@pytest.mark.parametrize("name", TRAIN["RECIPES"])
def test_two_processes_evaluate_and_predict_every_picture_once(one, job, name):
    for found in job[1]:
        assert found[name]["confusion"] == one[name]["confusion"]
        assert found[name]["read"] == one[name]["read"]
        assert found[name]["evaluation"] == pytest.approx(one[name]["evaluation"], rel=1e-4)
        assert found[name]["one"][0] == pytest.approx(one[name]["one"][0], rel=1e-3)
        assert found[name]["temperature"] == pytest.approx(one[name]["temperature"], rel=1e-3)
        assert found[name]["loaded"] == found[name]["evaluation"][1]
        assert found[name]["copied"] == found[name]["evaluation"][1]


def test_all_processes_come_to_the_same_bits_also_from_weights_that_no_one_seeded(job):
    _, (first, second), _ = job
    assert first.keys() == second.keys()
    for name in first.keys() - {"errors"}:
        assert first[name] == second[name]


def test_only_the_first_process_prints_and_writes(job):
    folder, _, printed = job
    assert printed.count("Epoch ") == 2
    assert (folder / "0.csv").exists()
    assert (folder / "0.png").exists()
    assert not (folder / "1.csv").exists()
    assert not (folder / "1.png").exists()


def test_no_thread_of_the_connection_outlives_the_script(job):
    for rank in (0, 1):  # one that does may abort the process while Python ends
        names = json.loads((job[0] / f"{rank}.threads").read_text())
        assert not [name for name in names if "gloo" in name]


def test_one_process_goes_on_from_a_checkpoint_of_two(one, job):
    folder, (found, _), _ = job
    assert len(found["begun"]["history"]) == 1  # process 1 stopped it
    resumed = TRAIN["outcome"]("everything", folder, resume=folder / "ours")
    expected = one["everything"]
    same_figures(resumed, {**expected, "losses": expected["losses"][26:]})


def test_two_processes_go_on_from_a_checkpoint_of_one(one, job):
    expected = one["everything"]
    same_figures(job[1][0]["resumed"], {**expected, "losses": expected["losses"][30:]})


BOTH = "InvalidInputError"


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("batch", BOTH, "Expected a batch of at least 2 pictures, one for each process"),
        ("set", BOTH, "Expected a training set of at least 2 pictures, one for each process"),
        (
            "batch norm",
            BOTH,
            "a batch of at least 4 pictures, 2 for each process, as the network has",
        ),
        ("recipe", BOTH, "received recipe learning_rate 0.2 on rank 0, 0.1 on rank 1"),
        ("seed", BOTH, "the same in all 2 processes; received seed 0 on rank 0, 1 on rank 1"),
        ("data", BOTH, "the same in all 2 processes; received data '"),
        ("validation", BOTH, "the same in all 2 processes; received validation data '"),
        ("bad data", BOTH, "Expected labels with the pictures"),
        ("version", BOTH, "received versions torch '.*' on rank 0, '1.0' on rank 1"),
        ("task", BOTH, "received task 'predict' on rank 0, 'evaluate' on rank 1"),
        ("pictures", BOTH, "the same in all 2 processes; received pictures '"),
        ("callback", "CallbackError", "Broken.on_batch_end raised KeyError: 'oops'"),
        ("folder", "CallbackError", "Could not make the folder"),
        ("diverged", "TrainingDivergedError", "diverged at step 2 of 16 of epoch 1"),
    ],
)
def test_what_is_wrong_in_one_process_is_raised_in_all(job, name, kind, message):
    for found in job[1]:
        raised, text = found["errors"][name]
        assert raised == kind
        with pytest.raises(AssertionError, match=message):  # for pytest's report of a mismatch
            raise AssertionError(text)


def test_after_errors_the_processes_work_together_as_before(job):
    found = job[1][0]
    assert found["again"]["weights"] == found["everything"]["weights"]


def test_after_a_kill_torchrun_starts_again_from_the_newest_checkpoint(tmp_path):
    done = torchrun("killed.py", tmp_path, "--max-restarts=1")
    assert done.returncode == 0, done.stderr
    assert "(exitcode: -9)" in done.stderr
    assert done.stdout.count("Epoch 1/2") == 1  # the second attempt began in epoch 2
    whole = DigitClassifier(TRAIN["network"](), seed=3)
    whole.fit(TRAIN["pictures"]()[0], epochs=2, batch_size=40, verbose=0)
    for rank in (0, 1):
        found = json.loads((tmp_path / f"{rank}.json").read_text())
        assert found["epochs"] == [1, 2]
        assert found["weights"] == pytest.approx(TRAIN["weights"](whole), rel=1e-4)


def test_a_process_that_dies_ends_the_others_with_a_clear_error(tmp_path):
    port = str(free_port())
    with ExitStack() as stack:  # without torchrun, which would end the others itself
        first, second = (
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, JOBS / "killed.py", tmp_path],
                    env=environment(
                        RANK=rank, WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=port
                    ),
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for rank in "01"
        )
        stack.callback(first.kill)
        stack.callback(second.kill)
        _, told = first.communicate(timeout=SECONDS)
        assert second.wait(timeout=SECONDS) == -9
    assert first.returncode == 1
    assert "ProcessError: Rank 0 of 2 lost another process, which was killed or did not" in told
    assert "--max-restarts" in told


def keys(store, *ranks, patience=5.0):
    """Return the key that each of these ranks of two finds in the store."""
    found = [Processes(rank, 2, patience=patience) for rank in ranks]
    for processes in found:
        processes._job_store = store
    with ThreadPoolExecutor() as threads:
        return [*threads.map(Processes._new_key, found)]


def test_a_process_group_never_takes_the_keys_that_an_earlier_attempt_left():
    store = HashStore()
    first = keys(store, 0, 1)
    with pytest.raises(TimeoutError):
        keys(store, 1, patience=0.2)  # an attempt whose rank 0 died before it
    second = keys(store, 1, 0)
    third = keys(store, 0, 1)
    assert all(of_rank_0 == of_rank_1 for of_rank_0, of_rank_1 in (first, second, third))
    assert len({*first, *second, *third}) == 3


def test_processes_alone_reads_what_torchrun_sets():
    names = re.compile(r"\b(RANK|WORLD_SIZE|LOCAL_\w+|MASTER_\w+|TORCHELASTIC\w+)\b")
    for path in Path(digitnet.__file__).parent.rglob("*.py"):
        assert path.name == "processes.py" or not names.search(path.read_text()), path


def environ(monkeypatch, **values):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("rank", "is_taken"), [(0, True), (0, False), (1, False)])
def test_a_port_that_is_taken_or_where_no_one_answers_is_an_error(monkeypatch, rank, is_taken):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1] if is_taken else free_port()
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        environ(monkeypatch, RANK=str(rank), WORLD_SIZE="2", **address)
        processes = Processes(rank, 2, patience=1.0)
        with pytest.raises(ProcessError, match=f"rank {rank} to meet .* that is free"):
            processes.first_of(1)


def test_without_torchrun_there_is_one_process():
    alone = current.__wrapped__()
    assert (alone.rank, alone.world_size, alone.several, alone.is_first) == (0, 1, False, True)
    assert alone.share(7) == slice(0, 7)
    assert alone.first_of(3) == 3
    with alone.together("fit"):
        alone.agree(lambda: pytest.fail("called for one process"))


def test_a_missing_address_is_named(monkeypatch):
    environ(monkeypatch, WORLD_SIZE="2", RANK="0", MASTER_PORT="1")
    with pytest.raises(ProcessError, match="MASTER_ADDR expected, but not set. Start all with tor"):
        current.__wrapped__().first_of(1)
    environ(monkeypatch, WORLD_SIZE="2", MASTER_PORT="1", MASTER_ADDR="localhost")
    with pytest.raises(ProcessError, match="RANK expected, but not set"):
        current.__wrapped__().first_of(1)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [0, 1, 2, 6, 7, 40, 41])
@pytest.mark.parametrize("least", [1, 2])
def test_shares_are_equal_up_to_a_picture_and_together_all(count, size, least):
    shares = [range(count)[Processes(rank, size).share(count, least=least)] for rank in range(size)]
    assert [index for share in shares for index in share] == list(range(count))
    filled = [len(share) for share in shares if share] or [0]
    assert max(filled) - min(filled) <= 1
    assert min(filled) >= min(least, count)
    assert len(filled) == max(1, min(size, count // least))


def test_gradients_are_averaged_by_pictures_not_by_processes(monkeypatch):
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.grad = torch.tensor([[3.0]])

    def other(self, sums):  # a second process with one of five pictures
        sums += torch.tensor([0.2 * 8.0, 0.2 * 4.0, 1.0])

    monkeypatch.setattr(Processes, "all_reduce", other)
    loss, correct = torch.tensor(2.0), torch.tensor(3)
    Processes(0, 2).average(model, loss, correct, weight=0.8)
    assert float(model.weight.grad) == pytest.approx(4.0)  # (4 * 3 + 8) / 5
    assert float(loss) == pytest.approx(2.4)
    assert int(correct) == 4
