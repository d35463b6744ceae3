// Comforts of the page. Nothing here is needed to read it.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector) => [...document.querySelectorAll(selector)];

  // An address that a hand wrote may hold a percent sign of its own.
  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function setUpTheme() {
    const button = document.getElementById("theme-switch");
    const label = button.querySelector("span");
    const names = { auto: "as the system", light: "light", dark: "dark" };
    const show = () => {
      label.textContent = `Colours: ${names[root.dataset.theme ?? "auto"]}`;
      button.title = label.textContent;
    };
    button.addEventListener("click", () => {
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      const order = dark ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
      const next = order[(order.indexOf(root.dataset.theme ?? "auto") + 1) % 3];
      if (next === "auto") delete root.dataset.theme;
      else root.dataset.theme = next;
      try {
        if (next === "auto") localStorage.removeItem("theme");
        else localStorage.setItem("theme", next);
      } catch {
        // The choice then lasts as long as the page.
      }
      show();
    });
    show();
  }

  // The code alone: of a session with prompts, the lines that were typed.
  function codeOf(pre) {
    const lines = pre.textContent.replace(/\n$/, "").split("\n");
    const typed = lines.filter((line) => /^(>>>|\.\.\.)( |$)/.test(line));
    return typed.length ? typed.map((line) => line.slice(4)).join("\n") : lines.join("\n");
  }

  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("copying is not allowed");
  }

  function setUpCopying() {
    for (const pre of all("article div.highlight > pre")) {
      if (pre.closest(".cell_output")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.setAttribute("aria-label", "Copy the code");
      button.addEventListener("click", async () => {
        let told = "Copied";
        await copy(codeOf(pre)).catch(() => (told = "Not allowed"));
        button.textContent = told;
        button.setAttribute("aria-label", told);
        button.classList.add("done");
        setTimeout(() => {
          button.textContent = "Copy";
          button.setAttribute("aria-label", "Copy the code");
          button.classList.remove("done");
        }, 2000);
      });
      pre.after(button);
    }
  }

  // A box that scrolls sideways can be reached, and so scrolled, by keyboard.
  function setUpScrolling() {
    const boxes = all(".math-scroll, .table-scroll, .text_html, article pre");
    const kinds = { "math-scroll": "Formula", "table-scroll": "Table", PRE: "Code" };
    const mark = (box) => {
      if (box.scrollWidth > box.clientWidth) {
        box.tabIndex = 0;
        box.role = "group";
        box.ariaLabel = `${kinds[box.className] ?? kinds[box.tagName] ?? "Output"}, scrolls`;
      } else if (box.ariaLabel?.endsWith(", scrolls")) {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    };
    const observer = new ResizeObserver((entries) => entries.forEach((e) => mark(e.target)));
    boxes.forEach((box) => observer.observe(box));
  }

  // The page's contents show where the reader is.
  function setUpContents() {
    const links = new Map(
      all(".page-contents a").map((a) => [decoded(a.hash.slice(1)), a]),
    );
    const sections = [...links.keys()]
      .map((id) => document.getElementById(id))
      .filter((section) => section !== null);
    if (!sections.length) return;
    const show = () => {
      const line = innerHeight * 0.3;
      const passed = sections.filter((s) => s.getBoundingClientRect().top < line);
      const current = links.get(passed.at(-1)?.id);
      for (const a of links.values()) {
        if (a === current) a.setAttribute("aria-current", "location");
        else a.removeAttribute("aria-current");
      }
    };
    let waiting = false;
    addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        show();
      });
    }, { passive: true });
    show();
  }

  // A link into a folded box opens it, and paper shows every box open.
  function setUpFolds() {
    const reveal = () => {
      const id = decoded(location.hash.slice(1));
      const target = id && document.getElementById(id);
      const fold = target && target.closest("details:not([open])");
      if (!fold) return;
      fold.open = true;
      target.scrollIntoView({ behavior: "instant" });
    };
    addEventListener("hashchange", reveal);
    reveal();
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = all("article details:not([open])");
      opened.forEach((details) => (details.open = true));
    });
    addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));
  }

  function setUpSearch() {
    const field = document.querySelector("main input[type=search], .bar-search input");
    addEventListener("keydown", (event) => {
      const plain = !event.altKey && !event.shiftKey;
      if (plain && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        if (field.checkVisibility()) field.select();
        else location.href = field.form.action;
      }
    });
    const marked = new URLSearchParams(location.search).get("marked");
    if (marked && self.Highlight) mark(marked.toLowerCase().split(/[^\p{L}\p{N}]+/u));
  }

  // The words that were looked for, lit without a change of the page itself.
  function mark(wanted) {
    const words = wanted.filter((word) => word.length > 1);
    const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
    const ranges = [];
    for (let node; (node = walker.nextNode()); ) {
      const text = node.data.toLowerCase();
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  // Where the site comes from a server, its worker keeps it for reading without one.
  function keepForOffline() {
    const served = location.protocol.startsWith("http") && navigator.serviceWorker;
    if (!served || navigator.connection?.saveData) return;
    const worker = new URL("sw.js", new URL(root.dataset.content_root, location));
    addEventListener("load", () => navigator.serviceWorker.register(worker).catch(() => {}));
  }

  setUpTheme();
  keepForOffline();
  setUpCopying();
  setUpScrolling();
  setUpContents();
  setUpFolds();
  setUpSearch();
})();
