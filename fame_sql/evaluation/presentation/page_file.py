"""Writing the HTML page of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fame_sql.evaluation.presentation.page import html_page
from fame_sql.evaluation.presentation.report import StudyReport
from fame_sql.evaluation.study.label_curve import CurvePoint
from fame_sql.evaluation.study.splits import read_lines
from fame_sql.files import write_text
from fame_sql.warehouse.warehouse import Warehouse


def write_page(
    html: Path, warehouse: Path, reports: Sequence[StudyReport], curve: Sequence[CurvePoint] = ()
) -> None:
    """Write the page of a study; a page of the same name is replaced.

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
    write_text(html, html_page(f"Study of {warehouse.name}", sections, curve), force=True)
