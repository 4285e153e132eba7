"""Makes Grafana's JSON of the panels, with Grafana's own builders."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueColorMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)

from deploy.grafana.panels import ROWS, Panel, Shape

__all__ = ["dashboard_json"]

_SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
_NUMBER_HEIGHT = 4
_LINES_HEIGHT = 8


def dashboard_json() -> str:
    """The file that Grafana is provisioned with."""
    board = (
        dashboard.Dashboard("Understudy")
        .uid("understudy")
        .description("Is the team covered, is work flowing, is the machine well?")
        .tags(["understudy"])
        .refresh("10s")
        .time("now-3h", "now")
        .timezone("browser")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
    )
    for row in ROWS:
        board.with_row(dashboard.Row(row.question))
        for panel in row.panels:
            board.with_panel(_number(panel) if panel.shape is Shape.NUMBER else _lines(panel))
    return JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False).encode(board.build()) + "\n"


def _number(panel: Panel) -> stat.Panel:
    made = (
        stat.Panel()
        .title(panel.title)
        .description(panel.meaning)
        .datasource(_SOURCE)
        .unit(panel.unit)
        .height(_NUMBER_HEIGHT)
        .span(panel.width)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(BigValueColorMode.VALUE)
        .thresholds(_thresholds(panel))
    )
    return made.with_target(_target(panel.queries[0].expression, "", "A"))


def _lines(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.meaning)
        .datasource(_SOURCE)
        .unit(panel.unit)
        .min(0)
        .height(_LINES_HEIGHT)
        .span(panel.width)
        .fill_opacity(8)
        .line_width(1.5)
    )
    for ref, query in zip("ABCDEF", panel.queries, strict=False):
        made.with_target(_target(query.expression, query.name, ref))
    return made


def _target(expression: str, name: str, ref: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .datasource(_SOURCE)
        .expr(expression)
        .legend_format(name)
        .range()
        .ref_id(ref)
    )


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=None, color="green" if panel.alarm is not None else "text")]
    if panel.alarm is not None:
        steps.append(Threshold(value=panel.alarm, color="red"))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
