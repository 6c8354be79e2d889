"""What the layer list and legend say: kinds of stations with their symbols and true counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gridmap.maps.base import MapElement


@dataclass(frozen=True, slots=True)
class StationKind:
    """A kind of station as the dictionary gives it; `shape` is a name in static/js/symbols.js."""

    code: str
    name: str
    character: str
    shape: str
    color: str


class Legend(MapElement):
    """Layer list and legend in one: groups of switches with their symbols and counts.

    It lists the kinds of the map's stations, so it is added after them. A page that frames the map
    receives the same content and shows it in its own panel instead.
    """

    def __init__(self, layers: Sequence[str]) -> None:
        super().__init__("addLegend", {"layers": list(layers)})


def kind_list(kinds: Sequence[StationKind], counts: Mapping[str, int]) -> list[dict[str, object]]:
    """The kinds that have at least one station, in the dictionary's order, with their counts."""
    return [
        {
            "code": kind.code,
            "name": kind.name,
            "character": kind.character,
            "shape": kind.shape,
            "color": kind.color,
            "count": counts[kind.code],
        }
        for kind in kinds
        if counts.get(kind.code)
    ]
