// Before the page is painted: the reader's choice of colours, and the formulas' font.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js", "waiting");
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // A browser that stores nothing shows the system's colours.
  }
  // The font is in the style sheet, but takes some 15 ms to decode. The text waits for
  // it, so that no line moves under the reader's eyes.
  const shown = () => root.classList.remove("waiting");
  document.fonts.load("1em 'STIX Two Math'").then(shown, shown);
  setTimeout(shown, 500);
})();
