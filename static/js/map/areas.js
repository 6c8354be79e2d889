"use strict";
// Boundaries, names and counts of the areas, and the names of streets and places beneath them. They share
// one layer, because only then do all labels avoid each other. A click anywhere asks who owns the place.

gridmap.LEVELS = ["county", "street", "community", "grid"];
gridmap.INK = "rgba(30,42,48,";

/**
 * Text centred on a point, in lines of {text, size, weight, color}; `lines(zoom, props)` may answer null.
 * The library's own symbolizer breaks lines at spaces, which Chinese has not.
 */
gridmap.PointLabel = class {
  constructor(lines, halo = "rgba(247,247,244,0.9)") {
    this.lines = lines;
    this.halo = halo;
  }

  place(layout, geometry, feature) {
    const lines = this.lines(layout.zoom, feature.props);
    if (!lines?.length) return undefined;
    const [[{ x, y }]] = geometry;
    const { halo } = this;
    let height = 0;
    let width = 0;
    for (const line of lines) {
      layout.scratch.font = `${line.weight ?? 400} ${line.size}px ${gridmap.FONT}`;
      width = Math.max(width, layout.scratch.measureText(line.text).width);
      height += line.size * 1.25;
    }
    const draw = (context) => {
      let top = -height / 2;
      context.globalAlpha = 1;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      for (const { text, size, weight = 400, color } of lines) {
        top += size * 0.625;
        context.font = `${weight} ${size}px ${gridmap.FONT}`;
        context.lineWidth = 3.5;
        context.strokeStyle = halo;
        context.strokeText(text, 0, top);
        context.fillStyle = color;
        context.fillText(text, 0, top);
        top += size * 0.625;
      }
    };
    const box = {
      minX: x - width / 2 - 3,
      maxX: x + width / 2 + 3,
      minY: y - height / 2,
      maxY: y + height / 2,
    };
    return [{ anchor: geometry[0][0], bboxes: [box], draw }];
  }
};

/**
 * A name along a line, each character turned by the line; where the line is steep the characters stand
 * upright one below the other, as Chinese maps write them. The library's own symbolizer lays them on
 * their side, and only on stretches that are nearly straight.
 */
gridmap.LineLabel = class {
  constructor({
    size,
    color,
    halo = "rgba(255,255,255,0.9)",
    spread = 1.1,
    repeat = 480,
    lines = (geometry) => geometry,
  }) {
    Object.assign(this, { size, color, halo, spread, repeat, lines });
  }

  place(layout, geometry, feature) {
    const characters = [...feature.props.name];
    const size = this.size(layout.zoom);
    const step = size * this.spread;
    const run = step * (characters.length - 1);
    const labels = [];
    for (const line of this.lines(geometry)) {
      const lengths = [0];
      for (let i = 1; i < line.length; i++) lengths.push(lengths[i - 1] + line[i].dist(line[i - 1]));
      const total = lengths.at(-1);
      if (total < run + 2 * size) continue;
      const at = (distance) => {
        let i = 1;
        while (i < line.length - 1 && lengths[i] < distance) i++;
        const share = (distance - lengths[i - 1]) / (lengths[i] - lengths[i - 1] || 1);
        return line[i - 1].add(line[i].sub(line[i - 1]).mult(share));
      };
      const times = Math.max(1, Math.floor(total / this.repeat));
      for (let k = 0; k < times; k++) {
        const label = this.along(at, (total * (k + 0.5)) / times - run / 2, characters, size, step);
        if (label)
          labels.push({
            ...label,
            deduplicationKey: feature.props.name,
            deduplicationDistance: this.repeat * 0.6,
          });
      }
    }
    return labels.length ? labels : undefined;
  }

  along(at, begin, characters, size, step) {
    const places = characters.map((character, i) => at(begin + i * step));
    const from = at(begin - step / 2);
    const to = at(begin + step * (characters.length - 0.5));
    const steep = Math.abs(to.y - from.y) > Math.abs(to.x - from.x);
    if (steep ? to.y < from.y : to.x < from.x) places.reverse();
    const turns = places.map((place, i) => {
      const before = places[i - 1] ?? place;
      const after = places[i + 1] ?? place;
      const angle = Math.atan2(after.y - before.y, after.x - before.x) - (steep ? Math.PI / 2 : 0);
      return Math.atan2(Math.sin(angle), Math.cos(angle));
    });
    if (turns.some((turn, i) => i && Math.abs(turn - turns[i - 1]) > 0.45)) return null;
    const anchor = places[0];
    const { color, halo } = this;
    const draw = (context) => {
      context.globalAlpha = 1;
      context.font = `${size}px ${gridmap.FONT}`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      context.lineWidth = 3;
      context.strokeStyle = halo;
      context.fillStyle = color;
      for (const paint of ["strokeText", "fillText"]) {
        characters.forEach((character, i) => {
          context.save();
          context.translate(places[i].x - anchor.x, places[i].y - anchor.y);
          context.rotate(turns[i]);
          context[paint](character, 0, 0);
          context.restore();
        });
      }
    };
    const half = size * 0.6;
    const bboxes = places.map(({ x, y }) => ({
      minX: x - half,
      maxX: x + half,
      minY: y - half,
      maxY: y + half,
    }));
    return { anchor, bboxes, draw };
  }
};

