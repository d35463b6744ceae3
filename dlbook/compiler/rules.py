"""What each operation of a compiled formula means, in Python and in JavaScript.

Both stand in one room, because they must agree: to the bit where IEEE 754 fixes the
result, to the last digits where a mathematical library is free (exp, tanh, pow). Truth
values are 0 and 1 in Python and booleans in JavaScript, which its arithmetic takes for
0 and 1. NumPy's conventions hold: maximum and minimum spread NaN, sign(-0) is 0, rint
rounds half to even, mod takes the divisor's sign, a sum starts at +0. This room knows
numbers and texts, but no node.
"""

import functools
import math

import numpy as np
from numpy import asarray  # a trace replaces it for models

from dlbook.compiler.random import hashed, shuffled

TERNARY, OR, AND, EQUAL, LESS, PLUS, TIMES, POWER, UNARY, ATOM = range(10)


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
    def javascript(a, b):
        right = _wrap(b, strength + 1)
        right = f"({right})" if right[0] == "-" == sign else right
        return _wrap(a, strength) + sign + right, strength

    return javascript


def _prefix(sign):
    def javascript(a):
        part = _wrap(a, UNARY)
        return sign + (f"({part})" if part[0] == sign == "-" else part), UNARY

    return javascript


def _call(name):
    return lambda *args: (f"{name}({','.join(text for text, _ in args)})", ATOM)


def _power(a, b):
    return _wrap(a, ATOM) + "**" + _wrap(b, UNARY), POWER


def _ternary(test, yes, no):
    yes, no = _wrap(yes, TERNARY), _wrap(no, TERNARY)
    return f"{_wrap(test, OR)}?{yes}:{no}", TERNARY


HELPERS = {
    "$remainder": "(a,b)=>{let m=a%b;return m?(m<0)!=(b<0)?m+b:m:m==0?b<0?-0:0:m}",
    "$floor_divide": "(a,b)=>{if(!b)return a/b;let m=a%b,d=(a-m)/b;"
    "if(m&&(m<0)!=(b<0))d--;if(d==0)return a/b<0||1/(a/b)<0?-0:0;"
    "let f=Math.floor(d);return d-f>.5?f+1:f}",
    "$pow": "(a,b)=>a==1||a==-1&&(b==1/0||b==-1/0)?1:a**b",
    "$maximum": "(a,b)=>a>b||a!=a?a:b",
    "$minimum": "(a,b)=>a<b||a!=a?a:b",
    "$fmax": "(a,b)=>a>=b||b!=b?a:b",
    "$fmin": "(a,b)=>a<=b||b!=b?a:b",
    "$rint": "a=>{let r=Math.round(a);return(a%1==.5||a%1==-.5)&&r%2?r-1:r}",
    "$sign": "a=>a>0?1:a<0?-1:a==0?0:a",
    "$copysign": "(a,b)=>(b<0||1/b<0)==(a<0||1/a<0)?a:-a",
    "$logaddexp": "(a,b)=>{let d=a-b;return a==b?a+Math.LN2:d>0?a+Math.log1p("
    "Math.exp(-d)):d<=0?b+Math.log1p(Math.exp(d)):d}",
    "$isnan": "a=>a!=a",
    "$argmax": "(m,o,n,d)=>{let k=0,p=m[o];for(let j=1,q;j<n&&p==p;j++)"
    "if(!((q=m[o+j*d])<=p))k=j,p=q;return k}",
    "$argmin": "(m,o,n,d)=>{let k=0,p=m[o];for(let j=1,q;j<n&&p==p;j++)"
    "if(!((q=m[o+j*d])>=p))k=j,p=q;return k}",
    "$index": "(k,n)=>k<0?k+n<0?0:k+n:k<n?+k:n-1",
    # NumPy's pairwise sum of n numbers, d places apart.
    "$pair": "(m,x,n,d)=>{let k=0,a=0,b,f,i,j,r,t,u,v;if(n<8){for(;k<n;k++,x+=d)"
    "a+=m[x];return a}if(n>128){k=n>>1;k-=k%8;return $pair(m,x,k,d)+"
    "$pair(m,x+k*d,n-k,d)}a=b=f=i=j=r=t=u=-0;for(;k<n-n%8;k+=8,v+=d)v=x+k*d,a+=m[v],"
    "b+=m[v+=d],f+=m[v+=d],i+=m[v+=d],j+=m[v+=d],r+=m[v+=d],t+=m[v+=d],u+=m[v+=d];"
    "a=a+b+(f+i)+(j+r+(t+u));for(;k<n;k++)a+=m[x+k*d];return a}",
    "$copy": "(o,t,a,n,d)=>{for(;n--;a+=d)m[o++]=t[a]}",
    "$shuffle": "(x,t,a,n)=>{let k=0;for(;k<n;k++)m[x+k]=k;for(;k-->1;){"
    "let j=x+Math.floor(t[a+k]*(k+1)),b=m[j];m[j]=m[x+k];m[x+k]=b}}",
    "$packed": "(a,n,b,d,f)=>{let i,j=0,k,r=[],x,l=a.length/n;for(;j<l;j++,"
    "r.push(x==f?-0:(x+b)/d))for(i=j,x=0;i<l*n;i+=l)k=a.charCodeAt(i),"
    "x=x*65+k-61-(k>92);return r}",
    # The twin of `dlbook.compiler.random.hashed`.
    "$draw": "(x,y,z)=>{let p=Math.imul,f=a=>p(a,1664525)+1013904223|0,w=f(0),"
    "g=()=>{x=x+p(y,w)|0;y=y+p(z,x)|0;z=z+p(x,y)|0;w=w+p(y,z)|0};x=f(x);y=f(y);"
    "z=f(z);for(let i=2;i--;)g(),x^=x>>>16,y^=y>>>16,z^=z>>>16,w^=w>>>16;g();"
    "return((x>>>5)*67108864+(y>>>6))/9007199254740992}",
}

