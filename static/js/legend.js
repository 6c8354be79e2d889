"use strict";
// Layer list and legend in one, built the same for a map that stands alone and for a page's panel.
const legend = (() => {
  const STATES = { open: "在办", overdue: "超期", closed: "已办结" };

  const node = (name, className = "", ...children) => {
    const element = Object.assign(document.createElement(name), { className });
    element.append(...children);
    return element;
  };

  const group = (title, ...children) =>
    node("fieldset", "legend-group", node("legend", "", title), ...children);

  const count = (number) => node("span", "legend-count", number.toLocaleString("en"));

  /**
   * `content` is what the map offers: {kinds, levels, level, layers, basemaps}. `get(key)` reads the map's state, null where a
   * key is not set; `patch({key: value})` changes it. The element's `refresh()` reads the state again.
   */
  const build = ({ kinds, levels, level, layers, basemaps }, get, patch) => {
    const root = node("div", "legend-list");
    const refreshers = [];
    let serial = 0;

    const option = (type, name, caption, { checked, partly, change, symbol, number, title }) => {
      const input = Object.assign(document.createElement("input"), { type, name, id: `${name}-${serial++}` });
      input.addEventListener("change", () => change(input.checked));
      refreshers.push(() => {
        input.checked = checked();
        input.indeterminate = partly?.() ?? false;
      });
      const text = node("span", "legend-name", caption);
      const row = node("label", "legend-row", input);
      if (symbol) row.append(node("span", "legend-symbol", symbol));
      row.append(text);
      if (number !== undefined) row.append(count(number));
      if (title) row.title = title;
      return row;
    };

    const segments = (name, title, choices, key, fallback) => {
      const bar = node("div", "segments");
      for (const [value, caption, number] of choices) {
        const input = Object.assign(document.createElement("input"), {
          type: "radio",
          name,
          id: `${name}-${value}`,
        });
        input.addEventListener("change", () => patch({ [key]: value }));
        refreshers.push(() => {
          const chosen = choices.some(([known]) => known === get(key)) ? get(key) : fallback;
          input.checked = chosen === value;
        });
        const label = node("label", "", caption);
        if (number !== undefined) label.append(count(number));
        label.htmlFor = input.id;
        bar.append(input, label);
      }
      return group(title, bar);
    };

    const shown = () => (get("layers") ?? "stations,reports").split(",").filter(Boolean);
    const switched = (name, on) => {
      const others = shown().filter((other) => other !== name);
      return (on ? [...others, name] : others).sort().reverse().join(",");
    };
    const layer = (name, caption, extra = {}) =>
      option("checkbox", "layer", caption, {
        checked: () => shown().includes(name),
        change: (on) => patch({ layers: switched(name, on) }),
        ...extra,
      });

    if (layers.includes("areas")) {
      const choices = levels.map(({ code, name, count: number }) => [code, name, number]);
      root.append(segments("level", "分区", [...choices, ["none", "不显示"]], "level", level));
    }
    if (layers.includes("reports")) {
      const key = node("ul", "legend-key");
      for (const [state, name] of Object.entries(STATES)) {
        key.append(node("li", "", symbols.report(state), name));
      }
      const scale = node(
        "div",
        "heat-scale",
        node("span", "", "低"),
        node("i", "heat-ramp"),
        node("span", "", "高"),
      );
      root.append(group("上报", layer("reports", "上报点"), key, layer("heat", "热力"), scale));
    }
    if (layers.includes("stations")) {
      const codes = kinds.map(({ code }) => code);
      // Without the layer no kind is shown, and the first one that is chosen is shown alone.
      const wanted = () => {
        if (!shown().includes("stations")) return [];
        return codes.filter((code) => get("kinds")?.split(",").includes(code) ?? true);
      };
      const choose = (list) =>
        patch({
          layers: switched("stations", list.length > 0),
          kinds: list.length && list.length < codes.length ? list.join(",") : null,
        });
      const rows = kinds.map((kind) =>
        option("checkbox", "kind", kind.name, {
          symbol: symbols.station(kind),
          number: kind.count,
          checked: () => wanted().includes(kind.code),
          change: (on) => choose(codes.filter((code) => (code === kind.code ? on : wanted().includes(code)))),
        }),
      );
      const all = layer("stations", "全部站点", {
        number: kinds.reduce((sum, kind) => sum + kind.count, 0),
        partly: () => shown().includes("stations") && wanted().length < codes.length,
        change: (on) => choose(on ? codes : []),
      });
      const list = node("div", "legend-kinds", ...rows);
      root.append(group("站点", all, list, node("p", "legend-hint", "空心：现在休息　圆环：邻近站点合计")));
    }
    if (basemaps.length > 1) {
      root.append(
        segments(
          "base",
          "底图",
          basemaps.map(({ code, name }) => [code, name]),
          "base",
          basemaps[0].code,
        ),
      );
    }
    root.refresh = () => refreshers.forEach((refresh) => refresh());
    root.refresh();
    return root;
  };

  return { build, node, STATES };
})();
