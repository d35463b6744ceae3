"""The project's own files: what they promise is so, and they do not contradict."""

import ast
import importlib
import importlib.metadata
import inspect
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml
from numpydoc.docscrape import FunctionDoc
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pybtex.database import parse_file

from conftest import ROOT
from dlbook.site.address import Address, page_links
from dlbook.site.launch import install_cell, let_run
from public import (
    MATHEMATICS,
    PYPROJECT,
    public_functions,
    public_methods,
)

PROJECT = PYPROJECT["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHAPTERS = ROOT / "chapters"
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"))
SYSTEMS += (("win32", "Windows", "nt"),)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def declared():
    extras = PROJECT["optional-dependencies"].values()
    return [
        Requirement(r) for r in PROJECT["dependencies"] + [r for e in extras for r in e]
    ]


def pins():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(li) for li in lines if li and not li.startswith(("#", "-e"))]


def machines():
    """Yield what markers ask for, on each Python and system that is promised."""
    for python in PYTHONS:
        for platform, system, os_name in SYSTEMS:
            yield default_environment() | {
                "python_version": python,
                "python_full_version": f"{python}.0",
                "sys_platform": platform,
                "platform_system": system,
                "os_name": os_name,
            }


def modules():
    """Return the names of the package's public modules."""
    return [
        path.stem
        for path in sorted((ROOT / "dlbook").iterdir())
        if not path.name.startswith("_")
        and (path.suffix == ".py" or (path / "__init__.py").exists())
    ]


# Dependencies.


def test_requirements_install_the_package_and_pin_everything_exactly():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert "-e ." in lines
    for pin in pins():
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin


@pytest.mark.parametrize("machine", list(machines()), ids=lambda m: m["python_version"])
def test_each_declared_dependency_has_one_pin_that_fits(machine):
    for wanted in declared():
        if wanted.marker and not wanted.marker.evaluate(machine):
            continue
        fitting = [
            pin
            for pin in pins()
            if canonicalize_name(pin.name) == canonicalize_name(wanted.name)
            and (pin.marker is None or pin.marker.evaluate(machine))
        ]
        assert len(fitting) == 1, f"{wanted}: pins {fitting}"
        version = str(fitting[0].specifier).removeprefix("==")
        assert wanted.specifier.contains(version, prereleases=True), wanted


def test_the_pins_leave_no_dependency_open():
    """Whatever a pinned package needs on this machine is pinned too."""
    here = default_environment()
    pinned = {canonicalize_name(p.name) for p in pins()}
    extras = {canonicalize_name(r.name): r.extras for r in declared()}
    for pin in pins():
        if pin.marker and not pin.marker.evaluate(here):
            continue
        for text in importlib.metadata.requires(pin.name) or []:
            need = Requirement(text)
            wanted = extras.get(canonicalize_name(pin.name), set()) | {""}
            if not need.marker or any(
                need.marker.evaluate(here | {"extra": extra}) for extra in wanted
            ):
                assert canonicalize_name(need.name) in pinned, f"{pin} needs {need}"


def test_what_the_code_imports_is_declared():
    providers = importlib.metadata.packages_distributions()
    names = {canonicalize_name(r.name) for r in declared()} | {"dlbook"}
    for path in (
        *ROOT.glob("dlbook/**/*.py"),
        *ROOT.glob("tests/*.py"),
        ROOT / "conftest.py",
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            tops = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            tops += [node.module] if isinstance(node, ast.ImportFrom) else []
            for top in {name.partition(".")[0] for name in tops}:
                near = (path.parent, ROOT, ROOT / "tests")
                own = [f / name for f in near for name in (top, f"{top}.py")]
                known = sys.stdlib_module_names | {"torch"}
                if top in known or any(file.exists() for file in own):
                    continue
                found = {canonicalize_name(d) for d in providers.get(top, [top])}
                assert found & names, f"{path.name} imports {top}: declare {found}"


# Structure of the code.


def test_modules_import_only_what_the_contracts_allow():
    program = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout


def test_the_contracts_forget_no_module():
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    named = {name for c in contracts[:3] for name in c["source_modules"]}
    found = {
        f"dlbook.{path.stem}"
        for path in (ROOT / "dlbook").iterdir()
        if (path.suffix == ".py" and path.stem != "__init__")
        or (path / "__init__.py").exists()
    }
    assert named == found


def test_what_mutation_testing_changes_and_runs_exists():
    settings = PYPROJECT["tool"]["mutmut"]
    tests = settings["pytest_add_cli_args_test_selection"]
    for path in (*settings["only_mutate"], *settings["also_copy"], *tests):
        assert (ROOT / path).exists(), path


def test_ruff_finds_nothing():
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "."],
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout


