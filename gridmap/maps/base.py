"""The Folium document that every map starts from: local assets only, a switchable base map.

Folium's templates are rendered twice: a macro's output becomes the source of another Jinja
template. Text from outside therefore reaches a document only through `script_json`, which leaves
nothing that Jinja, HTML or JavaScript could take for its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import folium
from branca.element import Element, Figure, MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template

from gridmap.errors import ConfigError
from gridmap.types import Bbox

# Every script and style sheet that a map document may load, by the name that Folium's classes use.
ASSETS = {
    "leaflet": "vendor/leaflet/leaflet.js",
    "leaflet_css": "vendor/leaflet/leaflet.css",
    "protomaps": "vendor/protomaps-leaflet/protomaps-leaflet.js",
    "markercluster": "vendor/leaflet.markercluster/leaflet.markercluster.js",
    "markercluster_css": "vendor/leaflet.markercluster/MarkerCluster.css",
    "gridmap_css": "css/gridmap.css",
    "theme": "js/theme.js",
    "symbols": "js/symbols.js",
    "legend": "js/legend.js",
    "map": "js/map/map.js",
    "basemap": "js/map/basemap.js",
    "areas": "js/map/areas.js",
    "stations": "js/map/stations.js",
    "reports": "js/map/reports.js",
    "heat": "js/map/heat.js",
    "locate": "js/map/locate.js",
    "pins": "js/map/pins.js",
}
# Folium names these for its markers and popups, which no map here uses.
UNUSED = {
    "jquery",
    "bootstrap",
    "bootstrap_css",
    "awesome_markers",
    "awesome_markers_css",
    "awesome_markers_font_css",
    "awesome_rotate_css",
    "glyphicons_css",
}
NOT_A_BOUNDARY = "工作网格示意，不作划界依据"


def asset_url(static: Path, path: str) -> str:
    """The address of a file below `static`, changing with its content so that it may be cached for good.

    Raises ConfigError if the file is missing.
    """
    file = static / path
    if not file.is_file():
        raise ConfigError(
            f"page asset static/{path} is missing: run `npm ci && npm run vendor` in the folder static"
        )
    return f"/static/{path}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:10]}"


def use_local_assets(static: Path) -> None:
    """Point folium.Map and every element of this package at files below `static`, once at start-up.

    Folium keeps its addresses in class attributes that name content networks. Raises ConfigError for
    a name without a local file, so that a map cannot ask an outside host later.
    """
    for owner in asset_owners():
        owner.default_js = _local(owner.default_js, static)
        owner.default_css = _local(owner.default_css, static)


def asset_owners() -> list[type[JSCSSMixin]]:
    """folium.Map and the elements of this package: every class whose assets a document may name."""
    return [folium.Map, *_elements(JSCSSMixin)]


def _elements(base: type[JSCSSMixin]) -> Iterator[type[JSCSSMixin]]:
    for owner in base.__subclasses__():
        if owner.__module__.startswith("gridmap.maps."):
            yield owner
        yield from _elements(owner)


def _local(links: Iterable[tuple[str, str]], static: Path) -> list[tuple[str, str]]:
    wanted = [name for name, _ in links if name not in UNUSED]
    for name in wanted:
        if name not in ASSETS:
            raise ConfigError(f"map asset {name!r} has no local file: add it to gridmap.maps.base.ASSETS")
    return [(name, asset_url(static, ASSETS[name])) for name in wanted]


def needs(*names: str) -> list[tuple[str, str]]:
    """A `default_js` or `default_css` list; `use_local_assets` fills in the addresses."""
    return [(name, "") for name in names]


def script_json(value: object) -> str:
    """JSON that stays data inside a <script> of a Folium document, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # An opening brace of JSON itself is followed by a quote or its end, never by one of these three.
    text = re.sub(r"\{(?=[{%#])", r"\\u007b", text)
    for character in "<>&'\u2028\u2029`":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


@dataclass(frozen=True, slots=True)
class Basemap:
    """A ground to draw on. `tiles` are raster templates, bottom first; the town's own has none.

    `approval` is the 审图号 that must be shown wherever the base map has one.
    """

    code: str
    name: str
    tiles: tuple[str, ...] = ()
    subdomains: str = ""
    max_zoom: int = 19
    attribution: str = ""
    approval: str = ""

    @property
    def hosts(self) -> list[str]:
        """The origins that the tiles come from, as sources of a Content-Security-Policy."""
        origins = []
        for template in self.tiles:
            parts = urlsplit(template)
            if parts.netloc:
                host = re.sub(r"^[^.]*\{s\}[^.]*", "*", parts.netloc)
                origins.append(f"{parts.scheme or 'https'}://{host}")
        return sorted(set(origins))


