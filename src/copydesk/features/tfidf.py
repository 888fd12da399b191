"""TF-IDF features as scikit-learn's ``TfidfVectorizer`` gives them, from compiled kernels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Array
from copydesk.compiled.threads import in_threads, split_documents, thread_count
from copydesk.features.concentration import supervised_matrix
from copydesk.features.learner import Learner, Part, tfidf_matrix
from copydesk.features.ngrams.counter import Counter
from copydesk.features.ngrams.cut import READ_CHARACTERS, Cut, TextChunk, chunked
from copydesk.features.ngrams.preprocessing import STRIP_ACCENTS
from copydesk.features.option_warnings import warn_of_options
from copydesk.features.options import (
    FAMILY_OPTIONS,
    check_documents,
    check_dtype,
    check_families,
    given_vocabulary,
    parse_memory,
)
from copydesk.features.parameters import check_n_jobs
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Transformer

if TYPE_CHECKING:
    import scipy.sparse as sp


class TfidfFeatures(Transformer):
    r"""TF-IDF of word or character n-grams, or of several families of them in one matrix.

    Parameters and results are those of ``sklearn.feature_extraction.text.TfidfVectorizer``; these differ:

    Parameters
    ----------
    token_pattern : str
        ``(?u)\\b\\w\\w+\\b``, ``\\w+`` and ``\\w+|[^\\w\\s]`` run in the kernel; any other is slower and says so once.
    families : list of dict or None, default=None
        Families of n-grams, each a mapping of the options in which it differs. Each has its own vocabulary, idf and
        norm; their columns stand side by side.
    part : {"text", "first_line", "title"}, default="text"
        What to read of each text. Its title is its first line or, in a message, what its header calls Subject.
    bm25_k1, bm25_b : float, default=0 and 0.75
        With ``bm25_k1`` above 0, counts saturate and long documents are corrected as in BM25 (Robertson and Zaragoza
        2009) in place of ``sublinear_tf``.
    weight : float, default=1
        Factor of the family's values, after its norm.
    concentration : float, default=0
        Share from 0 to 1 of the supervised weight of a term, beside its idf: how much it keeps to few classes (bdc of
        Wang et al. 2015, see ``concentration.concentration``). Above 0, ``fit`` needs the labels.
    n_features : int or None, default=None
        A power of two: hash n-grams to so many columns and keep no vocabulary (Weinberger et al. 2009, without
        signs). What is learned does not grow with the data, though `fit` and `transform` hold the texts and their
        matrix; `partial_fit` learns document frequencies from a stream. Terms can't be named. None: a vocabulary.
    max_memory : int, str or None, default=None
        Bound, such as "2GB", of what the vocabulary may take while it is found. Beyond it the rarest terms so far are
        dropped, as often as needed; a second pass then counts what is left exactly. None: no bound, one pass.
    sort : bool, default=False
        Columns in alphabetical order, as scikit-learn's. False: in the order in which terms first appear, of words
        the shorter n-grams before all longer ones, which saves sorting a million strings; with ``max_features``,
        whose ties the alphabet settles, they are sorted all the same.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    random_state : int, default=0
        Key of the hashes by which terms are found. It does not change results.

    Attributes
    ----------
    families_ : list of FittedFamily or HashedFamily
    idf_ : ndarray of float64, shape (n_features,)
    vocabulary_ : dict of str to int
        Made when it is first asked for.
    """

    supports_fused_scoring = True  # see ``classifiers.fused.FusedScorer``
    families_: list[Any]

    def __init__(
        self,
        *,
        analyzer: str = "word",
        ngram_range: tuple[int, int] | list[int] = (1, 1),
        lowercase: bool = True,
        strip_accents: str | None = None,
        stop_words: str | list[str] | None = None,
        token_pattern: str = r"(?u)\b\w\w+\b",
        min_df: int | float = 1,
        max_df: int | float = 1.0,
        max_features: int | None = None,
        vocabulary: Any = None,
        binary: bool = False,
        sublinear_tf: bool = False,
        use_idf: bool = True,
        smooth_idf: bool = True,
        norm: str | None = "l2",
        dtype: Any = np.float64,
        families: list[dict[str, Any]] | None = None,
        part: str = "text",
        bm25_k1: float = 0.0,
        bm25_b: float = 0.75,
        weight: float = 1.0,
        concentration: float = 0.0,
        n_features: int | None = None,
        max_memory: int | str | None = None,
        sort: bool = False,
        n_jobs: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.stop_words = stop_words
        self.token_pattern = token_pattern
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.binary = binary
        self.sublinear_tf = sublinear_tf
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.norm = norm
        self.dtype = dtype
        self.families = families
        self.part = part
        self.bm25_k1 = bm25_k1
        self.bm25_b = bm25_b
        self.weight = weight
        self.concentration = concentration
        self.n_features = n_features
        self.max_memory = max_memory
        self.sort = sort
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, raw_documents: Any, y: Any = None) -> TfidfFeatures:
        """Learn vocabularies and idf from texts.

        Raises
        ------
        TypeError
            A document is not a string; names its row.
        ValueError
            An option is out of range, or no terms are left.
        """
        self._learn(check_documents(raw_documents), y, keep=False)
        return self

    def fit_transform(self, raw_documents: Any, y: Any = None) -> sp.csr_matrix:
        """Learn from texts and return their features; see ``transform``."""
        features: sp.csr_matrix = self._learn(check_documents(raw_documents), y, keep=True)
        return features

    def partial_fit(self, raw_documents: Any, y: Any = None) -> TfidfFeatures:
        """Add the document frequencies of more texts; needs ``n_features``.

        Raises
        ------
        ValueError
            There is a vocabulary to be found, which takes all texts at once.
        """
        options = self.family_options()
        if any(each["n_features"] is None for each in options):
            raise ValueError("partial_fit needs hashing: set n_features, such as 2**22; a vocabulary needs all texts")
        if any(each["concentration"] for each in options):
            raise ValueError(
                "partial_fit can't weigh terms by their concentration, which takes all texts at once; set 0"
            )
        known: list[Any] | None = getattr(self, "families_", None)
        self._learn(check_documents(raw_documents), y, keep=False)
        if known is not None:
            self.families_ = [
                family.add(more, each) for family, more, each in zip(known, self.families_, options, strict=True)
            ]
        return self

    def _learn(self, documents: list[str], y: Any, keep: bool) -> Any:
        """Fit the families; with ``keep`` return the features of the same documents."""
        self._forget()
        options, cuts = self.family_options(), self.fitted_cuts()
        for cut, each in zip(cuts, options, strict=True):
            warn_of_options(each, cut, self._preprocess, stacklevel=3)
        given = [given_vocabulary(each["vocabulary"]) for each in options]
        memory = parse_memory(self.max_memory)
        learner = Learner(options, cuts, self.read, self.sort, thread_count(self.n_jobs))
        if memory is not None:
            given = learner.frequent(documents, given, memory)
        supervised = any(each["concentration"] for each in options)
        self.families_, parts = learner.learn(documents, given, keep or supervised)
        if not supervised:
            return tfidf_matrix(parts, self.families_, options, self.dtype) if keep else None
        return supervised_matrix(parts, self.families_, options, y, self.dtype)

    def transform(self, raw_documents: Any) -> sp.csr_matrix:
        """Return TF-IDF features.

        Parameters
        ----------
        raw_documents : iterable of str, length n

        Returns
        -------
        csr_matrix of ``dtype``, shape (n, n_features)
            Column indices are not sorted within a row.
        """
        require_fitted(self)
        documents = check_documents(raw_documents)
        self.prepare()

        def count(part: list[str]) -> list[Part]:
            found = [Part() for _ in self.families_]
            for counted in self.counts(part):
                for each, block in zip(found, counted, strict=True):
                    each.blocks.append((block[0].copy(), block[1]))
            return found

        by_thread = in_threads(count, split_documents(documents, thread_count(self.n_jobs)))
        parts = [list(each) for each in zip(*by_thread, strict=True)]
        return tfidf_matrix(parts, self.families_, self.family_options(), self.dtype)

    def prepare(self) -> None:
        """Make what `transform` and `counts` look terms up in; else made by the first who asks, which threads can't."""
        for cut, family in zip(self.fitted_cuts(), self.families_, strict=True):
            family.numbers(cut)

    def counts(self, documents: list[str]) -> Iterator[list[tuple[Array, Array]]]:
        """Yield, for each chunk of documents, each family's known terms and counts, and where rows begin."""
        for chunk, counters in self.chunks(documents):
            yield [counter.count(chunk) for counter in counters]

    def chunks(self, documents: list[str], size: int = READ_CHARACTERS) -> Iterator[tuple[TextChunk, list[Counter]]]:
        """Yield documents in chunks of about ``size`` characters as counters read them, and each family's counter."""
        with ExitStack() as lent:
            counters = [
                lent.enter_context(family.counter(cut))
                for family, cut in zip(self.families_, self.fitted_cuts(), strict=True)
            ]
            for texts in chunked(documents, size):
                yield self.read(texts), counters

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the terms in the order of columns, shape (n_features,); of several families with a prefix."""
        require_fitted(self)
        names: list[str] = []
        for number, family in enumerate(self.families_):
            prefix = f"family{number}__" if len(self.families_) > 1 else ""
            names += [prefix + term for term in family.strings()] if prefix else family.strings()
        return np.asarray(names, dtype=object)

    def inverse_transform(self, X: Any) -> list[NDArray[np.object_]]:
        """Return for each row the terms whose value is not zero."""
        names = self.get_feature_names_out()
        import scipy.sparse as sp

        rows = sp.csr_matrix(X)
        if not rows.data.all():
            rows = rows.copy()
            rows.eliminate_zeros()
        return [names[rows.indices[start:end]] for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True)]

    @property
    def vocabulary_(self) -> dict[str, int]:
        """Column of every term."""
        if not hasattr(self, "_vocabulary"):
            self._vocabulary = {name: at for at, name in enumerate(self.get_feature_names_out())}
        return self._vocabulary

    @property
    def idf_(self) -> Array:
        """Inverse document frequencies, shape (n_features,)."""
        require_fitted(self)
        return np.concatenate([family.idf_ for family in self.families_])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "families_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {key: value for key, value in state.items() if not key.startswith("_") or key == "_sklearn_version"}

    def _forget(self) -> None:
        for name in ("_vocabulary", "_cuts"):
            self.__dict__.pop(name, None)

    # --- reading -------------------------------------------------------------------------------------------------

    def read(self, texts: list[str]) -> TextChunk:
        """Lower, strip accents and encode, as asked for."""
        # the kernel lowers ASCII much faster, but accents are stripped off and patterns run over what is lowered
        late = self.lowercase and self.strip_accents is None and all(cut.find is None for cut in self.fitted_cuts())
        return TextChunk([text if late and text.isascii() else self._preprocess(text) for text in texts], late)

    def _preprocess(self, text: str) -> str:
        """Lower a text and strip its accents, as asked for."""
        text = text.lower() if self.lowercase else text
        return text if self.strip_accents is None or text.isascii() else STRIP_ACCENTS[self.strip_accents](text)

    def fitted_cuts(self) -> list[Cut]:
        """Return how each family cuts texts."""
        if not hasattr(self, "_cuts"):
            self._cuts = [Cut.of(each, self._multiplier()) for each in self.family_options()]
        return self._cuts

    # --- options -------------------------------------------------------------------------------------------------

    def family_options(self) -> list[dict[str, Any]]:
        """Return each family's options, checked."""
        if self.strip_accents not in (None, "unicode", "ascii"):
            raise ValueError(f"strip_accents={self.strip_accents!r}: valid are None, 'unicode' and 'ascii'")
        own = {name: getattr(self, name) for name in FAMILY_OPTIONS}
        check_dtype(self.dtype)
        return check_families(own, self.families)

    def _check_parameters(self) -> None:
        self.family_options()
        check_n_jobs(self.n_jobs)

    def _multiplier(self) -> np.uint64:
        """Return the odd multiplier that is the key of the hashes."""
        rng = np.random.default_rng([0xC0, self.random_state])
        return rng.integers(1 << 62, 1 << 63, dtype=np.uint64) | np.uint64(1)
