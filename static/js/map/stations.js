"use strict";
// Stations by kind: one character each, hollow when closed now; clusters are rings of the kinds.

/** Minutes since Monday 00:00 on the clock of China (1970-01-01 was a Thursday). */
gridmap.weekMinute = (now = Date.now()) => Math.floor(now / 60000 + 8 * 60 + 3 * 1440) % 10080;

gridmap.isClosed = (spans, minute = gridmap.weekMinute()) =>
  spans !== null &&
  !spans.some(([opens, closes]) =>
    [minute, minute + 10080].some((moment) => opens <= moment && moment < closes),
  );

gridmap.addStations = (map, { kinds, stations }) => {
  gridmap.kinds = kinds;
  const byCode = new Map(kinds.map((kind) => [kind.code, kind]));
  map.createPane("stations").classList.add("map-stations");

  const cluster = L.markerClusterGroup({
    clusterPane: "stations",
    // Few rings over a whole town; among streets only symbols that would hide each other, which a click spreads.
    maxClusterRadius: (zoom) => (zoom < 15 ? 90 : zoom < 17 ? 56 : 20),
    showCoverageOnHover: false,
    animate: map.options.zoomAnimation,
    chunkedLoading: false,
    iconCreateFunction: (group) => {
      const found = new Map();
      for (const { kind } of group.getAllChildMarkers()) found.set(kind, (found.get(kind) ?? 0) + 1);
      const parts = kinds
        .filter((kind) => found.has(kind))
        .map((kind) => ({ value: found.get(kind), color: kind.color }));
      const icon = symbols.stationCluster(group.getChildCount(), parts);
      const names = kinds.filter((kind) => found.has(kind)).map((kind) => `${kind.name} ${found.get(kind)}`);
      group.options.title = `${group.getChildCount()} 个站点：${names.join("，")}`;
      group.options.alt = group.options.title;
      return L.divIcon({ html: icon, className: "map-symbol", iconSize: [36, 36] });
    },
  });

  const markers = stations.features.flatMap((feature) => {
    const kind = byCode.get(feature.properties.kind);
    if (!kind) return [];
    const [lng, lat] = feature.geometry.coordinates;
    const closed = gridmap.isClosed(feature.properties.open);
    const title = `${kind.name}：${feature.properties.name}${closed ? "（现在休息）" : ""}`;
    const marker = L.marker([lat, lng], {
      icon: L.divIcon({ html: symbols.station(kind, closed), className: "map-symbol", iconSize: [28, 28] }),
      pane: "stations",
      title,
      alt: title,
    });
    marker.kind = kind;
    marker.bindPopup(() => gridmap.stationCard(kind, feature.properties, closed), gridmap.POPUP);
    return [marker];
  });

  const show = () => {
    const wanted = gridmap.state.has("kinds") ? new Set(gridmap.list("kinds")) : null;
    cluster.clearLayers();
    if (gridmap.shows("stations")) {
      cluster.addLayers(markers.filter(({ kind }) => !wanted || wanted.has(kind.code)));
    }
  };
  cluster.addTo(map);
  show();
  map.on("state", ({ changed }) => (changed.has("kinds") || changed.has("layers")) && show());
};

gridmap.stationCard = (kind, station, closed) => {
  const { node } = gridmap;
  const card = node("div", "", "station-card");
  const head = node("div", "", "station-head");
  const title = node("div");
  title.append(node("strong", station.name), node("span", kind.name, "quiet"));
  head.append(symbols.station(kind, closed), title);
  card.append(head);
  const row = (name, text) => text && card.append(node("div", name, "quiet"), node("div", text));
  row("地址", station.address);
  row("开放", station.hours ? `${station.hours}（${closed ? "现在休息" : "现在开放"}）` : "时间不详");
  row("设施", station.amenities.join("、"));
  row("容量", station.capacity === null ? "" : `${station.capacity} 人`);
  row("使用", station.use);
  if (station.phone) {
    const link = node("a", station.phone);
    link.href = `tel:${station.phone.replace(/[^0-9+]/g, "")}`;
    const cell = node("div");
    cell.append(link);
    card.append(node("div", "电话", "quiet"), cell);
  }
  return card;
};