def test_importing_the_package_costs_numpy_only():
    names = [m for m in modules() if m not in DRAWING]
    code = "import sys\n" + "".join(f"import dlbook.{name}\n" for name in names)
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    heavy = {"matplotlib", "ipywidgets", "IPython", "scipy", "sphinx", "nbformat"}
    assert "numpy" in loaded and not loaded & heavy


DRAWING = {"live", "mathml", "notebooks", "plotting", "site", "worked"}


# Documentation.


def test_the_api_pages_have_every_public_module_once():
    pages = [path.read_text(encoding="utf-8") for path in CHAPTERS.glob("api*.md")]
    listed = r"^\.\. automodule:: dlbook\.(\w+)$"
    shown = re.findall(listed, "\n".join(pages), re.MULTILINE)
    assert sorted(shown) == sorted(set(modules()) - {"mathml", "site"})


def test_the_built_api_pages_have_every_public_name(built_site):
    pages = (built_site / "chapters").glob("api*.html")
    page = "".join(path.read_text(encoding="utf-8") for path in pages)
    for module in set(modules()) - {"mathml", "site"}:
        for name in importlib.import_module(f"dlbook.{module}").__all__:
            assert f'id="dlbook.{module}.{name}"' in page, f"dlbook.{module}.{name}"
    assert "<cite>" not in page, "a name in backticks that is no link"
    assert re.search(r'href="#dlbook.backprop.mlp"[^>]*><code', page)


def test_readme_is_short_and_its_links_lead_somewhere():
    assert len([line for line in README.splitlines() if line]) <= 10
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_ci_runs_the_very_test_command_of_the_readme():
    command = next(c for c in re.findall(r"`([^`]+)`", README) if "pytest" in c)
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command in script.splitlines()
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert f"run: {command}\n" in workflow


def test_the_citation_agrees_with_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    version = importlib.import_module("dlbook").__version__
    assert citation["version"] == version
    assert citation["title"] == config["title"]
    index = (CHAPTERS / "index.md").read_text(encoding="utf-8")
    assert f"*{config['title']}*. Version {version}." in index


