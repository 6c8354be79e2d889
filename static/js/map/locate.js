"use strict";
// The user's own position, handed in by the page, which asks the device for it.

gridmap.addLocator = (map) => {
  const dot = L.circleMarker([0, 0], { radius: 8, className: "map-me", interactive: false });
  const halo = L.circle([0, 0], { radius: 1, className: "map-me-halo", interactive: false });
  map.on("page:position", ({ lng, lat, accuracy }) => {
    const here = L.latLng(lat, lng);
    halo.setLatLng(here).setRadius(accuracy).addTo(map);
    dot.setLatLng(here).addTo(map);
    map.setView(here, Math.max(map.getZoom(), 16));
    gridmap.ask(here, { accuracy });
  });
  map.on("page:point", ({ lng, lat }) => gridmap.ask(L.latLng(lat, lng)));
};
