"""Train, judge and run topic and boilerplate-paragraph classifiers for crawled news.

>>> import copydesk
>>> model = copydesk.load("experiments/runs/bbc_topics/latest/model")  # doctest: +SKIP
>>> model.predict(["Chelsea won the cup after extra time."])  # doctest: +SKIP
array(['sport'], dtype=object)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copydesk.model import CleanedText, Cleaner, LabelledParagraph, TopicModel, load
    from copydesk.train import train

__version__ = "0.1.0"
__all__ = ["CleanedText", "Cleaner", "LabelledParagraph", "TopicModel", "load", "train"]


def __getattr__(name: str) -> Any:
    # Importing copydesk must cost nothing until something of it is used.
    if name in __all__:
        from importlib import import_module

        module = import_module("copydesk.train" if name == "train" else "copydesk.model")
        return getattr(module, name)
    raise AttributeError(f"module 'copydesk' has no attribute {name!r}")
