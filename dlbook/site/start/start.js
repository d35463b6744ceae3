// Load what a notebook needs into the browser's store, show how far it is, and open it.
const name = /^#([\w-]+\.ipynb)$/.exec(location.hash);
const place = (id) => document.getElementById(id);
const mega = (bytes) => (bytes / 1e6).toFixed(1);

async function load(files) {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  place("size").textContent = mega(total);
  for (const { file, bytes } of [...files].sort((a, b) => b.bytes - a.bytes)) {
    const item = document.createElement("li");
    item.textContent = `${mega(bytes)} MB: ${file.split("/").pop()}`;
    place("files").append(item);
  }
  let loaded = 0;
  const queue = [...files];
  const one = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const answer = await fetch(next.file);
      if (!answer.ok) throw new Error(`${next.file}: ${answer.status}`);
      const reader = answer.body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        loaded += part.value.length;
        place("progress").value = loaded / total;
        place("told").textContent = `${mega(loaded)} of ${mega(total)} MB are here.`;
      }
    }
  };
  await Promise.all([one(), one(), one(), one()]);
}

fetch("first.json")
  .then((answer) => answer.json())
  .then(load)
  .then(() => {
    place("told").textContent = "All is here. The notebook opens.";
    location.replace(`lab/index.html${name ? `?path=${name[1]}` : ""}`);
  })
  .catch((error) => {
    place("told").textContent = `Not all could be loaded (${error.message}). Reload the page to try again.`;
  });
