"""Emit a compiled model as one JavaScript function expression."""

import re
import string

from dlbook.live.rules import ATOM, HELPERS, RULES, number

__all__ = ["emit"]


def emit(outputs):
    """Return the source of a function that takes the slider values."""
    live, uses = _live(outputs)
    names, texts, lines, tables = {}, {}, [], {}
    for node in live:
        if node.op == "const":
            texts[node] = number(node.static)
            continue
        if node.op == "input":
            texts[node] = f"v[{node.static}]", ATOM
            continue
        args = [texts[a] for a in node.args]
        pair = _text(node, args, tables)
        if uses[node] > 1 and node.op != "same":
            names[node] = f"t{len(names)}"
            lines.append(f"{names[node]}={pair[0]}")
            pair = names[node], ATOM
        texts[node] = pair
    body = f"const {','.join(lines)};" if lines else ""
    body += "return[" + ",".join(texts[n][0] for n in outputs) + "].map(Number)"
    consts = [
        f"{name}=[{','.join(number(x)[0] for x in table.data)}]"
        for table, name in tables.items()
    ]
    used = set(re.findall(r"\$[a-z]+", body))
    consts += [f"{n}={HELPERS[n]}" for n in HELPERS if n in used]
    head = f"const {','.join(consts)};" if consts else ""
    return f"(()=>{{{head}return function(v){{{body}}}}})()"


def _live(outputs):
    uses, stack = {}, list(outputs)
    for node in outputs:
        uses[node] = uses.get(node, 0) + 1
    seen = set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        for arg in node.args:
            uses[arg] = uses.get(arg, 0) + 1
            stack.append(arg)
    return sorted(seen, key=lambda n: n.id), uses


def _text(node, args, tables):
    if node.op in ("max", "min"):
        name = f"${node.op}" if len(args) == 2 else f"Math.{node.op}"
        return f"{name}({','.join(text for text, _ in args)})", ATOM
    if node.op == "same":
        return args[0]
    if node.op == "lookup":
        table, stride, offset = node.static
        name = tables.setdefault(table, f"T{len(tables)}")
        index = args[0][0] if stride == 1 else f"({args[0][0]})*{stride}"
        return f"{name}[{index}+{offset}]", ATOM
    return RULES[node.op].javascript(node.static, args)
