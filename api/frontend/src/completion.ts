// Completion in the editor: terms of the base by name and by label, records, variables, words of SPARQL.
import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import { findRecords, fit, type Term, type Terms } from "./terms";

const MOST = 60;
const KEYWORDS = (
  "SELECT CONSTRUCT DESCRIBE ASK DISTINCT REDUCED WHERE OPTIONAL UNION MINUS GRAPH FILTER BIND VALUES EXISTS NOT IN AS " +
  "GROUP BY HAVING ORDER ASC DESC LIMIT OFFSET PREFIX COUNT SUM AVG MIN MAX SAMPLE GROUP_CONCAT STR LANG LANGMATCHES " +
  "DATATYPE BOUND COALESCE IF CONTAINS STRSTARTS STRENDS REGEX REPLACE LCASE UCASE STRLEN SUBSTR CONCAT YEAR MONTH DAY " +
  "ROUND ABS CEIL FLOOR isIRI isLiteral"
).split(" ");

/** What can stand at the place: after `a` a class, after a subject a property, after a property its values. */
export interface Place {
  wanted: "class" | "property" | "term" | "any";
  /** The property before, if values of it are wanted. */
  property: string;
}

/** The place that a text leads to, read from its last statement. */
export function placeAfter(before: string): Place {
  const statement = before.split(/[{}]|\.(?=\s|$)/).at(-1) ?? "";
  const pieces = statement.split(";");
  const words = (pieces.at(-1) ?? "").trim().split(/\s+/).filter(Boolean);
  const verbs = pieces.length > 1 ? words : words.slice(1);
  const started = pieces.length > 1 || words.length > 0;
  if (!started) return { wanted: "any", property: "" };
  if (verbs.length === 0) return { wanted: "property", property: "" };
  const property = (verbs[0] ?? "").split("/").at(-1) ?? "";
  if (verbs.length === 1 && (property === "a" || property === "rdf:type")) return { wanted: "class", property };
  return { wanted: "term", property };
}

function rank(term: Term, typed: string, place: Place, schemes: readonly string[]): number {
  const found = fit(term, typed);
  if (found === 0) return 0;
  let score = found * 10;
  if (place.wanted === term.kind) score += 5;
  if (term.kind === "term" && schemes.includes(term.name.split(":")[0] ?? "")) score += 30;
  return score + Math.min(4, Math.log10(1 + (term.count ?? 0)));
}

function option(term: Term, boost: number): Completion {
  const count = term.count === undefined ? "" : ` (${term.count.toLocaleString("en")})`;
  return {
    label: term.name,
    detail: `${term.label}${count}`,
    info: term.about || undefined,
    type: { class: "class", property: "property", term: "constant" }[term.kind],
    boost,
  };
}

function variables(state: EditorState, from: number): Completion[] {
  const text = state.doc.toString();
  const found = new Set<string>();
  for (const match of text.matchAll(/[?$][A-Za-z_][A-Za-z0-9_]*/g)) {
    if (match.index !== from) found.add(match[0]);
  }
  return [...found].map((name) => ({ label: name, type: "variable" }));
}

function inText(state: EditorState, at: number): boolean {
  const node = syntaxTree(state).resolveInner(at, -1);
  return /comment|string|iriref/i.test(node.name);
}

/** What completes a query over a base with these terms. */
export function completing(known: Promise<Terms>, records: string): CompletionSource {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const word = context.matchBefore(/[?$]?[\p{L}\p{N}_:-]*/u);
    if (!word || (word.text === "" && !context.explicit) || inText(context.state, context.pos)) return null;
    const { from, text } = word;
    if (/^[?$]/.test(text)) return { from, options: variables(context.state, from), validFor: /^[?$]\w*$/ };
    const { terms } = await known;
    if (text.startsWith("rec:")) return records_(records, from, text.slice(4), context);
    const place = placeAfter(context.state.sliceDoc(0, from));
    const schemes = terms.find((term) => term.kind === "property" && term.name === place.property)?.values ?? [];
    const ranked = terms
      .map((term) => ({ term, score: rank(term, text, place, schemes) }))
      .filter(({ score, term }) => score > 0 && (text !== "" || place.wanted === "any" || place.wanted === term.kind))
      .sort((one, other) => other.score - one.score || one.term.name.localeCompare(other.term.name))
      .slice(0, MOST);
    const options = ranked.map(({ term, score }) => option(term, score));
    const keywords = KEYWORDS.filter((keyword) => text && keyword.toLowerCase().startsWith(text.toLowerCase()));
    options.push(...keywords.map((label) => ({ label, type: "keyword" })));
    return context.aborted || !options.length ? null : { from, options, filter: false };
  };
}

async function records_(
  address: string,
  from: number,
  typed: string,
  context: CompletionContext,
): Promise<CompletionResult | null> {
  const words = typed.replaceAll("-", " ").trim();
  if (words.length < 3) return null;
  const hits = await findRecords(address, words);
  if (context.aborted) return null;
  const options = hits.map((hit) => ({ label: `rec:${hit.identifier}`, detail: hit.label, type: "text" }));
  return { from, options, filter: false };
}
