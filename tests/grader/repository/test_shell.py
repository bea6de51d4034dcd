"""Shell scripts as commands."""

import pytest

from grader.repository.shell import read_shell


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b # c\nd", [("a", "b"), ("d",)]),
        ("a '#' \"# b\" c#d", [("a", "#", "# b", "c#d")]),
        ("a; b && c || d | e & f", [("a",), ("b",), ("c",), ("d",), ("e",), ("f",)]),
        ('"$(dirname "$0")/x.sh" 1', [("dirname", "$0"), ("$()/x.sh", "1")]),
        ("x=`pwd`/a y", [("pwd",), ("x=$()/a", "y")]),
        ("a \\\n b", [("a", "b")]),
        ("a > b 2>&1 2> c >> d", [("a",)]),
        ("a <<EOF\nb c\nEOF\nd", [("a",), ("d",)]),
        (
            "case $x in\n a|b) c ;;\n *) d ;;\nesac",
            [("case", "$x", "in"), ("c",), ("d",), ("esac",)],
        ),
        ("f() { a; }\n(b)", [("a",), ("b",)]),
        ("a ${b:-c d} e", [("a", "${b:-c d}", "e")]),
        ("a $((1 + 2)) b", [("a", "$()", "b")]),
        ("{ a {b,c}; }", [("a", "{b,c}")]),
        ('a "b', [("a", "b")]),
    ],
)
def test_commands(script: str, commands: list[tuple[str, ...]]) -> None:
    assert [command.words for command in read_shell(script).commands if command.words] == commands


def test_lines_files_and_functions() -> None:
    shell = read_shell("f() { a; }\n\n# b\nc > d\n  e \\\n  > f\n")
    assert [(command.line, command.targets) for command in shell.commands] == [
        (1, ()), (4, ("d",)), (5, ("f",)),
    ]  # fmt: skip
    assert shell.functions == {"f"}
    assert shell.code == "f() { a; }\n\n\nc > d\n  e \\\n  > f\n"
