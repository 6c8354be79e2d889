"use strict";
// 待确认位置: one report after another, and any other by its number. The list is the server's; the map in the
// frame shows where a report may belong, and what is decided here goes to /api/review. The address of the page
// names the report that is open.
(() => {
  const { node } = legend;
  const main = document.getElementById("main");
  const frame = document.getElementById("map");
  const queue = document.getElementById("queue");
  const slot = document.getElementById("report");
  const form = document.getElementById("placing");
  const optionList = document.getElementById("options");
  const confirming = document.getElementById("confirming");
  const confirmButton = document.getElementById("confirm");
  const under = document.getElementById("under");
  const refused = document.getElementById("refused");
  const teach = document.getElementById("teach");
  const alias = document.getElementById("alias");
  const done = document.getElementById("done");
  const DONE = "gridmap-review-done";
  const ACTION = { geocoded: "按地址落位", adopted: "按坐标落位", confirmed: "人工确认", withdrawn: "撤销确认" };
  // The program takes nothing back but what a withdrawn name had told it.
  const deed = (by, action) => (by === "gridmap" && action === "withdrawn" ? "因叫法撤销而收回" : ACTION[action]);
  const METHOD = { geocoded: "按地址", declared: "按坐标", confirmed: "人工确认" };
  // Degrees, about a centimetre: what the map's arithmetic may lose, and no hand moves a pin by.
  const SAME_SPOT = 1e-7;

  let report = null;
  let options = [];
  let chosen = null;
  let pin = null;
  let ready = false;
  let wanted = 0;
  // By reason and "all", as the server last told.
  let counts = {};

  const post = async (url, body) => {
    let response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(body),
      });
    } catch {
      return { status: 0, answer: { detail: "连不上服务器：请检查网络后再试。" } };
    }
    return {
      status: response.status,
      answer: await response.json().catch(() => ({ detail: `服务器出错（${response.status}），请稍后再试。` })),
    };
  };

  const toMap = (message) => frame.contentWindow.postMessage(message, location.origin);

  const entry = (id) => queue.querySelector(`li[data-id="${Number(id)}"]`);

  // --- what is known of a report -------------------------------------------------------------------------

  const line = (name, text) => (text ? [node("dt", "", name), node("dd", "", text)] : []);

  const place = ({ area }) => area?.name ?? "不在任何网格内";

  /** Why a report waits; or where it lies, and what the program said to that. */
  const told = ({ waiting, reasons, method, area }) => {
    if (!waiting) return [`已落到${place({ area })}（${METHOD[method]}）`, ...reasons];
    return reasons.length ? reasons : ["还没有读过地址"];
  };

  const describe = ({ reference, reported_at: at, category, source, address, text, log, ...rest }) => [
    node("h2", "", address || "（没有写地址）"),
    text ? node("p", "said", text) : "",
    node("ul", "why", ...told(rest).map((reason) => node("li", "", reason))),
    node(
      "dl",
      "facts",
      ...line("编号", reference),
      ...line("上报", `${at} · ${category} · ${source}`),
      ...line(
        "经过",
        log
          .map(({ at: when, done_by: by, action, area_name: area }) =>
            [when, by === "gridmap" ? "程序" : by, deed(by, action), area].filter(Boolean).join(" "),
          )
          .join("；"),
      ),
    ),
  ];

  /** The places to choose from: the declared one, then those that the words may mean. */
  const listOptions = (candidates) => {
    options = [
      ...(report.declared
        ? [{ mark: "坐", name: "上报时的坐标", lng: report.lng, lat: report.lat, area: report.area, own: true }]
        : []),
      ...candidates.map((candidate, index) => ({
        mark: String(index + 1),
        name: candidate.place,
        lng: candidate.lng,
        lat: candidate.lat,
        area: candidate.area,
        confidence: candidate.confidence,
      })),
    ];
    optionList.replaceChildren(
      ...options.map((option, index) => {
        const sure =
          option.confidence === undefined
            ? report.accuracy_m
              ? `误差约 ${Math.round(report.accuracy_m)} 米`
              : ""
            : option.confidence < 0.01
              ? ""
              : `把握 ${Math.min(99, Math.round(option.confidence * 100))}%`;
        const button = node(
          "button",
          "",
          node("b", "mark", option.mark),
          node("span", "", node("strong", "", option.name), node("span", "quiet", place(option))),
          node("span", "quiet number", sure),
        );
        button.type = "button";
        button.setAttribute("aria-pressed", "false");
        button.addEventListener("click", () => choose(index));
        return node("li", "", button);
      }),
    );
    document.getElementById("no-options").hidden = options.length > 0;
    showOptions();
  };

  /** What there is to choose from, and the pin where a report that is placed already lies. */
  const showOptions = () => {
    if (!ready) return;
    toMap({ gridmap: "options", options: options.map(({ mark, name, lng, lat }) => ({ mark, name, lng, lat })) });
    if (report && !report.waiting) {
      toMap({ gridmap: "choose", lng: report.lng, lat: report.lat, how: "present" });
    }
  };

  // --- the pin -------------------------------------------------------------------------------------------

  const choose = (index) => {
    const { lng, lat } = options[index];
    toMap({ gridmap: "choose", lng, lat, how: index });
  };

  /** Whether the pin lies where the report does: there is nothing to confirm. */
  const unmoved = () =>
    pin &&
    !report.waiting &&
    Math.abs(pin.lng - report.lng) < SAME_SPOT &&
    Math.abs(pin.lat - report.lat) < SAME_SPOT;

  /** The pin is somewhere: at a place that was chosen, or wherever it was moved to. */
  const follow = (lng, lat, how) => {
    pin = { lng, lat };
    chosen = Number.isInteger(how) ? how : null;
    optionList.querySelectorAll("button").forEach((button, index) => {
      button.setAttribute("aria-pressed", String(index === chosen));
    });
    sayLesson();
    under.textContent = "正在查找图钉所在的网格…";
    refused.hidden = true;
    confirmButton.disabled = true;
  };

  /** What would be remembered: the words, and what they are to mean. */
  const sayLesson = () => {
    const option = options[chosen];
    const meaning = option && !option.own ? `“${option.name}”` : "这里";
    const words = alias.value.trim();
    document.getElementById("lesson").textContent = words
      ? `记住：以后“${words}”指${meaning}`
      : `记住一个叫法：以后它指${meaning}`;
  };

  const liftPin = () => {
    pin = null;
    chosen = null;
    sayLesson();
    under.textContent = "图钉还没有放下：选一个候选地点，或点地图。";
    refused.hidden = true;
    confirmButton.disabled = true;
  };

  const refuse = (text) => {
    refused.textContent = text;
    refused.hidden = false;
  };

  // --- opening a report ----------------------------------------------------------------------------------

  const write = (id, how) => {
    const query = new URLSearchParams(location.search);
    if (id) query.set("report", id);
    else query.delete("report");
    history[how](null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
  };

  const mark = (id) => {
    for (const item of queue.children) {
      const link = item.firstElementChild;
      if (id && item.dataset.id === String(id)) {
        link.setAttribute("aria-current", "true");
        item.scrollIntoView({ block: "nearest" });
      } else link.removeAttribute("aria-current");
    }
  };

  const close = () => {
    wanted++;
    report = null;
    main.classList.remove("is-placing");
    mark(null);
    slot.hidden = form.hidden = confirming.hidden = true;
    document.getElementById("idle").hidden = false;
    options = [];
    liftPin();
    showOptions();
  };

  const open = async (id, { focus = true } = {}) => {
    const turn = ++wanted;
    main.classList.add("is-placing");
    mark(id);
    let response;
    let answer;
    try {
      response = await fetch(`/api/review/${Number(id)}`, { headers: { Accept: "application/json" } });
      answer = await response.json();
    } catch {
      answer = { detail: "连不上服务器：请检查网络后再试。" };
    }
    if (turn !== wanted) return;
    document.getElementById("idle").hidden = true;
    document.getElementById("nothing-left").hidden = true;
    slot.hidden = false;
    form.hidden = confirming.hidden = !response?.ok;
    report = response?.ok ? answer : null;
    liftPin();
    if (!report) {
      slot.replaceChildren(node("p", "amiss", answer.detail));
      options = [];
      showOptions();
      return;
    }
    slot.replaceChildren(...describe(answer));
    confirmButton.textContent = answer.waiting ? "确认位置" : "移到这里";
    teach.checked = false;
    alias.hidden = true;
    alias.value = answer.alias;
    document.getElementById("search").value = "";
    sayLesson();
    listOptions(answer.candidates);
    slot.parentElement.scrollTop = 0;
    if (focus) slot.focus({ preventScroll: true });
  };

  queue.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { id } = link.parentElement.dataset;
    write(id, "pushState");
    open(id);
  });
  document.getElementById("back").addEventListener("click", () => {
    write(null, "pushState");
    close();
  });

  // --- another word for the place ------------------------------------------------------------------------

  const find = async () => {
    const text = document.getElementById("search").value.trim();
    if (!text || !report) return;
    const turn = wanted;
    const asked = await fetch(`/api/locate?${new URLSearchParams({ address: text })}`).then(
      async (response) => (response.ok ? await response.json() : null),
      () => null,
    );
    if (turn !== wanted) return;
    liftPin();
    listOptions(asked?.candidates ?? []);
    if (!asked) refuse("查找失败，请稍后再试。");
  };
  document.getElementById("find").addEventListener("click", find);
  document.getElementById("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    find();
  });
  document.getElementById("centre").addEventListener("click", () => toMap({ gridmap: "centre" }));
  teach.addEventListener("change", () => {
    alias.hidden = !teach.checked;
    if (teach.checked) alias.focus();
  });
  alias.addEventListener("input", sayLesson);

  // --- deciding ------------------------------------------------------------------------------------------

  const recount = (told) => {
    counts = { ...told, all: Object.values(told).reduce((sum, n) => sum + n, 0) };
    for (const cell of document.querySelectorAll("[data-count]")) {
      cell.textContent = counts[cell.dataset.count].toLocaleString("en");
    }
  };

  const showDone = (what) => {
    done.hidden = !what;
    if (!what) return;
    done.querySelector("span").textContent =
      `已确认 ${what.reference} → ${what.area}${what.alias ? `，并记住“${what.alias}”` : ""}`;
    const button = done.querySelector("button");
    button.hidden = false;
    button.disabled = false;
    button.onclick = () => withdraw(what, button);
  };

  const remember = (what) => {
    if (what) sessionStorage.setItem(DONE, JSON.stringify(what));
    else sessionStorage.removeItem(DONE);
    showDone(what);
  };

  /** The page anew with a report open: it stands where the server knows that it belongs now. */
  const reload = (id) => {
    const query = new URLSearchParams(location.search);
    query.set("report", id);
    location.assign(`/review?${query}`);
  };

  /** Take a report off the list and open the one after it; where the list is used up, ask for the next. */
  const next = (id) => {
    const item = entry(id);
    const after = item?.nextElementSibling ?? item?.previousElementSibling ?? queue.firstElementChild;
    item?.remove();
    if (after && after !== item) {
      write(after.dataset.id, "replaceState");
      open(after.dataset.id);
      return;
    }
    const { reason } = queue.dataset;
    if (Number((reason ? counts[reason] : counts.all) ?? 1)) {
      location.assign(reason ? `/review?reason=${reason}` : "/review");
      return;
    }
    write(null, "replaceState");
    close();
    document.getElementById("idle").hidden = true;
    const left = document.getElementById("nothing-left");
    left.hidden = false;
    const others = node("a", "", counts.all ? "看其他待确认的上报" : "回到综合态势一张图");
    others.href = counts.all ? "/review" : "/map";
    left.replaceChildren(
      counts.all ? "这一类已经全部确认。" : "没有待确认的上报：每一件都已落到网格。",
      others,
    );
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!report || !pin || confirmButton.disabled) return;
    if (teach.checked && !alias.value.trim()) {
      refuse("要记住的叫法还空着：填写它，或取消勾选。");
      alias.focus();
      return;
    }
    const { id } = report;
    const option = options[chosen];
    confirmButton.disabled = true;
    refused.hidden = true;
    const { status, answer } = await post(`/api/review/${id}/confirm`, {
      ...pin,
      version: report.version,
      alias: teach.checked ? alias.value : "",
      place: teach.checked && option && !option.own ? option.name : "",
    });
    if (status === 200) {
      recount(answer.counts);
      remember({
        id,
        placement: answer.placement,
        reference: answer.reference,
        area: answer.area.name,
        alias: answer.alias,
      });
      if (report.waiting) next(id);
      else reload(id);
    } else if (status === 409) {
      // Somebody was faster: what was decided here was decided on another state.
      form.hidden = confirming.hidden = true;
      const { waiting } = report;
      const go = node("button", "btn btn-primary", waiting ? "看下一件" : "看现在的位置");
      go.type = "button";
      go.addEventListener("click", () => (waiting ? next(id) : open(id)));
      slot.replaceChildren(...describe(report), node("p", "amiss", `${answer.detail}。`), go);
      go.focus();
    } else {
      refuse(answer.detail);
      confirmButton.disabled = false;
    }
  });

  const withdraw = async (what, button) => {
    button.disabled = true;
    const { status, answer } = await post(`/api/review/${what.id}/withdraw`, { placement: what.placement });
    if (status === 200) {
      recount(answer.counts);
      remember(null);
      reload(what.id);
      return;
    }
    done.querySelector("span").textContent = answer.detail;
    button.hidden = status === 409;
    button.disabled = false;
    if (status === 409) sessionStorage.removeItem(DONE);
  };

  // --- what the map says ---------------------------------------------------------------------------------

  const onMap = {
    ready: () => {
      ready = true;
      showOptions();
    },
    option: ({ index }) => choose(index),
    pin: ({ lng, lat, how }) => report && follow(lng, lat, how),
    located: ({ lng, lat, answer }) => {
      if (!pin || !report || lng !== pin.lng || lat !== pin.lat) return;
      if (unmoved()) {
        under.replaceChildren("现在的位置：", node("strong", "", place(report)));
        under.append(node("span", "quiet", "位置有误就拖动图钉，或选一个候选地点。"));
        return;
      }
      under.replaceChildren("图钉所在：", node("strong", "", place(answer)));
      if (answer.area) {
        const parents = answer.path.slice(0, -1).map(({ name }) => name);
        if (parents.length) under.append(node("span", "quiet", parents.join(" › ")));
        confirmButton.disabled = false;
      } else {
        refuse("图钉不在任何网格内：请把它移到辖区里面再确认。");
      }
    },
  };
  addEventListener("message", ({ data, origin, source }) => {
    if (origin === location.origin && source === frame.contentWindow && data?.gridmap)
      onMap[data.gridmap]?.(data);
  });
  addEventListener("popstate", () => {
    const id = new URLSearchParams(location.search).get("report");
    if (/^\d{1,18}$/.test(id ?? "")) open(id);
    else close();
  });

  // --- the beginning -------------------------------------------------------------------------------------

  try {
    showDone(JSON.parse(sessionStorage.getItem(DONE) ?? "null"));
  } catch {
    sessionStorage.removeItem(DONE);
  }
  const asked = new URLSearchParams(location.search).get("report");
  const first = queue.firstElementChild;
  if (/^\d{1,18}$/.test(asked ?? "")) {
    open(asked, { focus: false });
  } else if (
    first &&
    (matchMedia("(min-width: 761px)").matches || (queue.dataset.reference && !first.nextElementSibling))
  ) {
    // At a desk there is room for list and report together; a phone shows the list first, unless one was asked for.
    const { id } = first.dataset;
    write(id, "replaceState");
    open(id, { focus: false });
  }
  frame.src = frame.dataset.map;
})();
