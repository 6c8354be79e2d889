"""What a geocoding service outside is to this program: a text in, one place or nothing out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gridmap.errors import GridMapError


class NoAnswerError(GridMapError):
    """The service did not answer, or not as it is documented. Its words hold no key and no address."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place as the service tells it: x, y lon/lat in EPSG:4490, converted from the system it declares."""

    x: float
    y: float
    level: str  # the service's own word for what it matched, on one line
    score: float  # 0..100, as the service tells it; not a probability
    precise: bool  # the level is a door or one named place, not a road, a village or a town


class Provider(Protocol):
    """A service that can be asked. Implementations may be called from several threads."""

    @property
    def name(self) -> str:
        """What people call the service; shown in reasons."""

    def find(self, text: str) -> Found | None:
        """The place of an address, None where the service knows none; raises NoAnswerError."""
