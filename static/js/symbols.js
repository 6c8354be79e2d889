"use strict";
// The map's symbols as SVG elements, shared by the maps and the pages around them. Text is set as text
// content only, so that a name from the dictionaries or the data can never become markup.
const symbols = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  // Outlines in a box of 28 by 28, and the height of the character's middle.
  const SHAPES = {
    circle: ["M14 1.5a12.5 12.5 0 1 1 0 25 12.5 12.5 0 1 1 0-25z", 14],
    shield: ["M14 1.5l11 3.5v9c0 6.5-5 10.5-11 12.8C8 24.5 3 20.5 3 14V5z", 13.2],
    rounded: ["M7.5 2.5h13a5 5 0 0 1 5 5v13a5 5 0 0 1-5 5h-13a5 5 0 0 1-5-5v-13a5 5 0 0 1 5-5z", 14],
    pennant: ["M2.5 3h24l-4.5 11 4.5 11h-24z", 14, 12.2],
    hexagon: ["M14 1l11.6 6.6v12.8L14 27 2.4 20.4V7.6z", 14],
    bowl: ["M1.5 6.5h25c0 12-4.6 19-12.5 19S1.5 18.5 1.5 6.5z", 14.6],
    drop: ["M14 .8c4.5 5.7 10.5 9.7 10.5 15.7a10.5 10.5 0 0 1-21 0C3.5 10.5 9.5 6.5 14 .8z", 16.6],
    notch: ["M2.5 3h7.5l4 4.5L18 3h7.5v22.5h-23z", 16],
    bar: ["M8.5 5h11a9 9 0 0 1 0 18h-11a9 9 0 0 1 0-18z", 14],
  };

  const element = (name, attributes = {}, ...children) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  const svg = (width, height, className, ...children) =>
    element(
      "svg",
      { width, height, viewBox: `0 0 ${width} ${height}`, class: className, "aria-hidden": "true" },
      ...children,
    );

  const label = (text, x, y, attributes) => {
    const node = element("text", {
      x,
      y,
      "text-anchor": "middle",
      "dominant-baseline": "central",
      ...attributes,
    });
    node.textContent = text;
    return node;
  };

  /** A station: the kind's shape with its one character; hollow when it is closed now. */
  const station = (kind, closed = false) => {
    const [path, y, x = 14] = SHAPES[kind.shape] ?? SHAPES.circle;
    const paint = closed
      ? { fill: "#fff", stroke: kind.color, "stroke-width": 2 }
      : { fill: kind.color, stroke: "#fff", "stroke-width": 1.5 };
    const character = label(kind.character, x, y, {
      fill: closed ? kind.color : "#fff",
      "font-size": 13,
      "font-weight": 600,
    });
    return svg(28, 28, "station-symbol", element("path", { d: path, ...paint }), character);
  };

  /** A report's pin: a drop when it is open, a diamond with ! when overdue, a check when closed. */
  const report = (state) => {
    if (state === "overdue") {
      return svg(
        26,
        26,
        "report-symbol is-overdue",
        element("path", { d: "M13 1l12 12-12 12L1 13z" }),
        label("!", 13, 13, { class: "mark", "font-size": 15, "font-weight": 700 }),
      );
    }
    if (state === "closed") {
      return svg(
        16,
        16,
        "report-symbol is-closed",
        element("circle", { cx: 8, cy: 8, r: 7 }),
        element("path", { class: "check", d: "M4.8 8.3l2.3 2.3 4.2-4.8" }),
      );
    }
    return svg(
      22,
      28,
      "report-symbol is-open",
      element("path", {
        d: "M11 1a10 10 0 0 1 10 10c0 6.5-6.5 10.5-10 16C7.5 21.5 1 17.5 1 11A10 10 0 0 1 11 1z",
      }),
      element("circle", { class: "eye", cx: 11, cy: 11, r: 3.5 }),
    );
  };

  /** Segments of a ring of the given radius and width; `parts` are {value, ...attributes of the arc}. */
  const ring = (center, radius, width, parts) => {
    const total = parts.reduce((sum, part) => sum + part.value, 0);
    const length = 2 * Math.PI * radius;
    let before = 0;
    return parts
      .filter((part) => part.value)
      .map(({ value, ...attributes }) => {
        const share = (value / total) * length;
        const arc = element("circle", {
          cx: center,
          cy: center,
          r: radius,
          fill: "none",
          "stroke-width": width,
          "stroke-dasharray": `${share} ${length - share}`,
          "stroke-dashoffset": length / 4 - before,
          ...attributes,
        });
        before += share;
        return arc;
      });
  };

  /** A cluster of stations: a ring whose segments are the kinds, the true count inside. */
  const stationCluster = (count, parts) =>
    svg(
      36,
      36,
      "station-cluster",
      element("circle", { class: "ground", cx: 18, cy: 18, r: 17.5 }),
      ...ring(
        18,
        15,
        4,
        parts.map(({ value, color }) => ({ value, stroke: color })),
      ),
      label(String(count), 18, 18, { class: "count", "font-size": 13, "font-weight": 600 }),
    );

  /** Reports that share a place at this zoom: a filled bubble, its rim split by state. */
  const reportCluster = ({ n, open, overdue, closed }) => {
    const size = n < 10 ? 26 : n < 100 ? 30 : n < 1000 ? 36 : n < 10000 ? 48 : 56;
    const middle = size / 2;
    return svg(
      size,
      size,
      "report-cluster",
      element("circle", { class: "ground", cx: middle, cy: middle, r: middle - 0.5 }),
      ...ring(middle, middle - 2.5, 2.5, [
        { value: overdue, class: "is-overdue" },
        { value: open, class: "is-open" },
        { value: closed, class: "is-closed" },
      ]),
      element("circle", { class: "bubble", cx: middle, cy: middle, r: middle - 4.5 }),
      label(n.toLocaleString("en"), middle, middle, {
        class: "count",
        "font-size": n < 1000 ? 12 : 13,
        "font-weight": 600,
      }),
    );
  };

  /** The pin that a person puts down; its point is at 17, 43. */
  const pin = () =>
    svg(
      34,
      44,
      "pin-symbol",
      element("path", { d: "M17 1.5c8.6 0 15.5 6.7 15.5 15.2C32.5 27 17 43 17 43S1.5 27 1.5 16.7C1.5 8.2 8.4 1.5 17 1.5z" }),
      element("circle", { cx: 17, cy: 16.5, r: 5.5 }),
    );

  return { station, report, stationCluster, reportCluster, pin };
})();
