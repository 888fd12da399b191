"""Train, judge and run topic and boilerplate-paragraph classifiers for crawled news.

>>> import copydesk
>>> model = copydesk.load("experiments/runs/bbc_topics/latest/model")  # doctest: +SKIP
>>> model.predict(["Chelsea won the cup after extra time."])  # doctest: +SKIP
array(['sport'], dtype=object)
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would be all that importing copydesk takes
if TYPE_CHECKING:
    from typing import Any

    from copydesk.models.arrow_predictor import arrow_predictor
    from copydesk.models.cleaner import Cleaner
    from copydesk.models.loading import load
    from copydesk.models.topic import TopicModel
    from copydesk.text.paragraphs import CleanedText, LabelledParagraph
    from copydesk.train import train

__version__ = "0.1.0"
_HOMES = {
    "CleanedText": "text.paragraphs",
    "Cleaner": "models.cleaner",
    "LabelledParagraph": "text.paragraphs",
    "TopicModel": "models.topic",
    "arrow_predictor": "models.arrow_predictor",
    "load": "models.loading",
    "train": "train",
}
__all__ = ["CleanedText", "Cleaner", "LabelledParagraph", "TopicModel", "arrow_predictor", "load", "train"]


def __getattr__(name: str) -> Any:
    # `import copydesk` imports nothing until a name is used.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"copydesk.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'copydesk' has no attribute {name!r}")
