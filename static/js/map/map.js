"use strict";
// The start of every map document: the map's state, its controls, and its talk with the page around it.
//
// The state is a query string. Standing alone, a map keeps it in its own fragment; in a frame it
// receives it from the page and reports what the user does. Keys: level, layers, kinds, category, since,
// until, state, base, area, at (lng,lat,zoom).
const gridmap = {
  framed: window.parent !== window,
  state: new URLSearchParams(location.hash.slice(1)),
  // The level is the data's: addAreas sets it.
  defaults: { level: "none", layers: "stations,reports" },
  // Keys of which only some values are known; an address may hold any other.
  choices: {},
  kinds: [],
  levels: [],
};

// The padding keeps a popup clear of the buttons and the source line.
gridmap.POPUP = {
  minWidth: 200,
  maxWidth: 260,
  autoPanPaddingTopLeft: [12, 12],
  autoPanPaddingBottomRight: [64, 32],
};

gridmap.get = (key) => {
  const value = gridmap.state.get(key);
  const known = value !== null && (gridmap.choices[key]?.includes(value) ?? true);
  return known ? value : (gridmap.defaults[key] ?? "");
};

gridmap.list = (key) => gridmap.get(key).split(",").filter(Boolean);

/** Whether a layer is switched on; a map that does not offer the choice shows what it has. */
gridmap.shows = (layer) => gridmap.list("layers").includes(layer);

/** The part of the state that selects reports, as the server's parameters. */
gridmap.filters = () => {
  const filters = new URLSearchParams();
  for (const key of ["category", "since", "until", "state"]) {
    if (gridmap.get(key)) filters.set(key, gridmap.get(key));
  }
  return filters;
};

/** Whether a text such as 2026-11-22 is a day of the calendar; browsers take 2026-02-31 for a day of March. */
gridmap.isDay = (text) => {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

/** What is wrong with the days of the period, in words; empty where nothing is. */
gridmap.periodFault = () => {
  const [since, until] = ["since", "until"].map(gridmap.get);
  const unreal = [since, until].find((day) => day && !gridmap.isDay(day));
  if (unreal) return `没有 ${unreal} 这一天，请重新选择时段。`;
  return since && until && since > until ? `时段的结束 ${until} 早于开始 ${since}，请重新选择时段。` : "";
};

/** Replace the state and tell the layers which keys changed. */
gridmap.show = (query) => {
  const before = gridmap.state;
  gridmap.state = new URLSearchParams(query);
  if (!gridmap.state.has("at") && before.has("at")) gridmap.state.set("at", before.get("at"));
  const keys = new Set([...before.keys(), ...gridmap.state.keys()]);
  const changed = new Set([...keys].filter((key) => before.get(key) !== gridmap.state.get(key)));
  if (!changed.size) return;
  if (changed.has("at")) gridmap.moveTo(gridmap.get("at"));
  gridmap.map.fire("state", { changed });
};

/** Change some keys on the user's behalf; an empty value removes a key. */
gridmap.patch = (values) => {
  const next = new URLSearchParams(gridmap.state);
  for (const [key, value] of Object.entries(values)) {
    if (value === null || value === gridmap.defaults[key]) next.delete(key);
    else next.set(key, value);
  }
  gridmap.show(next);
  if (gridmap.framed) gridmap.tell("state", { query: String(next) });
  else history.replaceState(null, "", `#${next}`);
};

gridmap.tell = (type, detail = {}) => {
  if (gridmap.framed) window.parent.postMessage({ gridmap: type, ...detail }, location.origin);
};

/** Fetch JSON; null when a later request replaced this one. Failures are said on the map, once. */
gridmap.fetch = async (url, what, signal) => {
  try {
    const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
    const answer = await response.json();
    if (response.status === 400) {
      gridmap.complain(what, gridmap.periodFault() || `${what}：${answer.detail}`);
      return null;
    }
    if (!response.ok) throw new Error(`${response.status} ${url}`);
    gridmap.complain(what, "");
    return answer;
  } catch (error) {
    if (error.name !== "AbortError") gridmap.complain(what, `${what}暂时读取不到，请稍后刷新页面。`);
    return null;
  }
};

gridmap.complain = (what, text) => {
  if (text) gridmap.complaints.set(what, text);
  else gridmap.complaints.delete(what);
  gridmap.notice.textContent = [...new Set(gridmap.complaints.values())].join(" ");
  gridmap.notice.hidden = !gridmap.complaints.size;
};

gridmap.moveTo = (at) => {
  const [lng, lat, zoom] = at.split(",").map(Number);
  if ([lng, lat, zoom].every(Number.isFinite) && Math.abs(lat) <= 85) {
    gridmap.map.setView([lat, lng], zoom, { animate: false });
    return true;
  }
  return false;
};

// Leaflet decides on motion while a map is made, so this comes before.
if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
  L.Map.mergeOptions({
    zoomAnimation: false,
    fadeAnimation: false,
    markerZoomAnimation: false,
    inertia: false,
  });
}

