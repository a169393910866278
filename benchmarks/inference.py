"""Distinct messages per second by preset and runtime, and the time of a first score.

    make bench-inference ARGS="--seconds 3 --presets words,compact"

The first score is that of a new process, compared with a process that only imports the libraries.
Words are read on one core. Each runtime of an encoder scores the same distinct canonical messages
of a simulated data centre on all cores; the time includes tokenisation. Weights are random if a
preset has none, since only their number affects the time. The pipeline gets single messages, and
then batches of 32, on one thread or on all, whichever is faster.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fame_sql.canonical.canonical import default_recipe
from fame_sql.console import SilentProgress
from fame_sql.errors import FameError
from fame_sql.ingest import ingest_file
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.pipeline.simulator import simulate
from fame_sql.students import DomainSpec, LabelledEvents, StudentConfig, train
from fame_sql.students.config import WORDS
from fame_sql.students.network import encoder
from fame_sql.students.network.inference import infer, spread
from fame_sql.students.network.onnx_export import export_graph
from fame_sql.students.network.onnx_network import INPUTS, OUTPUTS, OnnxEngine
from fame_sql.students.network.pretrained import read_tokenizer
from fame_sql.students.network.runtimes import TorchEngine, cores, in_bfloat16
from fame_sql.students.network.tokenizer import encode, train_tokenizer
from fame_sql.students.presets import choose
from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn

DOMAINS, EXPERTS, BATCH = 8, 4, 32
PRESETS = ("words", "compact", "pretrained", "paper")
# Minimum numbers of messages: with fewer, batches of each length are not full, and padding would be
# measured. A pipeline pads to the longest message of a batch only.
FEWEST, FEWEST_PLAIN = 384, 64
# The architectures of the paper's models; their weights do not matter here.
PAPER = {"router": "distilbert", "experts": "bert"}

Tokens = Sequence[Sequence[int]]
Score = Callable[[Tokens], Any]


@dataclass(frozen=True)
class Preset:
    """A network to measure, with its tokenizer and its name in the table."""

    name: str
    config: StudentConfig
    tokenizer: Tokenizer
    network: nn.ModuleDict


@dataclass(frozen=True)
class Row:
    """A row of the table: seconds for a number of messages, and the seconds of tokenisation."""

    runtime: str
    messages: int
    tokenising: float
    seconds: float

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds


def main() -> None:
    """Measure every available preset on every available runtime, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=30_000, help="lines of the simulated log")
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="approximate time of each measurement"
    )
    parser.add_argument("--presets", default=",".join(PRESETS))
    given = parser.parse_args()
    texts = distinct_messages(given.lines)
    print(f"{processor()}; {len(texts):,} distinct messages of {given.lines:,} lines")
    print(f"{'preset':12}{'runtime':36}{'messages':>9}{'per second':>11}{'ratio':>8}{'tokens':>8}")
    for name in given.presets.split(","):
        if name == WORDS:
            print_words(texts, given.seconds)
            continue
        try:
            preset = built(name, texts)
        except FameError as error:
            print(f"{name:12}left out: {error}")
            continue
        baseline = 0.0
        for row in rows(preset, texts, given.seconds):
            baseline = baseline or row.rate
            share = f"{row.tokenising / row.seconds:.0%}"
            ratio = f"{row.rate / baseline:.1f}x"
            print(
                f"{preset.name:12}{row.runtime:36}{row.messages:9,}{row.rate:11,.0f}{ratio:>8}"
                f"{share:>8}",
                flush=True,
            )
    print("ratio: to the pipeline's first row; tokens: share of the time spent on tokenisation")


def print_words(texts: Sequence[str], seconds: float) -> None:
    """Print the rate of the preset without an encoder, and the time of a first score."""
    random.seed(0)
    share = [float(random.random() < 0.3) for _ in texts]
    count = len(texts)
    domain, late = np.arange(count) % DOMAINS, np.zeros(count, dtype=bool)
    examples = LabelledEvents(list(texts), np.array(share), domain, np.ones(count), late)
    domains = [DomainSpec(str(n), "mixed" if n < EXPERTS else "normal") for n in range(DOMAINS)]
    student = train(examples, [], domains, StudentConfig(), (), SilentProgress())

    def run(some: Sequence[str]) -> tuple[float, float]:
        since = time.perf_counter()
        student.predict(some)
        return 0.0, time.perf_counter() - since

    count, _, took = measured(run, texts, seconds, FEWEST)
    print(f"{WORDS:12}{'tables, one core':36}{count:9,}{count / took:11,.0f}{'':>8}{'':>8}")
    print(first_score(), flush=True)


