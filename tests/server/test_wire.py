"""What goes to the browser comes out as it went in, and what comes back may be anything."""

import json
import struct
from typing import Any, get_args

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efviz.dashboard.components import pack_figures
from efviz.dashboard.components.chart import (
    Action,
    Click,
    Frame,
    Touch,
    _click,
    _frame,
    _sequence,
    envelope,
    touch_of,
)
from efviz.dashboard.components.wire import pack, unpack
from efviz.dashboard.server.assets import digest


def read_message(data: bytes) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """The session, the header and the figures, read as assets/chart.js reads them."""
    (length,) = struct.unpack_from("<I", data)
    session = json.loads(data[4 : 4 + length])
    rest = data[4 + length :]
    (size,) = struct.unpack_from("<I", rest)
    header = json.loads(rest[4 : 4 + size])
    at, figures = 4 + size, []
    for figure in header["figures"]:
        figures.append(unpack(rest[at : at + figure["size"]]))
        at += figure["size"]
    assert at == len(rest)
    return session, header, figures


@pytest.mark.parametrize(
    "values",
    [
        np.arange(5.0),
        np.zeros(0),
        np.arange(6.0).reshape(2, 3),
        np.array([np.nan, np.inf, -np.inf]),
        np.array([1, 2, 3]),
        np.array([True, False]),
        np.asfortranarray(np.arange(6.0).reshape(3, 2)),
        np.array([1e300]),
    ],
    ids=["vector", "empty", "matrix", "not finite", "integers", "flags", "fortran", "too large"],
)
def test_arrays_travel_as_float32(values: np.ndarray) -> None:
    message = pack({"a": "x" * 3, "deep": [{"values": values}]})
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(
            unpack(message)["deep"][0]["values"], values.astype(np.float32)
        )
    (length,) = struct.unpack_from("<I", message)
    assert (4 + length) % 4 == 0, "Float32Array needs an offset that is a multiple of 4"


def test_numpy_scalars_and_text_arrays_become_json() -> None:
    value = {"number": np.float64(2.5), "flag": np.bool_(True), "words": np.array(["a", "b"])}
    assert unpack(pack(value)) == {"number": 2.5, "flag": True, "words": ["a", "b"]}


def test_a_loose_nan_is_refused_instead_of_sent_as_broken_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({"x": float("nan")})


def test_a_message_holds_every_figure() -> None:
    scatter = {"type": "scatter", "x": np.arange(3.0), "y": np.arange(3.0) ** 2}
    spec = {"data": [scatter], "layout": {"meta": {"label": "squares"}}}
    packed = pack_figures({"A": spec, "B": go.Figure(spec)}, dark={"#000000": "#ffffff"})
    session, header, figures = read_message(envelope(packed, query="s=0.5&x=é", ack=3))
    assert session == {"query": "s=0.5&x=é", "ack": 3}
    assert [f["name"] for f in header["figures"]] == ["A", "B"]
    assert header["dark"] == {"#000000": "#ffffff"}
    for figure in figures:
        np.testing.assert_array_equal(figure["data"][0]["y"], [0, 1, 4])
        assert figure["layout"]["meta"]["label"] == "squares"


def test_the_digest_changes_with_one_bit_of_the_data() -> None:
    spec = {"data": [{"x": np.array([1.0])}]}
    other = {"data": [{"x": np.nextafter(np.float32(1), np.float32(2)).reshape(1)}]}
    assert digest(pack(spec)) == digest(pack(spec))
    assert digest(pack(spec)) != digest(pack(other))


def test_a_click_is_read() -> None:
    assert _click({"panel": 2, "x": 0.5, "y": -1}) == Click(2, 0.5, -1.0)
    assert _click({"panel": -1, "x": 0.5, "y": -1}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(JSON | st.fixed_dictionaries({"panel": JSON, "x": JSON, "y": JSON}))
def test_any_other_report_is_no_click(report: Any) -> None:
    click = _click(report)
    assert click is None or np.isfinite([click.x, click.y]).all()


REPORT = {"panel": 1, "trace": "starts", "index": 2, "x": 0.5, "y": -1, "sequence": 7}


@pytest.mark.parametrize("action", get_args(Action))
def test_a_touch_is_read(action: Action) -> None:
    report = REPORT | {"action": action}
    assert touch_of(report) == Touch(1, "starts", 2, 0.5, -1.0, action)
    assert _sequence(report) == 7


@given(
    JSON
    | st.fixed_dictionaries(
        dict.fromkeys(REPORT, JSON) | {"action": st.sampled_from(get_args(Action)) | JSON}
    )
)
def test_any_other_report_is_no_touch(report: Any) -> None:
    touch = touch_of(report)
    if touch is not None:
        assert np.isfinite([touch.x, touch.y]).all()
        assert touch.index >= 0
        assert isinstance(touch.trace, str)
        assert touch.action in get_args(Action)
    assert isinstance(_sequence(report), int)


def test_a_frame_is_read() -> None:
    assert _frame({"at": 120, "of": 3, "sequence": 1}) == Frame(120, 3)


@given(JSON | st.fixed_dictionaries({"at": JSON, "of": JSON}))
def test_any_other_report_is_no_frame(report: Any) -> None:
    frame = _frame(report)
    assert frame is None or (frame.at >= 0 and frame.of >= 1)
