"""Run every command and Python block of README.md, docs/ and CONTRIBUTING.md.

A ``console`` block is a transcript. Its ``$`` lines run in a folder prepared below, which holds small files under the
names that the documents use. A command must exit with 0, or with the code at the end of its line: ``# exit code 3``.
Lines of output in the document must appear in the command's output, in the same order; ``…`` matches any text, and
lines may be left out. An HTML comment before a block changes this:

- ``<!-- run with: WORDS -->`` appends the words to each ``copydesk`` command of the block; numbers are not compared.
- ``<!-- numbers vary -->``: numbers are not compared, because the models here are trained on small data.

Where numbers are not compared, a line matches by its words before the first number.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from helpers import little_articles, little_desk, little_labels, processes
from helpers.little_archive import archive, packed, page, response
from helpers.little_pages import write_pages
from helpers.sample import SAMPLE

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# They install or build, or belong to the shell; the rest of a document's commands run.
EXEMPT = ("make", "git", "pip", "python3", ".venv/bin/pip")
BBC = {
    "business": "shares bank firms economists largest rose profits pounds",
    "entertainment": "film actor album singer award festival stage band",
    "politics": "council council council election minister party parliament policy",
    "sports": "match cup goal coach team injury season rugby",
    "tech": "software phone internet users computer broadband gadget virus",
}
BLOCK = re.compile(r"(?:<!-- (?P<comment>[^>]*) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.M | re.S)


class Command(NamedTuple):
    """A command of a document, with the output that the document shows."""

    document: Path
    line: int
    words: str
    code: int
    shown: list[str]
    exact: bool


def blocks(document: Path) -> Iterator[tuple[int, str, str, str]]:
    """Yield line number, comment, language and body of each fenced block."""
    text = document.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("body")) + 1
        yield line, found["comment"] or "", found["language"], found["body"]


def commands(document: Path) -> Iterator[Command]:
    """Yield the commands of a document's ``console`` blocks."""
    for start, comment, language, body in blocks(document):
        if language != "console":
            continue
        added = comment.removeprefix("run with: ") if comment.startswith("run with: ") else ""
        assert added or comment in ("", "numbers vary"), f"{document.name}:{start}: unknown comment: {comment}"
        lines = body.splitlines()
        assert lines[0].startswith("$ "), f"{document.name}:{start}: a transcript starts with a command"
        at = [number for number, line in enumerate(lines) if line.startswith("$ ")]
        for number, end in zip(at, [*at[1:], len(lines)], strict=True):
            words, _, note = lines[number][2:].partition("  #")
            code = int(found[1]) if (found := re.search(r"exit code (\d+)", note)) else 0
            if added and words.startswith("copydesk "):
                words = f"{words} {added}"
            yield Command(document, start + number, words.strip(), code, lines[number + 1 : end], not comment)


def pattern(line: str, exact: bool) -> re.Pattern[str]:
    """Return what an output line must match: with any white space, and any text in place of ``…``."""
    if not exact:
        line = re.split(r"[−+-]?\d", line, maxsplit=1)[0].rstrip()
    parts = [r"\s+".join(map(re.escape, part.split())) for part in line.split("…")]
    return re.compile(r"\s*" + r".*".join(rf"\s*{part}\s*" for part in parts) + (r"$" if exact else ""))


def missing(command: Command, output: str) -> str | None:
    """Return the first shown line that the output lacks, in order."""
    rest = iter(output.splitlines())
    for line in command.shown:
        if line.strip(" …") and not any(pattern(line, command.exact).match(found) for found in rest):
            return line
    return None


def articles(n: int) -> list[dict[str, str]]:
    """Return rows with every field that the documents name, in texts of several paragraphs."""
    draw = random.Random(1)
    return [
        {
            **row,
            "text": "\n\n".join([row["text"], *(little_desk.sentence(draw) for _ in range(3))]),
            "section": row["label"],
            "headline": f"News {number}",
            "site": f"site{number % 6}.example",
        }
        for number, row in enumerate(little_articles.articles(n))
    ]


