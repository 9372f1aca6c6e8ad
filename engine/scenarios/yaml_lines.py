"""YAML of a scenario as plain data, with the line of every value: strict, and safe to give a stranger's text.

Read more narrowly than PyYAML does: only ``true`` and ``false`` are booleans (``on`` is a setting), dates and numbers
with a leading zero stay text, keys are text, no key stands twice, no tags. Aliases and merge keys work, within limits.
"""

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import yaml

from engine.errors import ScenarioError

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_VALUES = 50_000
"""Values after aliases are written out."""
Where = tuple[str | int, ...]
_STR, _NULL, _BOOL, _INT, _FLOAT, _MERGE = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "null", "bool", "int", "float", "merge")
)
_KNOWN = {_STR, _NULL, _BOOL, _INT, _FLOAT, _MERGE, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


if TYPE_CHECKING:
    _Base = yaml.SafeLoader
else:
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is twenty times as quick, where it is built in


class _Loader(_Base):
    """Composes nodes; which plain text is what is said below."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own way


for _tag, _form, _first in (
    (_NULL, r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    (_BOOL, r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    (_INT, r"^[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789")),
    (_FLOAT, r"^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
    (_MERGE, r"^(?:<<)$", ["<"]),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_form), _first)


@dataclass
class Document:
    """What a text says, and where it says it."""

    data: object
    where: str
    """Name of the file, for messages."""
    lines: dict[Where, int] = field(default_factory=dict)
    """Line (from 1) of each path, keys of mappings at the key."""

    def line(self, path: Where) -> int:
        """The line of a path, or of the nearest thing above it that is written down."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def mistake(self, path: Where, text: str) -> str:
        """One line about one mistake."""
        name = ".".join(str(part) for part in path)
        return f"{self.where} line {self.line(path)}: {name + ': ' if name else ''}{text}"


def load(text: str, where: str) -> Document:
    """Read one document.

    Raises:
        ScenarioError: not YAML, not a mapping, too large, a key twice, a tag, an alias of itself; names the line.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ScenarioError(f"{where}: larger than {MAX_BYTES // 1_000_000} MB: not a scenario")
    try:
        _check_depth(text, where)
        node = _Loader(text).get_single_node()
    except UnicodeEncodeError as error:  # half of a pair of surrogates, as JSON can write one
        line = text.count("\n", 0, error.start) + 1
        raise ScenarioError(f"{where} line {line}: a character that YAML does not allow") from None
    except yaml.YAMLError as error:
        raise ScenarioError(_syntax(error, text, where)) from None
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == _NULL):
        raise ScenarioError(f"{where}: the file is empty; truyvet scenario new makes one to begin with")
    document = Document(None, where)
    if not isinstance(node, yaml.MappingNode):
        raise ScenarioError(f"{where} line {_line(node)}: a scenario is a mapping (name: ..., simulation: ...)")
    try:
        document.data = _Builder(document).build(node, ())
    except RecursionError:  # aliases in aliases
        raise ScenarioError(f"{where}: its aliases nest too deep") from None
    return document


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _check_depth(text: str, where: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark is not None else 1
                raise ScenarioError(f"{where} line {line}: nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _syntax(error: yaml.YAMLError, text: str, where: str) -> str:
    """PyYAML's complaint in plain words, with the line."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # a character that YAML does not allow
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        return f"{where} line {line}: a character that YAML does not allow; save the file as UTF-8 text"
    lines = text.splitlines()
    row = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in row[: len(row) - len(row.lstrip())] or "'\\t'" in str(getattr(error, "problem", "")):
        return f"{where} line {mark.line + 1}: a tab; indent with spaces"
    if "expected a single document" in str(error):
        return f"{where} line {mark.line + 1}: a second document begins here (---); one scenario a file"
    problem = str(getattr(error, "problem", None) or "cannot be read").replace("\n", " ")
    hint = "; a text with ': ' in it needs quotes" if "mapping values are not allowed" in problem else ""
    return f"{where} line {mark.line + 1}: not YAML: {problem}{hint}"


class _Builder:
    """Nodes to data, counting."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._count = 0
        self._open: set[int] = set()

    def build(self, node: yaml.Node, path: Where) -> object:
        """The value of a node; its line, and those of everything in it, are kept."""
        self._count += 1
        if self._count > MAX_VALUES:
            self._refuse(node, f"more than {MAX_VALUES:,} values once its aliases are written out")
        if id(node) in self._open:
            self._refuse(node, "an alias of something that holds it")
        if node.tag not in _KNOWN:
            self._refuse(node, f"tags such as {node.tag.replace('tag:yaml.org,2002:', '!!')} are not understood")
        self._document.lines.setdefault(path, _line(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            items = node.value if isinstance(node, yaml.SequenceNode) else []
            return [self.build(item, (*path, n)) for n, item in enumerate(items)]
        finally:
            self._open.discard(id(node))

    def _refuse(self, node: yaml.Node, text: str) -> NoReturn:
        raise ScenarioError(f"{self._document.where} line {_line(node)}: {text}")

    def _mapping(self, node: yaml.MappingNode, path: Where) -> dict[str, object]:
        own: dict[str, int] = {}
        out: dict[str, object] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                continue
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "a key must be a name")
            name = str(key.value)
            if name in own:
                self._refuse(key, f"{'.'.join(map(str, (*path, name)))}: said twice, first on line {own[name]}")
            own[name] = _line(key)
            self._document.lines.setdefault((*path, name), _line(key))
            out[name] = self.build(value, (*path, name))
        # What is merged in comes after what stands here, whose lines are the ones to name.
        for value in [value for key, value in node.value if key.tag == _MERGE]:
            for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                out = self._merge(part, path) | out
        return out

    def _merge(self, node: yaml.Node, path: Where) -> dict[str, object]:
        if not isinstance(node, yaml.MappingNode):
            self._refuse(node, "<< takes a mapping (an alias of one)")
        found = self.build(node, path)
        return found if isinstance(found, dict) else {}

    def _scalar(self, node: yaml.ScalarNode) -> object:
        text = str(node.value)
        if node.tag == _NULL:
            return None
        if node.tag == _BOOL and text.lower() in ("true", "false"):
            return text.lower() == "true"
        try:
            if node.tag == _INT and len(text) <= 30:
                return int(text)
            if node.tag == _FLOAT and math.isfinite(number := float(text)):
                return number
        except ValueError:
            pass
        return text
