"""Saved programs: JSON without models or keys, checked against the code that loads them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest

from rematch.data.records import Hypothesis
from rematch.errors import ProgramFileError
from rematch.programs import PDR, RTV, ContextConfig, Distiller, Judge, Rematch, Summarizer
from rematch.programs.program import Program
from rematch.programs.saved import signature_hash
from rematch.runs.metering import Meter
from rematch.runs.models import ModelConfig, build_lm
from rematch.signatures import CompareRollouts
from tests.programs.makers import EchoSummarizer, FakeAgent, PolicyJudge, first_slot

OLD = Path(__file__).parent / "files" / "program-v1.json"
TUNED = "Prefer the attempt whose tests were run."


def make_program() -> Rematch:
    return Rematch(Summarizer(), RTV(Judge()))


def tune(program: Rematch) -> None:
    compare = program.rtv.judge.compare  # type: ignore[attr-defined]
    compare.signature = compare.signature.with_instructions(TUNED)
    compare.demos = [dspy.Example(task="a", candidates="b", winner=2, confidence=0.5, reasons="c")]
    hypothesis = Hypothesis(text="off by one", steps=(3,), fate="confirmed")
    program.summarizer.summarize.demos = [dspy.Example(hypotheses=[hypothesis])]  # type: ignore[attr-defined]


def instructions(program: Program) -> dict[str, str]:
    return {name: p.signature.instructions for name, p in program.named_predictors()}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    tuned, fresh = make_program(), make_program()
    tune(tuned)
    tuned.save(tmp_path / "tuned.json")
    assert instructions(fresh) != instructions(tuned)
    fresh.load(tmp_path / "tuned.json")
    assert instructions(fresh) == instructions(tuned)
    assert instructions(fresh)["rtv.judge.compare"] == TUNED
    demos = {name: p.demos for name, p in fresh.named_predictors()}
    assert [demo["winner"] for demo in demos["rtv.judge.compare"]] == [2]
    fresh.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == (tmp_path / "tuned.json").read_text()


def test_a_version_2_file_loads_for_ever() -> None:
    program = make_program()
    program.load(OLD.with_name("program-v2.json"))
    assert instructions(program)["rtv.judge.compare"] == TUNED


def test_a_new_process_gives_the_same_prompts_byte_for_byte(tmp_path: Path) -> None:
    tuned = make_program()
    tune(tuned)
    tuned.save(tmp_path / "tuned.json")
    inputs = {"task": "Mend it.", "candidates": "### Candidate 1\n```\na\n```"}
    script = (
        "import dspy, json, sys\n"
        "from rematch.programs import RTV, Judge, Rematch, Summarizer\n"
        "program = Rematch(Summarizer(), RTV(Judge()))\n"
        "program.load(sys.argv[1])\n"
        "compare = program.rtv.judge.compare\n"
        "inputs = json.loads(sys.argv[2])\n"
        "messages = dspy.ChatAdapter().format(compare.signature, compare.demos, inputs)\n"
        "print(json.dumps(messages))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "tuned.json"), json.dumps(inputs)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    compare = tuned.rtv.judge.compare  # type: ignore[attr-defined]
    assert json.loads(printed) == dspy.ChatAdapter().format(
        compare.signature, compare.demos, inputs
    )


def test_an_edited_prompt_is_told_and_loads_without_its_digest(tmp_path: Path) -> None:
    make_program().save(tmp_path / "mine.json")
    document = json.loads((tmp_path / "mine.json").read_text())
    document["state"][JUDGE]["signature"]["instructions"] = "Pick the second."
    (tmp_path / "mine.json").write_text(json.dumps(document))
    check_refused(make_program(), tmp_path / "mine.json", "was changed after it was saved")
    del document["digest"]
    (tmp_path / "mine.json").write_text(json.dumps(document))
    program = make_program()
    program.load(tmp_path / "mine.json")
    assert instructions(program)[JUDGE] == "Pick the second."


def test_prompts_that_may_lack_a_place_are_passed_over(tmp_path: Path) -> None:
    tuned = make_program()
    tune(tuned)
    tuned.save(tmp_path / "tuned.json")
    judging = Rematch(EchoSummarizer(), RTV(Judge()))
    check_refused(judging, tmp_path / "tuned.json", "holds prompts for summarizer.summarize, ")
    judging.load(tmp_path / "tuned.json", skip=["summarizer.summarize"])
    assert instructions(judging) == {JUDGE: TUNED}


def test_an_old_file_loads_for_ever() -> None:
    program = make_program()
    program.load(OLD)
    assert instructions(program)["rtv.judge.compare"] == TUNED


def test_a_bound_model_stays_out_and_survives_loading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    lm = build_lm("judge", ModelConfig(model="openai/m", api_base="http://127.0.0.1:1"), Meter())
    program = Judge(lm)
    program.compare.lm = lm
    program.save(tmp_path / "judge.json")
    text = (tmp_path / "judge.json").read_text()
    assert "sk-secret" not in text
    assert "127.0.0.1" not in text
    assert '"lm"' not in text
    program.load(tmp_path / "judge.json")
    assert program.lm is program.compare.lm is lm


def test_predictors_that_a_file_does_not_know_keep_their_prompts(tmp_path: Path) -> None:
    tuned = make_program()
    tune(tuned)
    tuned.save(tmp_path / "tuned.json")
    pdr = PDR(FakeAgent(), ContextConfig(distill=True), Distiller())
    whole = Rematch(Summarizer(), RTV(Judge()), pdr)
    before = instructions(whole)
    whole.load(tmp_path / "tuned.json")
    assert instructions(whole) == {**before, "rtv.judge.compare": TUNED}


def test_prompts_without_a_place_are_refused(tmp_path: Path) -> None:
    make_program().save(tmp_path / "tuned.json")
    without_models = Rematch(EchoSummarizer(), RTV(PolicyJudge(first_slot)))
    check_refused(without_models, tmp_path / "tuned.json", "holds prompts for rtv.judge.compare, ")


def test_the_hash_sees_names_directions_and_types_and_no_wording() -> None:
    same = CompareRollouts.with_instructions("Other words.")
    assert signature_hash(same) == signature_hash(CompareRollouts)
    changed = (
        CompareRollouts.append("verdict", dspy.OutputField(), str),
        CompareRollouts.delete("reasons"),
        CompareRollouts.with_updated_fields("winner", type_=str),
    )
    hashes = {signature_hash(signature) for signature in (CompareRollouts, *changed)}
    assert len(hashes) == 4


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    document = json.loads(OLD.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


def check_refused(program: Program, path: Path, message: str) -> None:
    before = instructions(program)
    with pytest.raises(ProgramFileError) as refused:
        program.load(path)
    assert message in str(refused.value)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)
    assert instructions(program) == before


JUDGE = "rtv.judge.compare"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(version=3), "was saved by a newer Rematch: update rematch-agents"),
        (lambda d: d.update(format="dspy"), "is not a program saved by Rematch"),
        (lambda d: d.update(version="one"), "is damaged (version: "),
        (lambda d: d.update(extra=1), "is damaged (extra: "),
        (lambda d: d.pop("state"), "is damaged (state: "),
        (lambda d: d["state"].pop(JUDGE), "signatures and state name different predictors"),
        (lambda d: d["state"].update({JUDGE: 1}), "is damaged (state.rtv.judge.compare: "),
        (
            lambda d: d["signatures"].update({JUDGE: "0"}),
            "was saved for other signatures (rtv.judge",
        ),
        (lambda d: d["state"][JUDGE].pop("signature"), "compare.signature: Field required"),
        (
            lambda d: d["state"][JUDGE].update(lm={"api_base": "http://x"}),
            "compare.lm: Extra inputs",
        ),
        (lambda d: d["state"][JUDGE].update(forward=1), "compare.forward: Extra inputs"),
        (
            lambda d: d["state"][JUDGE].update(demos="x"),
            "compare.demos: Input should be a valid list",
        ),
        (lambda d: d["state"][JUDGE]["signature"]["fields"].pop(), "the number of fields differs"),
    ],
)
def test_a_tampered_file_is_refused_in_one_line(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    check_refused(make_program(), edit(tmp_path / "tampered.json", change), message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x80\x05pickle", "is not JSON"),
        (b"{", "is not JSON"),
        (b"[]", "is not a program saved by Rematch"),
        (b'{"summarizer": {"demos": []}}', "is not a program saved by Rematch"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_foreign_file_is_refused_in_one_line(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "foreign.json"
    if content is not None:
        path.write_bytes(content)
    check_refused(make_program(), path, message)
