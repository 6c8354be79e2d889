"""Settings of one installation: frozen, read once from gridmap.toml and GRIDMAP_* variables.

A variable wins over the file. Units are in the names. README.md lists every setting.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self, get_type_hints

from gridmap.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
BASEMAPS = ("town", "tianditu", "xyz", "none")
PROVIDERS = ("", "tianditu")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an administrator may set; the defaults run the demo town offline."""

    data: Path = field(default=ROOT / ".gridmap", metadata={"doc": "folder of the private database"})
    database_url: str = field(default="", metadata={"doc": "an existing PostGIS instead of the private one"})
    host: str = field(default="127.0.0.1", metadata={"doc": "address to listen on"})
    port: int = field(default=8000, metadata={"doc": "port to listen on"})
    basemap: str = field(default="town", metadata={"doc": "base map shown first: " + ", ".join(BASEMAPS)})
    basemap_url: str = field(default="", metadata={"doc": "template of the xyz base map, with {z}/{x}/{y}"})
    basemap_attribution: str = field(default="", metadata={"doc": "source line of the xyz base map"})
    basemap_approval: str = field(default="", metadata={"doc": "审图号 of the base map, shown on the map"})
    tianditu_key: str = field(default="", metadata={"doc": "key of 天地图; its base map is off without one"})
    geocode_provider: str = field(
        default="", metadata={"doc": "asked for addresses that the local gazetteer cannot place; empty: none"}
    )
    geocode_provider_url: str = field(
        default="https://api.tianditu.gov.cn/geocoder",
        metadata={"doc": "address of the provider, or of a relay of the intranet"},
    )
    geocode_provider_per_second: float = field(
        default=5.0, metadata={"doc": "most requests per second to the provider"}
    )
    walk_speed_mps: float = field(
        default=1.2, metadata={"doc": "walking speed of an adult, metres per second"}
    )
    detour_factor: float = field(
        default=1.3, metadata={"doc": "street distance over straight-line distance, where no network is used"}
    )

    def __post_init__(self) -> None:
        if self.basemap not in BASEMAPS:
            raise ConfigError(f"basemap must be one of {', '.join(BASEMAPS)}, not {self.basemap!r}")
        if self.basemap == "xyz" and not all(part in self.basemap_url for part in ("{z}", "{x}", "{y}")):
            raise ConfigError("basemap is xyz, but basemap_url is not a template with {z}, {x} and {y}")
        if self.basemap == "tianditu" and not self.tianditu_key:
            raise ConfigError("basemap is tianditu, but tianditu_key is empty: ask tianditu.gov.cn for a key")
        if self.geocode_provider not in PROVIDERS:
            known = ", ".join(name for name in PROVIDERS if name)
            raise ConfigError(f"geocode_provider must be empty or {known}, not {self.geocode_provider!r}")
        if self.geocode_provider and not self.tianditu_key:
            raise ConfigError(
                "geocode_provider is tianditu, but tianditu_key is empty: ask tianditu.gov.cn for a key"
            )
        if not self.geocode_provider_url.startswith(("https://", "http://")):
            raise ConfigError("geocode_provider_url must begin with https:// or http://")
        if not 0 < self.geocode_provider_per_second <= 1000:
            raise ConfigError("geocode_provider_per_second must be above 0 and at most 1000")
        if not 0 < self.port < 65536:
            raise ConfigError(f"port must be 1 to 65535, not {self.port}")
        if self.walk_speed_mps <= 0 or self.detour_factor < 1:
            raise ConfigError("walk_speed_mps must be above 0 and detour_factor at least 1")

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, file: Path | None = None) -> Self:
        """Read `file` (GRIDMAP_CONFIG, or gridmap.toml in the project), then the variables."""
        path = file or Path(environ.get("GRIDMAP_CONFIG") or ROOT / "gridmap.toml")
        values: dict[str, object] = {}
        if path.exists():
            try:
                values = tomllib.loads(path.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise ConfigError(f"{path.name} cannot be read: {error}") from error
        elif file or environ.get("GRIDMAP_CONFIG"):
            raise ConfigError(f"configuration file {path} does not exist")
        types = get_type_hints(cls)
        unknown = sorted(set(values) - set(types))
        if unknown:
            raise ConfigError(f"{path.name}: unknown setting {unknown[0]!r}; known: {', '.join(types)}")
        for item in fields(cls):
            variable = f"GRIDMAP_{item.name.upper()}"
            if environ.get(variable):
                values[item.name] = environ[variable]
        try:
            return cls(**{name: types[name](value) for name, value in values.items()})
        except (TypeError, ValueError) as error:
            raise ConfigError(f"a setting has the wrong type: {error}") from error