/** The middle of a long shape such as a river, as a line: halfway across it at even steps. */
gridmap.middleLine = (geometry) => {
  const points = geometry.flat();
  const extent = (axis) =>
    points.reduce(
      ([low, high], p) => [Math.min(low, p[axis]), Math.max(high, p[axis])],
      [Infinity, -Infinity],
    );
  const [west, east] = extent("x");
  const [north, south] = extent("y");
  const [run, across, first, last] =
    south - north > east - west ? ["y", "x", north, south] : ["x", "y", west, east];
  const STEPS = 24;
  const line = [];
  for (let i = 1; i < STEPS; i++) {
    const at = first + ((last - first) * i) / STEPS;
    const cuts = [];
    for (const ring of geometry) {
      for (let j = 1; j < ring.length; j++) {
        const [a, b] = [ring[j - 1], ring[j]];
        if (a[run] > at !== b[run] > at) {
          cuts.push(a[across] + ((at - a[run]) / (b[run] - a[run])) * (b[across] - a[across]));
        }
      }
    }
    cuts.sort((a, b) => a - b);
    if (cuts.length >= 2) {
      const middle = (cuts[0] + cuts[1]) / 2;
      line.push(Object.assign(points[0].clone(), { [run]: at, [across]: middle }));
    }
  }
  return line.length > 1 ? [line] : [];
};

/** A long Chinese name in two lines of about the same length. */
gridmap.fold = (name, longest = 7) => {
  if (name.length <= longest) return [name];
  const half = Math.ceil(name.length / 2);
  return [name.slice(0, half), name.slice(half)];
};

/** Names of the town: streets along their run, places from the zoom at which there is room for them. */
gridmap.townLabels = () => {
  const { exp } = protomapsL;
  const color = `${gridmap.INK}0.62)`;
  const street = (classes, minzoom, size) => ({
    dataSource: "base",
    dataLayer: "streets",
    minzoom,
    filter: (zoom, { props }) => classes.includes(props.class) && props.name,
    symbolizer: new gridmap.LineLabel({ size, color }),
  });
  const place = (kinds, minzoom, size = 11) => ({
    dataSource: "base",
    dataLayer: "places",
    minzoom,
    filter: (zoom, { props }) => kinds.includes(props.kind) && props.name,
    symbolizer: new gridmap.PointLabel((zoom, { name }) =>
      gridmap.fold(name).map((text) => ({ text, size, color })),
    ),
  });
  const landscape = (kind, geomType, minzoom, options) => ({
    dataSource: "base",
    dataLayer: "landscape",
    minzoom,
    filter: (zoom, feature) =>
      feature.props.kind === kind && feature.props.name && feature.geomType === geomType,
    symbolizer: new gridmap.LineLabel({
      size: exp(1, [
        [13, 12],
        [17, 15],
      ]),
      repeat: 700,
      ...options,
    }),
  });
  const water = { color: "#4C7F96", halo: "rgba(207,226,234,0.85)", spread: 1.5 };
  return [
    landscape("water", 2, 13, water),
    landscape("water", 3, 14, { ...water, lines: gridmap.middleLine }),
    street(
      ["primary", "secondary"],
      14,
      exp(1, [
        [14, 11],
        [17, 13],
      ]),
    ),
    place(["village", "landmark", "park"], 14, 12),
    place(["hospital", "school", "market"], 15),
    place(["estate"], 15, 12),
    street(
      ["tertiary", "residential"],
      16,
      exp(1, [
        [16, 11],
        [18, 12],
      ]),
    ),
    place(["company", "bridge"], 16),
    landscape("railway", 2, 14, { color, size: () => 11, spread: 1.3 }),
    place(["shop", "stop"], 17),
    street(["alley", "path"], 17, () => 11),
    place(["gate"], 18),
    {
      dataSource: "base",
      dataLayer: "buildings",
      minzoom: 18,
      filter: (zoom, feature) => feature.props.name && feature.geomType === 3,
      symbolizer: new gridmap.BuildingLabel(),
    },
  ];
};