def write_rows(path: Path, rows: list[dict[str, object]] | list[dict[str, str]]) -> None:
    path.parent.mkdir(exist_ok=True)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all files that the documents name, and the runs ``bbc_topics``, ``words`` and ``boilerplate``."""
    folder = tmp_path_factory.mktemp("docs")
    draw = random.Random(0)
    (folder / "data" / "sample").mkdir(parents=True)
    for name in ("data/sample/article.txt", "article.txt"):
        shutil.copy(SAMPLE, folder / name)
    html = "".join(f"<p>{line}</p>" for line in SAMPLE.read_text(encoding="utf-8").split("\n") if line)
    (folder / "article.html").write_text(f"<html><body>{html}</body></html>", encoding="utf-8")
    image = response("http://www.example.com/i", b"x", content_type="image/png")
    (folder / "crawl.warc.gz").write_bytes(packed([*archive(3), image]))
    with zipfile.ZipFile(folder / "pages.zip", "w") as pages:
        pages.writestr("a/1.html", page(1))
    write_rows(folder / "pages.jsonl", [{"html": page(number)} for number in range(3)])
    (folder / "cleaned").mkdir()
    for label, words in BBC.items():
        (folder / "bbc" / label).mkdir(parents=True)
        for number in range(12):
            body = "\n\n".join(
                f"{little_desk.sentence(draw)} {' '.join(draw.choices(words.split(), k=8))}" for _ in "123"
            )
            (folder / "bbc" / label / f"{number:03}.txt").write_text(f"{words.split()[0]} {number}\n\n{body}\n")
    write_rows(folder / "news.jsonl", articles(60))
    write_rows(
        folder / "new.jsonl", [{"text": f"{text} {n}", "label": "business"} for n, text in enumerate(["a bank"] * 9)]
    )
    write_rows(folder / "tagged.jsonl", little_labels.rows(60))
    little_labels.save(folder / "models" / "labels")
    write_rows(folder / "inbox.jsonl", [{"id": n, "text": [None, 1, "a", "b", "c", "d"][n]} for n in range(6)])
    for part in range(2):
        write_rows(folder / "news" / f"{part}.jsonl.gz", articles(60)[part::2])
        crawled = [
            {"text": little_desk.article(n), "headline": f"News {n}", "site": f"site{n % 3}"}
            for n in range(30 * part, 30 * part + 30)
        ]
        write_rows(folder / "crawl" / f"{part}.jsonl.gz", crawled)
    frame = little_desk.frame()
    write_rows(
        folder / "labelled.jsonl",
        [
            {"id": name, "site": f"site{number % 10}", "paragraphs": page[["text", "label"]].to_dict("records")}
            for number, (name, page) in enumerate(frame.groupby("document"))
        ],
    )
    write_pages(folder / "pages")
    (folder / "options" / "experiment").mkdir(parents=True)
    (folder / "options" / "search").mkdir()
    (folder / "options" / "experiment" / "mine.yaml").write_text("# @package _global_\n# ours\nname: mine\n")
    shutil.copy(ROOT / "conf" / "search" / "auto.yaml", folder / "options" / "search" / "mine.yaml")
    for words in (
        "experiment=bbc_topics dataset.path=bbc",
        "experiment=bbc_topics dataset.path=bbc features.max_features=3 features.ngram_range=[1,1] name=words",
        "dataset=paragraphs dataset.path=labelled.jsonl split=grouped features=paragraphs decision=threshold "
        "name=boilerplate",
    ):
        code, output = run(f"copydesk train {words}", folder)
        assert code == 0, output
    (folder / "MODEL").symlink_to("experiments/runs/bbc_topics/latest/model")
    return folder


@pytest.fixture
def here(prepared: Path, tmp_path: Path) -> Path:
    """A copy of the prepared folder for one document."""
    return Path(shutil.copytree(prepared, tmp_path / "here", symlinks=True))


def run(line: str, folder: Path) -> tuple[int, str]:
    """Run a line of a transcript; return exit code and output."""
    words = shlex.split(line)
    if words[0] != "copydesk" or "$(" in line:
        shell = f'copydesk() {{ {shlex.quote(sys.executable)} -m copydesk.cli "$@"; }}; {line}'
        done = subprocess.run(["bash", "-c", shell], cwd=folder, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr
    # the shell's patterns, but for quoted ones and Hydra's [ ]
    found = [
        hit
        for word in words[1:]
        for hit in (
            sorted(str(file.relative_to(folder)) for file in folder.glob(word))
            if "*" in word and "=" not in word
            else [word]
        )
    ]
    output = folder / "stdout"
    code, errors, _ = processes.run(*found, cwd=folder, said=folder, stdout=output)
    shown = output.read_text(encoding="utf-8") + errors
    output.unlink()
    return code, shown


def names(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_commands_do_what_the_document_shows(document: Path, here: Path) -> None:
    pytest.importorskip("resiliparse", reason="needs the extra html")
    pytest.importorskip("optuna", reason="needs the extra search")
    for command in commands(document):
        if command.words.split()[0] in EXEMPT:
            continue
        code, output = run(command.words, here)
        where = f"{names(document)}:{command.line}: {command.words}"
        assert code == command.code, f"{where}\n{output}"
        assert missing(command, output) is None, f"{where}\nnot found: {missing(command, output)}\n{output}"


DOCTEST = """
import doctest, sys
found = doctest.DocTestParser().get_doctest(sys.stdin.read(), {}, "document", None, 0)
assert found.examples, "no examples"
sys.exit(doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(found).failed > 0)
"""


@pytest.mark.parametrize(
    "document", [each for each in DOCUMENTS if any(block[2] == "python" for block in blocks(each))], ids=names
)
def test_python_gives_what_the_document_shows(document: Path, here: Path) -> None:
    source = "\n".join(body for _, _, language, body in blocks(document) if language == "python")
    done = subprocess.run(
        [sys.executable, "-c", DOCTEST], cwd=here, input=source, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        assert file.exists(), f"{names(document)}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.M)
            assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}, target


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_scripts_that_figures_name_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for name in re.findall(r"experiments/(?:benchmarks/)?\w+\.\w+|tests/\w+\.py", text):
        assert (ROOT / name).is_file(), f"{names(document)}: {name}"


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"]
    assert [page for page in pages if f"({page})" not in index] == []


def test_every_option_is_in_the_page_on_training() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", (ROOT / "docs" / "training.md").read_text("utf-8"), re.M))
    for group in (folder for folder in (ROOT / "conf").iterdir() if folder.is_dir() and folder.name != "experiment"):
        options = {file.stem for file in group.glob("*.yaml")}
        assert options == set(re.findall(r"`(\w+)`", rows[group.name])), group.name
    assert {file.stem for file in (ROOT / "conf" / "experiment").glob("*.yaml")} <= rows.keys()


def test_a_stale_line_would_be_found() -> None:
    """The comparison itself can fail: by a number, by a word, and by order."""
    shown = Command(ROOT / "README.md", 1, "", 0, ["one 1 …", "two 2"], True)
    assert missing(shown, "one 1 and more\n two  2\n") is None
    assert missing(shown, "one 2 and more\ntwo 2") == "one 1 …"
    assert missing(shown, "two 2\none 1 and") == "two 2"
    assert missing(shown._replace(exact=False), "one 7\ntwo") is None
    assert missing(shown._replace(exact=False), "one 7\nthree") == "two 2"
