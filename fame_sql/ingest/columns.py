"""Which columns of a table are the time, the message and so on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fame_sql.errors import InputError
from fame_sql.ingest.records.delimited import plain_name
from fame_sql.ingest.times.written import WrittenTime
from fame_sql.sql.quoting import identifier, literal

_OBSERVED = "observed_time_unix_nano"

USUAL: dict[str, tuple[str, ...]] = {
    "time": (
        "time_unix_nano",
        "timestamp",
        "ts",
        "time",
        "@timestamp",
        "_time",
        "datetime",
        _OBSERVED,
        *("timecreated", "event_time", "eventtime", "timegenerated", "log_time", "date_time"),
        *("created_at", "createdat", "creationtime", "time_local", "event.created", "date"),
        *("_messagetimems", "_messagetime", "_ts"),
    ),
    "body": (
        *("body", "message", "msg", "log", "line", "text", "_raw", "content", "details"),
        *("log_message", "logmessage", "syslogmessage", "rawdata", "short_message"),
        *("full_message", "renderedmessage", "textpayload", "resultdescription"),
        *("event.original", "@message", "_line", "rendereddescription", "description"),
    ),
    "level": (
        *("severity_text", "level", "severity", "lvl", "log_level", "leveldisplayname"),
        *("log.level", "loglevel", "levelname", "severitylevel", "severitytext", "eventlevelname"),
        *("error_severity", "entrytype", "priority", "status"),
    ),
    "service": (
        *("service_name", "service", "logger", "component", "providername", "service.name"),
        *("syslog_identifier", "container_name", "kubernetes.container_name"),
    ),
    "host": (
        *("host_name", "host", "hostname", "host.name", "computer", "machinename"),
        *("host.hostname", "_hostname", "_sourcehost"),
    ),
    "trace_id": ("trace_id", "traceid"),
    "span_id": ("span_id", "spanid"),
    "resource_attributes": ("resource_attributes",),
    "log_attributes": ("log_attributes", "attributes"),
    "severity_number": ("severity_number",),
}
"""The usual names of the columns, in lower case; the first that a table has is taken."""

_SAID = {
    "body": "message",
    "severity_number": "number of the level",
    "trace_id": "trace",
    "span_id": "span",
    "resource_attributes": "resource",
    "log_attributes": "attributes",
}
_NAMED = 9
_DAY, _CLOCK = r"^\d{4}-\d{2}-\d{2}$", r"^\d{1,2}:\d{2}(?::|$)"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL")


@dataclass(frozen=True)
class ColumnChoice:
    """The columns that the user names; the others are found by their usual names.

    Parameters
    ----------
    body, time, level, service, host : str, optional
        The columns of the message, its time, level, service and host.
    new_by : str, optional
        A column that grows from row to row, such as a number: of a table that was read before,
        only rows with a greater value are read.
    """

    body: str | None = None
    time: str | None = None
    level: str | None = None
    service: str | None = None
    host: str | None = None
    new_by: str | None = None


@dataclass(frozen=True)
class Columns:
    """The columns of a table.

    Parameters
    ----------
    types : mapping of str to str
        The types of all columns.
    roles : mapping of str to str
        The column for each key of :data:`USUAL` that the table has.
    """

    types: Mapping[str, str]
    roles: Mapping[str, str]

    @property
    def reason(self) -> str:
        """Which column is what, for people."""
        words = ((_SAID.get(role, role), name) for role, name in self.roles.items())
        return ", ".join(f"{role} from {name}" for role, name in words)

    def expressions(self, time_format: str | None = None) -> dict[str, str]:
        """Return a SQL expression for each column of a log line.

        Parameters
        ----------
        time_format : str, optional
            How times are written that are text; None is any usual way.
        """
        return {
            "timestamp": self._time(time_format),
            "observed": self._observed(),
            "severity_text": f"nullif({self._text('level')}, '')",
            "severity_number": self._number(),
            "service_name": self._first(self._text("service"), "service.name"),
            "host_name": self._first(self._text("host"), "host.name"),
            "body": self._text("body"),
            "trace_id": self._identifier("trace_id"),
            "span_id": self._identifier("span_id"),
            "resource_attributes": self._json("resource_attributes"),
            "attributes": self._attributes(guesses=time_format is None),
            "lost": self._lost(time_format),
            "time_name": literal(self.roles.get("time", "")),
        }

    def _quoted(self, role: str) -> str | None:
        return identifier(self.roles[role]) if role in self.roles else None

    def _kind(self, role: str) -> str:
        return self.types[self.roles[role]].upper()

    def _text(self, role: str) -> str:
        column = self._quoted(role)
        if column is None:
            return "NULL::VARCHAR"
        if self._kind(role) in ("JSON", "VARIANT"):
            return f"({column}::JSON ->> '$')"
        return f"{column}::VARCHAR"

    def _identifier(self, role: str) -> str:
        column = self._quoted(role)
        if column is not None and self._kind(role) == "BLOB":
            return f"lower(hex({column}))"
        return f"nullif({self._text(role)}, '')"

    def _first(self, text: str, key: str) -> str:
        """Return the text, or the attribute of the resource that says the same."""
        if "resource_attributes" not in self.roles:
            return f"nullif({text}, '')"
        resource = self._json("resource_attributes")
        return f"coalesce(nullif({text}, ''), json_extract_string({resource}, {literal(key)}))"

    def _time(self, time_format: str | None = None) -> str:
        if "time" not in self.roles:
            return "NULL::TIMESTAMP"
        return self._moment(self.roles["time"], time_format)

    def _observed(self) -> str:
        """Return when a record was first seen, if a column of OpenTelemetry says it."""
        found = [name for name in self.types if name.lower() == _OBSERVED]
        return self._moment(found[0]) if found else "NULL::TIMESTAMP"

    def _moment(self, name: str, time_format: str | None = None) -> str:
        column, kind = identifier(name), self.types[name].upper()
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"({column} AT TIME ZONE 'UTC')::TIMESTAMP"
        if kind.startswith(("TIMESTAMP", "DATE")):
            return f"ingest_local({column}::TIMESTAMP)"
        if kind.lstrip("U").startswith(_INTEGERS):
            # In OpenTelemetry, 0 is a time that is not known.
            return f"ingest_epoch_timestamp(nullif({column}::VARCHAR, '0'))"
        if time_format is not None:
            return WrittenTime(time_format).reading(self._written(name))
        text = self._written(name)
        day = f"CASE WHEN regexp_matches({text}, '{_DAY}') THEN {text} END"
        return (
            f"coalesce(ingest_epoch_timestamp({text}), ingest_iso_timestamp({text}), "
            f"ingest_time({text}), try_cast({day} AS TIMESTAMP))"
        )

    def _written(self, name: str) -> str:
        """Return SQL for a time that is text; the date of a clock is in another column."""
        column = f"{identifier(name)}::VARCHAR"
        days = [identifier(one) for one in self.types if one.lower() == "date" and one != name]
        dated = f"{days[0]}::VARCHAR || ' ' || {column}" if days else "NULL"
        return f"CASE WHEN regexp_matches({column}, '{_CLOCK}') THEN {dated} ELSE {column} END"

    def _guess(self) -> str | None:
        """Return SQL for what is guessed of a time that is text, None for other columns."""
        name = self.roles.get("time")
        if name is None or self.types[name].upper() != "VARCHAR":
            return None
        text = self._written(name)
        return f"CASE WHEN ingest_iso_timestamp({text}) IS NULL THEN ingest_time_guess({text}) END"

    def _lost(self, time_format: str | None) -> str:
        if "time" not in self.roles:
            return "false"
        time = self._quoted("time")
        return (
            f"{time} IS NOT NULL AND {time}::VARCHAR <> '0' AND {self._time(time_format)} IS NULL"
        )

    def _number(self) -> str:
        column = self._quoted("severity_number")
        if column is None:
            return "NULL::UTINYINT"
        number = f"try_cast({column}::VARCHAR AS UTINYINT)"
        return f"CASE WHEN {number} BETWEEN 1 AND 24 THEN {number} END"

    def _json(self, role: str) -> str:
        column = self._quoted(role)
        if column is None:
            return "NULL::JSON"
        if self._kind(role) == "VARCHAR":
            return f"try_cast(nullif({column}, '') AS JSON)"
        return f"{column}::JSON"

    def _attributes(self, *, guesses: bool) -> str:
        """Return SQL for all other columns as one JSON object, without those that are NULL."""
        used = {column for role, column in self.roles.items() if role != "log_attributes"}
        rest = [name for name in self.types if name not in used]
        held = self.roles.get("log_attributes")
        pairs = [f"{literal(name)}, {self._value(name)}" for name in rest if name != held]
        if guesses and (guess := self._guess()):
            pairs.append(f"'time_guess', {guess}")
        others = f"json_object({', '.join(pairs)})"
        if held is None:
            return f"ingest_attributes({others})" if pairs else "NULL::JSON"
        attributes = f"coalesce({self._json('log_attributes')}, '{{}}')"
        return f"ingest_attributes(json_merge_patch({attributes}, {others}))"

    def _value(self, name: str) -> str:
        column = identifier(name)
        return f"{column}::JSON" if self.types[name].upper() == "VARIANT" else column


def find_columns(table: str, types: Mapping[str, str], choice: ColumnChoice) -> Columns:
    """Return the columns of a table.

    Parameters
    ----------
    table : str
        The name of the table, for messages.
    types : mapping of str to str
        The types of its columns.
    choice : ColumnChoice
        The columns that the user names.

    Raises
    ------
    InputError
        If it has no column for the message, or not a column that was named.
    """
    by_name = {
        **{plain_name(name): name for name in reversed(list(types))},
        **{name.lower(): name for name in types},
    }
    roles: dict[str, str] = {}
    for role, usual in USUAL.items():
        given = getattr(choice, role, None)
        if given is not None and given.lower() not in by_name:
            raise _no_column(table, types, f"{given}: name one of them with --{role}-column")
        for name in usual if given is None else (given.lower(),):
            if name in by_name and by_name[name] not in roles.values():
                roles[role] = by_name[name]
                break
    if "body" not in roles:
        raise _no_column(
            table,
            types,
            f"{' or '.join(USUAL['body'][:_NAMED])}: name the column of the message "
            "with --body-column",
        )
    return Columns(types, roles)


def _no_column(table: str, types: Mapping[str, str], rest: str) -> InputError:
    return InputError(f"{table} has the columns {', '.join(types)}, and none called {rest}")