TOWN = Basemap("town", "本地街道", attribution="底图：本地街道数据")
BLANK = Basemap("none", "无底图")


def tianditu(key: str, approval: str) -> Basemap:
    """天地图 vector tiles with their labels, in Web Mercator over CGCS2000."""
    template = (
        "https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
        "&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
        "&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
    )
    tiles = tuple(template.format(layer=layer, key=key) for layer in ("vec", "cva"))
    return Basemap("tianditu", "天地图", tiles, "01234567", 18, "底图：天地图", approval)


def xyz(url: str, attribution: str, approval: str) -> Basemap:
    """Any raster tiles whose address has {z}, {x}, {y} and perhaps {s}."""
    return Basemap("xyz", "在线底图", (url,), "abc", 19, attribution, approval)


class _Document(Figure):
    _template = Template(
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>{{this.title|e}}</title>\n"
        '<link rel="icon" href="/static/icon.svg" type="image/svg+xml">\n'
        "{{this.header.render(**kwargs)}}\n</head>\n"
        '<body class="map-document">\n{{this.html.render(**kwargs)}}\n'
        "<script>\n{{this.script.render(**kwargs)}}\n</script>\n</body>\n</html>\n"
    )

    def __init__(self, title: str) -> None:
        super().__init__(title=title)
        self.rendered = False
        del self.header._children["meta_http"]


class TownMap(folium.Map):
    """A Leaflet map of the whole window with Chinese controls; its layers are this package's elements."""

    default_js = needs("leaflet", "protomaps", "theme", "symbols", "legend", "map", "basemap")
    default_css = needs("leaflet_css", "gridmap_css")
    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="folium-map" id={{ this.get_name()|tojson }} role="region" aria-label="地图"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} =
                L.map({{ this.get_name()|tojson }}, {{ this.options|tojavascript }});
            gridmap.start({{ this.get_name() }}, {{ this.data }});
        {% endmacro %}
        """
    )

    def __init__(self, title: str, bounds: Bbox, basemaps: Sequence[Basemap]) -> None:
        center = bounds.center
        super().__init__(location=(center.lat, center.lng), tiles=None, zoom_control=False, zoom_start=13)
        self.options["center"] = self.location
        self.options.update(attributionControl=False, maxZoom=19)
        self.data = script_json(
            {
                "bounds": corners(bounds),
                "note": NOT_A_BOUNDARY,
                "basemaps": [
                    {
                        "code": basemap.code,
                        "name": basemap.name,
                        "tiles": basemap.tiles,
                        "subdomains": basemap.subdomains,
                        "maxZoom": basemap.max_zoom,
                        "attribution": basemap.attribution,
                        "approval": basemap.approval,
                    }
                    for basemap in basemaps
                ],
            }
        )
        _Document(title).add_child(self)


class MapElement(JSCSSMixin, MacroElement):
    """A layer or control: calls one function of static/js/map with the map and its data."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            gridmap.{{ this.function }}({{ this._parent.get_name() }}, {{ this.data }});
        {% endmacro %}
        """
    )

    def __init__(self, function: str, data: Any = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = type(self).__name__
        self.function = function
        self.data = script_json(data)


def corners(bounds: Bbox) -> list[list[float]]:
    """Leaflet's form of a box: [[south, west], [north, east]] in degrees."""
    return [[bounds.south, bounds.west], [bounds.north, bounds.east]]


def render(document: folium.Map) -> str:
    """The document's HTML: the same text for the same map. A second call raises RuntimeError, because
    Folium would repeat every layer."""
    figure = document.get_root()
    if not isinstance(figure, _Document) or figure.rendered:
        raise RuntimeError("this map is rendered already: compose it anew")
    figure.rendered = True
    # Folium's random names would make two renderings of one map differ, and with them the hashes of
    # their scripts that browsers keep beside an ETag.
    for number, element in enumerate(_walk(document)):
        element._id = str(number)
    html: str = figure.render()
    return html


def _walk(element: Element) -> Iterator[Element]:
    yield element
    for child in element._children.values():
        yield from _walk(child)
