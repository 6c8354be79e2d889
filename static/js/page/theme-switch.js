"use strict";
// The button in the header; theme.js applied the choice before the first paint.
(() => {
  const button = document.getElementById("theme");
  button.addEventListener("click", () => {
    const theme = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    document.documentElement.dataset.bsTheme = theme;
    localStorage.setItem("gridmap-theme", theme);
    for (const frame of document.querySelectorAll("iframe")) {
      if (frame.contentDocument) frame.contentDocument.documentElement.dataset.bsTheme = theme;
    }
  });
})();
