"""Imports and compiled kernels of a training, loaded once by the server from which processes are forked."""

from __future__ import annotations

import gc
from contextlib import suppress

import sklearn.linear_model  # noqa: F401

import copydesk.commands.train  # noqa: F401
from copydesk.config import compose  # noqa: F401
from helpers import little_topics

with suppress(ImportError):  # the extra report
    import jinja2  # noqa: F401
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

little_topics.fitted().predict_proba(little_topics.TEXTS)
gc.collect()
gc.freeze()  # a collection in a forked process would read, and so copy, all that is loaded here
