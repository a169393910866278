"""Run the code blocks of documentation pages and compare what they print with what is shown.

    python docs/snippets.py            # in an empty folder: report every difference
    python docs/snippets.py --write    # replace the shown output by what was printed

Blocks in ``sh``, ``sql`` and ``python`` run in order, in one folder for all pages of a run. A
``text`` block that follows directly is the expected output. One line before a block changes this:

- ``<!-- not run: REASON -->`` before code: it is left out;
- ``<!-- numbers vary -->`` before output: any number may stand where the page shows one, because it
  depends on the trained model, and the tests train a smaller one than users do;
- ``<!-- not compared: REASON -->`` before output: it is an example.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+) -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```\n"
    r"(?:\s*(?:^<!-- (?P<how>numbers vary|not compared: [^\n]+) -->\n)?"
    r"^```text\n(?P<output>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "README.md",
    "docs/start/first-query.md",
    "docs/tutorials/with-labels.md",
    "docs/tutorials/without-labels.md",
    "docs/tutorials/notebook.md",
    "docs/tutorials/dbt.md",
    "docs/examples/commands.md",
)
"""The pages whose code is run, in this order and in one folder."""

_LANGUAGES = ("sh", "sql", "python")
_SHELL = set("|<>&;`(){}*")
_VARIES = (
    (re.compile(r"\b\d+(\.\d+)?(?= s\b)"), "SECONDS"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "HASH"),
    (re.compile(r"\b\d[\d,]* MB free"), "FREE"),
    (re.compile(r"[-─]{3,}"), "RULE"),
)
_ALIASES = {"make demo": "fame demo"}


@dataclass(frozen=True)
class Snippet:
    """A code block of a page.

    Parameters
    ----------
    language, code : str
        The block.
    output : str or None
        What the page shows below it; None if nothing.
    how : str or None
        How the output is compared, if not as it is.
    reason : str or None
        Why it is not run; None if it is.
    span : tuple of int
        Where the shown output lies in the page, for replacing it.
    line : int
        The block's first line in the page.
    """

    language: str
    code: str
    output: str | None
    how: str | None
    reason: str | None
    span: tuple[int, int]
    line: int


def snippets(text: str) -> Iterator[Snippet]:
    """Yield the code blocks of a page in order."""
    for match in _FENCE.finditer(text):
        if match["language"] in _LANGUAGES:
            yield Snippet(
                match["language"],
                match["code"],
                match["output"],
                match["how"],
                match["reason"],
                match.span("output"),
                text.count("\n", 0, match.start("code")),
            )


@dataclass
class Runner:
    """Runs snippets one after another: commands in this process, the rest in a shell.

    Parameters
    ----------
    environment : dict
        Variables that ``export`` has set.
    names : dict
        What Python blocks have defined.
    """

    environment: dict[str, str] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)

    def run(self, snippet: Snippet) -> str:
        """Run a block in the current folder and return what it prints on stdout.

        Raises
        ------
        RuntimeError
            If a command of it fails.
        """
        if snippet.language == "python":
            return self._python(snippet.code)
        if snippet.language == "sql":
            return self._fame(["query", snippet.code])
        return "".join(self._command(command) for command in _commands(snippet.code))

    def _python(self, code: str) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, "<documentation>", "exec"), self.names)
        return printed.getvalue()

    def _command(self, command: str) -> str:
        words = shlex.split(_ALIASES.get(command.partition("#")[0].strip(), command), comments=True)
        if not words:
            return ""
        if words[0] == "export":
            name, _, value = command.removeprefix("export ").partition("=")
            self.environment[name] = self._shell(f"printf %s {value}")
            return ""
        if Path(words[0]).name == "fame" and not _needs_a_shell(command):
            return self._fame([self._expanded(word) for word in words[1:]])
        return self._shell(command)

    def _expanded(self, word: str) -> str:
        return re.sub(r"\$(\w+)", lambda match: self.environment[match[1]], word)

    def _fame(self, words: list[str]) -> str:
        from fame_sql.cli import main

        result = CliRunner().invoke(main, words, prog_name="fame", env=self.environment)
        if result.exit_code:
            raise RuntimeError(f"fame {shlex.join(words)}: {result.stderr}") from result.exception
        return result.stdout

    def _shell(self, command: str) -> str:
        folder = Path(sys.executable).parent
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-ec", command],
            env={**os.environ, **self.environment, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr}")
        return done.stdout


def _commands(code: str) -> Iterator[str]:
    """Yield the commands of a shell block, each of which may run over several lines."""
    pending = ""
    for line in code.splitlines():
        pending += line
        if line.endswith("\\"):
            pending = pending[:-1]
            continue
        try:
            shlex.split(pending, comments=True)
        except ValueError:
            pending += "\n"
            continue
        yield pending
        pending = ""


def _needs_a_shell(command: str) -> bool:
    """Return whether a command has a character outside quotes that a shell interprets."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"|#.*", "", command)
    return bool(_SHELL & set(bare))