/** The short name of a building (`3栋`) in the middle of its outline. */
gridmap.BuildingLabel = class {
  constructor() {
    this.label = new gridmap.PointLabel((zoom, { name }) => {
      const text = name.match(/[0-9A-Za-z一二三四五六七八九十]+(?:栋|幢|号楼|座)$/)?.[0];
      return text && [{ text, size: 10, color: `${gridmap.INK}0.55)` }];
    }, "rgba(232,227,217,0.9)");
  }

  place(layout, geometry, feature) {
    const ring = geometry[0].slice(1);
    const middle = geometry[0][0].clone();
    middle.x = ring.reduce((sum, point) => sum + point.x, 0) / ring.length;
    middle.y = ring.reduce((sum, point) => sum + point.y, 0) / ring.length;
    return this.label.place(layout, [[middle]], feature);
  }
};

/** A grid without the name of its community, which the map shows around it. */
gridmap.shortName = (name, level) => (level === "grid" && name.match(/第[^第]{1,4}网格$/)?.[0]) || name;

/** Thin diagonal lines: a 专属网格 is told from a 综合网格 by its ground, not by colour alone. */
gridmap.hatching = () => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 10;
  const context = canvas.getContext("2d");
  context.strokeStyle = "rgba(15,92,99,0.28)";
  context.beginPath();
  for (const shift of [-10, 0, 10]) {
    context.moveTo(shift, 10);
    context.lineTo(shift + 10, 0);
  }
  context.stroke();
  return canvas;
};

