"""The parts of a server, in the order in which they start."""

from __future__ import annotations

from fame_sql.serve.http import Web
from fame_sql.serve.intake.files import FollowedFiles
from fame_sql.serve.intake.syslog import Syslog
from fame_sql.serve.intake.web_lines import LinesIntake
from fame_sql.serve.intake.web_otlp import OtlpIntake
from fame_sql.serve.judge import Judge
from fame_sql.serve.part import Part
from fame_sql.serve.rounds import Rounds
from fame_sql.serve.settings import ServeSettings
from fame_sql.serve.writer import Writer


def usual_parts(settings: ServeSettings) -> list[Part]:
    """Return what a server does; it stops in the reverse order."""
    judge = Judge()
    writer = Writer(judge.committed)
    intakes: list[Part] = [OtlpIntake(writer), LinesIntake(writer), Syslog(writer)]
    return [judge, writer, FollowedFiles(judge.wake), *intakes, Web(), Rounds()]
