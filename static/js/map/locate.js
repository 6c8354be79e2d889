"use strict";
// The user's own position, handed in by the page, which asks the device for it, or a spot that was chosen.

gridmap.addLocator = (map) => {
  const dot = L.circleMarker([0, 0], { radius: 8, className: "map-me", interactive: false });
  const halo = L.circle([0, 0], { radius: 1, className: "map-me-halo", interactive: false });
  const spot = L.circleMarker([0, 0], { radius: 8, className: "map-spot", interactive: false });
  const mark = (latlng) => spot.setLatLng(latlng).addTo(map);
  const bring = (latlng) => {
    const seen = map.getZoom() >= 15 && map.getBounds().contains(latlng);
    if (!seen) map.setView(latlng, Math.max(map.getZoom(), 16), { animate: false });
  };
  map.on("click", ({ latlng }) => mark(latlng));
  map.on("page:position", ({ lng, lat, accuracy }) => {
    const here = L.latLng(lat, lng);
    spot.remove();
    halo.setLatLng(here).setRadius(accuracy).addTo(map);
    dot.setLatLng(here).addTo(map);
    map.setView(here, Math.max(map.getZoom(), 16));
    gridmap.ask(here, { accuracy });
  });
  map.on("page:point", ({ lng, lat, from }) => {
    const there = L.latLng(lat, lng);
    mark(there);
    bring(there);
    gridmap.ask(there, { from });
  });
  // A place that the page has found by its address: it knows already whose that is.
  map.on("page:mark", ({ lng, lat, area }) => {
    const there = L.latLng(lat, lng);
    mark(there);
    bring(there);
    gridmap.patch({ area });
  });
};
