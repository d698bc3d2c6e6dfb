"""Checks of modules against the layers and limits of `tests/layers.py`; reads source text and imports none of the code it checks."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from tests.layers import (
    FORBIDDEN_CALLS,
    FORBIDDEN_LIBRARIES,
    FORBIDDEN_NAMES,
    HEAVY,
    HEAVY_ROOMS,
    MAX_FILE_LINES,
    MAX_FUNCTION_LINES,
    MIRRORED,
    OWNED_LIBRARIES,
    ROOMS,
    ROOT,
)

DANGEROUS_ARGUMENTS = ("weights_only", "allow_pickle", "trust_remote_code", "shell")


@dataclass(frozen=True, eq=False)
class Source:
    """One module: dotted name, text, syntax tree."""

    name: str
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, name: str, text: str) -> "Source":
        """Parse ``text`` as the module ``name``."""
        return cls(name, text, ast.parse(text))


@dataclass(frozen=True)
class Import:
    """One import: the dotted target, its line, whether it happens while the module is loaded, or never."""

    target: str
    line: int
    at_load: bool
    for_types: bool


@cache
def sources(*folders: str) -> list[Source]:
    """Every module below the folders, read once."""
    found = []
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found.append(Source.of(name, path.read_text(encoding="utf-8")))
    return found


@cache
def imports(source: Source, modules: frozenset[str] = frozenset()) -> list[Import]:
    """Every import of a module; ``from a import b`` counts as ``a.b`` when that is one of ``modules``."""
    return list(_imports(source, modules))


def _imports(source: Source, modules: frozenset[str]) -> Iterator[Import]:
    typing, later = _lines_for_types(source.tree), _lines_in_functions(source.tree)

    def found(target: str, line: int) -> Import:
        return Import(target, line, line not in typing | later, line in typing)

    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield found(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                target = inner if inner in modules or base in ("app", "worker") else base
                yield found("." * node.level + target, node.lineno)


def room_of(name: str) -> str:
    """The room a module belongs to; empty for foreign modules."""
    fitting = [room for room in ROOMS if name == room or name.startswith(room + ".")]
    return max(fitting, key=len, default="")


def layer_faults(source: Source, modules: frozenset[str] = frozenset()) -> list[str]:
    """Imports that the table does not allow."""
    room = room_of(source.name)
    faults = []
    for module in imports(source, modules):
        if module.target.startswith("."):
            faults.append(f"{source.name}:{module.line} imports relatively; write the whole name")
        target = room_of(module.target)
        if target and target != room and not _inside(target, ROOMS[room]):
            faults.append(f"{source.name}:{module.line} ({room}) imports {module.target}")
    return list(dict.fromkeys(faults))


def library_faults(source: Source) -> list[str]:
    """Libraries outside the rooms that own them, and heavy ones loaded where they need not be."""
    faults = []
    for module in imports(source):
        library = module.target.split(".")[0]
        if library in OWNED_LIBRARIES and not module.for_types and not _inside(source.name, OWNED_LIBRARIES[library]):
            faults.append(f"{source.name}:{module.line} imports {library}, which belongs to {OWNED_LIBRARIES[library]}")
        if library in HEAVY and module.at_load and not _inside(source.name, HEAVY_ROOMS):
            faults.append(f"{source.name}:{module.line} loads {library} with the module; import it inside the function")
    return list(dict.fromkeys(faults))


def size_faults(source: Source) -> list[str]:
    """Files and functions past the limits."""
    faults = []
    if (lines := source.text.count("\n")) >= MAX_FILE_LINES:
        faults.append(f"{source.name} has {lines} lines")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines >= MAX_FUNCTION_LINES:
                faults.append(f"{source.name}:{node.lineno} {node.name} has {lines} lines")
    return faults


def manner_faults(source: Source) -> list[str]:
    """Modules without a docstring, or with a name that says nothing."""
    faults = []
    if source.tree.body and not ast.get_docstring(source.tree):
        faults.append(f"{source.name} does not open with a docstring")
    if FORBIDDEN_NAMES & set(source.name.split(".")):
        faults.append(f"{source.name} has a name that says nothing")
    return faults


def unmirrored(found: list[Source], tests: frozenset[str], rooms: tuple[str, ...] = MIRRORED) -> list[str]:
    """Modules of the rooms with functions that have no test file of their own name at their place among the tests.

    Args:
        tests: names of all modules of tests.
    """
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    missing = []
    for source in (source for source in found if _inside(source.name, rooms)):
        package, _, module = source.name.rpartition(".")
        behaves = any(isinstance(node, functions) for node in ast.walk(source.tree))
        if behaves and f"tests.{package}.test_{module}" not in tests:
            missing.append(source.name)
    return missing


def danger_faults(source: Source) -> list[str]:
    """Code that would run somebody else's code: eval, pickle, torch.load, trust_remote_code."""
    faults = [
        f"{source.name}:{module.line} imports {module.target}: {FORBIDDEN_LIBRARIES[module.target.split('.')[0]]}"
        for module in imports(source)
        if module.target.split(".")[0] in FORBIDDEN_LIBRARIES
    ]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            faults += [f"{source.name}:{node.lineno} {fault}" for fault in _call_faults(node)]
    return faults


