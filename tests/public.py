"""The public names of the package, as the contracts in pyproject.toml list them."""

import importlib
import inspect
import tomllib

from conftest import ROOT

__all__ = [
    "MATHEMATICS",
    "PYPROJECT",
    "public_functions",
    "public_methods",
]

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = PYPROJECT["tool"]["importlinter"]["contracts"]
MATHEMATICS = next(c for c in CONTRACTS if "mathematics" in c["name"])["source_modules"]
FIGURES = ["dlbook.plotting", "dlbook.live", "dlbook.live.inputs", "dlbook.worked"]
FIGURES += ["dlbook.site"]


def public_modules():
    names = [name for name in MATHEMATICS if "._" not in name]
    return [importlib.import_module(name) for name in [*names, *FIGURES]]


def public_functions():
    for module in public_modules():
        for public in module.__all__:
            function = getattr(module, public)
            home = getattr(function, "__module__", "")
            if inspect.isfunction(function) and home.startswith("dlbook."):
                yield module, function


def public_methods():
    for module in public_modules():
        for kind in filter(inspect.isclass, map(vars(module).get, module.__all__)):
            for name, method in vars(kind).items():
                own = getattr(method, "__module__", "") == kind.__module__
                code = getattr(method, "__code__", None)  # not what a base has made
                if own and code and code.co_filename == inspect.getfile(kind):
                    if name == "__init__" or not name.startswith("_"):
                        yield module, method
