"""TF-IDF features as scikit-learn's ``TfidfVectorizer`` gives them, from compiled kernels."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.sparse as sp
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, strip_accents_ascii, strip_accents_unicode
from sklearn.utils.validation import check_is_fitted

from copydesk.features import terms
from copydesk.features.concentration import concentrate
from copydesk.features.hashing import HashedFamily
from copydesk.features.options import FAMILY_OPTIONS, check_documents, check_options, chunked, parse_memory
from copydesk.features.table import ORIGIN_COLUMNS
from copydesk.features.vocabulary import PATTERNS, Chunk, Cut, FittedFamily, Growing, fresh_state
from copydesk.features.weighting import NORMS, tfidf_rows

Array = NDArray[Any]


class SlowPatternWarning(UserWarning):
    """A token pattern that the kernels do not know runs through Python's ``re``."""


class TfidfFeatures(TransformerMixin, BaseEstimator):
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
        signs). Memory does not grow with the data, `partial_fit` learns document frequencies from a stream, and terms
        can't be named. None: a vocabulary.
    max_memory : int, str or None, default=None
        Bound, such as "2GB", of what the vocabulary may take while it is found. Beyond it the rarest terms so far are
        dropped, as often as needed; a second pass then counts what is left exactly. None: no bound, one pass.
    sort : bool, default=False
        Columns in alphabetical order, as scikit-learn's; False: in the order in which terms first appear, which
        saves sorting a million strings.
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
        return self._stack(self._learn(check_documents(raw_documents), y, keep=True))

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

    def _learn(self, documents: list[str], y: Any, keep: bool) -> list[sp.csr_matrix]:
        """Fit the families; with ``keep`` return each one's features of the same documents."""
        options = self.family_options()
        given = [self._given(each) for each in options]
        self._cuts = [self._cut(each) for each in options]
        for cut, each in zip(self._cuts, options, strict=True):
            if cut.find is not None:
                warnings.warn(
                    f"token_pattern {each['token_pattern']!r} runs through Python's re, which is slower",
                    SlowPatternWarning,
                    stacklevel=3,
                )
        memory = parse_memory(self.max_memory)
        if memory is not None:
            given = self._frequent(documents, options, given, memory)
        threads = effective_n_jobs(self.n_jobs)
        slices = self._in_threads(lambda part: self._count(part, options, given), documents, threads)
        self.families_, matrices = [], []
        for at, (each, terms_given) in enumerate(zip(options, given, strict=True)):
            whole = slices[0][at]
            for part in slices[1:]:
                whole.join(part[at])
            family, column_of = self._fit_family(whole, each, terms_given, len(documents))
            self.families_.append(family)
            if keep or each["concentration"]:
                matrices.append(self._weigh(whole.blocks, family, column_of, each))
            if each["concentration"]:
                concentrate(family, matrices[-1], y, each)
        self._forget()
        return matrices

    def _frequent(
        self, documents: list[str], options: list[dict[str, Any]], given: list[Any], memory: int
    ) -> list[list[str] | None]:
        """Find the vocabularies that fit into ``memory`` bytes, in the order of first appearance."""
        growing = [
            None if each["n_features"] or names else Growing(cut)
            for each, names, cut in zip(options, given, self._cuts, strict=True)
        ]
        share = memory // max(1, sum(each is not None for each in growing))
        stamp = 0
        for texts in chunked(documents):
            chunk = Chunk.of(self.preprocess(texts))
            for each in growing:
                if each is not None:
                    each.add(each.cut.view(chunk, texts), stamp)
                    each.blocks.clear()
                    each.prune(share)
            stamp += len(texts)
        return [
            names if each is None else terms.decode_terms(each.written[:, 0], each.offsets) or None
            for each, names in zip(growing, given, strict=True)
        ]

    def _stack(self, matrices: list[sp.csr_matrix]) -> sp.csr_matrix:
        return matrices[0] if len(matrices) == 1 else sp.hstack(matrices, format="csr", dtype=self.dtype)

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
        check_is_fitted(self)
        documents = check_documents(raw_documents)
        counted = self._in_threads(lambda part: list(self.counts(part)), documents, effective_n_jobs(self.n_jobs))
        matrices = []
        for at, (family, each) in enumerate(zip(self.families_, self.family_options(), strict=True)):
            blocks = [block[at] for part in counted for block in part]
            matrices.append(self._weigh(blocks, family, np.arange(family.n_terms, dtype=np.int32), each))
        return self._stack(matrices)

    def counts(self, documents: list[str]) -> Iterator[list[tuple[Array, Array]]]:
        """Yield, for each chunk of documents, each family's known terms and counts, and where rows begin."""
        bases = self._bases()
        states = [fresh_state(family.n_terms) for family in self.families_]
        nowhere = np.empty((0, ORIGIN_COLUMNS), dtype=np.int64)
        stamp = 0
        for texts in chunked(documents):
            chunk = Chunk.of(texts)
            found = []
            for cut, family, state in zip(self.fitted_cuts(), self.families_, states, strict=True):
                view = cut.view(chunk, texts)
                found.append(cut.count(view, family.lookup(bases), state, nowhere, family.n_terms, stamp, True)[4:])
            stamp += len(texts)
            yield found

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the terms in the order of columns, shape (n_features,); of several families with a prefix."""
        check_is_fitted(self)
        names: list[str] = []
        for number, family in enumerate(self.families_):
            prefix = f"family{number}__" if len(self.families_) > 1 else ""
            names += [prefix + term for term in family.strings()] if prefix else family.strings()
        return np.asarray(names, dtype=object)

    def inverse_transform(self, X: Any) -> list[NDArray[np.object_]]:
        """Return for each row the terms whose value is not zero."""
        names = self.get_feature_names_out()
        rows = sp.csr_matrix(X)
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
        check_is_fitted(self)
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

    def preprocess(self, documents: list[str]) -> list[str]:
        """Lower and strip accents, as asked for."""
        if self.lowercase:
            documents = [document.lower() for document in documents]
        if self.strip_accents is not None:
            strip = {"unicode": strip_accents_unicode, "ascii": strip_accents_ascii}[self.strip_accents]
            documents = [document if document.isascii() else strip(document) for document in documents]
        return documents

    def _in_threads(self, work: Any, documents: list[str], threads: int) -> list[Any]:
        """Do ``work`` on slices of about the same number of characters; results in the documents' order."""
        if threads == 1 or len(documents) < 2 * threads:
            return [work(self.preprocess(documents))]
        lengths = np.cumsum([len(document) for document in documents])
        borders = np.searchsorted(lengths, np.linspace(0, lengths[-1], threads + 1)[1:-1]).tolist()
        edges = [0, *borders, len(documents)]
        slices = [documents[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)]
        for cut, family in zip(self.fitted_cuts(), getattr(self, "families_", []), strict=False):
            family.lookup(cut.bases)  # made once, before threads ask for it
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda part: work(self.preprocess(part)), slices))

    def _count(
        self, documents: list[str], options: list[dict[str, Any]], given: list[list[str] | None]
    ) -> list[Growing]:
        growing = [Growing(cut) for cut in self._cuts]
        for each, names, how in zip(growing, given, options, strict=True):
            if how["n_features"] is not None:
                each.start_hashing(how["n_features"])
            elif names is not None:
                each.start_with(names)
        stamp = 0
        for texts in chunked(documents):
            chunk = Chunk.of(texts)
            for each in growing:
                each.add(each.cut.view(chunk, texts), stamp)
            stamp += len(texts)
        return growing

    def fitted_cuts(self) -> list[Cut]:
        """Return how each family cuts texts."""
        if not hasattr(self, "_cuts"):
            self._cuts = [self._cut(each) for each in self.family_options()]
        return self._cuts

    # --- options -------------------------------------------------------------------------------------------------

    def family_options(self) -> list[dict[str, Any]]:
        """Return each family's options, checked."""
        if self.strip_accents not in (None, "unicode", "ascii"):
            raise ValueError(f"strip_accents={self.strip_accents!r}: valid are None, 'unicode' and 'ascii'")
        own = {name: getattr(self, name) for name in FAMILY_OPTIONS}
        found = []
        for family in [{}] if self.families is None else self.families:
            if not isinstance(family, Mapping) or set(family) - set(FAMILY_OPTIONS):
                unknown = sorted(set(family) - set(FAMILY_OPTIONS)) if isinstance(family, Mapping) else family
                raise ValueError(f"families: {unknown!r} is no option of a family; valid: {', '.join(FAMILY_OPTIONS)}")
            found.append(check_options({**own, **family}))
        if not found:
            raise ValueError("families=[]: give at least one family, or None for one")
        return found

    def _bases(self) -> Array:
        """Return the two odd multipliers of the hashes."""
        rng = np.random.default_rng([0xC0, self.random_state])
        return rng.integers(1 << 40, 1 << 63, size=2, dtype=np.uint64) | np.uint64(1)

    def _cut(self, options: dict[str, Any]) -> Cut:
        bases = self._bases()
        n_min, n_max = options["ngram_range"]
        shortest, marks, find = 1, False, None
        if options["analyzer"] == "word":
            if options["token_pattern"] in PATTERNS:
                shortest, marks = PATTERNS[options["token_pattern"]]
            else:
                find = re.compile(options["token_pattern"]).findall
        stops = np.zeros(0, dtype=np.uint64)
        if options["stop_words"] is not None and options["analyzer"] == "word":
            words = ENGLISH_STOP_WORDS if options["stop_words"] == "english" else options["stop_words"]
            stops = np.sort(terms.hash_terms(*terms.encode_terms(sorted(words)), bases)[0])
        one_line, title = options["part"] == "first_line", options["part"] == "title"
        return Cut(options["analyzer"], n_min, n_max, shortest, marks, find, stops, one_line, title, bases)

    @staticmethod
    def _given(options: dict[str, Any]) -> list[str] | None:
        """Return the vocabulary that was given, in the order of its columns."""
        vocabulary = options["vocabulary"]
        if vocabulary is None:
            return None
        if isinstance(vocabulary, Mapping):
            order = sorted(vocabulary.items(), key=lambda item: item[1])
            if [column for _, column in order] != list(range(len(order))):
                raise ValueError("vocabulary: its columns must be 0, 1, 2 … without gaps or repetitions")
            return [term for term, _ in order]
        names = sorted(vocabulary) if isinstance(vocabulary, set) else list(vocabulary)
        if len(set(names)) != len(names):
            raise ValueError("vocabulary: a term is there twice")
        if not names:
            raise ValueError("empty vocabulary passed to fit")
        return names

    # --- fitting and weighing ------------------------------------------------------------------------------------

    def _fit_family(
        self, counted: Growing, options: dict[str, Any], given: list[str] | None, n_documents: int
    ) -> tuple[FittedFamily | HashedFamily, Array]:
        """Choose columns and compute idf; return the family and the column of each counted term."""
        n_ngrams = sum(int(found[:, 1].sum()) for found, _ in counted.blocks)
        if options["n_features"] is not None:
            hashed = HashedFamily().learn(counted.document_frequency, n_documents, n_ngrams, options)
            return hashed, np.arange(counted.n_terms, dtype=np.int32)
        if given is None and not counted.n_terms:
            raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
        fixed = options["vocabulary"] is not None
        chosen = np.arange(counted.n_terms) if fixed else self._chosen(counted, options, n_documents)
        family = FittedFamily()
        family.terms_, family.offsets_ = terms.gather_terms(counted.written[:, 0], counted.offsets, chosen)
        family.learn(counted.document_frequency[chosen], n_documents, n_ngrams, options)
        column_of = np.full(counted.n_terms, -1, dtype=np.int32)
        column_of[chosen] = np.arange(len(chosen), dtype=np.int32)
        return family, column_of

    def _chosen(self, counted: Growing, options: dict[str, Any], n_documents: int) -> Array:
        """Return the terms that stay, in the order of their columns; limits as scikit-learn's."""
        low, high = (
            limit if isinstance(limit, int | np.integer) else limit * n_documents
            for limit in (options["min_df"], options["max_df"])
        )
        if high < low:
            raise ValueError("max_df corresponds to < documents than min_df")
        df = counted.document_frequency
        chosen = np.flatnonzero((df >= low) & (df <= high))
        limit = options["max_features"]
        cut = limit is not None and len(chosen) > limit
        if self.sort or cut:
            names = terms.decode_terms(counted.written[:, 0], counted.offsets, chosen)
            chosen = chosen[sorted(range(len(names)), key=names.__getitem__)]
        if cut:
            # The same sort on the same order of the same numbers settles ties as scikit-learn does.
            total = df if options["binary"] else counted.total_counts()
            kept = (-total[chosen]).argsort()[:limit]
            chosen = chosen[np.sort(kept)]
        if not len(chosen):
            raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
        return chosen

    def _weigh(
        self, blocks: list[tuple[Array, Array]], family: FittedFamily, column_of: Array, options: dict[str, Any]
    ) -> sp.csr_matrix:
        room = sum(len(found) for found, _ in blocks)
        n_rows = sum(len(indptr) - 1 for _, indptr in blocks)
        indices = np.empty(room, dtype=np.int32)
        data = np.empty(room, dtype=self.dtype)
        indptr = np.zeros(n_rows + 1, dtype=np.int64)
        row = n = 0
        weighing = weighing_of(family, options)
        for found, starts in blocks:
            rows = np.zeros(len(starts), dtype=np.int64)
            written = tfidf_rows(found, starts, column_of, family.idf_, *weighing, indices[n:], data[n:], rows)
            indptr[row + 1 : row + len(starts)] = n + rows[1:]
            row += len(starts) - 1
            n += written
        if n < 2**31:
            indptr = indptr.astype(np.int32)
        return sp.csr_matrix((data[:n], indices[:n], indptr), shape=(n_rows, family.n_terms), copy=False)


def weighing_of(family: FittedFamily, options: dict[str, Any]) -> tuple[Any, ...]:
    """Return the options of ``tfidf_rows`` and ``add_scores`` in their order."""
    return (
        bool(options["binary"]), bool(options["sublinear_tf"]), float(options["bm25_k1"]), float(options["bm25_b"]),
        float(family.mean_length_), NORMS[options["norm"]], float(options["weight"]),
    )  # fmt: skip
