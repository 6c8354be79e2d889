"use strict";
// The ground: the town's own streets painted from vector tiles, or raster tiles, or nothing.

gridmap.FONT = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC",sans-serif';

gridmap.TOWN_TILES = "/tiles/base/{z}/{x}/{y}.mvt";

// Width in pixels of each class of street at zoom 12, 14, 16 and 18.
gridmap.STREETS = {
  primary: [2.2, 5, 11, 24],
  secondary: [1.5, 3.6, 8.5, 19],
  tertiary: [0.8, 2.4, 6.5, 15],
  residential: [0, 1.1, 4, 10],
  alley: [0, 0, 2, 5],
  path: [0, 0, 1.2, 3],
};

gridmap.streetWidth = (name) => {
  const widths = gridmap.STREETS[name] ?? gridmap.STREETS.residential;
  return protomapsL.exp(
    1.3,
    widths.map((width, step) => [12 + 2 * step, width]),
  );
};

gridmap.townPaint = () => {
  const { PolygonSymbolizer, LineSymbolizer } = protomapsL;
  const ground = (kind, fill, stroke) => ({
    dataLayer: "landscape",
    filter: (zoom, feature) => feature.props.kind === kind && feature.geomType === 3,
    symbolizer: new PolygonSymbolizer({ fill, stroke, width: stroke ? 1 : 0 }),
  });
  const line = (kind, options) => ({
    dataLayer: "landscape",
    filter: (zoom, feature) => feature.geomType === 2 && feature.props.kind === kind,
    symbolizer: new LineSymbolizer({ lineJoin: "round", ...options }),
  });
  const classes = Object.keys(gridmap.STREETS).reverse();
  // A canvas takes a width of 0 for no change of width, so a street too thin to see is left out.
  const street = (name, bridge, thinnest, options) => {
    const width = gridmap.streetWidth(name);
    return {
      dataLayer: "streets",
      filter: (zoom, { props }) => props.class === name && props.bridge === bridge && width(zoom) >= thinnest,
      symbolizer: new LineSymbolizer({ lineJoin: "round", ...options(width) }),
    };
  };
  const casing = (name, bridge) =>
    street(name, bridge, 1, (width) => ({
      color: bridge ? "#B9B3A5" : "#E1DCD0",
      lineCap: bridge ? "butt" : "round",
      width: (zoom) => width(zoom) + (bridge ? 3 : zoom < 15 ? 1.2 : 2),
    }));
  const fill = (name, bridge) =>
    street(name, bridge, 0.4, (width) => ({
      color: name === "path" ? "#EFEAE0" : "#FFFFFF",
      lineCap: "round",
      width: (zoom) => width(zoom),
    }));
  return [
    ground("green", "#E0EAD7"),
    ground("square", "#EFEBE0", "#E1DCD0"),
    ground("water", "#CFE2EA", "#BDD5DF"),
    line("water", { color: "#CFE2EA", width: 3 }),
    {
      dataLayer: "buildings",
      minzoom: 14,
      symbolizer: new PolygonSymbolizer({
        fill: "#E8E3D9",
        stroke: "#D9D3C6",
        width: (zoom) => (zoom < 16 ? 0 : 0.8),
      }),
    },
    ...classes.map((name) => casing(name, false)),
    ...classes.map((name) => fill(name, false)),
    line("railway", {
      color: "#A9A59A",
      width: protomapsL.exp(1.3, [
        [12, 1.6],
        [16, 3.2],
        [18, 5],
      ]),
    }),
    line("railway", {
      color: "#F4F2EB",
      dash: [8, 8],
      width: protomapsL.exp(1.3, [
        [12, 0.9],
        [16, 2],
        [18, 3.2],
      ]),
    }),
    ...classes.map((name) => casing(name, true)),
    ...classes.map((name) => fill(name, true)),
  ];
};

/**
 * A canvas layer of vector tiles, with three habits of the library mended. While a zoom is under way it paints
 * tiles of the old zoom again, and then drops those of the new one for good: only the zoom in view is painted.
 * It paints one tile twice at once, and the older labels may land last: a tile is painted once at a time. It
 * aborts requests that a quick return needs: they are left to end.
 */
gridmap.canvasLayer = (options) => {
  const layer = protomapsL.leafletLayer({ attribution: "", maxZoom: 19, tileDelay: 1, ...options });
  const { renderTile } = layer;
  const again = new Map();
  layer.renderTile = async function render(coords, element, key, done) {
    if (coords.z !== this._tileZoom) return;
    if (again.has(element)) {
      again.set(element, true);
      return;
    }
    try {
      do {
        again.set(element, false);
        await renderTile.call(this, coords, element, key, done);
        done = undefined;
      } while (again.get(element));
    } finally {
      again.delete(element);
    }
  };
  for (const view of layer.views.values()) view.tileCache.source.shouldCancelZooms = false;
  return layer;
};

gridmap.addBasemaps = (map, basemaps) => {
  gridmap.basemaps = basemaps;
  gridmap.defaults.base = basemaps[0].code;
  gridmap.choices.base = basemaps.map(({ code }) => code);
  const town = gridmap.canvasLayer({
    url: gridmap.TOWN_TILES,
    maxDataZoom: 16,
    backgroundColor: "#F4F2EB",
    paintRules: gridmap.townPaint(),
  });
  gridmap.town = town;
  let shown = [];
  let credit = "";
  const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

  const show = () => {
    const basemap = basemaps.find(({ code }) => code === gridmap.get("base"));
    for (const layer of shown) layer.remove();
    if (credit) gridmap.attribution.removeAttribution(credit);
    shown =
      basemap.code === "town"
        ? [town]
        : basemap.tiles.map((url) =>
            L.tileLayer(url, {
              subdomains: basemap.subdomains,
              maxNativeZoom: basemap.maxZoom,
              maxZoom: 19,
            }),
          );
    for (const layer of shown) layer.addTo(map);
    const approval = basemap.approval ? `审图号：${basemap.approval}` : "";
    credit = escape([basemap.attribution, approval, gridmap.note].filter(Boolean).join(" · "));
    gridmap.attribution.addAttribution(credit);
    map.getContainer().dataset.base = basemap.code;
  };
  show();
  map.on("state", ({ changed }) => changed.has("base") && show());
};
