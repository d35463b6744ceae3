"""Run compiled models in V8, and carry numbers in and out with all their bits."""

import numpy as np
from py_mini_racer import MiniRacer

__all__ = ["Engine", "bits", "same_bits"]

_RUN = """
((compiled, settings) => settings.map(words => {
  const v = new Float64Array(BigUint64Array.from(words, BigInt).buffer);
  const out = compiled(Array.from(v));
  if (!Array.from(out).every(x => typeof x == "number")) throw "not all are numbers";
  return Array.from(new BigUint64Array(Float64Array.from(out).buffer), String).join();
}).join(";"))
"""


class Engine:
    """A JavaScript engine of its own; use it in a ``with`` block."""

    def __enter__(self):
        self._racer = MiniRacer()
        return self

    def __exit__(self, *_):
        self._racer.close()

    def evaluate(self, source):
        """Return the value of a text or a number."""
        return self._racer.eval(source)

    def run(self, source, settings):
        """Return what a compiled model gives, one row for each row of settings."""
        settings = np.atleast_2d(np.asarray(settings, dtype=float))
        words = [list(map(str, row)) for row in bits(settings).tolist()]
        text = self._racer.eval(f"{_RUN}({source},{words!r})")
        rows = [[w for w in row.split(",") if w] for row in text.split(";")]
        return np.array(rows, dtype=np.uint64).view(np.float64)

    def microseconds(self, source, values, times=200):
        """Return the mean time of a call after it has run hot."""
        return self._racer.eval(
            f"((f, v) => {{ for (let k = 0; k < {times}; k++) f(v);"
            f"const t = Date.now(); for (let k = 0; k < {times}; k++) f(v);"
            f"return 1000 * (Date.now() - t) / {times} }})({source}, {list(values)})"
        )


def bits(array):
    """Return the bits of floats as integers; all NaN are one."""
    array = np.where(np.isnan(array), np.nan, np.asarray(array, dtype=float))
    return np.ascontiguousarray(array).view(np.uint64)


def same_bits(a, b):
    """Tell whether two arrays are the same, the sign of zero included."""
    return np.array_equal(bits(a), bits(b))
