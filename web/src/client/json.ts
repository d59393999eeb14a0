// Pretty printing of JSON from its text. The text is laid out anew and never goes through
// JavaScript numbers: WebTutor's ids have 19 digits and would lose the last ones.

/** A piece of laid out JSON; `kind` chooses its colour. */
export interface JsonPiece {
  kind: 'key' | 'string' | 'number' | 'word' | 'mark';
  text: string;
}

const indent = '  ';

/** Says whether a text is a JSON object or array. Bare numbers and strings are plain text here. */
export function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Lays out a JSON object or array; null for any other text. */
export function prettyPieces(text: string): JsonPiece[] | null {
  return isJson(text) ? layOut(text) : null;
}

/** The same as text; other texts come back unchanged. */
export function prettyText(text: string): string {
  const pieces = prettyPieces(text);
  return pieces === null ? text : pieces.map((piece) => piece.text).join('');
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

function layOut(text: string): JsonPiece[] {
  const words = text.match(tokens) ?? [];
  const pieces: JsonPiece[] = [];
  let depth = 0;
  const mark = (part: string) => pieces.push({ kind: 'mark', text: part });
  const line = () => '\n' + indent.repeat(depth);
  words.forEach((word, at) => {
    switch (word) {
      case '{':
      case '[': {
        const next = words[at + 1];
        if (next === '}' || next === ']') return mark(word);
        depth++;
        return mark(word + line());
      }
      case '}':
      case ']': {
        const before = words[at - 1];
        if (before === '{' || before === '[') return mark(word);
        depth--;
        return mark(line() + word);
      }
      case ',':
        return mark(',' + line());
      case ':':
        return mark(': ');
      default:
        return pieces.push({ kind: kindOf(word, words[at + 1]), text: word });
    }
  });
  return pieces;
}

function kindOf(word: string, next: string | undefined): JsonPiece['kind'] {
  if (word.startsWith('"')) return next === ':' ? 'key' : 'string';
  return /^[-\d]/.test(word) ? 'number' : 'word';
}
