"""Save and load a bundle: ``manifest.json``, ``model.json``, ``arrays.npz``, skops parts, a model card."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from copydesk.bundle.encoding import EncodedEstimator, decode_estimator
from copydesk.bundle.folders import write_folder
from copydesk.bundle.parts import dump_part, load_part
from copydesk.errors import CopydeskError, ModelError

FORMAT = "copydesk-bundle"
FORMAT_VERSION = 2  # 1 named classes by the paths of their modules
MANIFEST, ARRAYS = "manifest.json", "arrays.npz"
FILE_LIST = 2_000  # upper bound of the manifest's list of files, in bytes
MAX_MANIFEST_BYTES = 4_194_304
# Compression shrinks mostly zero weights to a thirtieth, and a zip bomb to a thousandth.
MAX_EXPANSION = 100
WEIGHTS = ("coef_", "weights_", "intercept_", "idf_")


def save_bundle(
    path: str | Path,
    estimator: Any,
    manifest: dict[str, Any],
    extra_files: dict[str, str | bytes] | None = None,
    compressed: bool = False,
) -> None:
    """Write a fitted estimator and its manifest atomically.

    Parameters
    ----------
    path : path-like
        Folder of the bundle; an existing one is replaced in one step.
    estimator : estimator
        Made of classes of copydesk and scikit-learn.
    manifest : dict
        JSON-able; must hold ``task`` and ``classes``.
    extra_files : dict of str to str or bytes, optional
        Further files by name, such as ``README.md``.
    compressed : bool, default=False
        Deflate the arrays: smaller, slower to write.

    Raises
    ------
    ResourceError
        The folder can't be written.
    TypeError
        The estimator holds an object that can't be stored as data.
    ValueError
        A weight is NaN or infinite.
    """
    extras = {name: text.encode() if isinstance(text, str) else text for name, text in (extra_files or {}).items()}
    encoded = EncodedEstimator(estimator)
    check_numbers(encoded)

    def write(folder: Path) -> None:
        for name, data in {**_small_files(encoded), **extras}.items():
            (folder / name).write_bytes(data)
        with (folder / ARRAYS).open("wb") as file:  # not by way of bytes in memory: they may be most of it
            _write_npz(file, encoded.arrays, compressed)
        listed = {path.name: _facts(path) for path in sorted(folder.iterdir())}
        content = {"format": FORMAT, "format_version": FORMAT_VERSION, **manifest, "files": listed}
        sealed = {**content, "sha256": _digest(_json(content))}
        (folder / MANIFEST).write_bytes(_json(sealed, indent=2))

    write_folder(Path(path), write)


def measure(estimator: Any, compressed: bool = False) -> int:
    """Return the size of a fitted estimator in a bundle in bytes, without manifest and further files."""
    encoded = EncodedEstimator(estimator)
    check_numbers(encoded)
    packed = io.BytesIO()
    _write_npz(packed, encoded.arrays, compressed)
    return packed.getbuffer().nbytes + sum(map(len, _small_files(encoded).values()))


def _small_files(encoded: EncodedEstimator) -> dict[str, bytes]:
    """Return all files of an estimator but that of its arrays."""
    return {
        "model.json": _json({"tree": encoded.tree, "parts": sorted(encoded.parts)}),
        **{_part_name(number): dump_part(part) for number, (_, part) in enumerate(sorted(encoded.parts.items()))},
    }


def _facts(path: Path) -> dict[str, Any]:
    """Return what a manifest lists of a file."""
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def check_numbers(encoded: EncodedEstimator) -> None:
    """Refuse to save an estimator with invalid numbers.

    Raises
    ------
    ValueError
        An array holds NaN, or a weight of a linear model is not finite.
    """
    arrays = dict(encoded.arrays)
    for where, part in encoded.parts.items():
        arrays |= {f"{where}.{name}": np.asarray(getattr(part, name)) for name in WEIGHTS if hasattr(part, name)}
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not (
            np.isfinite(array).all() if name.endswith(WEIGHTS) else not np.isnan(array).any()
        ):
            raise ValueError(f"{name} holds a value that is not a number; the model is not saved")


def load_bundle(path: str | Path, task: str | None = None) -> tuple[Any, dict[str, Any]]:
    """Verify every byte of a bundle, build its estimator and return it with the manifest.

    Parameters
    ----------
    path : path-like
    task : str, optional
        Refuse a bundle of another task.

    Raises
    ------
    ModelError
        The bundle is missing, foreign, damaged, newer than this version, or of another task.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    if task is not None and manifest["task"] != task:
        raise ModelError(f"{folder}: a model for the task {manifest['task']!r}, not {task!r}; give one for {task!r}")
    return estimator_of_files(_checked_files(folder, manifest), folder), manifest