def first_score() -> str:
    """Return the time of the first score in a new process, and its ratio to the imports alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.duckdb"
        simulate(Path(folder) / "centre.log", lines=4000, seed=0)
        with Warehouse.open(path, create=True) as warehouse:
            ingest_file(warehouse, Path(folder) / "centre.log", format="bgl")
            compile_model(warehouse, config=StudentConfig())
        asked = (
            f"fame_sql.connect({str(path)!r}).sql(\"SELECT fame_score('never seen')\").fetchall()"
        )
        whole, imports = (
            min(process_seconds(code) for _ in range(5))
            for code in (f"import fame_sql; {asked}", "import duckdb, numpy, pyarrow.compute")
        )
    return f"first score of a new process: {whole:.2f} s, {whole / imports:.1f} times its imports"


def process_seconds(code: str) -> float:
    """Return the seconds that a new Python process takes."""
    since = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
    return time.perf_counter() - since


def distinct_messages(lines: int) -> list[str]:
    """Return the distinct canonical messages of a simulated log, in a fixed random order."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "centre.log"
        simulate(log, lines=lines, seed=0)
        with Warehouse.open(Path(folder) / "bench.duckdb", create=True) as warehouse:
            ingest_file(warehouse, log, format="bgl")
            texts = [text for (text,) in warehouse.rows("SELECT canonical FROM fame.events")]
    return random.Random(0).sample(sorted(texts), k=len(texts))


def built(name: str, texts: Sequence[str]) -> Preset:
    """Build the network of a preset; that of the paper has random weights and one expert."""
    placeholders = default_recipe().placeholders
    if name == "paper":
        config = StudentConfig(preset="compact")
        tokenizer = _vocabulary(config, texts, placeholders)
        size = max(tokenizer.get_vocab().values()) + 1
        shapes = {role: {"model_type": kind, "vocab_size": size} for role, kind in PAPER.items()}
        return Preset(name, config, tokenizer, encoder.rebuild(shapes, DOMAINS, 1).eval())
    config = choose(name)
    if config.is_compact:
        tokenizer = train_tokenizer(texts, placeholders, config.vocab, config.max_tokens)
    else:
        tokenizer = read_tokenizer(config, placeholders)
    network = encoder.build(config, tokenizer, DOMAINS, EXPERTS).eval()
    return Preset(name, config, tokenizer, network)


def _vocabulary(
    config: StudentConfig, texts: Sequence[str], placeholders: Sequence[str]
) -> Tokenizer:
    """Return BERT's tokenizer if MiniLM, which uses the same one, is installed."""
    try:
        return read_tokenizer(choose("pretrained"), placeholders)
    except FameError:
        return train_tokenizer(texts, placeholders, config.vocab, config.max_tokens)


def rows(preset: Preset, texts: Sequence[str], seconds: float) -> Iterator[Row]:
    """Measure the pipeline, then every available runtime."""
    yield plain(preset, texts, seconds, batch=1)
    yield plain(preset, texts, seconds, batch=BATCH)
    for runtime, score in runtimes(preset, texts):
        yield timed(preset, texts, seconds, runtime, score)


def runtimes(preset: Preset, texts: Sequence[str]) -> Iterator[tuple[str, Score]]:
    """Yield the runtimes of this machine."""
    import torch

    network, cpu = preset.network, torch.device("cpu")
    yield "torch, float32", lambda tokens: infer(network, tokens, cpu)
    if {"amx_bf16", "avx512_bf16"} & flags():
        halved = in_bfloat16(network)
        yield "torch, bfloat16", lambda tokens: infer(halved, tokens, cpu)
    engine = export_graph(network, encode(preset.tokenizer, texts[:100]), preset.config.max_tokens)
    yield "ONNX Runtime, float32", engine.logits
    if find_spec("openvino"):
        yield "OpenVINO, float32", openvino(engine)
    if torch.cuda.is_available():
        for precision in ("float32", "bfloat16"):
            on_gpu = TorchEngine(network, precision)
            yield f"torch on CUDA, {precision}", on_gpu.logits
        network.cpu()


