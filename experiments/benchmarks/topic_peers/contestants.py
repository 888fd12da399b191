"""Contestants from raw texts to labels: copydesk and its peers behind the same four methods.

``material`` and ``questions`` are not timed: fastText and Vowpal Wabbit get their normalised files for free.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

TUNED = Path(__file__).with_name("fasttext.json")
CONF = Path(__file__).resolve().parents[3] / "conf"
PUNCTUATION = re.compile(r"([.!?,'/()])")


class Contestant:
    """One way from texts to labels.

    Attributes
    ----------
    name : str
    threads : str
        How many it may use.
    """

    name: str
    threads = "1"

    def material(self, texts: list[str], labels: list[str]) -> Any:
        """Return what ``fit`` takes; not timed."""
        return texts, labels

    def fit(self, material: Any) -> None:
        raise NotImplementedError

    def questions(self, texts: list[str]) -> Any:
        """Return what ``predict`` takes; not timed."""
        return texts

    def predict(self, questions: Any) -> Any:
        """Return a label for each text."""
        raise NotImplementedError


class Copydesk(Contestant):
    """The model that ``copydesk train`` fits by default, from ``conf/``."""

    def __init__(self, name: str, jobs: int, *overrides: str) -> None:
        from hydra import compose, initialize_config_dir

        from copydesk.runs.fit import build_estimator

        self.name, self.threads, self.jobs = name, str(jobs), jobs
        with initialize_config_dir(str(CONF), version_base="1.3"):
            chosen = [*overrides, f"++features.n_jobs={jobs}", f"++classifier.n_jobs={jobs}"]
            self.estimator = build_estimator(compose("train", overrides=chosen))

    def fit(self, material: Any) -> None:
        from sklearn.base import clone

        self.model = clone(self.estimator).fit(*material)

    def predict(self, questions: Any) -> Any:
        return self.model.decision_.predict(self.model.scores(questions, n_jobs=self.jobs))


class ScikitLearn(Contestant):
    """A pipeline of scikit-learn's."""

    def __init__(self, name: str, make: Callable[[], Any]) -> None:
        self.name, self.make = name, make

    def fit(self, material: Any) -> None:
        self.model = self.make().fit(*material)

    def predict(self, questions: Any) -> Any:
        return self.model.predict(questions)


def tfidf_and_linear_svc() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LinearSVC())


def hashing_and_sgd() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline

    return make_pipeline(HashingVectorizer(ngram_range=(1, 2)), SGDClassifier(alpha=1e-5, random_state=0))


def normalised(text: str) -> str:
    """Return a text as one line, lower case, punctuation apart, as in fastText's examples."""
    return " ".join(PUNCTUATION.sub(r" \1 ", text.lower()).split())


def mixed(texts: list[str], labels: list[str], seed: int = 0) -> list[tuple[str, str]]:
    """Return texts and labels in random order: online learners need it, and the files are sorted by class."""
    return [(texts[i], labels[i]) for i in np.random.default_rng(seed).permutation(len(texts))]


def lines_file(lines: list[str]) -> Any:
    """Return an open temporary file of these lines; closing deletes it."""
    file = tempfile.NamedTemporaryFile("w", encoding="utf-8")  # noqa: SIM115
    file.writelines(f"{line}\n" for line in lines)
    file.flush()
    return file


class FastText(Contestant):
    """fastText with given options, or with those that ``training.py --parts tune`` found."""

    def __init__(self, name: str, options: dict[str, Any] | None = None) -> None:
        self.name = name
        self.options = json.loads(TUNED.read_text())["options"] if options is None else options

    def material(self, texts: list[str], labels: list[str]) -> Any:
        return lines_file([f"__label__{label} {normalised(text)}" for text, label in mixed(texts, labels)])

    def fit(self, material: Any) -> None:
        import fasttext

        self.model = fasttext.train_supervised(material.name, thread=1, verbose=0, **self.options)

    def questions(self, texts: list[str]) -> Any:
        return [normalised(text) for text in texts]

    def predict(self, questions: Any) -> Any:
        return [labels[0].removeprefix("__label__") for labels in self.model.predict(questions)[0]]


class VowpalWabbit(Contestant):
    """Vowpal Wabbit, one against all, hashed words and pairs."""

    threads = "2 (one reads)"

    def __init__(self, name: str, options: str) -> None:
        self.name, self.options = name, options

    def material(self, texts: list[str], labels: list[str]) -> Any:
        self.classes = sorted(set(labels))
        numbers = {label: number for number, label in enumerate(self.classes, start=1)}
        return lines_file([f"{numbers[label]} | {self._words(text)}" for text, label in mixed(texts, labels)])

    def fit(self, material: Any) -> None:
        from vowpalwabbit import Workspace

        with tempfile.TemporaryDirectory() as folder:
            self.saved = lines_file([])
            fitted = Workspace(
                f"--oaa {len(self.classes)} {self.options} -d {material.name} --cache_file {folder}/cache -k "
                f"--holdout_off --quiet -f {self.saved.name}"
            )
            fitted.finish()

    def questions(self, texts: list[str]) -> Any:
        return lines_file([f"| {self._words(text)}" for text in texts])

    def predict(self, questions: Any) -> Any:
        from vowpalwabbit import Workspace

        with tempfile.NamedTemporaryFile("r") as said:
            Workspace(f"-i {self.saved.name} -t -d {questions.name} -p {said.name} --quiet").finish()
            return np.asarray(self.classes)[[int(line.split()[0]) - 1 for line in said]]

    @staticmethod
    def _words(text: str) -> str:
        return normalised(text).replace(":", " ").replace("|", " ")
