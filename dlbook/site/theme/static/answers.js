// Forms for answers: they say what is right by its hash, and send and store nothing.
"use strict";
(() => {
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
    return !missing;
  }

  function clear(ask) {
    ask.querySelector("output").textContent = "";
    delete ask.dataset.verdict;
    ask.querySelector("input").removeAttribute("aria-invalid");
  }

  // A figure waits for a prediction, unless the address asks for a state of it.
  function hold(form) {
    const name = form.dataset.figure, figure = document.getElementById(`live-${name}`);
    const parts = [figure?.querySelector(".dl-controls")];
    if (figure?.querySelector(".dl-stage [tabindex]")) parts.push(figure.querySelector(".dl-stage"));
    const asked = () => location.hash.slice(1).split("&").some((part) => part.startsWith(`${name}=`));
    const set = (inert) => {
      for (const part of parts) if (part) part.inert = inert;
    };
    const skip = form.querySelector("[data-skip]");
    const release = () => {
      set(false);
      skip.remove();
    };
    set(true);
    skip.addEventListener("click", () => {
      release();
      figure.querySelector(".dl-controls :is(input, button, select)")?.focus();
    });
    const look = () => asked() && skip.isConnected && release();
    addEventListener("hashchange", look);
    look();
    return release;
  }

  for (const form of document.querySelectorAll(".dl-answer")) {
    const release = form.dataset.figure && hold(form);
    const words = release
      ? ["Right. Now move the figure and see it.", "Not so. Move the figure and see what happens."]
      : ["Right.", "Not yet."];
    const asks = [...form.querySelectorAll(".dl-ask")];
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const complete = asks.map((ask) => check(ask, ...words)).every(Boolean);
      if (release && complete) release();
      const open = asks.find((ask) => ask.dataset.verdict !== "right");
      if (open && !release) open.querySelector("input").focus();
    });
    for (const ask of asks) ask.addEventListener("input", () => clear(ask));
    form.querySelector("fieldset").disabled = false;
  }
})();