_INFIX = {
    "add": ("+", PLUS), "subtract": ("-", PLUS), "multiply": ("*", TIMES),
    "divide": ("/", TIMES), "fmod": ("%", TIMES), "less": ("<", LESS),
    "less_equal": ("<=", LESS), "greater": (">", LESS), "greater_equal": (">=", LESS),
    "equal": ("==", EQUAL), "not_equal": ("!=", EQUAL), "logical_and": ("&&", AND),
    "logical_or": ("||", OR), "logical_xor": ("!=", EQUAL),
}  # fmt: skip
_MATH = {
    name: name.replace("arc", "a")
    for name in (
        "sqrt", "cbrt", "exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos",
        "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh",
        "arccosh", "arctanh", "arctan2", "hypot", "floor", "ceil", "trunc",
    )
} | {"absolute": "abs", "fabs": "abs"}  # fmt: skip

_HELPED = (
    "remainder", "floor_divide", "maximum", "minimum", "fmax", "fmin", "rint", "sign",
    "copysign", "isnan", "logaddexp",
)  # fmt: skip

#: What gives the text of an operation from pairs (text, strength): such a pair, which
#: is put into brackets where its strength is below what its place needs.
RULES = {
    **{name: _infix(*sign) for name, sign in _INFIX.items()},
    **{name: _call(f"Math.{f}") for name, f in _MATH.items()},
    **{name: _call(f"${name}") for name in _HELPED},
    "negative": _prefix("-"),
    "logical_not": _prefix("!"),
    "power": _power,
    "pow": _call("$pow"),
    "select": _ternary,
    "int": lambda a: (f"Math.trunc({a[0]})||0", OR),
    "index": _call("$index"),
    "uniform": _call("$draw"),
}
#: What gives its numbers, where that is no function of NumPy of the same name.
_NUMBERS = {
    "power": np.float_power,
    "pow": np.float_power,
    "select": lambda c, a, b: np.where(c != 0, a, b),
    "int": lambda a: np.nan_to_num(np.trunc(a), posinf=np.inf, neginf=-np.inf) + 0.0,
    "index": lambda k, n: np.clip(np.where(k < 0, k + n, k), 0, n - 1),
    "uniform": hashed,
}

#: Operations that fold an axis or run along it, and the text that a fold starts with.
FOLDS = {
    "add": "0", "multiply": "1", "maximum": "-1/0", "minimum": "1/0", "fmax": "NaN",
    "fmin": "NaN", "logical_and": "1", "logical_or": "0", "logaddexp": "-1/0",
    "hypot": "0",
}  # fmt: skip


def evaluate(op, static, args, inner):
    """Compute an operation on arrays whose last ``inner`` axes are folded.

    Sums go from left to right but for "pair", which adds as NumPy adds long runs.
    """
    if op == "shuffle":
        return shuffled(args[0])
    if op == "scan":
        return asarray(getattr(np, static).accumulate(args[0], axis=-1), np.float64)
    if not inner:
        function = _NUMBERS.get(op) or getattr(np, op)
        return asarray(function(*args), np.float64)
    x = functools.reduce(np.multiply, args)
    lead = x.shape[: x.ndim - inner]
    x = np.ascontiguousarray(x.reshape(*lead, math.prod(x.shape[len(lead) :])))
    if op == "pair":
        return np.add.reduce(x, axis=-1) + 0.0
    if op in ("argmax", "argmin"):
        return getattr(np, op)(x, axis=-1) + 0.0
    result = getattr(np, op).accumulate(x, axis=-1)[..., -1]
    return asarray(result, np.float64) + (0.0 if op == "add" else -0.0)
