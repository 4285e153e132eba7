/* Small comforts. Every page reads and works without them. */
"use strict";

const inField = (element) => element.matches("input, textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent);

function moveRow(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  if (next.tabIndex < 0 && !next.matches("a, button")) next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (inField(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const sheet = document.getElementById("shortcut-sheet");
  if (event.key === "?") {
    sheet.open ? sheet.close() : sheet.showModal();
  } else if (sheet.open) {
    return;
  } else if (event.key === "j" || event.key === "k") {
    moveRow(event.key === "j" ? 1 : -1);
  } else if (event.key === "Enter" && event.target.matches("[data-row]:not(a)")) {
    event.target.querySelector("a")?.click();
  } else {
    // data-shortcut="x": a field is focused, anything else is clicked
    const target = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (!target) return;
    inField(target) ? target.focus() : target.click();
  }
  event.preventDefault();
});

/* tabs that do not fit: the present one is in sight */
const showTab = () =>
  document.querySelectorAll(".tabs [aria-current]").forEach((tab) => tab.scrollIntoView({ block: "nearest", inline: "nearest" }));
document.addEventListener("DOMContentLoaded", showTab);

/* one open menu at a time; a click elsewhere or Escape closes it */
const closeMenus = (except) =>
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus(null));

/* dialogs: data-dialog="id" opens <dialog id="id"> */
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (!opener) return;
  event.preventDefault();
  const dialog = document.getElementById(opener.dataset.dialog);
  if (opener.hasAttribute("hx-get")) dialog?.replaceChildren(); // not the form of another place
  dialog?.showModal();
});

/* data-closes: a form that was taken closes its dialog; the cursor is back where it was opened, also
   if that was drawn anew meanwhile */
let openedBy = "";
document.addEventListener("click", (event) => {
  openedBy = event.target.closest("[data-dialog]")?.id || openedBy;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { status } = event.detail.xhr; // 0: no answer came
  if (status < 200 || status >= 400 || !event.target.matches("[data-closes]")) return;
  event.target.closest("dialog")?.close();
  document.getElementById(openedBy)?.focus();
});

/* data-grid: arrows go from cell to cell */
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
document.addEventListener("keydown", (event) => {
  const step = !event.altKey && !event.ctrlKey && !event.metaKey && STEPS[event.key];
  const cell = step && event.target.closest("[data-grid] td");
  if (!cell) return;
  const lines = [...cell.closest("table").querySelectorAll("tbody tr")].filter((line) => line.cells.length > 1);
  let [row, column] = [lines.indexOf(cell.parentElement), cell.cellIndex];
  for (;;) {
    row += step[0];
    column += step[1];
    const next = lines[row]?.cells[column];
    if (!next || next.tagName !== "TD") return;
    const target = next.querySelector("a, input");
    if (!target) continue;
    event.preventDefault();
    target.focus();
    return target.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
});

/* ticking: all at once, and how many are */
const boxes = () => [...document.querySelectorAll('[data-grid] input[type="checkbox"]')];
function countTicked() {
  const count = document.querySelector("[data-ticked]");
  if (!count) return;
  const ticked = boxes().filter((box) => box.checked).length;
  count.dataset.none ??= count.textContent;
  count.textContent = ticked ? count.dataset.ticked.replace("{}", ticked) : count.dataset.none;
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) boxes().forEach((box) => (box.checked = event.target.checked));
  countTicked();
});

/* data-if="name=value": a field that is asked for with one choice of another */
function showFields() {
  document.querySelectorAll("[data-if]").forEach((field) => {
    const [name, value] = field.dataset.if.split("=");
    const chosen = field.form?.elements[name]?.value === value;
    field.closest(".field, .select-inline").hidden = !chosen;
    field.disabled = !chosen;
  });
}
document.addEventListener("change", showFields);
for (const when of ["DOMContentLoaded", "htmx:afterSettle"]) {
  document.addEventListener(when, showFields);
  document.addEventListener(when, countTicked);
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy || location.href);
});

/* relative times, kept fresh with the server's own words */
function relative(at, kind) {
  const all = document.body.dataset;
  const words =
    kind === "due" ? { ...all, in: all.due, ago: all.overdue, soon: all.dueNow, now: all.dueNow } : all;
  const ahead = at - Date.now();
  const minutes = Math.floor(Math.abs(ahead) / 60000);
  if (minutes < 1) return ahead > 0 ? words.soon : words.now;
  const parts = [
    [Math.floor(minutes / 1440), words.d],
    [Math.floor(minutes / 60) % 24, words.h],
    [minutes % 60, words.min],
  ];
  const span = parts.filter(([n]) => n).slice(0, 2).map(([n, text]) => text.replace("{}", n)).join(" ");
  return (ahead > 0 ? words.in : words.ago).replace("{}", span);
}

function refreshTimes() {
  document.querySelectorAll("time[data-relative]").forEach((time) => {
    time.textContent = relative(Date.parse(time.dateTime), time.dataset.relative);
    const due = time.closest(".due");
    if (!due) return;
    const minutes = (Date.parse(time.dateTime) - Date.now()) / 60000;
    due.className = `due due-${minutes < 0 ? "overdue" : minutes < 60 ? "soon" : "later"}`;
  });
}
setInterval(refreshTimes, 30000);
document.addEventListener("visibilitychange", () => document.hidden || refreshTimes());

