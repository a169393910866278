"""The command ``fame domains`` and its subcommands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.language_model import LanguageModelOptions, language_model_options
from fame_sql.cli.options.output import Form, force_option, form_options, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.options.wide import table_options
from fame_sql.cli.output import print_csv, print_done, print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.requests import print_requests, print_spending
from fame_sql.cli.tables import print_nothing, print_table, print_text
from fame_sql.files import read_text, write_text

if TYPE_CHECKING:
    from fame_sql.domains.certification.certificate import Certificate
    from fame_sql.domains.document import Change
    from fame_sql.domains.domains import StoredGrouping
    from fame_sql.domains.grouping import Grouping
    from fame_sql.warehouse.warehouse import Warehouse

_CHANGES = ("what", "before", "after", "template", "text")


@click.group(invoke_without_command=True)
@click.option(
    "--no-stability", is_flag=True, help="With --llm-model, ask once only and measure no stability."
)
@language_model_options
@warehouse_option
@json_option
@table_options
@click.pass_context
def domains(
    context: click.Context,
    no_stability: bool,
    llm: LanguageModelOptions,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Group the templates into failure domains.

    The grouping is certified before it is used. By default, templates are grouped by their words;
    with --llm-model, by a language model, which is asked twice, in different orders, to measure how
    stable its answer is.
    """
    if context.invoked_subcommand is not None:
        return
    from fame_sql.domains.domains import group_templates
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        if not llm.wanted:
            stored = group_templates(opened, progress=terminal_progress())
        elif llm.dry_run:
            _print_requests(opened, llm, stability=not no_stability, as_json=as_json)
            return
        else:
            stored = _group_by_llm(opened, llm, stability=not no_stability)
    _print_certificate(stored.certificate, as_json=as_json)


def _group_by_llm(
    warehouse: Warehouse, llm: LanguageModelOptions, *, stability: bool
) -> StoredGrouping:
    from fame_sql.domains.domains import group_templates
    from fame_sql.domains.proposals.by_llm import LLMGrouper

    model = llm.open(warehouse)
    try:
        return group_templates(warehouse, LLMGrouper(model, stability=stability))
    finally:
        print_spending(model)


def _print_requests(
    warehouse: Warehouse, llm: LanguageModelOptions, *, stability: bool, as_json: bool
) -> None:
    from fame_sql.domains.domains import read_summaries
    from fame_sql.domains.proposals.by_llm import LLMGrouper

    model = llm.open(warehouse)
    grouper = LLMGrouper(model, stability=stability)
    summaries = read_summaries(warehouse)
    requests = grouper.preview(summaries)
    merges = grouper.merges(summaries).in_words()
    print_requests(model, requests, [merges] if merges else [], as_json=as_json)


@domains.command()
@click.option(
    "--page",
    "page_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the certificate as an HTML page, or as Markdown if FILE ends in .md.",
)
@force_option
@warehouse_option
@json_option
@table_options
def show(page_path: Path | None, force: bool, warehouse: Path, as_json: bool) -> None:
    """Show the current domains and the decisions of their certification."""
    from fame_sql.domains import domains
    from fame_sql.domains.document import page
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        certificate = domains.read_certificate(opened)
        summaries = domains.read_summaries(opened)
        source = domains.read_grouping(opened).source
    if page_path is not None:
        if page_path.suffix == ".md":
            text = page(certificate, summaries, source)
        else:
            from fame_sql.forensics.pages.certificate import html_certificate

            text = html_certificate(certificate, summaries, source)
        write_text(page_path, text, force=force)
        said = f"the certificate is in {page_path}"
        print_done(said, {"file": str(page_path)}, as_json=as_json)
        return
    _print_certificate(certificate, as_json=as_json, everything=True)


@domains.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the YAML file and exit, without opening an editor.",
)
@force_option
@warehouse_option
def edit(out: Path | None, force: bool, warehouse: Path) -> None:
    """Edit the domains as YAML in your editor, then certify and use them."""
    from fame_sql.domains import domains
    from fame_sql.domains.document import from_yaml, to_yaml
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        text = to_yaml(domains.read_grouping(opened), domains.read_summaries(opened))
        if out is not None:
            write_text(out, text, force=force)
            click.echo(f"edit {out}, then run: fame domains certify {out}")
            return
        edited = click.edit(text, extension=".yaml")
        if edited is None:
            print_nothing("nothing was changed", "fame domains show")
            return
        stored = domains.certify_grouping(opened, from_yaml(edited))
    _print_certificate(stored.certificate, as_json=False)


@domains.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@warehouse_option
@form_options
def diff(path: Path, warehouse: Path, form: Form) -> None:
    """Show what a file would change in the current domains."""
    from fame_sql.domains import domains
    from fame_sql.domains.document import changes
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        found = changes(domains.read_grouping(opened), _read(path))
        texts = {t.template_id: t.template for t in domains.read_summaries(opened)}
    if form == "json":
        print_json([asdict(change) for change in found])
    elif form == "csv":
        print_csv(_CHANGES, [_row(change, texts) for change in found])
    elif not found:
        print_nothing(f"{path} changes nothing", "fame domains edit")
    else:
        print_table(_CHANGES, [_row(change, texts, longest=80) for change in found], _CHANGES[1:])
        click.echo(f"{len(found)} differences")


def _row(
    change: Change, texts: dict[str, str], longest: int | None = None
) -> tuple[str | None, ...]:
    text = texts.get(change.template_id or "", "")[:longest]
    return change.what, change.before, change.after, change.template_id, text


@domains.command()
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@warehouse_option
@json_option
@table_options
def certify(path: Path | None, warehouse: Path, as_json: bool) -> None:
    """Certify and use the domains of an edited file.

    Without FILE, the current domains are certified again, with the current labels.
    """
    from fame_sql.domains import domains
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        grouping = domains.read_grouping(opened) if path is None else _read(path)
        stored = domains.certify_grouping(opened, grouping)
    _print_certificate(stored.certificate, as_json=as_json)


def _read(path: Path) -> Grouping:
    from fame_sql.domains.document import from_yaml

    return from_yaml(read_text(path))


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
            print_text(text.rstrip())
    click.echo("certified" if certificate.certified else "not certified")
