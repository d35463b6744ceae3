// Forms for answers: they say what is right by its hash, and send and store nothing.
"use strict";
(() => {
  const MOVES = ["input", "click", "keydown"];

  // FNV-1a, as `dlbook.live.answers.hashed`; the texts are ASCII.
  function hashed(text) {
    let value = 0x811c9dc5;
    for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 0x01000193);
    return (value >>> 0).toString(16).padStart(8, "0");
  }

  // A number as a hand writes it: 1.25, 1,25, −0.5, 5/4, 3e-4, 40 %; NaN for others.
  function number(text) {
    const plain = text.replace(/\s/g, "").replace(/[−–]/g, "-").replace(/,/g, ".");
    const [, top, bottom = "1", percent] = plain.match(/^([^/%]+)(?:\/([^/%]+))?(%)?$/) ?? [];
    const read = (part) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part) ? +part : NaN);
    return read(top) / read(bottom) / (percent ? 100 : 1);
  }

  // What a reader gave to a question: the key of its hash, or what is missing.
  function given(ask) {
    const field = ask.querySelector("input[type=text]");
    if (!field) {
      const chosen = ask.querySelector("input:checked");
      return chosen ? { key: chosen.value } : { missing: "Choose one." };
    }
    const value = number(field.value), units = value * 10 ** ask.dataset.digits;
    if (!isFinite(value)) return { missing: "Type a number, such as 1.25, 1,25 or 5/4." };
    // A whole number is asked for exactly.
    const whole = ask.dataset.digits === "0" && !Number.isInteger(value);
    return { key: whole ? "none" : String(Math.round(units)) };
  }

  function check(ask, right, wrong) {
    const { key, missing } = given(ask);
    const met = !missing && ask.dataset.right.split(" ").includes(hashed(`${ask.dataset.key} ${key}`));
    ask.querySelector("output").textContent = missing ?? (met ? right : wrong);
    ask.dataset.verdict = missing ? "missing" : met ? "right" : "wrong";
    const field = ask.querySelector("input[type=text]");
    if (field) field.ariaInvalid = String(!met);
  }

  function clear(ask) {
    ask.querySelector("output").textContent = "";
    delete ask.dataset.verdict;
    ask.querySelector("input").removeAttribute("aria-invalid");
  }

  // A figure that is moved before its form is answered is free to; the form says so.
  function notice(form, ask) {
    const figure = document.getElementById(`live-${form.dataset.figure}`);
    const moved = (event) => {
      if (!event.target.closest(".dl-controls, .dl-stage") || event.key === "Tab") return;
      for (const type of MOVES) figure.removeEventListener(type, moved);
      if (ask.dataset.verdict) return;
      ask.querySelector("output").textContent = "You moved it first: compare what you see.";
    };
    for (const type of MOVES) figure?.addEventListener(type, moved);
  }

  for (const form of document.querySelectorAll(".dl-answer")) {
    const words = form.dataset.figure
      ? ["Right. Now move the figure and see it.", "Not so. Move the figure and see what happens."]
      : ["Right.", "Not yet."];
    const asks = [...form.querySelectorAll(".dl-ask")];
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      for (const ask of asks) check(ask, ...words);
      const open = asks.find((ask) => ask.dataset.verdict !== "right");
      if (form.dataset.exercise) open?.querySelector("input").focus();
    });
    for (const ask of asks) ask.addEventListener("input", () => clear(ask));
    if (form.dataset.figure) notice(form, asks[0]);
    form.querySelector("fieldset").disabled = false;
  }
})();
