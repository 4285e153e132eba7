/* The calendar's comforts: arrows from day to day, S and dragging to plan, C to create on a day.
   Without them every card is a link, and every undated post has a form for its day. */
"use strict";

const calendar = () => document.getElementById("calendar");
const plans = () => calendar()?.dataset.plan;
const planAddress = (card) => plans() + card.id.replace("post-", "") + calendar().dataset.query;
const cardOf = (element) => element.closest?.(".post-card[data-version], .undated-card[data-version]");

/* --- arrows: one stop for Tab in the grid, the others by arrow keys */

const stopsOf = (day) => [...day.querySelectorAll("a")].filter((stop) => stop.offsetParent);
let present = null; // the id of the stop that Tab leads to

function rove() {
  const days = calendar()?.querySelector(".weeks");
  if (!days) return;
  const stops = [...days.querySelectorAll(".day a")];
  const stop = document.getElementById(present);
  const first = stops.includes(stop) ? stop : (days.querySelector(".day-today a") ?? stops[0]);
  for (const each of stops) each.tabIndex = each === first ? 0 : -1;
}

function go(stop) {
  if (!stop) return;
  present = stop.id;
  rove();
  stop.focus();
  stop.scrollIntoView({ block: "nearest" });
}

function step(from, key) {
  const days = [...calendar().querySelectorAll(".day")].filter((day) => day.offsetParent);
  const day = from.closest(".day");
  const at = days.indexOf(day);
  const stops = stopsOf(day);
  const row = stops.indexOf(from);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const next = days[at + (key === "ArrowRight" ? 1 : -1)];
    return next && (stopsOf(next)[row] ?? stopsOf(next).at(-1));
  }
  const down = key === "ArrowDown";
  const near = stops[row + (down ? 1 : -1)];
  if (near) return near;
  const week = days[at + (down ? 7 : -7)];
  return week && stopsOf(week).at(down ? 0 : -1);
}

document.addEventListener("focusin", (event) => {
  const stop = event.target.closest?.("#calendar .day a");
  if (!stop) return;
  present = stop.id;
  rove();
});

/* --- keys; before those of every page, which would take C for themselves */

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return false;
  if (event.target.matches("input, textarea, select")) return false;
  const stop = event.target.closest(".weeks .day a");
  if (event.key.startsWith("Arrow") && stop) {
    go(step(stop, event.key));
  } else if (event.key === "s" && plans() && cardOf(event.target)) {
    ask(cardOf(event.target));
  } else if (event.key === "c" && event.target.closest(".day")?.querySelector(".day-new")) {
    event.target.closest(".day").querySelector(".day-new").click();
  } else return false;
  return true;
}
document.addEventListener(
  "keydown",
  (event) => {
    if (!pressed(event)) return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

/* --- the dialog */

const dialog = () => document.getElementById("plan-dialog");

async function ask(card) {
  dialog().dataset.from = card.id;
  await htmx.ajax("GET", planAddress(card), { target: "#plan-dialog", swap: "innerHTML" });
  if (dialog().querySelector("form")) dialog().showModal();
}

/* taken: the dialog goes, and the card is in focus where it is now */
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, requestConfig, xhr } = event.detail;
  if (xhr.status !== 200 || requestConfig.verb !== "post" || !elt.closest("#plan-dialog")) return;
  const id = requestConfig.path.split("/posts/")[1].split("?")[0];
  dialog().close();
  go(document.querySelector(`.day #post-${CSS.escape(id)}`) ?? document.querySelector(".day-today a"));
});

/* --- dragging; what would be drawn waits for the end of it, from when a card is gripped */

let dragged = null;
let gripped = false;
let held = []; // in the order in which they came

function drawHeld() {
  const drawn = held;
  held = [];
  for (const { part, html } of drawn) htmx.swap(part, html, { swapStyle: "innerHTML" });
}

document.addEventListener("pointerdown", (event) => (gripped = Boolean(cardOf(event.target))));
/* a drag that begins cancels the pointer, and goes on */
for (const end of ["pointerup", "pointercancel"])
  document.addEventListener(end, () => {
    gripped = false;
    if (!dragged) drawHeld();
  });

document.addEventListener("dragstart", (event) => {
  const card = cardOf(event.target);
  if (!card || !plans()) return;
  dragged = card;
  card.dataset.dragged = "";
  event.dataTransfer.effectAllowed = "move";
});

const over = (day) =>
  document.querySelectorAll("[data-day]").forEach((each) => each.toggleAttribute("data-over", each === day));
const dayUnder = (event) => dragged && event.target.closest?.("[data-day]");

document.addEventListener("dragover", (event) => {
  if (!dragged) return;
  const day = dayUnder(event);
  over(day);
  if (day) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const day = dayUnder(event);
  if (!day) return;
  event.preventDefault();
  if (dragged.closest("[data-day]") === day) return;
  const values = { version: dragged.dataset.version, day: day.dataset.day };
  htmx.ajax("POST", planAddress(dragged), { values, target: "#calendar", swap: "innerHTML" });
});

document.addEventListener("dragend", () => {
  if (!dragged) return;
  delete dragged.dataset.dragged;
  dragged = null;
  over(null);
  drawHeld();
});

document.addEventListener("htmx:sseBeforeMessage", (event) => {
  if (!(dragged || gripped) || event.defaultPrevented) return;
  event.preventDefault();
  const part = event.target;
  // of live updates the latest will do; answers bring their own message, and all are kept
  held = held.filter((one) => !one.live || one.part !== part);
  held.push({ part, html: event.detail.data, live: true });
});

/* the answer to the last drag, which may come when the next has begun */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, serverResponse } = event.detail;
  if (!(dragged || gripped) || !event.detail.shouldSwap || target !== calendar()) return;
  event.detail.shouldSwap = false;
  held.push({ part: target, html: serverResponse, live: false });
});

/* --- what a swap would forget */

let stripAt = null;
const strip = () => document.querySelector(".day-strip");

function showStrip() {
  const days = strip();
  if (!days || days.scrollWidth <= days.clientWidth) return;
  const today = days.querySelector(".strip-today");
  days.scrollLeft = stripAt ?? (today ? today.offsetLeft - days.offsetLeft - 60 : 0);
}
const remember = () => (stripAt = strip()?.scrollLeft ?? null);
document.addEventListener("htmx:sseBeforeMessage", remember);
document.addEventListener("htmx:beforeSwap", (event) => {
  event.detail.target.id === "main" ? (stripAt = null) : remember();
});
/* on a phone the list begins with the first week; today is what one looks for */
document.addEventListener("DOMContentLoaded", () => {
  if (!strip()?.offsetParent || location.hash || scrollY) return;
  document.querySelector(".week:not(:first-child) .day-today")?.scrollIntoView();
});
for (const drawn of ["DOMContentLoaded", "htmx:sseMessage", "htmx:afterSwap"])
  document.addEventListener(drawn, () => {
    rove();
    showStrip();
  });
