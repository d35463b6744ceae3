"""How each challenge of the book is met: by an address, or by what a search finds."""

__all__ = ["KNOWN", "SEARCH"]

#: Addresses, without the figure's name, of what a search would look for too long; a
#: pair of sliders' values and steps goes on from there.
KNOWN = {
    # h2 is AND, and the output takes h1 without it.
    "perceptron-network": ["1,1,1,1,-0.5,-1.5,1,-2,-0.5"],
    "backpropagation-playground": [
        *(
            f"3,2,8,{phi},2,0.03,1,0;run:{seed}.1500"
            for phi in (0, 1)
            for seed in (0, 1)
        ),
        *(f"1,1,3,0,2,0.05,1,0;run:{seed}.1000" for seed in range(4)),
        *(f"{data},2,8,0,2,0.1,0,0;run:0.800" for data in (0, 2, 4)),
    ],
    "cnn-window": ["0,1,1,1,1,1,1,1,1,1,1,-1,1,-1"],
    "lstm-opened": ["200,3,0.01,1", "200,3,0.01,2", "200,3,0.01,1;run:0.60"],
    "autoencoder-sparse": ["0.2,0,0.01;run:0.1000"],
    "vae-machine": [
        f"0,2,{z1 / 2},{z2 / 2}" for z1 in range(-6, 7) for z2 in range(-6, 7)
    ],
    "vae-training": [
        *(f"{beta},0.1,1,0;run:0.1500" for beta in (2, 3, 4, 6)),
        ["12,0.1,1,0;run:0.1500", ("0,0.1,1,0", 1500)],
        ["12,0.1,1,0;run:0.1500", ("0.5,0.1,1,0", 2000)],
    ],
    "gan-ring": [
        *(f"0.02,0.003,0,1,0,0;run:{seed}.400" for seed in range(6)),
        *(f"0.02,0.003,0,5,0,0;run:{seed}.500" for seed in range(3)),
        *(f"0.02,0.003,1,5,0,0;run:{seed}.500" for seed in range(3)),
    ],
}

#: Goes to addresses, and then to random settings and some steps from each; returns
#: which challenges were never met in twenty seconds.
SEARCH = """([name, addresses]) => {
  const figure = dlbook.figures.get(name), {run, sliders} = figure;
  const marks = [...figure.root.querySelectorAll(".dl-mark")], found = new Set();
  const look = () => {
    figure.update();
    marks.forEach((mark, k) => { if (mark.textContent === "met") found.add(k); });
  };
  let state = 1;
  const random = () => (state = state * 16807 % 2147483647) / 2147483647;
  const go = n => {
    while (run && n-- > 0 && run.advance()) if (n % 100 === 0) look();
  };
  for (const entry of addresses) {
    const [address, ...rest] = [].concat(entry);
    figure.restore(address);
    go(run && run.goal);
    look();
    for (const [values, n] of rest) {
      values.split(",").forEach((value, i) => figure.set(figure.own[i], +value));
      figure.update();
      go(n);
      look();
    }
  }
  figure.reset();
  const end = performance.now() + 20_000;
  while (found.size < marks.length && performance.now() < end) {
    const share = random();
    sliders.forEach(({low, step, count, value}, k) => {
      const other = low + step * Math.floor(random() * count);
      figure.set(k, random() < share ? other : value);
    });
    if (run) run.fresh = Math.floor(random() * 10);
    look();
    for (let n = 1; run && n <= 1000 && performance.now() < end && run.advance(); n++)
      if ([1, 10, 30, 100, 200, 300, 500, 1000].includes(n)) look();
  }
  figure.reset();
  figure.update();
  return marks.map((mark, k) => found.has(k) ? "" : mark.parentNode.textContent)
    .filter(text => text);
}"""
