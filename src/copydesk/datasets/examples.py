"""Examples: labelled texts in one frame, as which every dataset loads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from copydesk.errors import escaped

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.tasks import Task


@dataclass(frozen=True)
class Examples:
    """Labelled texts and where they come from.

    Attributes
    ----------
    frame : pandas.DataFrame
        Columns ``text`` (str), ``label`` (str; a tuple of str where the task has several), ``group`` (str, the site or
        source that must not straddle a split; "" where unknown), ``split`` ("train", "test" or "" where there is no
        official split), ``document`` (str), ``position`` (int, the paragraph's place in its document), ``title``
        (str), and optionally ``weight`` (float, the sample weight; 0: neither trained on nor judged) and ``judged``
        (bool; False: trained on, and never judged). For topic a row is a document; for boilerplate a row
        is a paragraph, and a document's rows are contiguous and in order.
    task : Task
    name : str
        Short name of the dataset, for the run's records.
    notes : dict
        JSON-able facts about the reading (files, counts of rows left out and why).
    fields : dict of str to str
        Fields of the source by role, "text", "title" or "site": a model remembers them, and reads them by default.
    left_out : list of LeftOut
        What could not be used.
    """

    frame: pd.DataFrame
    task: Task
    name: str
    notes: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


class LeftOut(NamedTuple):
    """A row or document that could not be used: its place and the reason."""

    where: str
    reason: str

    def __str__(self) -> str:
        return escaped(f"{self.where}: {self.reason}")
