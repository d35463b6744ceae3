// Finds sections, terms and functions of the book. The entries are a script of their own.
"use strict";
(() => {
  const SPELLINGS = [
    [/is(e|ed|es|er|ing|ation|ations)$/, "iz$1"], [/yse(d|s|r)?$/, "yze$1"],
    [/our(s|ed|ing|ful)?$/, "or$1"], [/tre(s)?$/, "ter$1"], [/ll(ing|ed|er)$/, "l$1"],
    [/ies$/, "y"], [/(?<=..[^su])s$/, ""],
  ];

  // One form for American and British spellings, for one and for many.
  function folded(word) {
    const plain = word.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
    return SPELLINGS.reduce((text, [ending, other]) => text.replace(ending, other), plain);
  }

  // Words; what a hyphen parts is also one word.
  function tokens(text) {
    const whole = text.match(/[\p{L}\p{N}_]+(?:[-–'’.][\p{L}\p{N}_]+)*/gu) ?? [];
    return whole.flatMap((word) => {
      const parts = word.split(/[-–'’.]/u);
      return parts.length > 1 ? [...parts, parts.join("")] : parts;
    });
  }

  const index = new MiniSearch({
    fields: ["title", "also", "of", "text"],
    tokenize: tokens,
    processTerm: folded,
    searchOptions: {
      boost: { title: 6, also: 5, of: 1.5 },
      prefix: (term) => term.length > 2,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      weights: { prefix: 0.4, fuzzy: 0.15 },
    },
  });
  const { entries, kinds } = self.bookEntries;
  index.addAll(entries.map((entry, id) => ({ ...entry, id })));

  // The best entries for some words: those that have them all, else those that have some.
  function search(query) {
    const boostDocument = (id) => kinds[entries[id].kind];
    const all = index.search(query, { combineWith: "AND", boostDocument });
    const found = all.length ? all : index.search(query, { boostDocument });
    return found.slice(0, 40).map(({ id, match }) => ({ ...entries[id], match }));
  }

  // Some words around the first one that was found, with all that were found marked.
  function excerpt({ text, match }) {
    const wanted = new Set(Object.keys(match));
    const places = [...text.matchAll(/[\p{L}\p{N}_]+/gu)]
      .filter(([word]) => wanted.has(folded(word)));
    const first = places[0]?.index ?? 0;
    const start = first < 90 ? 0 : text.indexOf(" ", first - 80) + 1;
    const line = document.createElement("p");
    line.className = "context";
    let at = start;
    if (start) line.append("… ");
    for (const { 0: word, index: place } of places) {
      if (place < at || place > start + 200) continue;
      const mark = document.createElement("mark");
      mark.textContent = word;
      line.append(text.slice(at, place), mark);
      at = place + word.length;
    }
    const end = Math.max(at, text.indexOf(" ", Math.min(start + 220, text.length - 1)));
    line.append(text.slice(at, end > at ? end : undefined), " …");
    return line;
  }

  function show(query) {
    const found = query ? search(query) : [];
    const list = document.createElement("ul");
    list.className = "search";
    for (const entry of found) {
      const item = document.createElement("li"), link = document.createElement("a");
      const marked = new URLSearchParams({ marked: query });
      link.href = `${document.documentElement.dataset.content_root}${entry.page}.html?${marked}`
        + (entry.id && `#${entry.id}`);
      link.textContent = entry.title;
      item.append(link);
      if (entry.of && entry.of !== entry.title) item.append(` — ${entry.of}`);
      item.append(excerpt(entry));
      list.append(item);
    }
    const told = document.createElement("p");
    told.textContent = !query ? "" : found.length === 1 ? "One place was found."
      : found.length ? `${found.length === 40 ? "The first 40" : found.length} places were found.`
      : "Nothing was found. The index lists the functions, and the glossary the terms.";
    document.getElementById("search-results").replaceChildren(told, list);
  }

  self.bookSearch = search;
  const query = new URLSearchParams(location.search).get("q")?.trim() ?? "";
  document.querySelector("main input[type=search]").value = query;
  show(query);
})();
