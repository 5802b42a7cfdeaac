"""Every code block of the documentation runs, or is validated. The words after the three backquotes say how.

yaml case               a whole case: loads
yaml part of NAME       keys at the top level replace those of configs/NAME.yaml: loads
yaml change of NAME     merged into configs/NAME.yaml: loads
yaml wrong of NAME      merged into configs/NAME.yaml: fails, with the text of the next block in its message
yaml material FILE      a material file: loads
python                  runs; the blocks of one page share their names, in a folder with configs/ and meshes/
python ssbsim/FILE.py   a new file of the package: the other blocks of the page run with a copy that has it and no other change
bash                    every ./with-env line: the command, its options and its files exist
text                    a message; belongs to the block before it, or is looked for in the source
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

import ssbsim
from ssbsim.cli import main
from ssbsim.materials import load_material

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    words: str
    text: str
    following: str = ""

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    nexts = [*found[1:], None][: len(found)]
    return [
        Block(
            page,
            text[: match.start()].count("\n") + 1,
            match[1],
            match[2].strip(),
            match[3],
            after[3] if after is not None and after[1] == "text" else "",
        )
        for match, after in zip(found, nexts, strict=True)
    ]


ALL = [block for page in PAGES for block in blocks(page)]


def of(language: str, *words: str) -> list[Any]:
    chosen = [b for b in ALL if b.language == language and (not words or b.words.split(" ")[0] in words)]
    return [pytest.param(block, id=block.name) for block in chosen]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that looks like the repository from inside."""
    for name in ("configs", "meshes"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "cases").mkdir()  # beside meshes, so that ../meshes leads there
    monkeypatch.chdir(tmp_path)
    return tmp_path


def merged(base: Any, change: Any) -> Any:
    """Mappings key by key; all else is replaced, and so is a mapping of another kind."""
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    if change.get("kind", base.get("kind")) != base.get("kind"):
        return change
    return {**base, **{key: merged(base.get(key), value) for key, value in change.items()}}


