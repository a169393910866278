"""A trained student: scores texts, and lives in a folder of safetensors and JSON."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fame_sql.errors import FameError, ModelError
from fame_sql.students.calibration.calibration import Calibration, sigmoid
from fame_sql.students.calibration.held_out import HeldOut
from fame_sql.students.config import DomainSpec, StudentConfig, anomaly_columns
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

TOKENIZER, FACTS = "tokenizer.json", "student.json"

_AGAIN = "train anew with 'fame train'"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a student says of n texts in each of its D domains.

    Parameters
    ----------
    router : float64 array
        [n, D] probability that the text belongs to the domain; each row sums to 1.
    scores : float64 array
        [n, D] anomaly score in [0, 1] that the text has if it belongs to the domain, 0.5
        being the decision line: the mean log-odds of its expert (in a normal domain, of the
        shared head) and of the lexical head; 1 in an anomalous one, where routing alone
        decides.
    thresholds : float64 array
        [D] raw probability of the domain's head that speaks for neither side; an anomalous
        domain asks no head.
    lexical : float64 array
        [n] anomaly score in [0, 1] by the text's words alone, whatever its domain; its
        decision line is that of the unseen.
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
        How it was made.
    domains : sequence of DomainSpec
        The failure domains, in the order of the columns of a :class:`Prediction`.
    tokenizer : tokenizers.Tokenizer
        Turns texts into token ids.
    engine : Engine
        The network, and what runs it.
    calibration : Calibration
        The published scale.
    lexical : LexicalHead
        What the words say, for texts that no template knows.
    held_out : HeldOut, optional
        What it was calibrated on, to move the lines to another target.
    generations : Generations, optional
        Where only some domains were trained anew: which training judges which domain.
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
        """What turns texts into token ids."""
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
        """The raw probability of each domain's head that speaks for neither side."""
        return np.array(self.calibration.thresholds)

    def predict(self, canonical: Sequence[str]) -> Prediction:
        """Score canonical texts.

        A text's row is the same, bit for bit, whatever other texts are given with it, in any
        order and from any thread.

        Parameters
        ----------
        canonical : sequence of str
            Any texts: empty, over-long and in unknown characters alike. Of a long text the
            first ``config.max_tokens`` tokens count.

        Returns
        -------
        Prediction
            One row a text.
        """
        tokens = encode(self._tokenizer, canonical)
        routed, judged = self.engine.logits(tokens)
        lexical = self.lexical.log_odds(canonical)
        experts = self.calibration.log_odds(judged[:, self._columns])
        words = [lexical, *(head.log_odds(canonical) for head in self.earlier)]
        own = np.ascontiguousarray(np.stack(words, axis=1)[:, self._generation])
        scores = sigmoid(self.calibration.known((experts + own) / 2))
        scores[:, self._routed] = 1.0
        return Prediction(
            softmax(routed), scores, self.thresholds, sigmoid(self.calibration.unseen(lexical))
        )

    def vectors(self, canonical: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return what the encoder makes of texts, [n, width], read on the CPU wherever it lies."""
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
            Canonical texts that an exported graph is compared with torch on.

        Raises
        ------
        ModelError
            If a package is missing, or the exported graph does not say what torch says.
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
        """Write the student into a folder, which is made where there is none.

        Parameters
        ----------
        folder : Path
            Gets ``student.safetensors``, ``tokenizer.json``, ``student.json``, the lexical
            head's files and, of pretrained encoders, ``encoder.json``.
        """
        folder.mkdir(parents=True, exist_ok=True)
        write_network(self.network, self.config, folder)
        (folder / TOKENIZER).write_text(self._tokenizer.to_str(pretty=True), encoding="utf-8")
        facts = {
            "config": self.config.settings(),
            "domains": [asdict(domain) for domain in self.domains],
            "calibration": asdict(self.calibration),
        }
        if self.generations is not None:
            facts["generations"] = asdict(self.generations)
        if self.runtime != Runtime():
            facts["runtime"] = asdict(self.runtime)
        self.engine.save(folder)
        (folder / FACTS).write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")
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
        config, domains, calibration, generations, runtime = _read_facts(folder / FACTS)
        tokenizer = load_tokenizer(folder / TOKENIZER, config.max_tokens)
        experts = sum(domain.kind == "mixed" for domain in domains)
        read = partial(read_network, folder, config, tokenizer, len(domains), experts, generations)
        widths = len(domains), sum(generations.widths) if generations is not None else 1 + experts
        engine = _engine(folder, runtime, read, widths)
        lexical = LexicalHead.load(folder)
        held_out = HeldOut.load(folder)
        numbers = range(1, len(generations.widths)) if generations is not None else ()
        earlier = [LexicalHead.load(folder, number) for number in numbers]
        parts = (tokenizer, engine, calibration, lexical, held_out, generations, earlier)
        return cls(config, domains, *parts)


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Give the student in a folder another calibration."""
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    facts["calibration"] = asdict(calibration)
    (folder / FACTS).write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")


def softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Turn each row of logits into probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _engine(
    folder: Path,
    runtime: Runtime,
    read: Callable[[], nn.ModuleDict],
    widths: tuple[int, int],
) -> Engine:
    """Open what runs the network; torch is imported for torch alone."""
    if runtime.name == "torch":
        instead = ", or, where they are, 'fame models convert VERSION --runtime onnx'"
        require_torch(f"the model in {folder}", instead)
        return TorchEngine(read(), runtime.precision)
    engine = OnnxEngine(read_graph(folder), read)
    if engine.widths != widths:
        raise ModelError(f"{folder / GRAPH} does not fit {FACTS}: {_AGAIN}")
    return engine


def _read_facts(
    path: Path,
) -> tuple[StudentConfig, list[DomainSpec], Calibration, Generations | None, Runtime]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        config = StudentConfig(**facts["config"])
        domains = [DomainSpec(**domain) for domain in facts["domains"]]
        thresholds = tuple(float(line) for line in facts["calibration"]["thresholds"])
        calibration = Calibration(thresholds, **_numbers(facts["calibration"]))
        made = facts.get("generations")
        generations = None if made is None else Generations.read(made)
        runtime = Runtime(**facts.get("runtime", {}))
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): {_AGAIN}") from None
    except (ValueError, TypeError, KeyError, FameError) as error:
        raise ModelError(f"{path} does not describe a student ({error}): {_AGAIN}") from None
    in_range = all(0 < line < 1 for line in thresholds) and calibration.is_sound()
    judged = len(domains) if generations is None else len(generations.columns)
    if not domains or not len(domains) == len(thresholds) == judged or not in_range:
        raise ModelError(f"{path} holds domains and a calibration that do not fit: {_AGAIN}")
    return config, domains, calibration, generations, runtime


def _numbers(calibration: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in calibration.items() if name != "thresholds"}