def openvino(engine: OnnxEngine) -> Score:
    """Return the same graph on OpenVINO, with each batch on all cores."""
    from openvino import Core, PartialShape  # type: ignore[import-not-found,unused-ignore]

    core = Core()
    model = core.read_model(model=engine.graph)
    model.reshape({name: PartialShape([engine.rows, -1]) for name in INPUTS})
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": cores()}
    compiled = core.compile_model(model, "CPU", {**settings, "PERFORMANCE_HINT": "LATENCY"})

    def forward(ids: Any, mask: Any) -> tuple[Any, Any]:
        found = compiled.create_infer_request().infer(dict(zip(INPUTS, (ids, mask), strict=True)))
        return tuple(found[name] for name in OUTPUTS)

    return lambda tokens: spread(forward, tokens, engine.widths, engine.rows, 1)


def timed(preset: Preset, texts: Sequence[str], seconds: float, runtime: str, score: Score) -> Row:
    """Tokenise and score as many messages as fit into the time."""

    def run(some: Sequence[str]) -> tuple[float, float]:
        since = time.perf_counter()
        tokens = encode(preset.tokenizer, some)
        tokenised = time.perf_counter()
        score(tokens)
        return tokenised - since, time.perf_counter() - since

    return Row(runtime, *measured(run, texts, seconds, FEWEST))


def plain(preset: Preset, texts: Sequence[str], seconds: float, *, batch: int) -> Row:
    """Classify messages by one text-classification pipeline per encoder that reads them.

    It runs with one thread or torch's default number, whichever is faster.
    """
    import torch
    from transformers import PreTrainedTokenizerFast, pipeline

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=preset.tokenizer, pad_token="[PAD]", unk_token="[UNK]"
    )
    pipelines = [
        pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
        for model in classifiers(preset.network)
    ]
    settings = {"truncation": True, "max_length": preset.config.max_tokens}

    def run(some: Sequence[str]) -> tuple[float, float]:
        since = time.perf_counter()
        for classify in pipelines:
            classify(list(some), batch_size=batch, **settings)
        whole = time.perf_counter() - since
        since = time.perf_counter()
        for text in some:
            tokenizer(text, **settings)
        return (time.perf_counter() - since) * len(pipelines), whole

    how = "one by one" if batch == 1 else f"batches of {batch}"
    found = []
    for threads in sorted({1, torch.get_num_threads()}):
        with threaded(threads):
            took = measured(run, texts, seconds, FEWEST_PLAIN)
            found.append(Row(f"transformers pipeline, {how}", *took))
    return max(found, key=lambda row: row.rate)


@contextmanager
def threaded(threads: int) -> Iterator[None]:
    """Set the number of torch's threads while the block runs."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def classifiers(network: nn.ModuleDict) -> Iterator[Any]:
    """Yield one classifier per encoder that reads a message, of the same shape."""
    from transformers import AutoModelForSequenceClassification, BertConfig

    from fame_sql.students.network.compact import CompactEncoder

    apart: Any = network["experts"] if encoder.is_separate(network) else ()
    for reader in (network["encoder"], *apart):
        shape = reader.config
        if isinstance(reader, CompactEncoder):
            shape = BertConfig(**vars(shape))
        yield AutoModelForSequenceClassification.from_config(shape).eval()


def measured(
    run: Callable[[Sequence[str]], tuple[float, float]],
    texts: Sequence[str],
    seconds: float,
    fewest: int,
) -> tuple[int, float, float]:
    """Return the number of messages, and the seconds of tokenisation and in total, once warm."""
    count, again = min(fewest, len(texts)), 1
    whole = run(texts[:count])[1]
    if whole < seconds:
        whole = run(texts[:count])[1]
        count, again = max(count, min(len(texts), int(count * seconds / whole))), 2
    return count, *min((run(texts[:count]) for _ in range(again)), key=lambda took: took[1])


def flags() -> set[str]:
    """Return the processor's feature flags; empty if they are not known."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return {flag for line in lines if line.startswith("flags") for flag in line.split()[2:]}


def processor() -> str:
    """Describe the processor in one line."""
    known = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
    return f"{os.cpu_count()} cores, {' '.join(f for f in known if f in flags()) or 'unknown'}"


if __name__ == "__main__":
    main()
