"use strict";
// What a click on the map answers, as elements: the card of an area, the workers, the nearest stations.
const card = (() => {
  const { node } = legend;
  const LEVEL = { county: "区县", street: "街道", community: "社区", grid: "网格" };
  const ROLE = { lead: "网格长", full: "专职", part: "兼职" };
  const SHOWN = 8;

  const number = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en"));

  const kindSymbol = (kinds, code) => {
    const kind = kinds.find((other) => other.code === code);
    return kind ? symbols.station(kind) : "";
  };

  const phone = (text) => {
    const link = node("a", "phone", text);
    link.href = `tel:${text.replace(/[^0-9+]/g, "")}`;
    return link;
  };

  /** Who answers for an area; a grid has exactly one full-time worker, and says so where it has not. */
  const workers = (list, level) => {
    const full = list.filter(({ role }) => role === "full").length;
    const amiss =
      level !== "grid" || full === 1
        ? ""
        : node("p", "vacant", full ? `此网格有 ${full} 名专职网格员，应为 1 名` : "此网格暂缺专职网格员");
    const rows = (some) =>
      node(
        "ul",
        "workers",
        ...some.map((worker) =>
          node(
            "li",
            "",
            node(
              "span",
              "",
              node("strong", "", worker.name),
              node("span", "quiet", ROLE[worker.role] ?? worker.role),
            ),
            worker.phone ? phone(worker.phone) : "",
          ),
        ),
      );
    const first = list.filter(({ role }) => role !== "part");
    const others = list.filter(({ role }) => role === "part");
    const few = others.length <= 2;
    return node(
      "div",
      "",
      amiss,
      rows(few ? list : first),
      few ? "" : node("details", "", node("summary", "", `兼职 ${others.length} 人`), rows(others)),
    );
  };

  const figures = (pairs) =>
    node(
      "dl",
      "figures small",
      ...pairs.map(([name, value, className = "", title = ""]) => {
        const cell = node("div", className, node("dt", "", name), node("dd", "", number(value)));
        cell.title = title;
        return cell;
      }),
    );

  const section = (title, ...children) => node("section", "card-part", node("h3", "", title), ...children);

  /** The path from the street down; `open(code)` shows another area's card. */
  const path = (parents, open) => {
    const line = node("nav", "path");
    line.setAttribute("aria-label", "上级");
    for (const parent of parents) {
      const link = node("button", "", parent.name);
      link.type = "button";
      link.addEventListener("click", () => open(parent.code));
      line.append(link);
    }
    return line;
  };

  /** Reports of the last twelve months as columns; months that the answer leaves out had none. */
  const trend = (months, asOf) => {
    const found = new Map(months.map(({ month, n }) => [month, n]));
    const [year, month] = (asOf ?? new Date().toISOString()).split("-").map(Number);
    const last = year * 12 + month - 1;
    const columns = Array.from({ length: 12 }, (_, step) => {
      const at = last - 11 + step;
      const key = `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`;
      return { key, n: found.get(key) ?? 0 };
    });
    const peak = Math.max(...columns.map(({ n }) => n));
    if (!peak) return node("p", "quiet", "近十二个月没有上报");
    const chart = node("div", "trend");
    chart.setAttribute("role", "img");
    chart.setAttribute(
      "aria-label",
      `近十二个月上报：${columns.map(({ key, n }) => `${key} ${n} 件`).join("，")}`,
    );
    for (const { key, n } of columns) {
      const bar = node("i");
      bar.style.height = `${Math.max(2, (n / peak) * 100)}%`;
      const column = node("span", "", bar, node("b", "", String(Number(key.slice(5)))));
      column.title = `${key}：${n} 件`;
      chart.append(column);
    }
    return node(
      "div",
      "",
      chart,
      node("p", "quiet", `每月件数，最高 ${peak.toLocaleString("en")}；末月未完`),
    );
  };

  /** The areas below, most reports first, without the name of the area that they are in. */
  const children = ({ name, children: list }, open) => {
    const ordered = [...list].sort((a, b) => b.reports - a.reports);
    const peak = Math.max(1, ordered[0].reports);
    const rows = ordered.map((child) => {
      const short = child.name.startsWith(name) ? child.name.slice(name.length) : child.name;
      const button = node("button", "", short || child.name);
      button.type = "button";
      button.addEventListener("click", () => open(child.code));
      const bar = node("i");
      bar.style.width = `${(child.reports / peak) * 100}%`;
      return node("li", "", button, node("span", "bar", bar), node("span", "number", number(child.reports)));
    });
    return rows.length <= SHOWN
      ? node("ul", "children", ...rows)
      : node(
          "div",
          "",
          node("ul", "children", ...rows.slice(0, SHOWN)),
          node(
            "details",
            "",
            node("summary", "", `其余 ${rows.length - SHOWN} 个`),
            node("ul", "children", ...rows.slice(SHOWN)),
          ),
        );
  };

  const stationCounts = (list, kinds) => {
    const found = new Map();
    for (const { kind, kind_name: name } of list) {
      found.set(kind, { name, n: (found.get(kind)?.n ?? 0) + 1 });
    }
    return node(
      "ul",
      "station-counts",
      ...[...found].map(([code, { name, n }]) =>
        node("li", "", kindSymbol(kinds, code), node("span", "", name), node("span", "number", String(n))),
      ),
    );
  };

  const closer = (close) => {
    const button = node("button", "btn-close");
    button.type = "button";
    button.setAttribute("aria-label", "关闭");
    button.addEventListener("click", close);
    return button;
  };

  /** A sentence where a card would be. */
  const message = (text, close) => node("article", "area-card", closer(close), node("p", "message", text));

  /** The card of one area, from /api/areas/<code>. */
  const area = (answer, kinds, { open, close }) => {
    const kind = answer.kind === "dedicated" ? "专属" : "";
    const { reports } = answer;
    const root = node(
      "article",
      "area-card",
      closer(close),
      answer.parents.length ? path(answer.parents, open) : "",
      node("h2", "", answer.name, node("span", "badge", kind + (LEVEL[answer.level] ?? ""))),
      node("p", "quiet number", answer.code),
      workers(answer.workers, answer.level),
      figures([
        ["户数（户）", answer.households],
        ["人口（人）", answer.population],
        ["站点（个）", answer.stations.length],
      ]),
      section(
        "上报（全部时段）",
        figures([
          ["合计", reports.total, "", "此区域及其下级内全部时段的上报件数"],
          ["在办", reports.open],
          ["超期", reports.overdue, reports.overdue ? "is-overdue" : "", "未办结、已过办理时限"],
          ["近 30 天", answer.last_30_days, "", "至最新上报日为止的 30 天内"],
        ]),
        trend(answer.trend, answer.as_of),
      ),
    );
    if (answer.children.length) {
      const below = LEVEL[answer.children[0].level] ?? "下级";
      root.append(section(`${answer.children.length} 个${below}，按件数`, children(answer, open)));
    }
    if (answer.stations.length) root.append(section("站点", stationCounts(answer.stations, kinds)));
    if (answer.as_of) root.append(node("p", "quiet", `截至 ${answer.as_of.slice(0, 16).replace("T", " ")}`));
    return root;
  };

  // Nobody walks farther: beyond it the time says nothing.
  const WALKED_M = 5000;

  const minutes = (value) => (value < 1 ? "不到 1 分钟" : `约 ${Math.round(value)} 分钟`);

  const nearest = (list, kinds) =>
    node(
      "ul",
      "nearest",
      ...list.map((station) =>
        node(
          "li",
          "",
          kindSymbol(kinds, station.kind),
          node(
            "span",
            "",
            node("strong", "", station.name),
            node(
              "span",
              "quiet",
              [
                station.kind_name,
                { true: "现在开放", false: "现在休息" }[station.open_now] ?? "开放时间不详",
                station.address,
              ]
                .filter(Boolean)
                .join(" · "),
            ),
          ),
          station.distance_m > WALKED_M
            ? node("span", "walk", node("strong", "", `${number(Math.round(station.distance_m / 1000))} 公里`))
            : node(
                "span",
                "walk",
                node("strong", "", minutes(station.walk_minutes)),
                node("span", "quiet", `${number(station.distance_m)} 米`),
              ),
        ),
      ),
    );

  /** Where a point lies, from /api/locate: the grid, who answers for it, what is near. */
  const place = (answer, kinds) => {
    const root = node("article", "area-card");
    if (answer.area) {
      const parents = answer.path.slice(0, -1).map(({ name }) => name);
      root.append(
        node("p", "path", ...parents.map((name) => node("span", "", name))),
        node(
          "h2",
          "",
          answer.area.name,
          node(
            "span",
            "badge",
            (answer.area.kind === "dedicated" ? "专属" : "") + (LEVEL[answer.area.level] ?? ""),
          ),
        ),
        workers(answer.workers, answer.area.level),
      );
    } else {
      root.append(
        node("h2", "", "此处不在任何网格内"),
        node("p", "quiet", "换一个位置再试；如果位置无误，请告知社区。"),
      );
    }
    if (answer.stations.length) root.append(section("最近的站点", nearest(answer.stations, kinds)));
    root.append(node("p", "quiet", `${answer.reasons.join("；")}。`));
    return root;
  };

  return { area, message, place, number };
})();
