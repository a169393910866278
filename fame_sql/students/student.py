"""A trained student: it scores texts, and is stored in a folder of safetensors and JSON."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
from fame_sql.students.calibration.calibration import Calibration, sigmoid
from fame_sql.students.calibration.held_out import HeldOut
from fame_sql.students.config import DomainSpec, StudentConfig, anomaly_columns
from fame_sql.students.facts import FILE, StudentFacts
from fame_sql.students.generations import Generations
from fame_sql.students.lexical import LexicalHead
from fame_sql.students.network.inference import read_vectors
from fame_sql.students.network.onnx_network import GRAPH, OnnxEngine, read_graph
from fame_sql.students.network.runtimes import Engine, Runtime, TorchEngine, require_torch
from fame_sql.students.network.tokenizer import encode, load_tokenizer
from fame_sql.students.network.weights import read_network, write_network

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn

TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a student predicts for n texts in each of its D domains.

    Parameters
    ----------
    router : float64 array
        [n, D] probability that the text belongs to the domain; each row sums to 1.
    scores : float64 array
        [n, D] anomaly score in [0, 1] that the text has if it belongs to the domain, with the
        threshold at 0.5: the mean log-odds of the domain's expert (in a normal domain, of the
        shared head) and of the lexical head; 1 in an anomalous domain, where routing alone
        decides.
    thresholds : float64 array
        [D] raw probability at which the log-odds of the domain's head are zero; in an anomalous
        domain no head is asked.
    lexical : float64 array
        [n] anomaly score in [0, 1] by the text's words alone, whatever its domain, on the scale
        of unseen templates.
    """

    router: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    thresholds: npt.NDArray[np.float64]
    lexical: npt.NDArray[np.float64]


class Student:
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
        self.config = config
        self.domains = tuple(domains)
        self.calibration = calibration
        self.lexical = lexical
        self.held_out = held_out or HeldOut.none()
        self._tokenizer = tokenizer
        self.engine = engine
        self.generations = generations
        self.earlier = tuple(earlier)
        self._columns = anomaly_columns(self.domains)
        self._generation = np.zeros(len(self.domains), dtype=np.int64)
        if generations is not None:
            self._columns = np.array(generations.columns)
            self._generation = generations.of_domains()
        self._routed = np.array([domain.kind == "anomalous" for domain in self.domains])

    @property
    def tokenizer(self) -> Tokenizer:
        """Turns texts into token ids."""
        return self._tokenizer

    @property
    def network(self) -> nn.ModuleDict:
        """The encoder and heads in torch; not to be changed."""
        return self.engine.network

    @property
    def runtime(self) -> Runtime:
        """What runs the network."""
        return self.engine.runtime

    @property
    def thresholds(self) -> npt.NDArray[np.float64]:
        """For each domain, the raw probability at which its head's log-odds are zero."""
        return np.array(self.calibration.thresholds)

    def predict(self, canonical: Sequence[str]) -> Prediction:
        """Score canonical texts.

        The result for a text is the same, bit for bit, whatever other texts are given with it,
        in any order and from any thread.

        Parameters
        ----------
        canonical : sequence of str
            Any texts, including empty or very long ones and unknown characters. Of a long text
            only the first ``config.max_tokens`` tokens are read.

        Returns
        -------
        Prediction
            One row per text.
        """
        tokens = encode(self._tokenizer, canonical)
        router, anomaly = self.engine.logits(tokens)
        lexical = self.lexical.log_odds(canonical)
        experts = self.calibration.log_odds(anomaly[:, self._columns])
        words = [lexical, *(head.log_odds(canonical) for head in self.earlier)]
        own = np.ascontiguousarray(np.stack(words, axis=1)[:, self._generation])
        scores = sigmoid(self.calibration.known((experts + own) / 2))
        scores[:, self._routed] = 1.0
        return Prediction(
            router=softmax(router),
            scores=scores,
            thresholds=self.thresholds,
            lexical=sigmoid(self.calibration.unseen(lexical)),
        )

    def vectors(self, canonical: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the encoder's vectors of texts, [n, width], always computed on the CPU."""
        network = self.network
        if any(weight.device.type != "cpu" for weight in network.parameters()):
            network = copy.deepcopy(network).cpu()
        return read_vectors(network, encode(self._tokenizer, canonical))

    def on(self, runtime: Runtime, texts: Sequence[str]) -> Student:
        """Return the same student on a runtime.

        Parameters
        ----------
        runtime : Runtime
            What is to run it.
        texts : sequence of str
            Canonical texts on which an exported graph is compared with torch.

        Raises
        ------
        ModelError
            If a package is missing, or the exported graph does not give the logits of torch.
        """
        if runtime == self.runtime:
            return self
        moved = copy.copy(self)
        if runtime.name == "onnx":
            from fame_sql.students.network.onnx_export import export_graph

            tokens = encode(self._tokenizer, texts)
            moved.engine = export_graph(self.network, tokens, self.config.max_tokens)
        else:
            moved.engine = TorchEngine(self.network, runtime.precision)
        return moved

    def save(self, folder: Path) -> None:
        """Write the student into a folder, which is created if it does not exist.

        Parameters
        ----------
        folder : Path
            Gets ``student.safetensors``, ``tokenizer.json``, ``student.json``, the lexical
            head's files and, for pretrained encoders, ``encoder.json``.
        """
        folder.mkdir(parents=True, exist_ok=True)
        write_network(self.network, self.config, folder)
        (folder / TOKENIZER).write_text(self._tokenizer.to_str(pretty=True), encoding="utf-8")
        self.engine.save(folder)
        facts = StudentFacts(
            config=self.config,
            domains=self.domains,
            calibration=self.calibration,
            generations=self.generations,
            runtime=self.runtime,
        )
        facts.write(folder)
        self.lexical.save(folder)
        for number, head in enumerate(self.earlier, 1):
            head.save(folder, number)
        self.held_out.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Student:
        """Read a student that :meth:`save` wrote.

        Parameters
        ----------
        folder : Path
            The folder.

        Raises
        ------
        ModelError
            If a file is missing, cannot be read, or does not fit the others.
        """
        facts = StudentFacts.read(folder)
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


def softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Turn each row of logits into probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


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

    if facts.runtime.name == "torch":
        instead = ", or, on a machine that has them, 'fame models convert VERSION --runtime onnx'"
        require_torch(f"the model in {folder}", facts.config, instead)
        return TorchEngine(read(), facts.runtime.precision)
    engine = OnnxEngine(read_graph(folder), read)
    if engine.widths != facts.widths:
        raise ModelError(
            f"{folder / GRAPH} does not fit {FILE}: train again with 'fame train --full'"
        )
    return engine
