"use strict";
// Reports as the server clusters them: a single one is a pin of its state, several are a bubble with the
// true count. The numbers on the map add up to `shown`, over the whole town to `total`.

gridmap.STATES = { open: "在办", overdue: "超期", closed: "已办结" };

gridmap.addReports = (map, { url }) => {
  map.createPane("reports").classList.add("map-reports");
  const group = L.layerGroup().addTo(map);
  let request = new AbortController();
  let timer = 0;

  const pin = (feature) => {
    const { properties, geometry } = feature;
    const single = properties.n === 1;
    const [first] = properties.reports;
    const icon = single ? symbols.report(first.state) : symbols.reportCluster(properties);
    const width = Number(icon.getAttribute("width"));
    const height = Number(icon.getAttribute("height"));
    const anchor = single && first.state === "open" ? [width / 2, height - 1] : [width / 2, height / 2];
    const states = ["open", "overdue", "closed"].map(
      (state) => `${gridmap.STATES[state]} ${properties[state]}`,
    );
    const title = single
      ? `${gridmap.STATES[first.state]}：${first.category_name}`
      : `${properties.n} 件：${states.join("，")}`;
    const latlng = L.latLng(geometry.coordinates[1], geometry.coordinates[0]);
    const marker = L.marker(latlng, {
      icon: L.divIcon({ html: icon, className: "map-symbol", iconSize: [width, height], iconAnchor: anchor }),
      pane: "reports",
      title,
      alt: title,
      riseOnHover: true,
    });
    marker.key = JSON.stringify(feature);
    if (first) {
      marker.bindPopup(() => gridmap.reportList(properties), {
        ...gridmap.POPUP,
        offset: [0, 8 - anchor[1]],
      });
    } else {
      marker.on("click", () => {
        map.setView(latlng, Math.min(map.getZoom() + 2, map.getMaxZoom()));
      });
    }
    return marker;
  };

  const load = async () => {
    request.abort();
    request = new AbortController();
    if (!gridmap.shows("reports")) {
      group.clearLayers();
      return;
    }
    const box = map.getBounds();
    // Over a whole town a few large bubbles leave its names readable.
    const zoom = map.getZoom() < 15 ? map.getZoom() - 1 : map.getZoom();
    const bbox = [
      Math.max(-180, box.getWest()),
      Math.max(-85, box.getSouth()),
      Math.min(180, box.getEast()),
      Math.min(85, box.getNorth()),
    ].map((value) => value.toFixed(6));
    const query = new URLSearchParams([["bbox", bbox.join(",")], ["zoom", zoom], ...gridmap.filters()]);
    const answer = await gridmap.fetch(`${url}?${query}`, "上报", request.signal);
    if (!answer) return;
    const pins = answer.features.map(pin);
    // Opening a popup near an edge moves the map, which loads again: what is being read stays.
    const open = group.getLayers().find((marker) => marker.isPopupOpen());
    const same = open && pins.findIndex(({ key }) => key === open.key);
    if (same >= 0) pins[same] = open;
    for (const marker of group.getLayers()) if (!pins.includes(marker)) group.removeLayer(marker);
    for (const marker of pins) group.addLayer(marker);
    const { total, shown } = answer;
    Object.assign(map.getContainer().dataset, { total, shown });
    gridmap.tell("reports", { total, shown });
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(load, 80);
  };

  map.on("moveend", soon);
  map.on("state", ({ changed }) => {
    if (["layers", "category", "since", "until", "state"].some((key) => changed.has(key))) soon();
  });
  soon();
};

/** The reports of one spot, the newest first; the server lists at most twenty of them. */
gridmap.reportList = ({ n, reports }) => {
  if (reports.length === 1) return gridmap.reportCard(reports[0]);
  const list = gridmap.node("div", "", "report-list");
  const more = n > reports.length ? `此处 ${n} 件，列出最近 ${reports.length} 件` : `此处 ${n} 件`;
  list.append(gridmap.node("p", more, "quiet"), ...reports.map(gridmap.reportCard));
  return list;
};

gridmap.reportCard = (report) => {
  const { node } = gridmap;
  const card = node("div", "", "station-card");
  const head = node("div", "", "station-head");
  const title = node("div");
  title.append(
    node("strong", report.category_name),
    node("span", gridmap.STATES[report.state], `state-name is-${report.state}`),
  );
  head.append(symbols.report(report.state), title);
  card.append(head);
  const row = (name, text) => text && card.append(node("div", name, "quiet"), node("div", text));
  row("编号", report.reference);
  row("上报", report.reported_at);
  row("地址", report.address);
  const wrong = node("a", "位置有误？", "report-wrong");
  wrong.href = `/review?${new URLSearchParams({ reference: report.reference })}`;
  // Out of the frame of whatever page shows the map.
  wrong.target = "_top";
  card.append(wrong);
  return card;
};
