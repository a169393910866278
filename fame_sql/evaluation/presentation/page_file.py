"""Writing the HTML page of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fame_sql.errors import InputError
from fame_sql.evaluation.presentation.page import html_page
from fame_sql.evaluation.presentation.report import StudyReport
from fame_sql.evaluation.study.label_curve import CurvePoint
from fame_sql.evaluation.study.splits import read_lines
from fame_sql.warehouse.warehouse import Warehouse


def check_writable(html: Path) -> None:
    """Check that the page can be written, before a study that may take hours.

    Raises
    ------
    InputError
        If it cannot.
    """
    is_new = not html.exists()
    try:
        html.open("a").close()
        if is_new:
            html.unlink()
    except OSError as error:
        raise InputError(f"{html} cannot be written: {error.strerror}") from None


def write_page(
    html: Path, warehouse: Path, reports: Sequence[StudyReport], curve: Sequence[CurvePoint] = ()
) -> None:
    """Write the page of a study.

    Parameters
    ----------
    html : Path
        The file.
    warehouse : Path
        The warehouse that was studied; its texts are read.
    reports : sequence of StudyReport
        One per K.
    curve : sequence of CurvePoint, optional
        The label curve.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with Warehouse.open(warehouse, read_only=True) as opened:
        texts = read_lines(opened).canonical
    sections = [report.section(texts) for report in reports]
    try:
        html.write_text(html_page(f"Study of {warehouse.name}", sections, curve), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{html} cannot be written: {error.strerror}") from None
