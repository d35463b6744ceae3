// Picture and hand stay in sight together --------------------------------------------

// As a picture scrolls away it shrinks onto its lower edge, until it and a few controls
// fill the window; then it sticks. Nothing else on the page moves.
const stages = [], HAND = 120;

function stage(root) {
  const bar = document.querySelector(".bar"), box = root.querySelector(".dl-stage");
  if (!bar) return;
  const picture = box.firstElementChild;
  const settle = () => {
    const {height} = box.getBoundingClientRect(), top = bar.offsetHeight;
    const least = Math.min(height, Math.max(innerHeight - top - HAND, 160));
    box.style.top = top - height + least + "px";
    root.style.setProperty("--seen", least + top + "px");
    stages[k] = () => {
      const seen = Math.max(box.getBoundingClientRect().bottom - top, least);
      picture.style.transform = seen < height ? `scale(${seen / height})` : "";
      box.classList.toggle("dl-held", seen < height);
    };
    stages[k]();
  };
  const k = stages.push(settle) - 1;
  new ResizeObserver(settle).observe(box);
  addEventListener("resize", settle);
}

addEventListener("scroll", () => requestAnimationFrame(() => stages.forEach(f => f())), {passive: true});
