// The forms work without this. It finds records as one types, and keeps what was typed until it is sent.
"use strict";

const WAIT = 200;
const MOST = 8;

/** Suggestions for an input that names a record: an editable combobox (ARIA Authoring Practices, combobox). */
function picker(input) {
  const list = document.createElement("ul");
  list.id = `${input.id}-list`;
  list.setAttribute("role", "listbox");
  list.className = "suggestions";
  list.hidden = true;
  input.insertAdjacentElement("afterend", list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  let timer = 0;
  let asked = 0;
  let active = -1;

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (index) => {
    const options = list.children;
    if (!options.length) return;
    active = (index + options.length) % options.length;
    for (const option of options) option.setAttribute("aria-selected", "false");
    options[active].setAttribute("aria-selected", "true");
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  };
  const take = (option) => {
    input.value = option.dataset.identifier;
    let picked = input.parentElement.querySelector(`[data-picked="${input.id}"]`);
    if (!picked) {
      picked = document.createElement("p");
      picked.className = "picked";
      picked.dataset.picked = input.id;
      list.insertAdjacentElement("afterend", picked);
    }
    picked.textContent = option.dataset.label;
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const show = (hits) => {
    list.replaceChildren(
      ...hits.slice(0, MOST).map((hit, number) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${number}`;
        option.setAttribute("role", "option");
        option.dataset.identifier = hit.identifier;
        option.dataset.label = hit.label;
        option.append(hit.label, " ");
        const small = document.createElement("small");
        small.textContent = [hit.kind, hit.identifier].join(" · ");
        option.append(small);
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(option);
        });
        return option;
      }),
    );
    list.hidden = !hits.length;
    active = -1;
    input.setAttribute("aria-expanded", String(hits.length > 0));
  };
  const ask = async () => {
    const text = input.value.trim();
    const number = ++asked;
    if (text.length < 2) return close();
    const parameters = new URLSearchParams({ q: text, kinds: input.dataset.kinds || "" });
    if (input.dataset.terms) parameters.set("terms", "yes");
    const here = document.querySelector("form[data-near]").dataset.near;
    const response = await fetch(`${here}?${parameters}`, { headers: { Accept: "application/json" } });
    if (response.ok && number === asked && document.activeElement === input) show((await response.json()).hits);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(close), WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      take(list.children[active]);
    } else if (event.key === "Escape") {
      close();
    }
  });
  input.addEventListener("blur", close);
}

/** Keep what was typed in this browser until it is sent; offer it again after a reload. */
function keep(form) {
  const place = `nexuskb-form:${form.dataset.draft}`;
  const typed = () =>
    [...new FormData(form).entries()].filter(([name]) => !["csrf", "key", "tag", "do"].includes(name));
  const filled = (pairs) => pairs.some(([name, value]) => value && !name.endsWith(".id"));
  let saved = null;
  try {
    saved = JSON.parse(localStorage.getItem(place) || "null");
  } catch {
    localStorage.removeItem(place);
  }
  if (saved && form.dataset.fresh && filled(saved) && JSON.stringify(saved) !== JSON.stringify(typed())) {
    const banner = document.createElement("p");
    banner.className = "notice";
    banner.setAttribute("role", "status");
    banner.append("This browser kept what you typed here before and did not send. ");
    const back = document.createElement("button");
    back.type = "button";
    back.className = "plain";
    back.textContent = "Bring it back";
    back.addEventListener("click", () => {
      const again = document.createElement("form");
      again.method = "post";
      again.action = form.action;
      const own = [...new FormData(form).entries()].filter(([name]) => ["csrf", "key", "tag"].includes(name));
      for (const [name, value] of [...own, ...saved, ["do", "redraw"]]) {
        const input = document.createElement("textarea");
        input.name = name;
        input.value = value;
        again.append(input);
      }
      again.hidden = true;
      document.body.append(again);
      again.submit();
    });
    const forget = document.createElement("button");
    forget.type = "button";
    forget.className = "plain";
    forget.textContent = "Forget it";
    forget.addEventListener("click", () => {
      localStorage.removeItem(place);
      banner.remove();
    });
    banner.append(back, " ", forget);
    form.before(banner);
  }
  const note = () => localStorage.setItem(place, JSON.stringify(typed()));
  form.addEventListener("input", note);
  form.addEventListener("change", note);
}

for (const input of document.querySelectorAll("input.picker")) picker(input);
for (const form of document.querySelectorAll("form[data-draft]")) keep(form);
for (const sent of document.querySelectorAll("[data-sent]")) localStorage.removeItem(`nexuskb-form:${sent.dataset.sent}`);
document.querySelector(".problems")?.focus();
