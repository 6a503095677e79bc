// The picture and its list work without this. It makes the picture larger and smaller, lets one drag it, and
// shows what is next to a node.
"use strict";

const STEP = 1.25;
const LEAST = 0.15;
const READABLE = 0.7;
const MOST = 4;

/** Sizes of the picture: it scrolls in its box, so that fingers, keys and the wheel move it as anything else. */
function sizes(box, svg) {
  const { width, height } = svg.viewBox.baseVal;
  let scale = 1;
  const set = (wanted, x = box.clientWidth / 2, y = box.clientHeight / 2) => {
    const next = Math.min(MOST, Math.max(LEAST, wanted));
    const left = (box.scrollLeft + x) / scale;
    const top = (box.scrollTop + y) / scale;
    svg.setAttribute("width", String(width * next));
    svg.setAttribute("height", String(height * next));
    scale = next;
    box.scrollTo(left * next - x, top * next - y);
  };
  const whole = () => Math.min(box.clientWidth / width, 1);
  const fit = () => set(whole());
  // At first as large as can be read, from the middle, even if that is not all of it.
  const begin = () => {
    set(Math.max(whole(), READABLE));
    box.scrollTo((box.scrollWidth - box.clientWidth) / 2, (box.scrollHeight - box.clientHeight) / 2);
  };
  return { begin, fit, times: (factor, x, y) => set(scale * factor, x, y) };
}

/** Drag with a mouse or a pen; fingers scroll the box by themselves. */
function drag(box) {
  let held = null;
  let moved = false;
  box.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return;
    held = { x: event.clientX, y: event.clientY, left: box.scrollLeft, top: box.scrollTop };
    moved = false;
  });
  box.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = [event.clientX - held.x, event.clientY - held.y];
    if (!moved && Math.hypot(x, y) < 5) return;
    moved = true;
    box.classList.add("held");
    box.scrollTo(held.left - x, held.top - y);
  });
  const release = () => {
    held = null;
    box.classList.remove("held");
  };
  window.addEventListener("pointerup", release);
  window.addEventListener("pointercancel", release);
  box.addEventListener("dragstart", (event) => event.preventDefault());
  // What ends a drag is no click on the node beneath.
  box.addEventListener("click", (event) => moved && event.preventDefault(), true);
}

/** Light a node with all that it acts on and that acts on it, and dim the rest. */
function light(svg) {
  const arrows = [...svg.querySelectorAll(".arrow")];
  const lit = (shape, ends) => {
    shape.classList.add("lit");
    for (const end of ends) svg.getElementById(`place-${end}`).classList.add("lit");
  };
  let kept = null;
  const clear = () => {
    svg.classList.remove("dimmed");
    for (const shape of svg.querySelectorAll(".lit")) shape.classList.remove("lit");
  };
  const show = (shape) => {
    clear();
    svg.classList.add("dimmed");
    if (shape.classList.contains("arrow")) return lit(shape, [shape.dataset.from, shape.dataset.to]);
    const number = shape.id.replace("place-", "");
    shape.classList.add("lit");
    for (const arrow of arrows) {
      const ends = [arrow.dataset.from, arrow.dataset.to];
      if (ends.includes(number)) lit(arrow, ends);
    }
  };
  const back = () => (kept ? show(kept) : clear());
  const over = (event) => {
    const shape = event.target.closest(".place, .arrow");
    if (shape) show(shape);
    else back();
  };
  svg.addEventListener("pointerover", over);
  svg.addEventListener("pointerleave", back);
  svg.addEventListener("focusin", over);
  svg.addEventListener("focusout", back);
  /** Keep a node lit, until another is or none. */
  return (place) => {
    kept = place;
    back();
  };
}

/** Go to the node of a name, and keep it lit. */
function find(svg, input, told, keep) {
  const places = new Map();
  for (const place of svg.querySelectorAll(".place")) {
    places.set(place.querySelector("title").textContent.replace(/ \([^(]*\)$/, "").toLowerCase(), place);
  }
  const go = () => {
    const wanted = input.value.trim().toLowerCase();
    told.textContent = "";
    if (!wanted) return keep(null);
    const place = places.get(wanted) || [...places].find(([name]) => name.includes(wanted))?.[1];
    if (!place) {
      keep(null);
      told.textContent = input.dataset.nothing;
      return;
    }
    place.scrollIntoView({ block: "center", inline: "center" });
    keep(place);
    told.textContent = place.getAttribute("aria-label") || place.textContent;
  };
  input.addEventListener("change", go);
}

const box = document.querySelector(".graph-picture");
const svg = box?.querySelector("svg.nexus");
if (svg) {
  const tools = document.querySelector(".graph-tools");
  const size = sizes(box, svg);
  tools.hidden = false;
  box.classList.add("scripted");
  size.begin();
  tools.querySelector('[data-zoom="in"]').addEventListener("click", () => size.times(STEP));
  tools.querySelector('[data-zoom="out"]').addEventListener("click", () => size.times(1 / STEP));
  tools.querySelector('[data-zoom="fit"]').addEventListener("click", size.fit);
  box.addEventListener("keydown", (event) => {
    if (event.target !== box) return;
    if (event.key === "+") size.times(STEP);
    else if (event.key === "-") size.times(1 / STEP);
    else if (event.key === "0") size.fit();
  });
  box.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const frame = box.getBoundingClientRect();
      size.times(event.deltaY < 0 ? STEP : 1 / STEP, event.clientX - frame.x, event.clientY - frame.y);
    },
    { passive: false },
  );
  drag(box);
  find(svg, document.getElementById("g-find"), tools.querySelector("[data-told]"), light(svg));
}
