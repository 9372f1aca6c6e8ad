"""What a stranger may send as YAML: refused with a reason, whatever it is."""

import pytest

from engine.errors import ScenarioError
from engine.scenarios.yaml_lines import load


def test_half_a_surrogate_pair_is_refused_with_its_line() -> None:
    with pytest.raises(ScenarioError, match="line 2: a character that YAML does not allow"):
        load("name: a\nnote: \ud800\n", "s")


@pytest.mark.parametrize("link", ["x{n}: &x{n} {{<<: *x{m}}}\n", "x{n}: &x{n} [[[[*x{m}]]]]\n"])
def test_aliases_in_aliases_are_refused(link: str) -> None:
    text = "x0: &x0 {a: 1}\n" + "".join(link.format(n=n, m=n - 1) for n in range(1, 3_000))
    with pytest.raises(ScenarioError, match="aliases"):
        load(text, "s")