def case_file(block: Block, folder: Path) -> Path:
    """The case that a yaml block stands for, as a file."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[attr-defined]
    path = folder / "cases" / "case.yaml"
    if block.words == "case":
        path.write_text(block.text, encoding="utf-8")
        return path
    how, _, base = block.words.split(" ")
    original, change = yaml.load(ROOT / "configs" / f"{base}.yaml"), yaml.load(block.text)
    new = {**original, **change} if how == "part" else merged(deepcopy(original), change)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(new, file)
    return path


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    kinds = {"bash": {""}, "text": {""}}
    for block in ALL:
        if block.language == "yaml":
            assert re.fullmatch(r"case|(part|change|wrong) of \w+|material [\w-]+\.yaml", block.words), block.name
        elif block.language == "python":
            assert re.fullmatch(r"(ssbsim/[\w/]+\.py)?", block.words), block.name
        else:
            assert block.words in kinds[block.language], block.name
    for page in PAGES:
        opened = len(re.findall(r"^```", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert opened == 2 * len(blocks(page)), f"{page.name} has a code block without a language"


@pytest.mark.parametrize("block", of("yaml", "case", "part", "change"))
def test_yaml_block_is_a_case(block: Block, folder: Path) -> None:
    case = ssbsim.load_case(case_file(block, folder))
    ssbsim.check(case).raise_for_problems()


@pytest.mark.parametrize("block", of("yaml", "wrong"))
def test_wrong_yaml_block_gives_the_message_below_it(block: Block, folder: Path) -> None:
    assert block.following, f"no message follows {block.name}"
    with pytest.raises(ssbsim.SsbsimError) as caught:
        ssbsim.run(case_file(block, folder), folder / "run", report=False, show_progress=False)
    error = caught.value

    def plain(text: str) -> str:
        text = re.sub(r"\S*case\.yaml:\d+", "case.yaml", text)
        return re.sub(r"\s+", " ", text)

    assert plain(block.following).strip() in plain(str(error))
    headings = re.findall(r"^## (.*)", "\n".join(block.page.read_text().split("\n")[: block.line]), re.MULTILINE)
    names = {kind.__name__ for kind in type(error).__mro__}
    assert headings[-1] in names, f"{block.name} stands under {headings[-1]}, the error is a {type(error).__name__}"


@pytest.mark.parametrize("block", of("yaml", "material"))
def test_material_block_loads(block: Block, folder: Path) -> None:
    path = folder / block.words.split(" ")[1]
    path.write_text(block.text, encoding="utf-8")
    assert load_material(str(path)).provenance


@pytest.mark.parametrize("page", sorted({b.page for b in ALL if b.language == "python"}), ids=lambda page: page.name)
def test_python_blocks_run(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if any(block.language == "python" and block.words for block in blocks(page)):
        return run_with_new_files(page, folder)
    script = ModuleType("script")  # a module of its own, so that what it defines can be pickled
    monkeypatch.setitem(sys.modules, "script", script)
    with contextlib.redirect_stdout(io.StringIO()):
        for block in blocks(page):
            if block.language == "python":
                code = "\n" * block.line + block.text
                exec(compile(code, str(page), "exec", dont_inherit=True), script.__dict__)


def run_with_new_files(page: Path, folder: Path) -> None:
    """Run a page in a process of its own, beside a copy of the package that has the files of the page."""
    shutil.copytree(ROOT / "ssbsim", folder / "ssbsim", ignore=shutil.ignore_patterns("__pycache__"))
    script = ""
    for block in (block for block in blocks(page) if block.language == "python"):
        if block.words:
            assert not (folder / block.words).exists(), f"{block.words} is there already"
            (folder / block.words).write_text(block.text, encoding="utf-8")
        else:
            script += block.text + "\n"
    (folder / "script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-W", "error:Pydantic serializer warnings", "script.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def commands(block: Block) -> Iterator[list[str]]:
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] == "./with-env":
            yield words[1:]


@pytest.mark.parametrize("block", of("bash"))
def test_commands_exist(block: Block) -> None:
    for words in commands(block):
        if words[:1] == ["mpirun"]:
            assert words[1] == "-n"
            words = words[3:]
        if words[0] == "ssbsim":
            check_ssbsim(words[1:])
        else:
            assert words[0] in ("pytest", "ruff", "mypy", "python3"), words
        for word in words:
            if word.startswith(("configs/", "docs/", "tests/")):
                assert (ROOT / word).exists(), word


def check_ssbsim(words: list[str]) -> None:
    words = words[: words.index(">")] if ">" in words else words
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), pytest.raises(SystemExit) as end:
        main([words[0], "--help"])
    assert end.value.code in (0, None), words
    for option in (word for word in words[1:] if word.startswith("-")):
        assert option in shown.getvalue(), f"ssbsim {words[0]} has no option {option}"


def test_commands_in_the_text_exist() -> None:
    for page in PAGES:
        for command in re.findall(r"`(?:\./with-env )?ssbsim ([a-z]+)[^`]*`", page.read_text(encoding="utf-8")):
            check_ssbsim([command])


def test_messages_without_a_case_are_in_the_source() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "ssbsim").rglob("*.py")))
    plain = re.sub(r"\{[^{}]*\}", "{}", source)
    belonging = {block.following for block in ALL if block.words.startswith("wrong")}
    for block in ALL:
        if block.language == "text" and block.text not in belonging:
            message = (
                block.text.strip()
                .replace("summary.json", "{}")
                .replace("process 4711 on node12", "{}")
                .replace("SIGTERM", "{}")
            )
            assert message in plain, block.name


def test_readme_has_the_test_command_of_the_checks() -> None:
    command = "./with-env pytest"
    assert command in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    checks = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(rf"^check .*{re.escape(command)}$", checks, re.MULTILINE)


def test_tables_of_the_input_file_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import make_reference

    assert make_reference.main(["--check"]) == 0, "run ./with-env python3 docs/make_reference.py"


def links(page: Path) -> list[str]:
    """The places inside the repository that a page links to."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith("http")]


def test_index_has_every_page_and_readme_has_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    assert set((ROOT / "docs").glob("*.md")) - {(index.parent / target).resolve() for target in links(index)} == {index}
    assert "docs/index.md" in links(ROOT / "README.md")


def test_links_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "CHANGELOG.md"]:
        for target in links(page):
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            assert file.exists(), f"{page.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.*)", file.read_text(encoding="utf-8"), re.MULTILINE)
                anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert anchor in anchors, f"{page.name}: {target}"


def test_places_in_the_code_exist() -> None:
    for page in PAGES:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for place in re.findall(r"`((?:ssbsim|configs|docs|tests|env|validation|meshes|bench)/[\w./-]*)`", text):
            assert (ROOT / place).exists(), f"{page.name}: {place}"


def test_second_point_of_a_sweep_compiles_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ffcx.codegeneration import jit

    compiled: list[Any] = []
    compile_objects = jit._compile_objects

    def counting(*arguments: Any, **more: Any) -> Any:
        compiled.append(arguments)
        return compile_objects(*arguments, **more)

    monkeypatch.setattr(jit, "_compile_objects", counting)
    case = ssbsim.load_case("configs/llto_bicrystal.yaml")
    counts = []
    for charge in (1.0e9, 1.1e9):
        core = case.phases["core"].model_copy(update={"excess_charge": charge})
        point = case.model_copy(update={"phases": {**case.phases, "core": core}})
        ssbsim.run(point, f"runs/{charge:g}", report=False, show_progress=False)
        counts.append(len(compiled))
    assert counts[0] == counts[1]
