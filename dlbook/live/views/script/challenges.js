// Challenges ---------------------------------------------------------------------------

// What a reader is asked to reach: once met it stays so, and the address keeps it.
function challenges(figure, test) {
  const marks = [...figure.root.querySelectorAll(".dl-mark")], met = new Set();
  const show = () => marks.forEach((mark, k) => {
    say(mark, met.has(k) ? "met" : "open");
    mark.parentNode.classList.toggle("dl-met", met.has(k));
  });
  figure.kept.set("met", {
    code: () => [...met].sort().join("."),
    take(text) {
      met.clear();
      text.split(".").forEach(k => { if (marks[k]) met.add(+k); });
      show();
    },
  });
  figure.changes.push(() => {
    marks.forEach((mark, k) => {
      if (test.at(k) < 0.5 || met.has(k)) return;
      met.add(k);
      figure.tell(`Challenge ${k + 1} of ${marks.length} is met.`);
    });
    show();
  });
}