/* work that takes seconds: its bar moves on between what the server tells */
setInterval(() => {
  document.querySelectorAll("progress[data-ticking]").forEach((bar) => {
    bar.value = Math.min(bar.value + 0.5, bar.max);
  });
}, 500);

/* toasts go after eight seconds, unless somebody is about to use them */
function watchToast(toast) {
  if (toast.dataset.toast) return;
  toast.dataset.toast = "watched";
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
  setTimeout(leave, 8000);
}
const watchToasts = () => document.querySelectorAll("[data-toast]").forEach(watchToast);
document.addEventListener("DOMContentLoaded", watchToasts);
document.addEventListener("htmx:load", watchToasts);
document.addEventListener("htmx:oobAfterSwap", watchToasts);

/* the light says whether the event stream is open */
const setLive = (state) =>
  document.querySelectorAll("[data-live]").forEach((light) => (light.dataset.live = state));
document.addEventListener("htmx:sseOpen", () => setLive("on"));
document.addEventListener("htmx:sseError", () => setLive("off"));
document.addEventListener("htmx:sseClose", () => setLive("off"));

/* a live update waits for a request under way in the part it would replace: with the button that
   asked, the answer's toast would be lost */
const waiting = new Map();
document.addEventListener("htmx:sseBeforeMessage", (event) => {
  if (!event.target.querySelector(".htmx-request")) return;
  event.preventDefault();
  waiting.set(event.target, event.detail.data);
});
document.addEventListener("htmx:afterRequest", () => {
  for (const [part, html] of waiting) {
    if (part.querySelector(".htmx-request")) continue;
    waiting.delete(part);
    if (part.isConnected) htmx.swap(part, html, { swapStyle: "innerHTML" });
  }
});

/* a failure answered to htmx is told on top of the page, or of the dialog over it, which stays as it
   was; one that names its own place, a form with what is wrong in it, goes there */
const problems = () =>
  document.querySelector("dialog[open] [data-problems]") ?? document.getElementById("problems");
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status < 400) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
  if (event.detail.xhr.getResponseHeader("HX-Retarget")) return;
  event.detail.target = problems();
  event.detail.swapOverride = "innerHTML";
  event.detail.selectOverride = "unset";
});
const asksByItself = (event) => event.detail.requestConfig.triggeringEvent?.type.startsWith("sse:");
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!asksByItself(event)) problems().replaceChildren();
});
document.addEventListener("htmx:sendError", () => {
  const words = document.getElementById("unreachable").content.cloneNode(true);
  problems().replaceChildren(words);
});
document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".notice").remove());

/* the board: clients fold up; what a live update changed comes in with a short movement */
function setGroup(group, closed) {
  group.toggleAttribute("data-closed", closed);
  group.querySelector("[data-group]")?.setAttribute("aria-expanded", String(!closed));
  sessionStorage.setItem(group.id, closed ? "closed" : "");
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-group]");
  if (!button) return;
  const group = document.getElementById(button.dataset.group);
  setGroup(group, !group.hasAttribute("data-closed"));
});
const restoreGroups = () =>
  document.querySelectorAll(".board-group").forEach((group) => {
    if (sessionStorage.getItem(group.id) === "closed") setGroup(group, true);
  });
document.addEventListener("DOMContentLoaded", restoreGroups);

const bandKey = (band) => [band.closest("tr")?.id, band.className.replace(" band-moved", ""), band.style.getPropertyValue("--from")].join();
let bandsBefore = null;
let scrolledTo = 0;
function rememberBoard() {
  bandsBefore = new Set([...document.querySelectorAll(".band")].map(bandKey));
  scrolledTo = document.querySelector(".board-scroll")?.scrollLeft ?? 0;
}
function showMoved() {
  const board = document.querySelector(".board-scroll");
  if (board) board.scrollLeft = scrolledTo;
  if (!bandsBefore?.size) return;
  document.querySelectorAll(".band").forEach((band) => bandsBefore.has(bandKey(band)) || band.classList.add("band-moved"));
}
document.addEventListener("htmx:sseBeforeMessage", rememberBoard);
document.addEventListener("htmx:sseMessage", () => {
  restoreGroups();
  showMoved();
});
/* a command answers with the board as it is after it; other filters show another board */
const isCommand = (event) => event.detail.requestConfig?.verb === "post";
document.addEventListener("htmx:beforeSwap", (event) => isCommand(event) && rememberBoard());
document.addEventListener("htmx:afterSwap", (event) => {
  restoreGroups();
  if (isCommand(event)) showMoved();
});

/* on a narrow screen today is in sight, and the day before */
function showToday() {
  const board = document.querySelector(".board-scroll");
  const line = board?.querySelector(".now-line");
  if (!line || board.scrollWidth <= board.clientWidth) return;
  board.scrollLeft = line.offsetLeft - board.querySelector(".board-label").offsetWidth - 60;
}
document.addEventListener("DOMContentLoaded", showToday);
document.addEventListener("htmx:afterSwap", (event) => isCommand(event) || (event.detail.target?.id === "main" && showToday()));

/* the now-line goes on by itself */
setInterval(() => {
  document.querySelectorAll(".now-line[data-drawn]").forEach((line) => {
    line.dataset.at ??= line.style.getPropertyValue("--at");
    const days = (Date.now() - Date.parse(line.dataset.drawn)) / 86400000;
    line.style.setProperty("--at", Number(line.dataset.at) + days);
  });
}, 60000);
