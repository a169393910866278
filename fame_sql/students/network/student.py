"""A student with an encoder: a network with heads, and a lexical head."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
from fame_sql.students.calibration.calibration import Calibration
from fame_sql.students.calibration.held_out import HeldOut
from fame_sql.students.config import DomainSpec, StudentConfig
from fame_sql.students.facts import FILE, StudentFacts
from fame_sql.students.generations import Generations
from fame_sql.students.lexical import LexicalHead
from fame_sql.students.network.inference import read_vectors
from fame_sql.students.network.onnx_network import GRAPH, OnnxEngine, read_graph
from fame_sql.students.network.runtimes import Engine, TorchEngine, require_torch
from fame_sql.students.network.tokenizer import encode, load_tokenizer
from fame_sql.students.network.weights import read_network, write_network
from fame_sql.students.runtime import Runtime
from fame_sql.students.student import LogOdds, Student

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn

TOKENIZER = "tokenizer.json"


class EncoderStudent(Student):
    """The trained encoder and heads, their tokenizer and their calibration.

    Parameters
    ----------
    config : StudentConfig
        How it was trained.
    domains : sequence of DomainSpec
        The failure domains, in the order of the columns of a :class:`Prediction`.
    tokenizer : tokenizers.Tokenizer
        Turns texts into token ids.
    engine : Engine
        The network, and what runs it.
    calibration : Calibration
        The published scale.
    lexical : LexicalHead
        Scores texts of unseen templates by their words.
    held_out : HeldOut, optional
        The evidence it was calibrated on, from which thresholds for another target are computed.
    generations : Generations, optional
        Which training judges which domain, if only some domains were retrained.
    earlier : sequence of LexicalHead
        The lexical heads of the earlier generations.
    """

    def __init__(
        self,
        config: StudentConfig,
        domains: Sequence[DomainSpec],
        tokenizer: Tokenizer,
        engine: Engine,
        calibration: Calibration,
        lexical: LexicalHead,
        held_out: HeldOut | None = None,
        generations: Generations | None = None,
        earlier: Sequence[LexicalHead] = (),
    ) -> None:
        super().__init__(config, domains, calibration, held_out, generations)
        self.lexical = lexical
        self.tokenizer = tokenizer
        self.engine = engine
        self.earlier = tuple(earlier)
        self._generation = np.zeros(len(self.domains), dtype=np.int64)
        if generations is not None:
            self._generation = generations.of_domains()

    @property
    def network(self) -> nn.ModuleDict:
        """The encoder and heads in torch; not to be changed."""
        return self.engine.network

    @property
    def runtime(self) -> Runtime:
        """What runs the network."""
        return self.engine.runtime

    def log_odds(self, canonical: Sequence[str]) -> LogOdds:
        """Return what the heads say about canonical texts.

        The log-odds of a known template are the mean of those of the domain's expert (in a normal
        domain, of the shared head) and of the lexical head. Of a long text only the first
        ``config.max_tokens`` tokens are read.
        """
        router, anomaly = self.engine.logits(encode(self.tokenizer, canonical))
        lexical = self.lexical.log_odds(canonical)
        experts = self.calibration.log_odds(anomaly[:, self.columns])
        words = [lexical, *(head.log_odds(canonical) for head in self.earlier)]
        own = np.ascontiguousarray(np.stack(words, axis=1)[:, self._generation])
        return LogOdds(router=router, known=(experts + own) / 2, unseen=lexical)

    def vectors(self, canonical: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the encoder's vectors of texts, [n, width], always computed on the CPU."""
        network = self.network
        if any(weight.device.type != "cpu" for weight in network.parameters()):
            network = copy.deepcopy(network).cpu()
        return read_vectors(network, encode(self.tokenizer, canonical))

    def on(self, runtime: Runtime, texts: Sequence[str]) -> EncoderStudent:
        """Return the same student on a runtime; see :meth:`Student.on`."""
        if runtime == self.runtime:
            return self
        moved = copy.copy(self)
        if runtime.name == "onnx":
            from fame_sql.students.network.onnx_export import export_graph

            tokens = encode(self.tokenizer, texts)
            moved.engine = export_graph(self.network, tokens, self.config.max_tokens)
        else:
            moved.engine = TorchEngine(self.network, runtime.precision)
        return moved

    def save_heads(self, folder: Path) -> None:
        """Write the network, its tokenizer and the lexical heads.

        Parameters
        ----------
        folder : Path
            Gets ``student.safetensors``, ``tokenizer.json``, the lexical head's files and, for
            pretrained encoders, ``encoder.json``.
        """
        write_network(self.network, self.config, folder)
        (folder / TOKENIZER).write_text(self.tokenizer.to_str(pretty=True), encoding="utf-8")
        self.engine.save(folder)
        for number, head in enumerate((self.lexical, *self.earlier)):
            head.save(folder, number)

    @classmethod
    def load(cls, folder: Path, facts: StudentFacts) -> EncoderStudent:
        """Read a student; see :meth:`Student.load`."""
        tokenizer = load_tokenizer(folder / TOKENIZER, facts.config.max_tokens)
        return cls(
            config=facts.config,
            domains=facts.domains,
            tokenizer=tokenizer,
            engine=_engine(folder, facts, tokenizer),
            calibration=facts.calibration,
            lexical=LexicalHead.load(folder),
            held_out=HeldOut.load(folder),
            generations=facts.generations,
            earlier=[LexicalHead.load(folder, number) for number in facts.earlier_generations],
        )


def _engine(folder: Path, facts: StudentFacts, tokenizer: Tokenizer) -> Engine:
    """Open what runs the network; torch is imported only for the runtime torch."""

    def read() -> nn.ModuleDict:
        require_torch("retraining this model", facts.config)
        return read_network(
            folder,
            facts.config,
            tokenizer,
            domains=len(facts.domains),
            experts=facts.experts,
            generations=facts.generations,
        )

    runtime = facts.runtime or Runtime()
    if runtime.name == "torch":
        instead = ", or, on a machine that has them, 'fame models convert VERSION --runtime onnx'"
        require_torch(f"the model in {folder}", facts.config, instead)
        return TorchEngine(read(), runtime.precision)
    engine = OnnxEngine(read_graph(folder), read)
    if engine.widths != facts.widths:
        raise ModelError(
            f"{folder / GRAPH} does not fit {FILE}: train again with 'fame train --full'"
        )
    return engine