gridmap.addAreas = (map, { tiles, counts: countsUrl, levels, level: first }) => {
  gridmap.levels = levels;
  gridmap.defaults.level = first;
  gridmap.choices.level = [...levels.map(({ code }) => code), "none"];
  const { PolygonSymbolizer, LineSymbolizer } = protomapsL;
  map.createPane("areas", map.getPane("overlayPane")).classList.add("map-areas");
  let counts = {};
  let selected = gridmap.get("area");
  const depth = () => gridmap.LEVELS.indexOf(gridmap.get("level"));

  const outline = (level, options) => ({
    dataSource: "areas",
    dataLayer: "areas",
    filter: (zoom, { props }) => props.level === level && gridmap.LEVELS.indexOf(level) <= depth(),
    symbolizer: new LineSymbolizer({ lineJoin: "round", ...options }),
  });
  const chosen = (zoom, { props }) => props.code === selected;
  const paintRules = [
    {
      dataSource: "areas",
      dataLayer: "areas",
      filter: (zoom, { props }) =>
        props.kind === "dedicated" && props.level === "grid" && gridmap.get("level") === "grid",
      symbolizer: new PolygonSymbolizer({ pattern: gridmap.hatching() }),
    },
    // Opaque and solid: neighbours draw their common edge twice, and it has to look like any other.
    outline("grid", { color: "#6C9598", width: 0.75 }),
    outline("community", { color: "#FFFFFF", opacity: 0.7, width: 4 }),
    outline("community", { color: "#0F5C63", opacity: 0.8, width: 1.5 }),
    outline("street", { color: "#0F5C63", width: 2.2 }),
    outline("county", { color: "#0F5C63", width: 2.6 }),
    {
      dataSource: "areas",
      dataLayer: "areas",
      filter: chosen,
      symbolizer: new PolygonSymbolizer({ fill: "#0F5C63", opacity: 0.13 }),
    },
    {
      dataSource: "areas",
      dataLayer: "areas",
      filter: chosen,
      symbolizer: new LineSymbolizer({ color: "#0F5C63", width: 3.5, lineJoin: "round" }),
    },
  ];
  const areaLabel = {
    dataSource: "areas",
    dataLayer: "area_labels",
    filter: (zoom, { props }) => props.level === gridmap.get("level"),
    symbolizer: new gridmap.PointLabel((zoom, { code, name, level }) => {
      const size = { county: 18, street: 16, community: 14 }[level] ?? 11;
      const weight = level === "grid" ? 400 : 600;
      const number = counts[code]?.toLocaleString("en");
      const count = number
        ? [{ text: number, size: Math.min(size + 1, 13), weight: 600, color: "#0F5C63" }]
        : [];
      // A town's worth of grids leaves room for their numbers alone.
      if (level === "grid" && zoom < 15) return counts[code] ? count : null;
      return [
        ...gridmap
          .fold(gridmap.shortName(name, level))
          .map((text) => ({ text, size, weight, color: "#1E2A30" })),
        ...count,
      ];
    }),
  };
  const labelRules = () => [areaLabel, ...(gridmap.get("base") === "town" ? gridmap.townLabels() : [])];

  const layer = gridmap.canvasLayer({
    sources: { areas: { url: tiles, maxDataZoom: 16 }, base: { url: gridmap.TOWN_TILES, maxDataZoom: 16 } },
    pane: "areas",
    paintRules,
    labelRules: labelRules(),
  });
  // The ground's tiles are fetched and decoded once for both layers.
  layer.views.set("base", gridmap.town.views.get(""));
  // Names of the old zoom, blown up until the new ones come, would be worse than none.
  Object.assign(layer, { _retainParent: () => false, _retainChildren: () => {} });
  layer.addTo(map);

  const repaint = (labelsToo) => {
    if (labelsToo) {
      layer.labelRules = labelRules();
      layer.clearLayout();
    }
    layer.rerenderTiles();
  };

  let request = new AbortController();
  const count = async () => {
    if (!countsUrl) return;
    request.abort();
    request = new AbortController();
    // Without boundaries in view the page still wants the totals: the coarsest level is the cheapest.
    const level = depth() < 0 ? gridmap.LEVELS[0] : gridmap.get("level");
    const query = new URLSearchParams([["level", level], ...gridmap.filters()]);
    const answer = await gridmap.fetch(`${countsUrl}?${query}`, "分区数", request.signal);
    if (!answer) return;
    // Before the first report there is nothing to count: no rows of noughts.
    counts = answer.as_of ? answer.counts : {};
    gridmap.tell("counts", { answer });
    repaint(true);
  };

  const select = (code) => {
    if (code === selected) return;
    selected = code;
    repaint(false);
  };

  map.on("state", ({ changed }) => {
    if (changed.has("area")) select(gridmap.get("area"));
    if (changed.has("level") || changed.has("base")) repaint(true);
    if (["level", "category", "since", "until", "state"].some((key) => changed.has(key))) count();
  });
  map.on("click", ({ latlng }) => gridmap.ask(latlng));
  count();
};

/** Ask the server who owns a place, mark the area of the level in view, and tell the page: the last one asked for. */
gridmap.ask = async (latlng, detail = {}) => {
  gridmap.asking?.abort();
  gridmap.asking = new AbortController();
  const { lng, lat } = latlng.wrap();
  const query = new URLSearchParams({ lng: lng.toFixed(7), lat: lat.toFixed(7), crs: "wgs84" });
  const answer = await gridmap.fetch(`/api/locate?${query}`, "网格查询", gridmap.asking.signal);
  if (!answer) return;
  const wanted = answer.path.find(({ level }) => level === gridmap.get("level"));
  const area = wanted ?? answer.area;
  gridmap.patch({ area: area?.code ?? null });
  gridmap.tell("located", { lng, lat, area: area?.code ?? null, answer, ...detail });
  if (!gridmap.framed) {
    const text = area ? answer.path.map(({ name }) => name).join(" › ") : "此处不在任何网格内";
    L.popup({ closeButton: false })
      .setLatLng(latlng)
      .setContent(gridmap.node("p", text, "popup-line"))
      .openOn(gridmap.map);
  }
};

/** An element with text that stays text. */
gridmap.node = (name, text = "", className = "") => {
  const node = Object.assign(document.createElement(name), { className });
  node.textContent = text;
  return node;
};
