"""What axe-core finds on a page, and what the keyboard sees of it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

__all__ = ["serious_findings", "unmarked_focus"]

_AXE: str = Axe().axe_script
# Stylesheets need not be fetched once more; no rule that is switched on asks for them.
_OPTIONS = {"resultTypes": ["violations"], "preload": False}
_SERIOUS = {"serious", "critical"}

_CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex='0']"
# Tab has been pressed before, so the browser takes focus that a script gives as the keyboard's.
_UNMARKED = """controls => {
  const outline = (style) => style.outlineStyle !== "none" && style.outlineWidth;
  const marks = (style) => [outline(style), style.boxShadow, style.borderColor].join();
  const unmarked = [];
  for (const control of document.querySelectorAll(controls)) {
    document.activeElement.blur();
    const before = marks(getComputedStyle(control));
    control.focus({ preventScroll: true });
    if (document.activeElement !== control) continue;
    if (marks(getComputedStyle(control)) === before) unmarked.push(control.outerHTML.slice(0, 120));
  }
  document.activeElement.blur();
  return unmarked;
}"""


async def serious_findings(page: Page) -> list[str]:
    """A line for each rule that axe-core sees broken in a serious or critical way: the first place
    and what is wrong there."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE)
    found: dict[str, Any] = await page.evaluate("options => axe.run(options)", _OPTIONS)
    violations: list[dict[str, Any]] = found["violations"]
    return [_line(one) for one in violations if one["impact"] in _SERIOUS]


def _line(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    first = nodes[0]
    return f"{violation['id']} ({len(nodes)}): {first['html'][:160]}: {first['failureSummary']}"


async def unmarked_focus(page: Page) -> list[str]:
    """Controls that look the same with the keyboard's focus as without."""
    await page.keyboard.press("Tab")
    unmarked: list[str] = await page.evaluate(_UNMARKED, _CONTROLS)
    return unmarked
