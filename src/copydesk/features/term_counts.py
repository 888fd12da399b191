"""Document frequencies counted chunk by chunk or machine by machine, from which TF-IDF features are fitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from copydesk.compiled.threads import thread_count
from copydesk.features.kernels.counts import DF
from copydesk.features.learner import Learner, Part, Terms, known_terms, prune
from copydesk.features.ngrams.cut import chunked
from copydesk.features.option_warnings import warn_of_options
from copydesk.features.options import check_documents, given_vocabulary, parse_memory
from copydesk.features.tfidf import TfidfFeatures


class TermCounts:
    """Document frequencies of texts, under the parameters of a `TfidfFeatures`.

    Counts of chunks of a collection, however it is cut, merge into the counts of all its texts, if they are merged in
    the order of the texts. ``fitted`` turns them into features equal to those that ``fit`` gives on all texts. They are
    pickled compactly, without hash tables.

    With ``max_memory`` the rarest terms are dropped as often as needed, and ``pruned`` is then True: frequencies are
    lower bounds, and all texts have to be counted once more by the counts that ``recount`` returns.

    Parameters
    ----------
    features : TfidfFeatures
        Not changed, and need not be fitted.

    Attributes
    ----------
    n_documents : int
    pruned : bool

    Raises
    ------
    ValueError
        An option is out of range, or terms are weighed by their concentration, which takes labels.

    Examples
    --------
    >>> counts = TermCounts(TfidfFeatures())
    >>> for texts in chunks:
    ...     counts.add(texts)
    >>> features = counts.fitted()
    """

    def __init__(self, features: TfidfFeatures, given: list[Terms | None] | None = None) -> None:
        self.features = features
        options = features.family_options()
        if any(each["concentration"] for each in options):
            raise ValueError("concentration: terms are counted without labels; set it to 0")
        self.given = [given_vocabulary(each["vocabulary"]) for each in options] if given is None else given
        self.n_documents, self.pruned = 0, False
        self._prepare()
        self.parts = self.learner.new_parts(self.given, self.learner.vocabularies(self.given))
        self._limit_caches()
        for cut, each in zip(self.learner.cuts, options, strict=True):
            warn_of_options(each, cut, features._preprocess, stacklevel=3)

    def _prepare(self) -> None:
        """Set what follows from the parameters."""
        features = self.features
        options = features.family_options()
        threads = thread_count(features.n_jobs)
        self.learner = Learner(options, features.fitted_cuts(), features.read, features.sort, threads)
        growing = sum(not each["n_features"] and names is None for each, names in zip(options, self.given, strict=True))
        memory = parse_memory(features.max_memory)
        self.share = memory // growing if memory is not None and growing else None

    def add(self, texts: Iterable[str]) -> None:
        """Count the n-grams of further texts.

        Raises
        ------
        TypeError
            A text is not a string; names its row.
        """
        documents = check_documents(texts)
        self.n_documents += len(documents)
        for some in chunked(documents):
            chunk = self.learner.read(some)
            for part, options in zip(self.parts, self.learner.options, strict=True):
                assert part.counter is not None
                counted = part.counter.count(chunk)
                part.add(counted, keep=False, with_totals=options["max_features"] is not None and not self.pruned)
            self._prune()

    def merge(self, other: TermCounts) -> None:
        """Add the counts of later texts, under the same parameters; ``other`` is used up."""
        self.n_documents += other.n_documents
        for mine, others in zip(self.parts, other.parts, strict=True):
            mine.join(others, self.learner.threads)
        self.pruned |= other.pruned
        self._prune()

    def recount(self) -> TermCounts:
        """Return empty counts of the terms that are left, for a second pass over all texts."""
        left = [
            known_terms(_counter(part)) if self._grows(part) else names
            for part, names in zip(self.parts, self.given, strict=True)
        ]
        return TermCounts(self.features, left)

    def fitted(self) -> TfidfFeatures:
        """Return features fitted to the texts; nothing can be added afterwards.

        Raises
        ------
        ValueError
            No terms are left, or the counts are ``pruned``.
        """
        if self.pruned:
            raise ValueError("rare terms were dropped, so that frequencies are lower bounds: count again by recount()")
        from sklearn.base import clone

        fitted: TfidfFeatures = clone(self.features)
        fitted.families_ = [
            self.learner.fit_family([part], options, names, self.n_documents)
            for part, options, names in zip(self.parts, self.learner.options, self.given, strict=True)
        ]
        return fitted

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return sum(_counter(part).nbytes if self._grows(part) else _counter(part).state.nbytes for part in self.parts)

    def __getstate__(self) -> dict[str, Any]:
        counted = [
            (
                _counter(part).ngrams if self._grows(part) else None,
                _counter(part).document_frequency.copy(),
                part.n_ngrams,
                part.totals,
            )
            for part in self.parts
        ]
        own = ("features", "given", "n_documents", "pruned")
        return {"counted": counted, **{name: getattr(self, name) for name in own}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        counted = state.pop("counted")
        self.__dict__.update(state)
        self._prepare()
        self.parts = self.learner.new_parts(self.given, self.learner.vocabularies(self.given))
        for part, (ngrams, frequencies, n_ngrams, totals) in zip(self.parts, counted, strict=True):
            counter, part.n_ngrams, part.totals = _counter(part), n_ngrams, totals
            if ngrams is not None:
                counter.ngrams = ngrams
            counter._make_room(1)
            counter.state[: len(frequencies), DF] = frequencies
        self._limit_caches()

    def _grows(self, part: Part) -> bool:
        """Return whether a part finds its own vocabulary."""
        return not _counter(part).frozen

    def _limit_caches(self) -> None:
        if self.share is not None:
            for part in self.parts:
                _counter(part).limit_cache(self.share // 16)

    def _prune(self) -> None:
        """Drop the rarest terms of families that exceed their share of the memory."""
        if self.share is not None:
            for part in self.parts:
                self.pruned |= self._grows(part) and prune(_counter(part), self.share)
        if self.pruned:
            for part in self.parts:
                part.totals = part.totals[:0]


def _counter(part: Part) -> Any:
    assert part.counter is not None, "nothing can be added once features are fitted"
    return part.counter
