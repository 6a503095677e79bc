// The query page. Without this it is a form and a page of results; with it there is an editor, and what a
// query finds comes into the page that is there.
import { openEditor, type Fault } from "./editor";
import { readTerms } from "./terms";

function faultOf(answer: Element): Fault | null {
  const problem = answer.querySelector<HTMLElement>("[data-line]");
  if (!problem) return null;
  return {
    line: Number(problem.dataset.line),
    column: Number(problem.dataset.column ?? 1),
    message: problem.textContent?.trim() ?? "",
  };
}

function begin(form: HTMLFormElement, area: HTMLTextAreaElement, answer: HTMLElement): void {
  const root = form.dataset.root ?? "";
  const stop = form.querySelector<HTMLButtonElement>("button.stop");
  const host = document.createElement("div");
  host.className = "editor";
  area.insertAdjacentElement("beforebegin", host);
  area.hidden = true;
  const editor = openEditor({
    host,
    text: area.value,
    label: document.querySelector(`label[for="${area.id}"]`)?.textContent ?? "Query",
    terms: readTerms(`${root}/query/terms`),
    records: `${root}/search`,
    run: () => form.requestSubmit(),
  });
  document.querySelector<HTMLLabelElement>(`label[for="${area.id}"]`)?.addEventListener("click", (event) => {
    event.preventDefault();
    editor.focus();
  });
  let running: AbortController | null = null;

  /** Show the answer of an address of this page in the place of the one before. */
  const show = async (address: string, keep: boolean): Promise<void> => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    answer.setAttribute("aria-busy", "true");
    if (stop) stop.hidden = false;
    try {
      const response = await fetch(address, { headers: { Accept: "text/html" }, signal: mine.signal });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const found = page.getElementById(answer.id);
      if (!found) {
        location.assign(address);
        return;
      }
      const mended = answer.querySelector(".problems") !== null;
      answer.replaceChildren(...found.childNodes);
      editor.mark(faultOf(answer));
      // What was wrong is not gone back to.
      if (keep && mended) history.replaceState(null, "", address);
      else if (keep) history.pushState(null, "", address);
      document.title = page.title;
    } catch (error) {
      if (mine.signal.aborted) answer.textContent = mine === running ? (form.dataset.stopped ?? "") : answer.textContent;
      else answer.textContent = form.dataset.unreached ?? String(error);
    } finally {
      if (mine === running) {
        running = null;
        answer.removeAttribute("aria-busy");
        if (stop) stop.hidden = true;
      }
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    area.value = editor.text();
    if (area.value.trim()) void show(`${form.action}?${new URLSearchParams({ query: area.value })}`, true);
  });
  stop?.addEventListener("click", () => running?.abort());
  answer.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-view]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      void show(link.href, true);
      return;
    }
    const copy = (event.target as Element).closest<HTMLButtonElement>("button[data-copies]");
    const copied = copy && document.getElementById(copy.dataset.copies ?? "");
    if (copied) {
      const words = copied instanceof HTMLInputElement ? copied.value : (copied.textContent ?? "");
      void navigator.clipboard.writeText(words).then(() => (copy.textContent = form.dataset.copied ?? ""));
    }
  });
  answer.addEventListener("submit", (event) => {
    const asked = event.target as HTMLFormElement;
    event.preventDefault();
    const values = [...new FormData(asked)].map(([name, value]) => [name, String(value)]);
    void show(`${asked.action}?${new URLSearchParams(values)}`, true);
  });
  addEventListener("popstate", () => location.reload());
  editor.mark(faultOf(answer));
}

const form = document.querySelector<HTMLFormElement>("form.query");
const area = form?.querySelector("textarea");
const answer = document.getElementById("answer");
document.documentElement.classList.add("scripted");
if (form && area && answer) begin(form, area, answer);
