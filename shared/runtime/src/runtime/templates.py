"""Templates of messages: Jinja2 over plain data, compiled when published, rendered per contact within bounds."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.runtime import new_context

from runtime.template_constants import without_result
from runtime.template_sandbox import ALLOWED, BUDGET, FILTERS, MAX_OUTPUT, TESTS, Budget, Budgeted, Dialect, dialect
from runtime.template_words import failed, readable

MAX_SOURCE = 192 * 1024

_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
"""PostgreSQL has none of these, so that no query can ask for a field of that name."""
_NOT_AVAILABLE: dict[type[nodes.Node], str] = {
    nodes.Scope: "autoescape is not available: html is always escaped, text never",
    nodes.Call: "calls are not available: use a filter, as in {{ name | upper }}",
    nodes.Pow: "** is not available",
}


class TemplateError(Exception):
    """The source is not a template; the message says in which line and why."""


class RenderError(Exception):
    """Not renderable with these values. The message says in which line, of a source of several, and names fields
    and kinds of value, never what they hold."""


@dataclass(frozen=True, eq=False)
class Template:
    """A compiled template."""

    source: str
    html: bool
    reads: frozenset[str]
    """Dotted paths of everything it reads, as `contact.attributes.first_name`; where the name is computed the
    path ends before it (`contact.attributes`: all of them)."""
    optional: frozenset[str]
    """Those of `reads` that may be missing: read only under `| default(…)`, or tested with `is defined`."""
    _template: jinja2.Template

    def render(self, values: Mapping[str, Any]) -> str:
        """With `values` (`{"contact": {…}, "context": {…}}`, plain JSON data). Raises RenderError."""
        token = BUDGET.set(Budget())
        try:
            return "".join(self._parts(values))
        except (UndefinedError, SecurityError) as error:
            raise RenderError(self._line(error) + self._named(str(error), values)) from None
        except Exception as error:
            raise RenderError(self._line(error) + failed(error)) from None
        finally:
            BUDGET.reset(token)

    def _line(self, error: Exception) -> str:
        """`line 3: `; nothing where there is but one, or nothing says which."""
        place, line = error.__traceback__, None
        while place is not None:
            if place.tb_frame.f_globals.get("__jinja_template__") is self._template:
                line = self._template.get_corresponding_lineno(place.tb_lineno)
            place = place.tb_next
        return "" if line is None or "\n" not in self.source else f"line {line}: "

    def _named(self, message: str, values: Mapping[str, Any]) -> str:
        """With the whole path of what is missing, where only one thing of that name is."""
        absent = {path for read in self.reads if (path := _absent(read, values)) is not None}
        meant = [path for path in absent if message == f"{path.rpartition('.')[2]} is missing"]
        return f"{meant[0]} is missing" if len(meant) == 1 else message

    def _parts(self, values: Mapping[str, Any]) -> Iterator[str]:
        left = MAX_OUTPUT
        template = self._template
        context = new_context(template.environment, template.name, template.blocks, dict(values), shared=True)
        for part in template.root_render_func(context):
            left -= len(part)
            if left < 0:
                raise SecurityError(f"makes more than {MAX_OUTPUT} characters")
            yield part


def _absent(path: str, values: Mapping[str, Any]) -> str | None:
    """The path as far as something is missing there; None: nothing is."""
    found: Any = values
    names = path.split(".")
    for place, name in enumerate(names, 1):
        found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            return ".".join(names[:place])
    return None


@lru_cache(maxsize=512)
def compile_template(source: str, html: bool) -> Template:
    """Raises TemplateError. With `html` whatever is put in is escaped. Compiled templates are kept."""
    if len(source) > MAX_SOURCE:
        raise TemplateError(f"longer than {MAX_SOURCE} characters")
    environment = dialect(html)
    try:
        tree = environment.parse(source)
        _check(tree, environment)
        uses = list(_uses(tree, meta.find_undeclared_variables(tree)))
        template = _compiled(environment, tree)
    except TemplateSyntaxError as error:
        raise TemplateError(f"line {error.lineno}: {readable(error.message or str(error))}") from None
    except (RecursionError, MemoryError, SyntaxError):
        raise TemplateError("nested too deeply") from None
    except ValueError:
        raise TemplateError("a number in it is too long") from None
    tested = {path for path, use in uses if use == "tested"}
    required = {path for path, use in uses if use == "needed"} - tested
    reads = frozenset(path for path, _ in uses)
    return Template(source, html, reads, reads - required, template)


def _compiled(environment: Dialect, tree: nodes.Template) -> jinja2.Template:
    return environment.from_string(Budgeted().visit(tree))


def _check(tree: nodes.Template, environment: Dialect) -> None:
    """Refuses what is not of the dialect, and what can be rendered for nobody, with the line."""
    line = 1
    for node in _walk(tree):
        line = node.lineno or line
        complaint = _complaint(node) or without_result(node, environment)
        if complaint is not None:
            raise TemplateSyntaxError(complaint, line)


def _complaint(node: nodes.Node) -> str | None:
    match node:
        case nodes.Filter(name=name) if name not in FILTERS:
            return f"no filter {name}; there are: {', '.join(sorted(FILTERS))}"
        case nodes.Test(name=name) if name not in TESTS:
            return f"no test {name}; there are: {', '.join(sorted(TESTS))}"
        case nodes.Filter(node=None):
            return "filter blocks are not available"
        case nodes.Filter() | nodes.Test() if node.dyn_args or node.dyn_kwargs:
            return "* and ** are not available"
        case nodes.For(recursive=True):
            return "recursive loops are not available"
        case nodes.Name(ctx="store", name=name) if name.startswith("_") or name in ("contact", "context"):
            return f"{name} cannot be set"
        case nodes.List() | nodes.Dict() if any(not isinstance(part, nodes.Const) for part in _inside(node)):
            return "a list or dictionary holds constants only"
        case nodes.Tuple(ctx="load") if any(not isinstance(part, nodes.Const) for part in _inside(node)):
            return "a list or dictionary holds constants only"
        case nodes.Const(value=str() as text) | nodes.TemplateData(data=text) if _UNSTORABLE.search(text):
            return "a text in it has U+0000 or half a surrogate pair, which nothing that is stored has: leave it out"
        case _ if not isinstance(node, ALLOWED):
            kind = type(node).__name__.lower()
            return _NOT_AVAILABLE.get(type(node), f"{kind} is not available in templates")
    return None


def _inside(node: nodes.Node) -> Iterator[nodes.Node]:
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.List | nodes.Tuple | nodes.Dict | nodes.Pair):
            yield from _inside(child)
        else:
            yield child


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _uses(node: nodes.Node, roots: set[str], use: str = "needed") -> Iterator[tuple[str, str]]:
    """Every path below one of `roots`, and whether it is `needed`, `tested` for being there, or has a `default`."""
    match node:
        case nodes.Filter(name="default" | "d", node=nodes.Getattr() | nodes.Getitem() | nodes.Name() as inner):
            yield from _uses(inner, roots, "default")
            for argument in (*node.args, *node.kwargs):
                yield from _uses(argument, roots)
            return
        case nodes.Test(name="defined" | "undefined", node=inner):
            yield from _uses(inner, roots, "tested")
            return
        case nodes.Name(ctx="load") | nodes.Getattr() | nodes.Getitem():
            path, rest = _path(node)
            if path is not None and path[0] in roots:
                yield ".".join(path), use
        case _:
            rest = list(node.iter_child_nodes())
    for child in rest:
        yield from _uses(child, roots)


def _path(node: nodes.Node) -> tuple[tuple[str, ...] | None, list[nodes.Node]]:
    """The path that a chain of names spells, and the nodes that are left to look at: a computed index ends it."""
    match node:
        case nodes.Name(ctx="load"):
            return (node.name,), []
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str() as name)):
            path, rest = _path(node.node)
            return (path if path is None or rest else (*path, name)), rest
        case nodes.Getitem():
            path, rest = _path(node.node)
            return path, [*rest, node.arg]
        case _:
            return None, [node]