def test_every_page_has_its_place_in_the_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [toc["root"]]
    listed += [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    pages = [*CHAPTERS.glob("*.md"), *CHAPTERS.glob("*.ipynb")]
    assert sorted(listed) == sorted(f"chapters/{page.stem}" for page in pages)


# Literature.

NOT_ONLINE = {"novikoff1962", "werbos1974"}


@cache
def bibliography():
    return parse_file(CHAPTERS / "references.bib").entries


@pytest.mark.parametrize("key", list(bibliography()))
def test_each_work_says_who_what_when_and_where(key):
    entry = bibliography()[key]
    assert entry.persons["author"] and entry.fields["title"]
    assert key == key.lower() and re.fullmatch(r"[a-z]+\d{4}", key)
    where = {"journal", "booktitle", "publisher", "school", "howpublished", "eprint"}
    assert where & set(entry.fields), key
    assert 1900 < int(entry.fields["year"]) < 2030
    if entry.type == "article":
        assert {"volume", "pages"} <= set(entry.fields), key
    if key not in NOT_ONLINE:
        assert {"doi", "eprint", "url"} & set(entry.fields), key
    assert re.fullmatch(r"10\.\d{4,5}/\S+", entry.fields.get("doi", "10.1000/1"))
    assert re.fullmatch(r"\d{4}\.\d{4,5}", entry.fields.get("eprint", "1234.5678"))


def test_every_citation_is_in_the_bibliography():
    sources = [*CHAPTERS.glob("*.md"), *CHAPTERS.glob("*.ipynb")]
    sources += ROOT.glob("dlbook/**/*.py")
    for path in sources:
        text = path.read_text(encoding="utf-8")
        for keys in re.findall(r"(?:\{cite:?\w*\}|:cite:?\w*:)`([^`]+)`", text):
            for key in keys.split(","):
                assert key.strip() in bibliography() or key == "key", (path.name, key)


# Workflows.


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_pin_actions_and_ask_for_little(path):
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, remark in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", remark), f"{action}: say its version"
    for job in workflow["jobs"].values():
        assert "timeout-minutes" in job
        allowed = [{"pages": "write", "id-token": "write"}, {"contents": "write"}]
        assert job.get("permissions", allowed[0]) in allowed
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")
    assert not re.search(r"(?<!python -m )\bpip install", text)
    assert not re.search(r"run:.*\$\{\{", text), "an expression in a shell command"


@pytest.mark.skipif(os.name == "nt", reason="the workflow runs on Linux")
def test_the_links_to_colab_lead_to_notebooks_that_get_the_package(tmp_path):
    source, server = tmp_path / "source", tmp_path / "server.git"
    notebook = source / "chapters" / "01_perceptron.ipynb"
    notebook.parent.mkdir(parents=True)
    shutil.copy(CHAPTERS / notebook.name, notebook)
    path = ROOT / ".github" / "workflows" / "publish.yml"
    steps = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]["colab"]["steps"]
    change, push = (step["run"] for step in steps if "run" in step)
    repository = "https://github.com/owner/name"
    environment = os.environ | {
        "DLBOOK_REPOSITORY": repository,
        "TOKEN": "secret",
        "NAME": "owner/name",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{server}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://x-access-token:secret@github.com/owner/name",
    }

    def run(script):
        known = dict(cwd=source, env=environment, check=True, capture_output=True)
        return subprocess.run(["bash", "-ec", script], text=True, **known).stdout

    run("git init --quiet --bare ../server.git && git init --quiet && git add .")
    run("git -c user.name=a -c user.email=a@b commit --quiet --message first")
    offered = source / "_build" / "html" / "_sources" / "chapters" / notebook.name
    offered.parent.mkdir(parents=True)
    shutil.copy(CHAPTERS / notebook.name, offered)
    for _ in range(2):  # the second time there is nothing left to change
        let_run(offered, repository)
    run(change.rpartition(" && ")[2])
    run(push)
    links = dict(page_links(Address("", repository, "main"), "a.ipynb", True))
    branch = links["Run on Colab"].split("/")[-2]
    stored = run(f"git --git-dir ../server.git show {branch}:chapters/{notebook.name}")
    first, *others = json.loads(stored)["cells"]
    assert first["source"] == install_cell(repository)
    assert others == json.loads((CHAPTERS / notebook.name).read_text("utf-8"))["cells"]


def test_the_tests_run_on_every_python_and_system_that_the_readme_promises():
    workflow = yaml.safe_load(
        WORKFLOWS[[p.stem for p in WORKFLOWS].index("test")].read_text()
    )
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    assert tuple(matrix["python"]) == PYTHONS
    assert len({s.partition("-")[0] for s in matrix["system"]}) == 3
    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]}" in README
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"


# Types.


def test_every_public_function_says_its_types():
    functions = [*public_functions(), *public_methods()]
    notebooks = importlib.import_module("dlbook.notebooks")
    functions += [(notebooks, getattr(notebooks, name)) for name in notebooks.__all__]
    for module, function in functions:
        where = f"{module.__name__}.{function.__qualname__}"
        signature = inspect.signature(function)
        made = function.__name__ == "__init__"
        assert made or signature.return_annotation is not inspect.Signature.empty, where
        for argument in signature.parameters.values():
            typed = argument.annotation is not inspect.Parameter.empty
            assert typed or argument.name == "self", (
                f"{where}: {argument.name}: no type"
            )
    assert (ROOT / "dlbook" / "py.typed").exists()


