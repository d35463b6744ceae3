"""What each operation of a compiled formula means, in Python and in JavaScript.

The two columns stand side by side, because they must agree: to the bit where IEEE
754 fixes the result, to the last digits where a mathematical library is free (exp,
tanh, pow). Truth values are 0 and 1 in Python and booleans in JavaScript, which its
arithmetic takes for 0 and 1. NumPy's conventions hold: maximum and minimum spread
NaN, sign(-0) is 0, rint rounds half to even, mod takes the divisor's sign, a sum
starts at +0.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["ATOM", "HELPERS", "RULES", "Rule", "Table", "number"]

TERNARY, OR, AND, EQUAL, LESS, PLUS, TIMES, POWER, UNARY, ATOM = range(10)


class Table:
    """Constant numbers that a formula looks up; equal tables compare equal."""

    def __init__(self, values):
        self.data = np.ascontiguousarray(values, dtype=np.float64).ravel()
        self._key = self.data.tobytes()

    def __hash__(self):
        return hash(self._key)

    def __eq__(self, other):
        return isinstance(other, Table) and self._key == other._key


class Rule(NamedTuple):
    """One operation.

    ``python(static, *args)`` takes float64 scalars or arrays. ``javascript(static,
    args)`` takes pairs (text, strength) and gives such a pair; a text is put into
    brackets where its strength is below what its place needs. ``needs`` names the
    helpers that the text calls.
    """

    python: Callable
    javascript: Callable
    needs: tuple = ()


def number(value):
    """Return the shortest JavaScript literal of a float, with its strength."""
    if value != value:
        return "NaN", ATOM
    if value in (np.inf, -np.inf):
        return ("1/0", TIMES) if value > 0 else ("-1/0", TIMES)
    text = repr(float(value)).removesuffix(".0")
    mantissa, _, exponent = text.partition("e")
    if not exponent and "." not in mantissa:
        digits = mantissa.rstrip("0")
        zeros = len(mantissa) - len(digits)
        if zeros > 2 and digits not in ("", "-"):
            mantissa, exponent = digits, str(zeros)
    if mantissa.startswith(("0.", "-0.")):
        mantissa = mantissa.replace("0.", ".", 1)
    text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text, UNARY if text.startswith("-") else ATOM


def _wrap(pair, strength):
    text, own = pair
    return text if own >= strength else f"({text})"


def _infix(sign, strength):
    def javascript(static, args):
        text = _wrap(args[0], strength)
        for pair in args[1:]:
            part = _wrap(pair, strength + 1)
            text += sign + (f"({part})" if part[0] == "-" == sign else part)
        return text, strength

    return javascript


def _prefix(sign):
    def javascript(static, args):
        part = _wrap(args[0], UNARY)
        return sign + (f"({part})" if part[0] == sign == "-" else part), UNARY

    return javascript


def _call(name):
    def javascript(static, args):
        return f"{name}({','.join(text for text, _ in args)})", ATOM

    return javascript


def _plain(function):
    return lambda static, *args: function(*args)


def _truth(function):
    return lambda static, *args: function(*args) + 0.0


def _fold(function):
    return lambda static, *args: functools.reduce(function, args)


def _fold_truth(function):
    return lambda static, *args: functools.reduce(function, args) + 0.0


def _power(static, args):
    return _wrap(args[0], ATOM) + "**" + _wrap(args[1], UNARY), POWER


def _ternary(static, args):
    test, yes, no = args
    return f"{_wrap(test, OR)}?{_wrap(yes, TERNARY)}:{_wrap(no, TERNARY)}", TERNARY


def _sum(static, args):
    return _infix("+", PLUS)(static, (("0", ATOM), *args))


def _extreme(name):
    def javascript(static, args):
        return _call(f"${name}" if len(args) == 2 else f"Math.{name}")(static, args)

    return javascript


def _pick(static, args):
    index, *values = args
    text = _wrap(values[-1], TERNARY)
    for k in range(len(values) - 2, -1, -1):
        text = f"{_wrap(index, LESS + 1)}<{k + 1}?{_wrap(values[k], TERNARY)}:{text}"
    return text, TERNARY


def _pick_python(static, index, *values):
    return np.choose(np.asarray(index, dtype=int), values, mode="clip")


def _arg_python(function):
    def python(static, *args):
        return function(np.stack(np.broadcast_arrays(*args)), axis=0) + 0.0

    return python


def _arg(name):
    def javascript(static, args):
        return f"{name}([{','.join(text for text, _ in args)}])", ATOM

    return javascript


def _index_python(static, k):
    (n,) = static
    inside = np.where(k < n, k, n - 1)
    return np.where(k < 0, np.maximum(k + n, 0), inside) + 0.0


def _index(static, args):
    return f"$index({args[0][0]},{static[0]})", ATOM


def _lookup_python(static, index):
    table, stride, offset = static
    return table.data[np.asarray(index, dtype=int) * stride + offset]


def _search_python(static, x):
    table, side = static
    return np.searchsorted(table.data, x, side) + 0.0


def _trunc_int(static, a):
    whole = np.trunc(a)
    return np.where(np.isnan(whole), 0.0, whole) + 0.0


def _int(static, args):
    return f"Math.trunc({args[0][0]})||0", OR


def _isnan(static, args):
    return f"$isnan({args[0][0]})", ATOM


_MATH = {
    "sqrt": "sqrt", "cbrt": "cbrt", "exp": "exp", "expm1": "expm1", "log": "log",
    "log2": "log2", "log10": "log10", "log1p": "log1p", "sin": "sin", "cos": "cos",
    "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "arctan2": "atan2", "hypot": "hypot",
    "abs": "abs", "floor": "floor", "ceil": "ceil", "trunc": "trunc",
}  # fmt: skip

HELPERS = {
    "$mod": "(a,b)=>{let m=a%b;return m?(m<0)!=(b<0)?m+b:m:m==0?b<0?-0:0:m}",
    "$floordiv": "(a,b)=>{if(!b)return a/b;let m=a%b,d=(a-m)/b;"
    "if(m&&(m<0)!=(b<0))d--;if(d==0)return a/b<0||1/(a/b)<0?-0:0;"
    "let f=Math.floor(d);return d-f>.5?f+1:f}",
    "$pow": "(a,b)=>a==1||a==-1&&(b==1/0||b==-1/0)?1:a**b",
    "$max": "(a,b)=>a>b||a!=a?a:b",
    "$min": "(a,b)=>a<b||a!=a?a:b",
    "$fmax": "(a,b)=>a>=b||b!=b?a:b",
    "$fmin": "(a,b)=>a<=b||b!=b?a:b",
    "$rint": "a=>{let r=Math.round(a);return(a%1==.5||a%1==-.5)&&r%2?r-1:r}",
    "$sign": "a=>a>0?1:a<0?-1:a==0?0:a",
    "$copysign": "(a,b)=>(b<0||1/b<0)==(a<0||1/a<0)?a:-a",
    "$logaddexp": "(a,b)=>{let d=a-b;return a==b?a+Math.LN2:d>0?a+Math.log1p("
    "Math.exp(-d)):d<=0?b+Math.log1p(Math.exp(d)):d}",
    "$isnan": "a=>a!=a",
    "$argmax": "a=>{let k=0;for(let j=1;j<a.length&&a[k]==a[k];j++)"
    "if(!(a[j]<=a[k]))k=j;return k}",
    "$argmin": "a=>{let k=0;for(let j=1;j<a.length&&a[k]==a[k];j++)"
    "if(!(a[j]>=a[k]))k=j;return k}",
    "$index": "(k,n)=>k<0?k+n<0?0:k+n:k<n?k:n-1",
    "$total": "(s,m,a,d,n)=>{for(;n--;a+=d)s+=m[a];return s}",
    "$times": "(m,a,d,n)=>{let s=1;for(;n--;a+=d)s*=m[a];return s}",
    "$row": "(m,a,d,n)=>{let r=[];for(;n--;a+=d)r.push(m[a]);return r}",
    "$some": "(m,t,k,n)=>t.slice(k,k+n).map(j=>m[j])",
    "$left": "(t,x)=>{let n=0;for(;n<t.length&&!(t[n]>=x);)n++;return n}",
    "$right": "(t,x)=>{let n=0;for(;n<t.length&&!(t[n]>x);)n++;return n}",
}

RULES = {
    "add": Rule(_fold(np.add), _infix("+", PLUS)),
    "sum": Rule(lambda static, *a: functools.reduce(np.add, a, 0.0), _sum),
    "sub": Rule(_plain(np.subtract), _infix("-", PLUS)),
    "mul": Rule(_fold(np.multiply), _infix("*", TIMES)),
    "div": Rule(_plain(np.divide), _infix("/", TIMES)),
    "neg": Rule(_plain(np.negative), _prefix("-")),
    "power": Rule(_plain(np.float_power), _power),
    "pow": Rule(_plain(np.float_power), _call("$pow")),
    "lt": Rule(_truth(np.less), _infix("<", LESS)),
    "le": Rule(_truth(np.less_equal), _infix("<=", LESS)),
    "gt": Rule(_truth(np.greater), _infix(">", LESS)),
    "ge": Rule(_truth(np.greater_equal), _infix(">=", LESS)),
    "eq": Rule(_truth(np.equal), _infix("==", EQUAL)),
    "ne": Rule(_truth(np.not_equal), _infix("!=", EQUAL)),
    "and": Rule(_fold_truth(np.logical_and), _infix("&&", AND)),
    "or": Rule(_fold_truth(np.logical_or), _infix("||", OR)),
    "xor": Rule(_truth(np.logical_xor), _infix("!=", EQUAL)),
    "not": Rule(_truth(np.logical_not), _prefix("!")),
    "select": Rule(lambda s, c, a, b: np.where(c != 0, a, b), _ternary),
    "max": Rule(_fold(np.maximum), _extreme("max")),
    "min": Rule(_fold(np.minimum), _extreme("min")),
    "isnan": Rule(_truth(np.isnan), _isnan),
    "same": Rule(_plain(lambda a: a + 0.0), None),
    "int": Rule(_trunc_int, _int),
    "pick": Rule(_pick_python, _pick),
    "index": Rule(_index_python, _index),
    "lookup": Rule(_lookup_python, None),
    "search": Rule(_search_python, None),
    "argmax": Rule(_arg_python(np.argmax), _arg("$argmax")),
    "argmin": Rule(_arg_python(np.argmin), _arg("$argmin")),
}
for _name, _math in _MATH.items():
    _ufunc = getattr(np, "absolute" if _name == "abs" else _name)
    RULES[_name] = Rule(_plain(_ufunc), _call(f"Math.{_math}"))
for _name in ("mod", "fmax", "fmin", "rint", "sign", "copysign", "logaddexp"):
    RULES[_name] = Rule(_plain(getattr(np, _name)), _call(f"${_name}"))
RULES["floordiv"] = Rule(_plain(np.floor_divide), _call("$floordiv"))
RULES["fmod"] = Rule(_plain(np.fmod), _infix("%", TIMES))
