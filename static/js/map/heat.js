"use strict";
// Density of the filtered reports: one transparent picture made by the server.

gridmap.addHeat = (map, { url, bounds }) => {
  map.createPane("heat", map.getPane("overlayPane")).classList.add("map-heat");
  const picture = () => {
    const filters = String(gridmap.filters());
    return filters ? `${url}?${filters}` : url;
  };
  let overlay = null;
  const show = () => {
    if (!gridmap.shows("heat")) {
      overlay?.remove();
      overlay = null;
    } else if (overlay) {
      overlay.setUrl(picture());
    } else {
      overlay = L.imageOverlay(picture(), bounds, {
        pane: "heat",
        alt: "上报密度",
        interactive: false,
      }).addTo(map);
      overlay.on("error", () => gridmap.complain("热力", gridmap.periodFault() || "热力暂时读取不到，请稍后刷新页面。"));
      overlay.on("load", () => gridmap.complain("热力", ""));
    }
  };
  show();
  map.on("state", ({ changed }) => {
    if (["layers", "category", "since", "until", "state"].some((key) => changed.has(key))) show();
  });
};
