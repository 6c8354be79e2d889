"use strict";
// 综合态势一张图: the panel beside the map. What is chosen lives in the page's own address, so that a view can
// be shared and the browser's Back works; the map in the frame follows it.
(() => {
  const frame = document.getElementById("map");
  const panel = document.getElementById("panel");
  const form = document.getElementById("filters");
  const slot = document.getElementById("card");
  const latest = panel.dataset.latest;
  const PERIOD = "30";
  const STATES = ["open", "overdue", "closed"];

  const PERIODS = [...form.period.options].map(({ value }) => value);

  let query = new URLSearchParams(location.search);
  let kinds = [];
  let layerList = null;
  let shownArea = null;
  // A link may name an area and no view: the map then goes to the area, once.
  let fit = query.has("area") && !query.has("at");

  // --- the address ---------------------------------------------------------------------------------------

  const list = (key) => (query.has(key) ? query.get(key).split(",") : null);

  const chosenStates = () => {
    const known = STATES.filter((state) => list("state")?.includes(state));
    return known.length ? known : STATES;
  };

  /** The chosen period; an address may hold anything. */
  const chosenPeriod = () => (PERIODS.includes(query.get("period")) ? query.get("period") : PERIOD);

  /** The first of so many days that end with the latest. */
  const firstDay = (days) => {
    const day = new Date(`${latest}T00:00:00Z`);
    day.setUTCDate(day.getUTCDate() - days + 1);
    return day.toISOString().slice(0, 10);
  };

  /** What the map is told: the page's choices, with a relative period turned into days. */
  const forMap = () => {
    const told = new URLSearchParams(query);
    told.delete("period");
    if (chosenStates().length < STATES.length) told.set("state", chosenStates().join(","));
    else told.delete("state");
    for (const end of ["since", "until"]) {
      if (!/^\d{4}-\d\d-\d\d$/.test(query.get(end) ?? "")) told.delete(end);
    }
    const period = chosenPeriod();
    if (period !== "custom") {
      told.delete("since");
      told.delete("until");
      if (period !== "all" && latest) {
        told.set("since", firstDay(Number(period)));
        told.set("until", latest);
      }
    }
    return told;
  };

  const write = (how) => {
    const text = String(query).replaceAll("%2C", ",");
    history[how](null, "", text ? `?${text}` : location.pathname);
  };

  /** Take choices over into the controls, the map and the card. The map is moved only where `at` is told. */
  const follow = ({ move }) => {
    fill();
    const told = forMap();
    if (!move) told.delete("at");
    // Before the map is ready there is nobody to tell; it is told when it says so.
    if (layerList) frame.contentWindow.postMessage({ gridmap: "show", query: String(told) }, location.origin);
    showArea(query.get("area"));
  };

  const change = (values) => {
    const next = new URLSearchParams(query);
    for (const [key, value] of Object.entries(values)) {
      if (value === null) next.delete(key);
      else next.set(key, value);
    }
    query = next;
    write("pushState");
    follow({ move: false });
  };

  // --- the controls --------------------------------------------------------------------------------------

  const boxes = (name) => [...form.querySelectorAll(`input[name="${name}"]`)];

  const fill = () => {
    const period = chosenPeriod();
    form.period.value = period;
    form.querySelector(".dates").hidden = period !== "custom";
    form.since.value = query.get("since") ?? "";
    form.until.value = query.get("until") ?? "";
    for (const box of boxes("state")) box.checked = chosenStates().includes(box.value);
    const categories = list("category");
    for (const group of form.querySelectorAll("[data-group]")) {
      const whole = group.querySelector('[name="group"]');
      const parts = [...group.querySelectorAll('[name="category"]')];
      for (const box of parts) {
        box.checked = !categories || categories.includes(whole.value) || categories.includes(box.value);
      }
      const on = parts.filter(({ checked }) => checked).length;
      whole.checked = parts.length ? on === parts.length : !categories || categories.includes(whole.value);
      whole.indeterminate = on > 0 && on < parts.length;
    }
    const names = (categories ?? []).map((code) => {
      const box = form.querySelector(`[data-group] input[value="${CSS.escape(code)}"]`);
      return box ? box.parentElement.textContent.trim() : code;
    });
    document.getElementById("category-summary").textContent =
      categories === null ? "全部" : names.length > 3 ? `已选 ${names.length} 类` : names.join("、");
    layerList?.refresh();
  };

  const chosenCategories = () => {
    const groups = [...form.querySelectorAll("[data-group]")];
    const codes = groups.flatMap((group) => {
      const whole = group.querySelector('[name="group"]');
      const parts = [...group.querySelectorAll('[name="category"]')];
      const on = parts.filter(({ checked }) => checked);
      return (parts.length ? on.length === parts.length : whole.checked)
        ? [whole.value]
        : on.map(({ value }) => value);
    });
    const everything =
      groups.length === codes.length && groups.every((group) => codes.includes(group.dataset.group));
    return everything || !codes.length ? null : codes.join(",");
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target }) => {
    switch (target.name) {
      case "period": {
        if (target.value === "custom") {
          const told = forMap();
          change({
            period: "custom",
            since: told.get("since") ?? (latest ? firstDay(365) : null),
            until: told.get("until") ?? (latest || null),
          });
        } else {
          change({ period: target.value === PERIOD ? null : target.value, since: null, until: null });
        }
        break;
      }
      case "since":
      case "until": {
        // The other end gives way, so that a period never ends before it begins.
        const other = target.name === "since" ? form.until : form.since;
        if (!target.value) break;
        const crossed =
          other.value && (target.name === "since" ? target.value > other.value : target.value < other.value);
        change({ [target.name]: target.value, ...(crossed ? { [other.name]: target.value } : {}) });
        break;
      }
      case "state": {
        const on = boxes("state")
          .filter(({ checked }) => checked)
          .map(({ value }) => value);
        if (!on.length) target.checked = true;
        else change({ state: on.length === STATES.length ? null : on.join(",") });
        break;
      }
      case "group":
        for (const box of target.closest("[data-group]").querySelectorAll('[name="category"]')) {
          box.checked = target.checked;
        }
        change({ category: chosenCategories() });
        break;
      default:
        change({ category: chosenCategories() });
    }
  });

  document.getElementById("reset").addEventListener("click", () => {
    query = new URLSearchParams(query.has("at") ? { at: query.get("at") } : {});
    write("pushState");
    follow({ move: false });
  });
  document.getElementById("share").addEventListener("click", async ({ currentTarget: button }) => {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(location.href);
      button.textContent = "已复制";
    } catch {
      button.textContent = "请从地址栏复制";
    }
    setTimeout(() => {
      button.textContent = before;
    }, 2000);
  });

  // --- the card of an area -------------------------------------------------------------------------------

  const openArea = (code) => change({ area: code });

  /** Bring a box into the part of the map that the sheet of a phone, once it is up, leaves free. */
  const goTo = async (bounds) => {
    raise(true);
    await Promise.allSettled(panel.getAnimations().map(({ finished }) => finished));
    const [map, sheet] = [frame, panel].map((element) => element.getBoundingClientRect());
    const covered = sheet.left < map.right ? Math.max(0, map.bottom - sheet.top) : 0;
    frame.contentWindow.postMessage({ gridmap: "fit", bounds, covered }, location.origin);
  };

  const showArea = async (code) => {
    if (code === shownArea) return;
    shownArea = code;
    if (!code) {
      slot.hidden = true;
      slot.replaceChildren();
      return;
    }
    const response = await fetch(`/api/areas/${encodeURIComponent(code)}`);
    if (code !== shownArea) return;
    const close = () => change({ area: null });
    if (response.ok) {
      const answer = await response.json();
      slot.replaceChildren(card.area(answer, kinds, { open: openArea, close }));
      // Before the map is ready there is nobody to tell; once it is, the card is asked for again.
      if (fit && layerList) {
        fit = false;
        goTo(answer.bounds);
      }
    } else {
      const gone = response.status === 404;
      slot.replaceChildren(
        card.message(gone ? `没有编码为 ${code} 的区域。` : "这个区域的资料暂时读取不到，请稍后再试。", close),
      );
    }
    slot.hidden = false;
    slot.scrollIntoView({ block: "nearest" });
    raise(true);
  };

  // --- what the map says ---------------------------------------------------------------------------------

  const onMap = {
    ready: (content) => {
      kinds = content.kinds;
      layerList = legend.build(content, (key) => query.get(key), change);
      document.getElementById("layers").replaceChildren(layerList);
      // The card may have arrived before the symbols of its stations.
      shownArea = null;
      follow({ move: false });
    },
    state: ({ query: text }) => {
      const told = new URLSearchParams(text);
      change({ area: told.get("area") });
    },
    moved: ({ at }) => {
      query.set("at", at);
      write("replaceState");
    },
    located: ({ area }) => {
      if (!area) {
        const close = () => {
          slot.hidden = true;
          slot.replaceChildren();
        };
        slot.replaceChildren(card.message("此处不在任何网格内。", close));
        slot.hidden = false;
        raise(true);
      }
    },
    counts: ({ answer }) => {
      for (const cell of panel.querySelectorAll("[data-figure]")) {
        const name = cell.dataset.figure;
        cell.textContent = card.number(name === "total" ? answer.total : answer.states[name]);
        if (name === "overdue") cell.parentElement.classList.toggle("is-overdue", answer.states.overdue > 0);
      }
      document.getElementById("as-of").textContent = answer.as_of
        ? `截至 ${answer.as_of.slice(0, 16).replace("T", " ")}`
        : "";
      const link = document.getElementById("unplaced");
      link.hidden = !answer.unplaced;
      link.textContent = `另有 ${card.number(answer.unplaced)} 件待确认位置（查看全部）`;
    },
    reports: ({ total, shown }) => {
      document.getElementById("in-view").textContent =
        shown < total ? `视野内约 ${card.number(shown)} 件` : "";
    },
  };

  addEventListener("message", ({ data, origin, source }) => {
    if (origin === location.origin && source === frame.contentWindow && data?.gridmap)
      onMap[data.gridmap]?.(data);
  });
  addEventListener("popstate", () => {
    query = new URLSearchParams(location.search);
    follow({ move: true });
  });

  // --- the sheet on a phone ------------------------------------------------------------------------------

  const handle = document.getElementById("sheet");
  const raise = (up) => {
    panel.classList.toggle("is-up", up);
    handle.setAttribute("aria-expanded", String(up));
  };
  let from = null;
  handle.addEventListener("pointerdown", ({ clientY }) => {
    from = clientY;
  });
  handle.addEventListener("click", () => raise(!panel.classList.contains("is-up")));
  panel.querySelector(".totals").addEventListener("pointerdown", ({ clientY }) => {
    from = clientY;
  });
  addEventListener("pointerup", ({ clientY }) => {
    if (from !== null && Math.abs(clientY - from) > 24) raise(clientY < from);
    from = null;
  });

  fill();
  // A fragment without a word would be the top of the document, and scroll this page to it.
  const told = String(forMap());
  frame.src = frame.dataset.map + (told && `#${told}`);
  showArea(query.get("area"));
})();
