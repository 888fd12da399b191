"""Train, judge and run topic and boilerplate-paragraph classifiers for crawled news.

>>> import copydesk
>>> model = copydesk.load("experiments/runs/bbc_topics/latest/model")  # doctest: +SKIP
>>> model.predict(["Chelsea won the cup after extra time."])  # doctest: +SKIP
array(['sport'], dtype=object)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copydesk.models.cleaner import Cleaner
    from copydesk.models.loading import load_model as load
    from copydesk.models.topic import TopicModel
    from copydesk.text.paragraphs import CleanedText, LabelledParagraph
    from copydesk.train import train

__version__ = "0.1.0"
_HOMES = {
    "CleanedText": ("text.paragraphs", "CleanedText"),
    "Cleaner": ("models.cleaner", "Cleaner"),
    "LabelledParagraph": ("text.paragraphs", "LabelledParagraph"),
    "TopicModel": ("models.topic", "TopicModel"),
    "load": ("models.loading", "load_model"),
    "train": ("train", "train"),
}
__all__ = ["CleanedText", "Cleaner", "LabelledParagraph", "TopicModel", "load", "train"]


def __getattr__(name: str) -> Any:
    # `import copydesk` imports nothing until a name is used.
    if name in _HOMES:
        from importlib import import_module

        module, member = _HOMES[name]
        return getattr(import_module(f"copydesk.{module}"), member)
    raise AttributeError(f"module 'copydesk' has no attribute {name!r}")
