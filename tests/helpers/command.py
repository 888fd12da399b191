"""The command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers import processes


def copydesk(*words: str, cwd: Path, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command; return its exit code, standard output and standard error.

    The process is forked from one that has imported everything; with variables of its environment given, it starts
    from nothing, as a user's does.
    """
    if env:
        command = [sys.executable, "-m", "copydesk.cli", *words]
        environment = {**os.environ, **env}
        return subprocess.run(
            command, cwd=cwd, input=stdin, capture_output=True, text=True, env=environment, timeout=300
        )
    with tempfile.TemporaryDirectory() as made:
        given, shown = Path(made) / "stdin", Path(made) / "stdout"
        given.write_text(stdin or "", encoding="utf-8")
        code, said, _ = processes.run(*words, cwd=cwd, said=Path(made), stdin=given, stdout=shown)
        return subprocess.CompletedProcess(words, code, shown.read_text(encoding="utf-8"), said)
