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

  const onMap = {
    ready: ({ kinds: offered }) => {
      kinds = offered;
    },
    located: ({ lng, lat, answer, accuracy }) => {
      answerSlot.replaceChildren(card.place(answer, kinds));
      answerSlot.parentElement.scrollTop = 0;
      const query = new URLSearchParams({ at: `${lng.toFixed(6)},${lat.toFixed(6)}` });
      history.replaceState(null, "", `?${query}`);
      if (!accuracy) say("已按地图上所点的位置查找。");
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
