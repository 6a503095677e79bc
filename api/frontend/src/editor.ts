// The editor itself. It lives in a shadow root, so that its styles are constructed style sheets, which the
// content security policy of the pages lets in; a style element would need a hole in it.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";
import { completing } from "./completion";
import type { Terms } from "./terms";

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword], color: "var(--mark)", fontWeight: "600" },
  { tag: tags.variableName, color: "var(--link)" },
  { tag: [tags.string, tags.literal, tags.number], color: "var(--warn-ink)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
]);

const LOOKS = EditorView.theme({
  "&": { backgroundColor: "var(--ground)", color: "var(--ink)", border: "1px solid var(--quiet)", fontSize: "0.9rem" },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "var(--code)", lineHeight: "1.5", minHeight: "14rem", maxHeight: "32rem", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--quiet)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "transparent", boxShadow: "inset 2px 0 var(--mark)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--shade-2)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--shade-1)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--shade-1)", outline: "1px solid var(--quiet)" },
  ".cm-tooltip": { backgroundColor: "var(--ground)", color: "var(--ink)", border: "1px solid var(--quiet)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--text)", maxHeight: "18rem", maxWidth: "min(44rem, 92vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.25rem 0.5rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--raised)", color: "var(--ink)", outline: "2px solid var(--mark)", outlineOffset: "-2px",
  },
  ".cm-completionDetail": { color: "var(--quiet)", fontStyle: "normal" },
  ".cm-tooltip .cm-completionInfo, .cm-term": { maxWidth: "24rem", padding: "0.4rem 0.6rem", fontFamily: "var(--text)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--wrong)" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)" },
});

export interface Fault {
  line: number;
  column: number;
  message: string;
}

export interface Editor {
  text: () => string;
  replace: (text: string) => void;
  /** Mark a fault at its place, or none. */
  mark: (fault: Fault | null) => void;
  focus: () => void;
}

interface Wanted {
  host: HTMLElement;
  text: string;
  label: string;
  terms: Promise<Terms>;
  records: string;
  run: () => void;
}

/** Words on a term of the base that the pointer rests on. */
function explaining(known: Promise<Terms>) {
  return hoverTooltip(async (view, at) => {
    const line = view.state.doc.lineAt(at);
    for (const match of line.text.matchAll(/[A-Za-z][\w-]*:[\w-]+/g)) {
      const from = line.from + match.index;
      if (at < from || at > from + match[0].length) continue;
      const term = (await known).terms.find((each) => each.name === match[0]);
      if (!term?.about) return null;
      const create = () => {
        const dom = document.createElement("div");
        dom.className = "cm-term";
        const name = document.createElement("strong");
        name.textContent = term.label;
        dom.append(name, `: ${term.about}`);
        return { dom };
      };
      return { pos: from, end: from + match[0].length, above: true, create };
    }
    return null;
  });
}

/**
 * Typing over several lines, done by the editor. Left to itself, Chromium joins the lines with styles in the
 * markup, which the content security policy refuses and the console tells.
 */
const replacingLines = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to } = view.state.selection.main;
    const typed = event.inputType === "insertText" ? event.data : null;
    if (typed === null || view.composing || !view.state.sliceDoc(from, to).includes("\n")) return false;
    event.preventDefault();
    const insert = () => view.state.update({ ...view.state.replaceSelection(typed), userEvent: "input.type" });
    const taken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, typed, insert));
    if (!taken) view.dispatch(insert());
    return true;
  },
});

/** Open an editor in an element. */
export function openEditor(wanted: Wanted): Editor {
  const root = wanted.host.attachShadow({ mode: "open" });
  const runs = { key: "Mod-Enter", preventDefault: true, run: () => (wanted.run(), true) };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: wanted.text,
      extensions: [
        keymap.of([runs]),
        lineNumbers(),
        lintGutter(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        sparql(),
        autocompletion({ override: [completing(wanted.terms, wanted.records)], icons: false, maxRenderedOptions: 60 }),
        explaining(wanted.terms),
        syntaxHighlighting(COLOURS),
        LOOKS,
        replacingLines,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": wanted.label }),
        keymap.of([
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...completionKeymap,
          { key: "Alt-/", run: startCompletion },
        ]),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    mark: (fault) => {
      if (!fault) {
        view.dispatch(setDiagnostics(view.state, []));
        return;
      }
      const line = view.state.doc.line(Math.min(Math.max(fault.line, 1), view.state.doc.lines));
      const from = Math.min(line.from + Math.max(fault.column - 1, 0), line.to);
      const end = /^\S+/.exec(view.state.sliceDoc(from, line.to))?.[0].length ?? 0;
      const to = Math.min(from + Math.max(end, 1), view.state.doc.length);
      const diagnostic = { from: from === to ? Math.max(from - 1, 0) : from, to, severity: "error" as const };
      view.dispatch(setDiagnostics(view.state, [{ ...diagnostic, message: fault.message }]));
      view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "center" }) });
    },
    focus: () => view.focus(),
  };
}
