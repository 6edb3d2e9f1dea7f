"""Configuration: what lies over what, what is refused and how it is said."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from rematch.app import Config, dump_config, load_config
from rematch.app.config import PRESETS
from rematch.app.reference import write_reference
from rematch.errors import UsageError
from tests.cli.running import rematch

ROOT = Path(__file__).resolve().parents[2]


def write(folder: Path, text: str | bytes, name: str = "c.yaml") -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def refuse(sources: Sequence[str], **overrides: Any) -> str:
    with pytest.raises(UsageError) as caught:
        load_config(sources, overrides)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == 2
    return message


def test_later_sources_lie_over_earlier_ones_and_flags_over_all(tmp_path: Path) -> None:
    file = write(tmp_path, "rtv: {votes: 5, group_size: 3}\ncontext: {k: 6}\n")
    votes = [
        load_config(sources, overrides).rtv.votes
        for sources, overrides in (
            ([], {}),
            (["paper"], {}),
            (["paper", file], {}),
            (["paper", file, "rtv.votes=4"], {}),
            (["paper", file, "rtv.votes=4"], {"rtv.votes": 3}),
            (["paper", file, "rtv.votes=4"], {"rtv.votes": None}),
        )
    ]
    assert votes == [8, 8, 5, 4, 3, 4]
    config = load_config(["paper", file, "rtv.votes=4"], {"rtv.votes": 3})
    assert (config.n, config.rtv.merge) == (16, False), "the preset's other keys stand"
    assert (config.rtv.group_size, config.context.k) == (3, 6), "and the file's"


def test_the_order_of_sources_decides_whatever_they_are(tmp_path: Path) -> None:
    file = write(tmp_path, "n: 2")
    assert load_config([file, "paper"]).n == 16
    assert load_config(["n=3", file]).n == 2


def test_presets_are_not_changed_by_what_lies_over_them() -> None:
    before = yaml.safe_dump(PRESETS)
    load_config(["paper", "rtv.votes=1", "context.k=2"])
    assert yaml.safe_dump(PRESETS) == before


def test_paper_preset_is_what_it_says() -> None:
    config = load_config(["paper"])
    rtv, context = config.rtv, config.context
    assert (config.n, config.iterations, context.k, rtv.group_size, rtv.votes) == (16, 2, 4, 2, 8)
    assert (rtv.merge, rtv.early_stop, config.keep_champion) == (False, False, False)
    assert context.kind == "select-k"


@pytest.mark.parametrize(
    ("source", "key", "value"),
    [
        ("models.judge.model=openai/org/name:tag", "model", "openai/org/name:tag"),
        ("models.judge={model: openai/x, temperature: 0.7}", "temperature", 0.7),
        ("models.judge.extra.top_p=0.5", "extra", {"top_p": 0.5}),
        ("models.judge.temperature=null", "temperature", None),
        (
            "models.judge.api_base=http://127.0.0.1:1/v1?a=b",
            "api_base",
            "http://127.0.0.1:1/v1?a=b",
        ),
        (" models.judge.timeout = 5 ", "timeout", 5),
    ],
)
def test_values_are_yaml(source: str, key: str, value: object) -> None:
    judge = load_config(["models.judge.model=openai/x", source]).models.judge
    assert getattr(judge, key) == value


def test_maps_of_several_sources_are_joined() -> None:
    sources = ["models.judge={model: openai/x, extra: {a: 1}}", "models.judge.extra.b=2"]
    judge = load_config(sources).models.judge
    assert judge and judge.extra == {"a": 1, "b": 2}


def test_a_role_can_be_taken_back() -> None:
    assert load_config(["models.judge.model=openai/x", "models.judge=null"]).models.judge is None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("rtv.vots=3", "rtv.vots: unknown key"),
        ("vots=3", "vots: unknown key"),
        ("rtv.votes=many", "rtv.votes: Input should be a valid integer"),
        ("rtv.votes=0", "rtv.votes: Input should be greater than or equal to 1"),
        ("rtv=5", "rtv: Input should be a valid dictionary"),
        ("rtv.votes.x=5", "rtv.votes: Input should be a valid integer"),
        ("rtv.votes=", "rtv.votes: Input should be a valid integer"),
        ("context.kind=best", "context.kind: Input should be 'none'"),
        ("models.judge.model=gpt", "models.judge.model: 'gpt' must be written provider/name"),
        ("models.judge.temperature=0.5", "models.judge.model: is needed"),
        ("models.jugde.model=openai/x", "models.jugde: unknown key"),
        ("workers.jugde=3", "workers.jugde: Input should be 'agent'"),
        ("workers.judge=0", "workers.judge: Input should be greater than 0"),
        ("=3", "unknown key"),
        ("n=[", "-c n=[: the value is not YAML"),
        ("", "-c : neither a file that can be read"),
        ("papr", "-c papr: neither a file that can be read, nor key=value, nor a preset (paper)"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_key(source: str, said: str) -> None:
    assert refuse([source]).startswith(said)


def test_several_mistakes_are_told_together() -> None:
    message = refuse(["n=0", "rtv.votes=0", "seed=x"])
    assert all(key in message for key in ("n: ", "rtv.votes: ", "seed: "))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n- b\n", "must hold keys and values"),
        ("just words", "must hold keys and values"),
        ("n: [1\nrtv: {", "is not YAML"),
        ("n: 1\n\tx: 2\n", "is not YAML"),
        (b"n: 1\n# \xff\xfe\n", "neither a file that can be read"),
        ("1: 2\n", "1: "),
        ("!!python/object/apply:os.system [true]", "is not YAML"),
    ],
)
def test_wrong_file_is_one_line_that_names_it(tmp_path: Path, text: str | bytes, said: str) -> None:
    message = refuse([write(tmp_path, text)])
    assert said in message


def test_folder_is_no_file(tmp_path: Path) -> None:
    assert "neither a file" in refuse([str(tmp_path)])


def test_file_of_comments_alone_changes_nothing(tmp_path: Path) -> None:
    assert load_config([write(tmp_path, "# nothing yet\n")]) == Config()


def test_equal_votes_are_refused() -> None:
    judge = ["models.judge={model: openai/x, temperature: 0}"]
    assert refuse(judge).startswith("models.judge.temperature=0 makes all votes")
    assert load_config([*judge, "rtv.votes=1"]).rtv.votes == 1


@pytest.mark.parametrize(
    "extra",
    [
        "{api_key: k}",
        "{extra_headers: {Authorization: k}}",
        "{APIKEY: k}",
        "{servers: [a, {access_token: k}]}",
    ],
)
def test_keys_do_not_belong_into_a_configuration(extra: str) -> None:
    message = refuse([f"models.judge={{model: openai/x, extra: {extra}}}"])
    assert "is a secret" in message and ".env" in message and "k}" not in message


@pytest.mark.parametrize(
    "sources",
    [
        [],
        ["paper"],
        [
            "models.judge.model=openai/x",
            "models.judge.extra={a: [1, {b: null}]}",
            "workers.judge=3",
        ],
        ["models.summarizer={model: openai/ü, temperature: null}", "seed=7", "context.kind=none"],
    ],
)
def test_printed_configuration_reads_back(tmp_path: Path, sources: list[str]) -> None:
    config = load_config(sources)
    assert load_config([write(tmp_path, dump_config(config))]) == config
    printed = rematch(
        "select", "x", *(word for source in sources for word in ("-c", source)), "--print-config"
    )
    assert (printed.code, printed.err) == (0, "")
    again = rematch("select", "x", "-c", write(tmp_path, printed.out), "--print-config")
    assert again.out == printed.out == dump_config(config)


def test_every_key_is_printed_and_documented() -> None:
    def keys(tree: dict[str, Any], above: str = "") -> set[str]:
        return {
            key
            for name, value in tree.items()
            for key in (
                keys(value, f"{above}{name}.")
                if value and isinstance(value, dict)
                else {above + name}
            )
        }

    model = {"model": "openai/x"}
    config = Config.model_validate({"models": {"judge": model}})
    printed = {key.replace("models.judge", "models.ROLE") for key in keys(config.model_dump())}
    page = write_reference()
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert rows == {key for key in printed if not key.startswith("models.") or "ROLE" in key}
    described = [line.split("|")[3].strip() for line in page.splitlines() if line[:3] == "| `"]
    assert all(described), "a key without a meaning"


def test_configuration_page_is_up_to_date() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert page == write_reference(), "run tools/write-docs"


@pytest.mark.parametrize(
    "options",
    [
        ["-c", "rtv.vots=3"],
        ["-c", "nope.yaml"],
        ["-w", "0"],
        ["--model", "gpt"],
        ["--votes", "0"],
        ["-g", "1"],
        ["--api-base", "http://127.0.0.1:1/v1"],
    ],
)
def test_wrong_configuration_ends_the_command_with_2(options: list[str]) -> None:
    done = rematch("select", "x", *options)
    assert (done.code, done.out) == (2, "")
    assert done.error


def test_flags_name_a_model_for_each_role_and_an_endpoint_for_those_alone() -> None:
    done = rematch(
        *(
            "select",
            "x",
            "--print-config",
            "--model",
            "openai/all",
            "--judge-model",
            "openai/judge",
        ),
        *("--api-base", "http://127.0.0.1:1/v1", "-c", "models.distiller.model=openai/file"),
    )
    models = yaml.safe_load(done.out)["models"]
    assert [models[role] and models[role]["model"] for role in ("summarizer", "judge")] == [
        "openai/all",
        "openai/judge",
    ]
    assert models["judge"]["api_base"] == "http://127.0.0.1:1/v1"
    assert models["distiller"]["api_base"] is None
    assert models["agent"] is None, "select asks no agent"
