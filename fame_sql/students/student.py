"""A trained student: scores texts, and lives in a folder of safetensors and JSON."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fame_sql.errors import FameError, ModelError
from fame_sql.students import encoder
from fame_sql.students.calibration import Calibration, sigmoid
from fame_sql.students.config import DomainSpec, StudentConfig, anomaly_columns
from fame_sql.students.generations import Generations
from fame_sql.students.held_out import HeldOut
from fame_sql.students.inference import infer, read_vectors
from fame_sql.students.lexical import LexicalHead
from fame_sql.students.tokenizer import encode, load_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn

WEIGHTS, TOKENIZER, FACTS = "student.safetensors", "tokenizer.json", "student.json"

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
        [D] raw probability that is published as 0.5.
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
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.encoder.build`; moved to the GPU where there is one.
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
        network: nn.ModuleDict,
        calibration: Calibration,
        lexical: LexicalHead,
        held_out: HeldOut | None = None,
        generations: Generations | None = None,
        earlier: Sequence[LexicalHead] = (),
    ) -> None:
        import torch

        self.config = config
        self.domains = tuple(domains)
        self.calibration = calibration
        self.lexical = lexical
        self.held_out = held_out or HeldOut.none()
        self._tokenizer = tokenizer
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = network.eval().to(self._device)
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
        """The encoder and heads; not to be changed."""
        return self._network

    @property
    def thresholds(self) -> npt.NDArray[np.float64]:
        """The raw probability, one a domain, that is published as 0.5."""
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
        routed, judged = infer(self._network, tokens, self._device)
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
        network = self._network
        if self._device.type != "cpu":
            network = copy.deepcopy(network).cpu()
        return read_vectors(network, encode(self._tokenizer, canonical))

    def save(self, folder: Path) -> None:
        """Write the student into a folder, which is made where there is none.

        Parameters
        ----------
        folder : Path
            Gets ``student.safetensors``, ``tokenizer.json``, ``student.json`` and the lexical
            head's files.
        """
        from safetensors.torch import save

        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: tensor.cpu() for name, tensor in self._network.state_dict().items()}
        (folder / WEIGHTS).write_bytes(save(weights))
        (folder / TOKENIZER).write_text(self._tokenizer.to_str(pretty=True), encoding="utf-8")
        facts = {
            "config": asdict(self.config),
            "domains": [asdict(domain) for domain in self.domains],
            "calibration": asdict(self.calibration),
        }
        if self.generations is not None:
            facts["generations"] = asdict(self.generations)
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
        config, domains, calibration, generations = _read_facts(folder / FACTS)
        tokenizer = load_tokenizer(folder / TOKENIZER, config.max_tokens)
        experts = sum(domain.kind == "mixed" for domain in domains)
        network = _untouched_random(config, tokenizer.get_vocab_size(), len(domains), experts)
        if generations is not None:
            network["anomaly"] = encoder.layers(network, generations.widths)
        _read_weights(network, folder / WEIGHTS)
        lexical = LexicalHead.load(folder)
        held_out = HeldOut.load(folder)
        numbers = range(1, len(generations.widths)) if generations is not None else ()
        earlier = [LexicalHead.load(folder, number) for number in numbers]
        parts = (tokenizer, network, calibration, lexical, held_out, generations, earlier)
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


def _untouched_random(
    config: StudentConfig, vocabulary: int, domains: int, experts: int
) -> nn.ModuleDict:
    """Build a network to be filled, leaving torch's random state to its owner."""
    import torch

    with torch.random.fork_rng(devices=[]):
        return encoder.build(config, vocabulary, domains, experts)


def _read_facts(
    path: Path,
) -> tuple[StudentConfig, list[DomainSpec], Calibration, Generations | None]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        config = StudentConfig(**facts["config"])
        domains = [DomainSpec(**domain) for domain in facts["domains"]]
        thresholds = tuple(float(line) for line in facts["calibration"]["thresholds"])
        calibration = Calibration(thresholds, **_numbers(facts["calibration"]))
        made = facts.get("generations")
        generations = None if made is None else Generations.read(made)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): {_AGAIN}") from None
    except (ValueError, TypeError, KeyError, FameError) as error:
        raise ModelError(f"{path} does not describe a student ({error}): {_AGAIN}") from None
    in_range = all(0 < line < 1 for line in thresholds) and calibration.is_sound()
    judged = len(domains) if generations is None else len(generations.columns)
    if not domains or not len(domains) == len(thresholds) == judged or not in_range:
        raise ModelError(f"{path} holds domains and a calibration that do not fit: {_AGAIN}")
    return config, domains, calibration, generations


def _numbers(calibration: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in calibration.items() if name != "thresholds"}


def _read_weights(network: nn.ModuleDict, path: Path) -> None:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        weights = load(path.read_bytes())
        network.load_state_dict(weights)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): {_AGAIN}") from None
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"{path} does not hold this student's weights ({reason}): {_AGAIN}"
        ) from None
    if not all(bool(torch.isfinite(weight).all()) for weight in weights.values()):
        raise ModelError(f"{path} holds weights that are not finite numbers: {_AGAIN}")
