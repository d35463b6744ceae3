"""What each operation of a compiled formula means, in Python and in JavaScript.

The two columns stand side by side, because they must agree: to the bit where IEEE
754 fixes the result, to the last digits where a mathematical library is free (exp,
tanh, pow). Truth values are 0 and 1 in Python and booleans in JavaScript, which its
arithmetic takes for 0 and 1. NumPy's conventions hold: maximum and minimum spread
NaN, sign(-0) is 0, rint rounds half to even, mod takes the divisor's sign, a sum
starts at +0. This room knows numbers and texts, but no node.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dlbook.compiler.random import hashed, shuffled

__all__ = [
    "ATOM", "FOLDS", "HELPERS", "PLUS", "RULES", "TIMES", "Fold", "Rule", "evaluate",
    "number",
]  # fmt: skip

TERNARY, OR, AND, EQUAL, LESS, PLUS, TIMES, POWER, UNARY, ATOM = range(10)


class Rule(NamedTuple):
    """One operation.

    ``python(static, *args)`` takes float64 scalars or arrays. ``javascript(static,
    args)`` takes pairs (text, strength) and gives such a pair; a text is put into
    brackets where its strength is below what its place needs.
    """

    python: Callable
    javascript: Callable


class Fold(NamedTuple):
    """An operation on the inner axes of its arguments.

    It starts with the text ``start`` and takes an element in by ``rule``. ``python``
    folds the last axis of a product of the arguments.
    """

    start: str
    rule: str
    python: Callable


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
        args = [(text.removeprefix("+"), own) for text, own in args]  # +(a<b)
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
    def python(static, *args):
        return functools.reduce(function, args) if args[2:] else function(*args)

    return python


def _truth(function):
    plain = _plain(function)
    return lambda static, *args: plain(static, *args) + 0.0


def _extreme(name):
    two, more = _call(f"${name}"), _call(f"Math.{name}")
    return lambda static, args: (more if args[2:] else two)(static, args)


def _power(static, args):
    return _wrap(args[0], ATOM) + "**" + _wrap(args[1], UNARY), POWER


def _ternary(static, args):
    test, yes, no = args
    return f"{_wrap(test, OR)}?{_wrap(yes, TERNARY)}:{_wrap(no, TERNARY)}", TERNARY


def _index_python(static, k):
    (n,) = static
    inside = np.where(k < n, k, n - 1)
    return np.where(k < 0, np.maximum(k + n, 0), inside) + 0.0


def _index(static, args):
    return f"$index({args[0][0]},{static[0]})", ATOM


def _trunc_int(static, a):
    whole = np.trunc(a)
    return np.where(np.isnan(whole), 0.0, whole) + 0.0


def _int(static, args):
    return f"Math.trunc({args[0][0]})||0", OR


def _isnan(static, args):
    return f"$isnan({args[0][0]})", ATOM


_MATH = (
    "sqrt", "cbrt", "exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos",
    "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh",
    "arctanh", "arctan2", "hypot", "abs", "floor", "ceil", "trunc",
)  # fmt: skip

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
    "$argmax": "(o,n,d)=>{let k=0,p=m[o];for(let j=1,q;j<n&&p==p;j++)"
    "if(!((q=m[o+j*d])<=p))k=j,p=q;return k}",
    "$argmin": "(o,n,d)=>{let k=0,p=m[o];for(let j=1,q;j<n&&p==p;j++)"
    "if(!((q=m[o+j*d])>=p))k=j,p=q;return k}",
    "$index": "(k,n)=>k<0?k+n<0?0:k+n:k<n?k:n-1",
    "$left": "(t,o,n,x)=>{let k=0;for(;k<n&&!(t[o+k]>=x);)k++;return k}",
    "$right": "(t,o,n,x)=>{let k=0;for(;k<n&&!(t[o+k]>x);)k++;return k}",
    # NumPy's pairwise sum of n numbers, d places apart.
    "$pair": "(x,n,d)=>{let k=0,a=0,b,f,i,j,r,t,u,v;if(n<8){for(;k<n;k++,x+=d)a+=m[x];"
    "return a}if(n>128){k=n>>1;k-=k%8;return $pair(x,k,d)+$pair(x+k*d,n-k,d)}"
    "a=b=f=i=j=r=t=u=-0;for(;k<n-n%8;k+=8,v+=d)v=x+k*d,a+=m[v],b+=m[v+=d],f+=m[v+=d],"
    "i+=m[v+=d],j+=m[v+=d],r+=m[v+=d],t+=m[v+=d],u+=m[v+=d];"
    "a=a+b+(f+i)+(j+r+(t+u));for(;k<n;k++)a+=m[x+k*d];return a}",
    "$copy": "(o,t,a,n,d)=>{for(;n--;a+=d)m[o++]=t[a]}",
    "$shuffle": "(x,a,n)=>{let k=0;for(;k<n;k++)m[x+k]=k;for(;k-->1;){"
    "let j=x+Math.floor(m[a+k]*(k+1)),b=m[j];m[j]=m[x+k];m[x+k]=b}}",
    "$packed": "(a,n,b,d,f)=>{let i=0,k,r=[],x=0;for(;i<a.length;){k=a.charCodeAt(i++);"
    "x=x*65+k-61-(k>92);i%n||(r.push(x==f?-0:(x+b)/d),x=0)}"
    "return r}",
    # The twin of `dlbook.compiler.random.hashed`.
    "$draw": "(x,y,z)=>{let p=Math.imul,f=a=>p(a,1664525)+1013904223|0,w=f(0),"
    "g=()=>{x=x+p(y,w)|0;y=y+p(z,x)|0;z=z+p(x,y)|0;w=w+p(y,z)|0};x=f(x);y=f(y);"
    "z=f(z);for(let i=2;i--;)g(),x^=x>>>16,y^=y>>>16,z^=z>>>16,w^=w>>>16;g();"
    "return((x>>>5)*67108864+(y>>>6))/9007199254740992}",
}

RULES = {
    "add": Rule(_plain(np.add), _infix("+", PLUS)),
    "sub": Rule(_plain(np.subtract), _infix("-", PLUS)),
    "mul": Rule(_plain(np.multiply), _infix("*", TIMES)),
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
    "and": Rule(_truth(np.logical_and), _infix("&&", AND)),
    "or": Rule(_truth(np.logical_or), _infix("||", OR)),
    "xor": Rule(_truth(np.logical_xor), _infix("!=", EQUAL)),
    "not": Rule(_truth(np.logical_not), _prefix("!")),
    "select": Rule(lambda s, c, a, b: np.where(c != 0, a, b), _ternary),
    "max": Rule(_plain(np.maximum), _extreme("max")),
    "min": Rule(_plain(np.minimum), _extreme("min")),
    "isnan": Rule(_truth(np.isnan), _isnan),
    "same": Rule(_plain(lambda a: a + 0.0), lambda static, args: args[0]),
    "number": Rule(_plain(lambda a: a + 0.0), _prefix("+")),
    "int": Rule(_trunc_int, _int),
    "index": Rule(_index_python, _index),
    "uniform": Rule(lambda static, *words: hashed(*words), _call("$draw")),
}
for _name in _MATH:
    _call_in_page = _call(f"Math.{_name.replace('arc', 'a')}")
    RULES[_name] = Rule(_plain(getattr(np, _name)), _call_in_page)
for _name in ("mod", "fmax", "fmin", "rint", "sign", "copysign", "logaddexp"):
    RULES[_name] = Rule(_plain(getattr(np, _name)), _call(f"${_name}"))
RULES["floordiv"] = Rule(_plain(np.floor_divide), _call("$floordiv"))
RULES["fmod"] = Rule(_plain(np.fmod), _infix("%", TIMES))


def _last(ufunc, start):
    def python(x):
        return ufunc.accumulate(x, axis=-1)[..., -1] if x.shape[-1] else start

    return python


def _pair(x):
    return np.add.reduce(np.ascontiguousarray(x), axis=-1) + 0.0


def _total(x):
    return _last(np.add, 0.0)(x) + 0.0


def _place(function):
    return lambda x: function(x, axis=-1) + 0.0


#: Sums go from left to right but for "pair", which adds as NumPy adds long runs; the
#: terms of a "dot" are products.
FOLDS = {
    "sum": Fold("0", "add", _total),
    "dot": Fold("0", "add", _total),
    "mul": Fold("1", "mul", _last(np.multiply, 1.0)),
    "max": Fold("-1/0", "max", lambda x: np.maximum.reduce(x, axis=-1)),
    "min": Fold("1/0", "min", lambda x: np.minimum.reduce(x, axis=-1)),
    "and": Fold("1", "and", lambda x: (x != 0).all(-1) + 0.0),
    "or": Fold("0", "or", lambda x: (x != 0).any(-1) + 0.0),
    "pair": Fold("", "$pair", _pair),
    "argmax": Fold("", "$argmax", _place(np.argmax)),
    "argmin": Fold("", "$argmin", _place(np.argmin)),
}


def evaluate(op, static, args, inner):
    """Compute an operation on arrays whose last ``inner`` axes are folded."""
    if op == "shuffle":
        return shuffled(args[0])
    if op == "scan":
        return _scanned(RULES[static].python, *args)
    if not inner:
        return RULES[op].python(static, *args)
    product = args[0]
    for arg in args[1:]:
        product = product * arg
    lead = product.shape[: product.ndim - inner]
    folded = math.prod(product.shape[len(lead) :])
    return FOLDS[op].python(product.reshape(*lead, folded))


def _scanned(rule, x):
    result = np.array(x)
    for k in range(1, x.shape[-1]):
        result[..., k] = rule((), result[..., k - 1], x[..., k])
    return result