def environment_faults(source: Source) -> list[str]:
    """Reads of the process's environment; setting a variable for a library is not one."""
    parents = {child: node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)}
    faults = []
    for node in ast.walk(source.tree):
        named = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        if named and ast.unparse(node) in ("os.environ", "os.getenv"):
            above = parents[node]
            sets_item = isinstance(above, ast.Subscript) and isinstance(above.ctx, ast.Store)
            sets_default = isinstance(above, ast.Attribute) and above.attr in ("setdefault", "update")
            if not (sets_item or sets_default):
                faults.append(f"{source.name}:{node.lineno} reads the environment; add a field to app.settings")
    return faults


def sleep_faults(source: Source) -> list[str]:
    """Waiting by the clock; a test waits for the thing itself."""
    return [
        f"{source.name}:{node.lineno} sleeps"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("time.sleep", "sleep", "asyncio.sleep")
        and not (node.args and ast.unparse(node.args[0]) == "0")
    ]


def cycles(found: list[Source]) -> list[list[str]]:
    """Circles of imports, those inside functions included; imports for types only never run."""
    modules = frozenset(source.name for source in found)
    edges = {
        source.name: sorted({i.target for i in imports(source, modules) if not i.for_types and i.target in modules})
        for source in found
    }
    circles: list[list[str]] = []
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> None:
        if name in path:
            circles.append([*path[path.index(name) :], name])
        elif name not in done:
            for target in edges[name]:
                walk(target, [*path, name])
            done.add(name)

    for name in edges:
        walk(name, [])
    return circles


def _call_faults(call: ast.Call) -> Iterator[str]:
    name = ast.unparse(call.func)
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg in DANGEROUS_ARGUMENTS}
    if name in FORBIDDEN_CALLS:
        yield f"calls {name}, which {FORBIDDEN_CALLS[name]}"
    if name in ("torch.load", "torch.jit.load") and given.get("weights_only") != "True":
        yield f"calls {name} without weights_only=True"
    if name in ("np.load", "numpy.load") and given.get("allow_pickle", "False") != "False":
        yield f"calls {name} with allow_pickle"
    if given.get("trust_remote_code", "False") != "False":
        yield "passes trust_remote_code"
    if given.get("shell", "False") != "False":
        yield "starts a shell"


def _lines_for_types(tree: ast.Module) -> set[int]:
    """Lines under ``if TYPE_CHECKING``, which never run."""
    return _lines(n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test).endswith("TYPE_CHECKING"))


def _lines_in_functions(tree: ast.Module) -> set[int]:
    """Lines that run when a function is called, not while the module is loaded."""
    return _lines(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def _lines(nodes: Iterable[ast.stmt]) -> set[int]:
    return {line for node in nodes for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)}


def _inside(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(room + ".") for room in rooms)