def test_every_public_function_has_all_parts_of_a_docstring():
    for module, function in public_functions():
        where = f"{module.__name__}.{function.__name__}"
        doc = FunctionDoc(function)
        parts = ["Examples"]
        if inspect.signature(function).return_annotation != "None":
            parts.append(
                "Yields"
                if inspect.isgeneratorfunction(inspect.unwrap(function))
                else "Returns"
            )
        if inspect.signature(function).parameters:
            parts.append("Parameters")
        for part in parts:
            assert doc[part], f"{where} has no {part}"
        named = [target for names, _ in doc["See Also"] for target, _ in names]
        for target in named:
            home, _, last = target.rpartition(".")
            found = importlib.import_module(home) if home else module
            assert hasattr(found, last), f"{where}: {target} does not exist"
        siblings = {
            other
            for other in module.__all__
            if family(other) == family(function.__name__) and other != function.__name__
        }
        assert not siblings or siblings & {*named}, f"{where}: see {siblings}"


def test_every_public_function_is_used_on_a_page_or_by_another():
    """The package has what the book works through; a function may have its family."""
    sources = [p.read_text(encoding="utf-8") for p in (ROOT / "dlbook").rglob("*.py")]
    for path in CHAPTERS.glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                sources.append("".join(cell["source"]))
    used = set()
    for node in (node for text in sources for node in ast.walk(ast.parse(text))):
        if isinstance(node, ast.ImportFrom):
            used |= {name.name for name in node.names}
        elif isinstance(node, ast.Attribute):
            used.add(node.attr)
        elif isinstance(node, ast.Name):
            used.add(node.id)
    pages = " ".join(p.read_text(encoding="utf-8") for p in CHAPTERS.glob("*.md"))
    known = {*map(family, used | {*re.findall(r"\w+", pages)})}
    for module, function in public_functions():
        if module.__name__ in MATHEMATICS:
            where = f"{module.__name__}.{function.__name__}"
            assert family(function.__name__) in known, f"{where}: no page uses it"


def family(name):
    """Return what a function shares with its derivative, its steps and its passes."""
    return re.sub(r"^d_|_(forward|backward|gradients|and_gradients|steps?)$", "", name)


def test_every_public_name_says_where_a_reader_finds_it():
    for name in MATHEMATICS:
        module = importlib.import_module(name)
        for public in module.__all__ if "._" not in name else []:
            thing = getattr(module, public)
            home = getattr(thing, "__module__", name)
            assert "._" not in home, f"{name}.{public} says {home}"
            if inspect.isclass(thing):
                get_type_hints(thing)  # each name in them is known there
                assert pickle.loads(pickle.dumps(thing)) is thing


def test_the_types_agree_with_the_code():
    api = pytest.importorskip("mypy.api")
    report, errors, status = api.run(["--config-file", str(ROOT / "pyproject.toml")])
    assert status == 0, report + errors


def test_a_folder_that_matplotlib_cannot_write_is_told_of_once(tmp_path):
    """Else each notebook would tell of it, and differ from what is stored."""
    (tmp_path / "file").write_text("", "utf-8")
    code = "import sys, conftest, subprocess; code = 'import matplotlib.pyplot'; "
    code += "subprocess.run([sys.executable, '-c', code], stderr=sys.stdout)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ
        | {"MPLCONFIGDIR": str(tmp_path / "file"), "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "temporary" in done.stderr and done.stdout == ""


def test_binder_takes_a_python_that_the_pins_fit():
    asked = (ROOT / "runtime.txt").read_text(encoding="utf-8").strip()
    assert asked.removeprefix("python-") in PYTHONS
