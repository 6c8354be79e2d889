"use strict";
// The places that a report may belong to, as numbered marks, and the pin that a person puts down.

gridmap.addPins = (map) => {
  const KEYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  // Pixels of the screen for each press; with Shift, to get somewhere.
  const STEP = 4;
  const STRIDE = 40;
  // While the pin is on the move, the grid under it is asked for after a pause.
  const PAUSE_MS = 180;

  const options = L.layerGroup().addTo(map);
  const pin = L.marker([0, 0], {
    icon: L.divIcon({ html: symbols.pin(), className: "map-pin", iconSize: [34, 44], iconAnchor: [17, 43] }),
    draggable: true,
    autoPan: true,
    zIndexOffset: 1000,
    title: "图钉：拖动，或按方向键移动",
  });

  let pause = 0;
  const ask = () => {
    clearTimeout(pause);
    pause = setTimeout(() => gridmap.ask(pin.getLatLng()), PAUSE_MS);
  };
  const tell = (how) => {
    const { lng, lat } = pin.getLatLng().wrap();
    gridmap.tell("pin", { lng, lat, how });
  };
  const put = (latlng, how) => {
    pin.setLatLng(latlng).addTo(map);
    tell(how);
  };

  pin.on("add", () => {
    pin.getElement().setAttribute("aria-label", pin.options.title);
    L.DomEvent.on(pin.getElement(), "keydown", (event) => {
      const direction = KEYS[event.key];
      if (!direction) return;
      // Not the map, which would move along.
      L.DomEvent.stop(event);
      const by = L.point(direction).multiplyBy(event.shiftKey ? STRIDE : STEP);
      put(map.containerPointToLatLng(map.latLngToContainerPoint(pin.getLatLng()).add(by)), "moved");
      map.panInside(pin.getLatLng(), { padding: [60, 60], animate: false });
      ask();
    });
  });
  pin.on("drag", ask);
  pin.on("dragend", () => {
    tell("moved");
    ask();
  });
  // The areas ask for whatever is clicked; here the pin goes there.
  map.on("click", ({ latlng }) => {
    clearTimeout(pause);
    put(latlng, "moved");
  });

  /** A report's places: `options` with mark, name, lng, lat. The pin is taken up until one is chosen. */
  map.on("page:options", ({ options: list }) => {
    clearTimeout(pause);
    pin.remove();
    options.clearLayers();
    gridmap.patch({ area: null });
    list.forEach(({ mark, name, lng, lat }, index) => {
      const title = `${mark} ${name}`;
      const face = gridmap.node("span", mark, "map-option-face");
      const marker = L.marker([lat, lng], {
        icon: L.divIcon({ html: face, className: "map-option", iconSize: [32, 32] }),
        title,
        // The likeliest lies on top.
        zIndexOffset: (list.length - index) * 50,
      });
      marker.on("add", () => marker.getElement().setAttribute("aria-label", title));
      marker.on("click", () => gridmap.tell("option", { index }));
      options.addLayer(marker);
    });
    // What lies far outside would leave nothing of the town to see.
    const near = list
      .map(({ lng, lat }) => L.latLng(lat, lng))
      .filter((place) => gridmap.bounds.pad(0.3).contains(place));
    const edge = map.getSize().divideBy(6);
    if (near.length) map.fitBounds(L.latLngBounds(near), { padding: edge, maxZoom: 17, animate: false });
    else map.fitBounds(gridmap.bounds, { padding: [8, 8], animate: false });
  });

  map.on("page:choose", ({ lng, lat, how }) => {
    const there = L.latLng(lat, lng);
    put(there, how);
    const seen = map.getZoom() >= 16 && map.getBounds().pad(-0.15).contains(there);
    if (!seen) map.setView(there, Math.max(map.getZoom(), 16), { animate: false });
    gridmap.ask(there);
  });
  map.on("page:centre", () => {
    put(map.getCenter(), "moved");
    gridmap.ask(map.getCenter());
  });
};
