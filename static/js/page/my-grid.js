"use strict";
// 我的网格: the device's position or a click on the map, and who answers for that place.
(() => {
  const frame = document.getElementById("map");
  const hint = document.getElementById("hint");
  const answerSlot = document.getElementById("answer");
  const button = document.getElementById("locate");
  let kinds = [];

  const say = (text) => {
    hint.textContent = text;
  };

  const REFUSED = {
    1: "没有得到定位许可：请在浏览器设置中允许本站使用位置，或直接点地图。",
    2: "暂时定不了位：请到开阔处再试，或直接点地图。",
    3: "定位超时：请再试一次，或直接点地图。",
  };

  button.addEventListener("click", () => {
    if (!window.isSecureContext) {
      say("浏览器只在 https 网址下提供定位：请改用 https 打开本页，或直接点地图。");
      return;
    }
    if (!navigator.geolocation) {
      say("这台设备不能定位：请直接点地图。");
      return;
    }
    button.disabled = true;
    say("正在定位…");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.disabled = false;
        const accuracy = Math.round(coords.accuracy);
        say(
          accuracy > 100
            ? `定位误差约 ${accuracy} 米，网格可能不准：请在地图上点准确的位置。`
            : `已定位，误差约 ${accuracy} 米。`,
        );
        frame.contentWindow.postMessage(
          { gridmap: "position", lng: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy },
          location.origin,
        );
      },
      ({ code }) => {
        button.disabled = false;
        say(REFUSED[code] ?? REFUSED[2]);
      },
      { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 },
    );
  });

  // --- by address ----------------------------------------------------------------------------------------

  const { node } = legend;
  let turn = 0;

  const show = (...children) => {
    answerSlot.replaceChildren(...children);
    answerSlot.parentElement.scrollTop = 0;
  };

  const PARTS = {
    province: "省",
    city: "市",
    county: "区县",
    town: "街道乡镇",
    community: "社区村",
    group: "组",
    road: "道路",
    lane: "巷",
    alley: "弄",
    number: "门牌",
    estate: "小区",
    phase: "分期",
    building: "楼栋",
    poi: "地点",
    relation: "方位",
  };

  /** Nothing is placed that is not sure: how it was read, and what it may be, to choose from. */
  const unsure = ({ reasons, candidates, parts }) => {
    const root = node("article", "area-card", node("h2", "", "未匹配"), node("p", "quiet", `${reasons.join("；")}。`));
    const read = Object.keys(PARTS).filter((name) => parts[name]);
    if (read.length) root.append(node("p", "quiet", `读作：${read.map((name) => `${PARTS[name]} ${parts[name]}`).join("，")}`));
    const buttons = candidates.map(({ place, area, lng, lat }) => {
      const button = node(
        "button",
        "",
        node("span", "", node("strong", "", place), node("span", "quiet", area?.name ?? "不在任何网格内")),
      );
      button.type = "button";
      button.addEventListener("click", () => {
        say(`已按所选的“${place}”查找。`);
        frame.contentWindow.postMessage({ gridmap: "point", lng, lat, from: place }, location.origin);
      });
      return node("li", "", button);
    });
    root.append(
      buttons.length
        ? node("div", "options", node("h3", "", "是不是下面的一处？"), node("ol", "", ...buttons))
        : node("p", "", "换一个写法，例如写上小区、道路和门牌号；或直接点地图。"),
    );
    return root;
  };

  const form = document.getElementById("by-address");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const address = form.address.value.trim();
    if (!address) {
      say("先写下地址，例如小区名和楼栋号。");
      return;
    }
    const mine = ++turn;
    say("正在查找…");
    const answer = await fetch(`/api/locate?${new URLSearchParams({ address })}`).then(
      (response) => (response.ok ? response.json() : null),
      () => null,
    );
    if (mine !== turn) return;
    if (!answer) {
      say("暂时查不了地址：请稍后再试，或直接点地图。");
    } else if (answer.status === "unsure") {
      say("没有把握的地址不会被自动定位。");
      show(unsure(answer));
    } else {
      const { lng, lat, place, radius_m: radius } = answer;
      say(`按“${place}”查找，误差约 ${radius} 米。`);
      show(card.place(answer, kinds));
      frame.contentWindow.postMessage({ gridmap: "mark", lng, lat, area: answer.area.code }, location.origin);
      history.replaceState(null, "", `?${new URLSearchParams({ at: `${lng.toFixed(6)},${lat.toFixed(6)}` })}`);
    }
  });

  // --- what the map says ---------------------------------------------------------------------------------

  const onMap = {
    ready: ({ kinds: offered }) => {
      kinds = offered;
    },
    located: ({ lng, lat, answer, accuracy, from }) => {
      turn++;
      show(card.place(answer, kinds));
      const query = new URLSearchParams({ at: `${lng.toFixed(6)},${lat.toFixed(6)}` });
      history.replaceState(null, "", `?${query}`);
      if (!accuracy && !from) say("已按地图上所点的位置查找。");
    },
  };
  addEventListener("message", ({ data, origin, source }) => {
    if (origin === location.origin && source === frame.contentWindow && data?.gridmap)
      onMap[data.gridmap]?.(data);
  });

  const at = new URLSearchParams(location.search).get("at");
  const [lng, lat] = /^-?[\d.]+,-?[\d.]+$/.test(at ?? "") ? at.split(",").map(Number) : [];
  const placed = Math.abs(lng) <= 180 && Math.abs(lat) <= 85;
  if (at && !placed) say("链接中的位置无效：请点“定位到我”，或直接点地图上的位置。");
  frame.addEventListener("load", () => {
    if (placed) frame.contentWindow.postMessage({ gridmap: "point", lng, lat }, location.origin);
  });
  frame.src = frame.dataset.map + (placed ? `#at=${lng},${lat},16` : "");
})();
