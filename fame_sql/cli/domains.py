"""The command 'domains': the partition, its certificate, and a person's edits."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.language_model import ModelOptions, model_options, print_plan, tell_bill
from fame_sql.cli.output import json_option, print_json, print_table, warehouse_option
from fame_sql.console import printable
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.domains.certification.certificate import Certificate
    from fame_sql.domains.domains import StoredGrouping
    from fame_sql.domains.grouping import Grouping
    from fame_sql.warehouse.warehouse import Warehouse


@click.group(invoke_without_command=True)
@click.option("--no-stability", is_flag=True, help="With --model: do not ask a second time.")
@model_options
@warehouse_option
@json_option
@click.pass_context
def domains(
    context: click.Context,
    no_stability: bool,
    asked: ModelOptions,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Partition the templates into failure domains, and certify the partition.

    By their words; with --model, by a language model, which is asked twice, in different
    orders, to tell how stable its answer is.
    """
    if context.invoked_subcommand is not None:
        return
    from fame_sql.domains.domains import group_templates
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        if not asked.wanted:
            stored = group_templates(opened)
        elif asked.dry_run:
            _print_partition_plan(opened, asked, stability=not no_stability, as_json=as_json)
            return
        else:
            stored = _read(opened, asked, stability=not no_stability)
    _print_certificate(stored.certificate, as_json=as_json)


def _read(warehouse: Warehouse, asked: ModelOptions, *, stability: bool) -> StoredGrouping:
    from fame_sql.domains.domains import group_templates
    from fame_sql.domains.proposals.by_llm import LLMGrouper

    model = asked.open(warehouse)
    try:
        return group_templates(warehouse, LLMGrouper(model, stability=stability))
    finally:
        tell_bill(model)


def _print_partition_plan(
    warehouse: Warehouse, asked: ModelOptions, *, stability: bool, as_json: bool
) -> None:
    from fame_sql.domains.domains import read_summaries
    from fame_sql.domains.proposals.by_llm import LLMGrouper

    model = asked.open(warehouse)
    grouper = LLMGrouper(model, stability=stability)
    requests = grouper.preview(read_summaries(warehouse))
    note = "where the templates take several requests, one more merges what they find"
    print_plan(model, requests, [note], as_json=as_json)


@domains.command()
@click.option(
    "--page", "page_path", type=click.Path(path_type=Path), help="Write the certificate as a page."
)
@warehouse_option
@json_option
def show(page_path: Path | None, warehouse: Path, as_json: bool) -> None:
    """Show the domains in force and the decisions of their certification."""
    from fame_sql.domains import domains
    from fame_sql.domains.document import page
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        certificate = domains.read_certificate(opened)
        summaries = domains.read_summaries(opened)
        source = domains.read_grouping(opened).source
    if page_path is not None:
        _write(page_path, page(certificate, summaries, source))
        click.echo(f"the certificate is in {page_path}")
        return
    _print_certificate(certificate, as_json=as_json, everything=True)


@domains.command()
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the file and leave; edit it yourself."
)
@warehouse_option
def edit(out: Path | None, warehouse: Path) -> None:
    """Edit the partition as YAML in your editor, then certify it and put it in force."""
    from fame_sql.domains import domains
    from fame_sql.domains.document import from_yaml, to_yaml
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        text = to_yaml(domains.read_grouping(opened), domains.read_summaries(opened))
        if out is not None:
            _write(out, text)
            click.echo(f"edit {out}, then: fame domains certify {out}")
            return
        edited = click.edit(text, extension=".yaml")
        if edited is None:
            click.echo("nothing was changed")
            return
        stored = domains.certify_grouping(opened, from_yaml(edited))
    _print_certificate(stored.certificate, as_json=False)


@domains.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@warehouse_option
@json_option
def diff(path: Path, warehouse: Path, as_json: bool) -> None:
    """Show what a file would change in the partition in force."""
    from fame_sql.domains import domains
    from fame_sql.domains.document import changes
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        found = changes(domains.read_grouping(opened), _read_file(path))
        texts = {t.template_id: t.template for t in domains.read_summaries(opened)}
    if as_json:
        print_json([asdict(change) for change in found])
        return
    rows = [
        (c.what, c.before, c.after, c.template_id, texts.get(c.template_id or "", "")[:80])
        for c in found
    ]
    print_table(("what", "before", "after", "template", "text"), rows)
    click.echo(f"{len(found)} differences")


@domains.command()
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@warehouse_option
@json_option
def certify(path: Path | None, warehouse: Path, as_json: bool) -> None:
    """Certify an edited file, or the partition in force with today's labels; put it in force."""
    from fame_sql.domains import domains
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        grouping = domains.read_grouping(opened) if path is None else _read_file(path)
        stored = domains.certify_grouping(opened, grouping)
    _print_certificate(stored.certificate, as_json=as_json)


def _read_file(path: Path) -> Grouping:
    from fame_sql.domains.document import from_yaml

    try:
        return from_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def _print_certificate(
    certificate: Certificate, *, as_json: bool, everything: bool = False
) -> None:
    if as_json:
        print_json(asdict(certificate))
        return
    print_table(
        ("domain", "kind", "templates", "description"),
        [(d.name, d.kind, len(d.template_ids), d.description) for d in certificate.domains],
    )
    for finding in certificate.findings:
        if everything or not finding.passed or finding.action:
            about = f" ({finding.domain})" if finding.domain else ""
            text = f"{finding.rule}{about}: {finding.detail} {finding.action or ''}"
            click.echo(printable(text.rstrip()))
    click.echo("certified" if certificate.certified else "not certified")
