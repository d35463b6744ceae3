"""List the mutants that no test notices, and why: ``python tests/mutants.py``.

``mutmut run`` comes first (``tests/requirements-mutation.txt``); it changes the
formulas, and of the compiler what computes arrays and random numbers. Each survivor
has to fit a rule below, which says why no test can tell it from the original, or why
none needs to. The list goes into ``tests/mutants.md``; the command fails if a survivor
fits no rule, or if fewer than 95 % were killed.
"""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

LIST = Path(__file__).with_suffix(".md")
#: Why a mutant is no fault: a pattern for "module.function | old line | new line".
RULES = {
    "any negative length means the same to NumPy": r"reshape\(.*-1.*\|.*reshape\(.*-2",
    "both sequences have one length by construction": r"strict=True.*\| ",
    "None and False are both no": r"\"symbolic\", False.*\| .*\"symbolic\", None|"
    r"(full_matrices|compute_uv)=False.*\| .*=None|writeable = False",
    "only a compiled figure gets there, and the tests of live figures hold it": (
        r"symbolic|_norms_by_formula"
    ),
    "the argument was checked before, with this name and shape": (
        r"check\.array\(z, \"z\", \(\.\.\., \"K\"\)\)|array\(x, \"x\"\) *\||"
        r"like\(eps, \"eps\"|array\([wx], \"[wx]\", (x\.shape|\(\"N\", \"D\"\))|"
        r"_labels\(y, _pair|\"inputs\", low=1|in \"iu\"|"
        r"array\(x, \"x\", \(\.\.\., \"D\"\)\)|\"D\" if width is None"
    ),
    "work is saved, and what comes out is the same": r"wrt_x=|out=(scratch|term)|"
    r"len\(w\) >= 32|term = np.empty_like|full_matrices=False|BLOCK|apart = |"
    r"free = not|copy=False|type\(value\) is np.ndarray|shape is None or result",
    "no kind or size of numbers lies between": r"\"biuf\"|itemsize <= 4",
    "the quotient is whole": r"// .*\| .* / ",
    "a factor or divisor is 1 or -1": r"\* (1\.0|np\.(ones_like|sign))|np\.eye",
    "on the boundary both branches give the same": (
        r"(inside|cosines|wanted|heights\[.*|squared|error|s|k|a\.shape\[1\]) [<>]=? |"
        r"(u|rate) <=? |>= rate|> 1e-4|<= tolerance|np\.where\(z > 0"
    ),
    "the value is not used, or multiplied by zero": (
        r"finite\[|np\.where\((total|p|length) > 0|cache = VAECache|"
        r"mistakes_before|_rounding\(f, params, |np\.append\(share, 0\.0\)"
    ),
    "NumPy's default is the same": r"astype\(np\.float64\)|axis=0\)|"
    r"kind=\"stable\"|edgeitems=3|strict=False|carousel",
    "the axis is the same one": r"axis=-1\).*\| .*axis=\+1\)|shape\[\+[12]",
    "the bound is never met from that side": r"\.clip\(0, 1\)|np\.clip\(value, 0",
    "names of an einsum's axes are free": r"einsum",
    "the tool calls a function with the defaults of the original": r"\| *-?def |"
    r"kernel, \*, stride=None|steps, batch_size, rng, d_steps=1",
    "the way differs, and the certificate at its end is the same": (
        r"_nearest_to_origin|_descend|max_margin"
    ),
    "a list that is longer than what is zipped with it": r"shapes = |_fields, \[",
    "whole numbers of 32 bits are the same as floats": r"astype\(None\)\.astype\(",
    "a norm knows no sign": r"jacobian_norms",
    "what is checked has a dtype": r"\"dtype\", None",
}


def survivors():
    """Yield the name of each survivor, and what it changed, as (old, new)."""
    for name in re.findall(r"(\S+): (?:survived|timeout)", run("results")):
        lines = run("show", name).splitlines()
        old, new = (
            " ".join(x[1:].strip() for x in lines if x[:1] == sign and x[1:2] != sign)
            for sign in "-+"
        )
        yield name, old, new


def run(*arguments):
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def reason(name, old, new):
    """Return why a mutant is no fault, or None."""
    text = f"{name} | {old} | {new}"
    return next((why for why, form in RULES.items() if re.search(form, text)), None)


def main():
    """Write the list; return how many survivors nobody has explained."""
    states = re.findall(r"\S+: ([\w ]+)", run("results", "--all", "true"))
    killed, explained = states.count("killed"), defaultdict(list)
    waiting = states.count("not checked")
    for name, old, new in survivors():
        place = name.removeprefix("dlbook.").replace(".x_", ".").partition("__mutmut")
        line = f"- {place[0]}: `{old}` → `{new}`"
        explained[reason(place[0], old, new)].append(line)
    missing = explained.pop(None, [])
    parts = [
        "# Mutants that no test notices\n\nWritten by `python tests/mutants.py`. Of "
        f"{len(states)} mutants of the formulas {killed} were killed, "
        f"{killed / len(states):.1%}, and {waiting} were not tried. The others, with "
        "why they are no faults:\n"
    ]
    for why, lines in sorted(explained.items(), key=lambda item: -len(item[1])):
        parts.append(f"## {why.capitalize()} ({len(lines)})\n")
        parts.append("\n".join(sorted(lines)) + "\n")
    LIST.write_text("\n".join(parts), encoding="utf-8")
    print(f"{killed} of {len(states)} killed; unexplained:", *missing, sep="\n")
    return len(missing) + (killed < 0.95 * len(states))


if __name__ == "__main__":
    sys.exit(main())
