"""Attack fame-sql, and count what was tried, what held and what failed.

python benchmarks/attack.py --kills 1000 --flips 200
python benchmarks/attack.py --kills 100 --stages server alerts
python benchmarks/attack.py --parts scarce flips
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import attacks
from alert_servers import receivers
from attack_tests import tests_of
from kill_stages import Ingredients, all_stages, local_stages, writing_stages
from kills import Forks, Tried, forks, kill_at_random
from llm_server import language_server
from scarce import possible, suffer
from serve_stage import serving_stage

PARTS = ("kills", "interrupts", "scarce", "flips", "models", "texts", "tests")
_INTERRUPTS = 8
"""Of each stage."""


def kill_all(folder: Path, given: argparse.Namespace) -> Iterator[Tried]:
    """Kill every stage, each as often as the others."""
    with forks(folder) as forking, language_server(delay=0.05) as server, receivers() as channels:
        channels.delay = 0.05
        made = Ingredients(folder / "ingredients", forking)
        stages = {stage.name: stage for stage in all_stages(made, server, channels)}
        wanted = given.stages or list(stages)
        if unknown := sorted(set(wanted) - set(stages)):
            known = ", ".join(map(repr, stages))
            raise SystemExit(f"no stage {unknown[0]!r}: name some of {known}")
        each = -(-given.kills // len(wanted))
        for number, stage in enumerate(stages[name] for name in wanted):
            tried = kill_at_random(stage, forking, folder / f"stage-{number}", each, given.seed)
            yield Tried(f"kills: {stage.name}", tried.tried, tried.failed)


def interrupt_all(folder: Path, made: Ingredients, forking: Forks, seed: int) -> Iterator[Tried]:
    """Interrupt every command at random moments."""
    for number, stage in enumerate(local_stages(made)):
        place, by = folder / f"stage-{number}", signal.SIGINT
        tried = kill_at_random(stage, forking, place, _INTERRUPTS, seed, by)
        yield Tried(f"interrupts: {stage.name}", tried.tried, tried.failed)


def starve_all(folder: Path, made: Ingredients, forking: Forks) -> Iterator[Tried]:
    """Run every stage with too little of each thing that it needs."""
    stages = [*local_stages(made), *writing_stages(made), serving_stage(made.after("score"))]
    for number, stage in enumerate(stages):
        tried = suffer(stage, forking, folder / f"stage-{number}", possible())
        yield Tried(f"scarce: {stage.name}", tried.tried, tried.failed)


def attack(folder: Path, given: argparse.Namespace) -> Iterator[Tried]:
    """Yield what came of each kind of attack."""
    parts = ["kills"] if given.stages else given.parts
    if "kills" in parts and given.kills:
        yield from kill_all(folder / "kills", given)
    if not {"interrupts", "scarce", "flips", "models", "texts"}.isdisjoint(parts):
        with forks(folder) as forking:
            made = Ingredients(folder / "made", forking)
            if "interrupts" in parts:
                yield from interrupt_all(folder / "interrupts", made, forking, given.seed)
            if "scarce" in parts:
                yield from starve_all(folder / "scarce", made, forking)
        yield from attack_files(folder, made.folder / "score" / "w.duckdb", given)
    if "tests" in parts:
        yield from tests_of(Path(__file__).parents[1] / "tests")


def attack_files(folder: Path, compiled: Path, given: argparse.Namespace) -> Iterator[Tried]:
    """Damage and forge a warehouse and its model, and show hostile texts."""
    if "flips" in given.parts:
        yield attacks.flip_bits(compiled, folder / "flips", given.flips, given.seed)
    if "models" in given.parts:
        yield attacks.damage_models(compiled, folder / "models")
        yield attacks.forge_models(compiled, folder / "forged")
    if "texts" in given.parts:
        evil = attacks.hostile_warehouse(compiled, folder / "evil")
        (folder / "shown").mkdir()
        yield from attacks.show_hostile_texts(evil, folder / "shown")


def main() -> None:
    """Attack, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="Of all stages together.")
    parser.add_argument("--stages", nargs="+", metavar="STAGE", help="Kill these, and end.")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="Try these alone.")
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    total = failed = 0
    print(f"{'':<40}{'tried':>8}{'held':>8}{'failed':>8}")
    with tempfile.TemporaryDirectory(prefix="attack-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for one in ("kills", "made", "scarce"):
            (folder / one).mkdir()
        for tried in attack(folder, given):
            bad = len(tried.failed)
            print(f"{tried.name:<40}{tried.tried:>8}{tried.tried - bad:>8}{bad:>8}", flush=True)
            for what in tried.failed[:5]:
                print(f"    {what[:300]!r}")
            total, failed = total + tried.tried, failed + bad
    print(f"{'all':<40}{total:>8}{total - failed:>8}{failed:>8}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
