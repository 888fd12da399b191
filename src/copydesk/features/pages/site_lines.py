"""Lines that recur on a site's pages (menus, forms, prompts), stored as hashes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Floats
from copydesk.features.pages.page_rows import PageRows


@dataclass(frozen=True)
class SiteLines:
    """Lines that occur on more than one page of a site.

    Attributes
    ----------
    hashes : uint64 (n_lines,), sorted
        As ``PageRows.hashes``: case and white space don't count.
    shares : float32 (n_lines,)
        Share of the other pages that have a line, seen from a page that has it.
    n_pages : int
    """

    hashes: NDArray[np.uint64]
    shares: Floats
    n_pages: int

    @classmethod
    def of(cls, rows: PageRows) -> SiteLines:
        """Count the pages of a site that have each line."""
        n_pages = len(rows.starts) - 1
        page = np.repeat(np.arange(n_pages, dtype=np.uint64), np.diff(rows.starts))
        once = np.unique(np.column_stack([rows.hashes, page]), axis=0)[:, 0]
        hashes, pages = np.unique(once, return_counts=True)
        often = pages > 1
        shares = (pages[often] - 1) / max(n_pages - 1, 1)
        return cls(hashes[often], shares.astype(np.float32), n_pages)

    def share_of(self, hashes: NDArray[np.uint64]) -> Floats:
        """Return the share of each line, float32 (n,); 0 for unknown lines."""
        found = np.zeros(len(hashes), dtype=np.float32)
        if len(self.hashes):
            at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
            known = self.hashes[at] == hashes
            found[known] = self.shares[at[known]]
        return found
