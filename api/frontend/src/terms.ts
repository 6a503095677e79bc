// What the base knows by name: classes, properties and vocabulary terms, as /query/terms has them.

export interface Term {
  /** As it is written in a query: driver:overgrazing. */
  name: string;
  label: string;
  kind: "class" | "property" | "term";
  /** What it means, or the vocabulary that it is in. */
  about: string;
  /** Other labels, also in other scripts. */
  other: string[];
  /** For a property: the vocabularies that its values come from. */
  values: string[];
  /** How often the base uses it; of classes and properties. */
  count?: number;
}

export interface Terms {
  prefixes: Record<string, string>;
  terms: Term[];
}

export interface Hit {
  identifier: string;
  label: string;
}

const NONE: Terms = { prefixes: {}, terms: [] };

/** The terms of the base; without them there is an editor that completes less. */
export async function readTerms(address: string): Promise<Terms> {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return answer.ok ? ((await answer.json()) as Terms) : NONE;
  } catch {
    return NONE;
  }
}

/** Records that have these words. */
export async function findRecords(address: string, words: string): Promise<Hit[]> {
  try {
    const answer = await fetch(`${address}?${new URLSearchParams({ q: words })}`, {
      headers: { Accept: "application/json" },
    });
    return answer.ok ? ((await answer.json()) as { hits: Hit[] }).hits : [];
  } catch {
    return [];
  }
}

/** How well typed letters fit a term: 0 for not at all, more for better. They count in any case. */
export function fit(term: Term, typed: string): number {
  const wanted = typed.toLowerCase();
  const name = term.name.toLowerCase();
  const local = name.slice(name.indexOf(":") + 1);
  if (name.startsWith(wanted)) return 6;
  if (wanted.includes(":")) return 0;
  if (local.startsWith(wanted)) return 5;
  const labels = [term.label, ...term.other].map((label) => label.toLowerCase());
  if (labels[0]?.startsWith(wanted)) return 4;
  if (labels.some((label) => label.startsWith(wanted))) return 3;
  if (labels.some((label) => label.split(/[\s(/-]+/).some((word) => word.startsWith(wanted)))) return 2;
  return wanted.length > 2 && local.includes(wanted) ? 1 : 0;
}
