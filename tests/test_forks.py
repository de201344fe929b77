"""A classifier that was made before a fork works in the child."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from digitnet import DigitClassifier, datasets
from digitnet.datasets import paper
from digitnet.models.modes import inference
from digitnet.randomness import isolated

ROOT = Path(__file__).parents[1]
PATIENCE = 120  # seconds until a child counts as hanging

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork"),
    # newer versions of Python warn of any fork beside threads
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


def _in_child(work):
    """Return what a function returns in a forked process."""
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=lambda: queue.put(work()))
    child.start()
    child.join(PATIENCE)
    hangs = child.is_alive()
    child.kill()
    assert not hangs, "the child hangs"
    assert child.exitcode == 0
    return queue.get()


@pytest.fixture(scope="module", autouse=True)
def several_threads():
    """Have torch compute with threads that a child lacks."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def images():
    return datasets.synthetic(train=1, test=500)[1].images


@pytest.fixture(scope="module")
def used(images):
    """A classifier that has predicted."""
    classifier = DigitClassifier.pretrained()
    classifier.predict(images)
    return classifier


def test_a_classifier_that_was_used_predicts_in_a_child(used, images):
    expected = used.predict(images)
    assert np.array_equal(_in_child(lambda: used.predict(images)), expected)


def test_a_classifier_that_was_trained_trains_on_in_a_child():
    train = datasets.synthetic(train=64, test=1)[0]
    classifier = DigitClassifier("mlp", seed=0)
    classifier.fit(train, epochs=1, verbose=0)
    assert _in_child(lambda: len(classifier.fit(train, epochs=1, verbose=0))) == 2


def test_a_classifier_that_was_used_reads_pictures_in_a_child(used):
    (drawn,) = paper.numbers(1, seed=3)
    text = used.read(drawn.picture).text
    assert _in_child(lambda: used.read(drawn.picture).text) == text


def test_a_classifier_is_made_in_a_child(used):
    assert _in_child(lambda: DigitClassifier("mlp", seed=0).seed) == 0


def _predict(image):
    return int(shared.predict(image[None])[0])


def test_a_pool_maps_over_pictures(used, images):
    global shared
    shared = used
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map_async(_predict, images[:8].numpy()).get(PATIENCE)
    assert found == used.predict(images[:8]).tolist()


def test_a_child_has_one_thread_and_the_parent_keeps_its_own():
    assert _in_child(torch.get_num_threads) == 1
    assert torch.get_num_threads() == 2


def test_a_fork_waits_for_the_random_state_to_be_the_callers(images):
    before, entered = torch.get_rng_state(), threading.Event()

    def draw():
        with isolated(torch.device("cpu")):
            torch.rand(3)
            entered.set()
            time.sleep(0.3)

    thread = threading.Thread(target=draw)
    thread.start()
    entered.wait()
    kept = _in_child(lambda: torch.equal(torch.get_rng_state(), before))
    thread.join()
    assert kept
    assert _in_child(lambda: DigitClassifier("mlp", seed=0).seed) == 0  # its lock is free


def test_a_child_forgets_the_predictions_of_the_parents_threads():
    model, entered, done = nn.Sequential(nn.Dropout()), threading.Event(), threading.Event()

    def predict():
        with inference(model):
            entered.set()
            done.wait()

    thread = threading.Thread(target=predict)
    thread.start()
    entered.wait()
    try:
        assert _in_child(lambda: model[0].training)
    finally:
        done.set()
        thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Run the example with two workers, forked from one process; yield its address."""
    missing = [name for name in ("flask", "gunicorn") if find_spec(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: pip install digitnet[test]")
    log = tmp_path_factory.mktemp("server") / "log"
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONUNBUFFERED": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, map(str, sys.path)))
    options = "--preload --workers 2 --bind 127.0.0.1:0 --timeout 100"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options.split(), "serve:app"],
            cwd=ROOT / "examples",
            env=environment,
            stderr=output,
        )
    try:
        yield _address(process, log)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def _address(process, log):
    """Return where a server listens, as it says itself."""
    for _ in range(10 * PATIENCE):
        listening = [line for line in log.read_text().splitlines() if "Listening at" in line]
        if listening:
            return listening[0].split("Listening at: ")[1].split()[0]
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def _post(address, content, field="picture"):
    """Upload a file; return the status and the answer."""
    head = f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="a.png"\r\n\r\n'
    request = urllib.request.Request(
        f"{address}/read",
        data=head.encode() + content + b"\r\n--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _png(picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_gunicorn_with_preload_reads_uploads(server, used):
    (drawn,) = paper.numbers(1, seed=3)
    expected = [number.text for number in used.read(drawn.picture).numbers]
    assert expected
    for _ in range(4):  # of both workers
        status, answer = _post(server, _png(drawn.picture))
        assert (status, answer["numbers"]) == (200, expected)
        assert len(answer["boxes"]) == len(expected)


def test_the_server_answers_what_it_cannot_read_with_an_error(server):
    assert _post(server, b"no picture")[0] == 400
    assert "in the field 'picture'" in _post(server, b"", field="other")[1]["error"]
    blank = Image.new("L", (60, 60), 255)
    status, answer = _post(server, _png(blank))
    assert (status, answer["numbers"]) == (200, [])