// Leaflet's own words, in Chinese.
L.Control.Scale.include({
  _updateMetric(widest) {
    const metres = this._getRoundNum(widest);
    const text = metres < 1000 ? `${metres} 米` : `${metres / 1000} 公里`;
    this._updateScale(this._mScale, text, metres / widest);
  },
});

gridmap.start = (map, { bounds, basemaps, note }) => {
  gridmap.map = map;
  gridmap.bounds = L.latLngBounds(bounds);
  gridmap.note = note;
  gridmap.complaints = new Map();
  gridmap.notice = Object.assign(document.createElement("p"), { className: "map-notice", hidden: true });
  gridmap.notice.setAttribute("role", "status");
  map.getContainer().append(gridmap.notice);

  map.setMinZoom(Math.max(3, map.getBoundsZoom(gridmap.bounds) - 3));
  if (!gridmap.moveTo(gridmap.get("at"))) map.fitBounds(gridmap.bounds, { padding: [8, 8], animate: false });

  gridmap.attribution = L.control.attribution({ prefix: false, position: "bottomright" }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  L.control.zoom({ position: "bottomright", zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
  gridmap.addHome(map);
  gridmap.addBasemaps(map, basemaps);

  map.on("popupopen", ({ popup }) => {
    popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", "关闭");
  });
  map.on("moveend", () => {
    const { lng, lat } = map.getCenter();
    const at = [lng.toFixed(5), lat.toFixed(5), map.getZoom()].join(",");
    gridmap.state.set("at", at);
    if (gridmap.framed) gridmap.tell("moved", { at });
    else history.replaceState(null, "", `#${gridmap.state}`);
  });
  addEventListener("message", ({ data, origin, source }) => {
    if (origin !== location.origin || source !== window.parent || !data?.gridmap) return;
    if (data.gridmap === "show") gridmap.show(data.query);
    else map.fire(`page:${data.gridmap}`, data);
  });
  map.on("page:fit", ({ bounds: [west, south, east, north], covered }) => {
    map.fitBounds(
      [
        [south, west],
        [north, east],
      ],
      {
        paddingTopLeft: [24, 24],
        paddingBottomRight: [24, 24 + covered],
        maxZoom: 17,
        animate: false,
      },
    );
  });
  addEventListener("hashchange", () => gridmap.framed || gridmap.show(location.hash.slice(1)));
};

/** A button that brings the whole area back into view. */
gridmap.addHome = (map) => {
  const Home = L.Control.extend({
    options: { position: "bottomright" },
    onAdd() {
      const bar = L.DomUtil.create("div", "leaflet-bar");
      const button = L.DomUtil.create("a", "map-home", bar);
      Object.assign(button, { href: "#", title: "回到全图", role: "button" });
      button.setAttribute("aria-label", "回到全图");
      L.DomEvent.disableClickPropagation(bar);
      L.DomEvent.on(button, "click", (event) => {
        L.DomEvent.preventDefault(event);
        map.fitBounds(gridmap.bounds, { padding: [8, 8] });
      });
      return bar;
    },
  });
  new Home().addTo(map);
};

/** The layer list: on the map itself where it stands alone, in the page's panel where it is framed. */
gridmap.addLegend = (map, { layers }) => {
  const content = {
    kinds: gridmap.kinds,
    levels: gridmap.levels,
    level: gridmap.defaults.level,
    layers,
    basemaps: gridmap.basemaps.map(({ code, name }) => ({ code, name })),
  };
  gridmap.tell("ready", content);
  if (gridmap.framed) return;
  const list = legend.build(content, (key) => gridmap.state.get(key), gridmap.patch);
  map.on("state", list.refresh);
  const Panel = L.Control.extend({
    options: { position: "topright" },
    onAdd() {
      const summary = legend.node("summary", "", "图层与图例");
      const box = legend.node("details", "map-legend", summary, list);
      box.open = map.getSize().x > 700;
      L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
      return box;
    },
  });
  new Panel().addTo(map);
};