def same(shown: str, printed: str, *, any_number: bool = False) -> bool:
    """Return whether a page shows what was printed.

    Seconds, hashes and free disk space may differ, decimal numbers by 0.005, and with
    ``any_number`` all numbers. A line ``…`` in the page stands for any lines.
    """
    return _matches(_lines(shown), _lines(printed), any_number)


def _matches(shown: list[list[str]], printed: list[list[str]], any_number: bool) -> bool:
    if not shown:
        return not printed
    if shown[0] == ["…"]:
        return any(_matches(shown[1:], printed[i:], any_number) for i in range(len(printed) + 1))
    return (
        bool(printed)
        and len(shown[0]) == len(printed[0])
        and all(_same_word(*words, any_number) for words in zip(shown[0], printed[0], strict=True))
        and _matches(shown[1:], printed[1:], any_number)
    )


def _lines(text: str) -> list[list[str]]:
    for pattern, name in _VARIES:
        text = pattern.sub(name, text)
    return [line.split() for line in text.splitlines() if line.strip()]


def _same_word(shown: str, printed: str, any_number: bool) -> bool:
    if shown == printed:
        return True
    try:
        first, second = (float(word.strip("(,)").replace(",", "")) for word in (shown, printed))
    except ValueError:
        return False
    return any_number or ("." in shown + printed and abs(first - second) <= 0.005)


def check(page: Path, runner: Runner, *, write: bool = False) -> list[str]:
    """Run a page's blocks in the current folder.

    Parameters
    ----------
    page : Path
        A Markdown page.
    runner : Runner
        Keeps variables from one page to the next.
    write : bool
        Replace outputs that differ in the page.

    Returns
    -------
    list of str
        One message for each block whose output differs from what the page shows.
    """
    text = page.read_text(encoding="utf-8")
    differences, edits = [], []
    for snippet in snippets(text):
        if snippet.reason is not None:
            continue
        printed = runner.run(snippet)
        if not _is_shown(snippet, printed, write=write):
            where = f"{page}:{snippet.line}"
            differences.append(f"{where}: shown\n{snippet.output}printed\n{printed}")
            edits.append((snippet.span, _shortened(printed, snippet.output)))
    if write and edits:
        for (start, end), printed in reversed(edits):
            text = text[:start] + printed + text[end:]
        page.write_text(text, encoding="utf-8")
    return differences


def _shortened(printed: str, shown: str) -> str:
    """Return what was printed, cut to as many lines as the page shows before a last ``…``."""
    lines = printed.strip("\n").splitlines()
    before = shown.splitlines()
    if before[-1:] == ["…"]:
        lines = [*lines[: len(before) - 1], "…"]
    return "\n".join(lines) + "\n"


def _is_shown(snippet: Snippet, printed: str, *, write: bool) -> bool:
    """Return whether a block's output is in the page; a page that is rewritten must be equal."""
    if snippet.output is None:
        return True
    if write:
        return same(snippet.output, printed)
    if snippet.how is None or snippet.how == "numbers vary":
        return same(snippet.output, printed, any_number=snippet.how is not None)
    return True


def main(arguments: list[str]) -> int:
    """Check all pages, or write their outputs, and return the exit code."""
    write = "--write" in arguments
    runner = Runner()
    found = [text for page in PAGES for text in check(ROOT / page, runner, write=write)]
    print("\n".join(found))  # noqa: T201
    return int(bool(found) and not write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