def estimator_of_files(files: dict[str, bytes], folder: Path) -> Any:
    """Build the estimator that a bundle's files describe.

    Parameters
    ----------
    files : dict of str to bytes
        ``model.json``, ``arrays.npz`` and the parts.
    folder : Path
        Named in error messages.

    Raises
    ------
    ModelError
        They describe no estimator, or one that this version can't build.
    """
    try:
        model = json.loads(files["model.json"])
        parts = {name: load_part(files[_part_name(n)]) for n, name in enumerate(model["parts"])}
        return decode_estimator(model["tree"], _arrays(files[ARRAYS]), parts)
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from None
    except CopydeskError:  # a fault of the machine, not of the files
        raise
    # Any other error means that the files do not fit together; no code from them has run.
    except Exception as error:
        raise ModelError(
            f"{folder}: can't be built by this version of copydesk ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:200]}); use the version named in its manifest.json, or train it again"
        ) from None


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(each.file_size for each in packed.infolist()) > MAX_EXPANSION * (len(data) + 2**20):
            raise ModelError("arrays.npz expands to more than any model holds; refused")
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    strange = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
    if strange:
        raise ModelError(f"arrays.npz holds {strange[0]!r}, which is not an array; refused")
    return arrays


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read ``manifest.json`` and check its format, version and digest.

    Raises
    ------
    ModelError
        As for ``load_bundle``.
    """
    file = folder / MANIFEST
    if not file.is_file():
        hint = "does not exist" if not folder.exists() else f"holds no {MANIFEST}"
        raise ModelError(f"{folder}: {hint}; give the model folder of a run, such as RUN/model")
    data = _read(file, MAX_MANIFEST_BYTES)
    try:
        manifest = json.loads(data)
        content = {key: value for key, value in manifest.items() if key != "sha256"}
        intact = manifest["sha256"] == _digest(_json(content)) and data == _json(manifest, indent=2)
        found, version = content["format"], content["format_version"]
        whole = isinstance(content["task"], str) and isinstance(content["classes"], list)
        whole &= all(isinstance(facts["bytes"], int) and facts["sha256"] for facts in content["files"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"{file}: damaged, or not of a copydesk bundle; restore it or train again") from None
    if found != FORMAT:
        raise ModelError(f"{file}: of format {found!r}, not {FORMAT!r}; this is not a copydesk model")
    if version not in range(1, FORMAT_VERSION + 1) or isinstance(version, bool):
        raise ModelError(
            f"{file}: bundle format {version}, this copydesk reads up to {FORMAT_VERSION}; update copydesk"
        )
    if not (intact and whole):
        raise ModelError(f"{file}: damaged (its digest does not fit); restore it or train again")
    return dict(manifest)


def _checked_files(folder: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    """Read the files that the manifest lists; refuse missing, additional and changed ones."""
    listed = manifest["files"]
    present = {entry.name for entry in folder.iterdir()} - {MANIFEST}
    for name in sorted(present ^ set(listed)):
        fault = "is missing" if name in listed else "does not belong to the bundle"
        raise ModelError(f"{folder / name}: {fault}; restore the bundle or train again")
    files = {}
    for name, facts in listed.items():
        data = _read(folder / name, facts["bytes"])
        if len(data) != facts["bytes"] or _digest(data) != facts["sha256"]:
            raise ModelError(f"{folder / name}: damaged (its digest does not fit); restore the bundle or train again")
        files[name] = data
    return files


def _read(file: Path, at_most: int) -> bytes:
    if file.is_symlink() or not file.is_file():
        raise ModelError(f"{file}: not a regular file; refused")
    try:
        with file.open("rb") as stream:
            return stream.read(at_most + 1)
    except OSError as error:
        raise ModelError(f"{file}: can't be read: {error.strerror}") from None


def _part_name(number: int) -> str:
    return f"part{number}.skops"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _json(value: Any, indent: int | None = None) -> bytes:
    text = json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _write_npz(file: IO[bytes], arrays: dict[str, np.ndarray], compressed: bool) -> None:
    """Write arrays in the format of ``numpy.savez``; the same arrays give the same bytes."""
    (np.savez_compressed if compressed else np.savez)(file, allow_pickle=False, **dict(sorted(arrays.items())))
