"""The network: encoders, their tokenizers and weights, and the runtimes that execute them."""

from __future__ import annotations
