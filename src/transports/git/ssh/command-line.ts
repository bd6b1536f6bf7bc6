/**
 * The words of a command line as OpenSSH's client sends it: what a POSIX shell would make of them (quotes, backslashes), and nothing
 * else that a shell does. `$`, `*`, `;` and `~` are ordinary characters. Undefined where a quote is not closed.
 */
export function wordsOf(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (character === " " || character === "\t" || character === "\n" || character === "\r") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) return undefined;
      word = (word ?? "") + line.slice(at + 1, end);
      at = end;
    } else if (character === '"') {
      const quoted = doubleQuoted(line, at + 1);
      if (quoted === undefined) return undefined;
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (character === "\\") {
      at++;
      if (at === line.length) return undefined;
      word = (word ?? "") + line[at]!;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Within double quotes a backslash only quotes what would have a meaning there (POSIX shell, 2.2.3). */
function doubleQuoted(line: string, start: number): { text: string; end: number } | undefined {
  let text = "";
  for (let at = start; at < line.length; at++) {
    const character = line[at]!;
    if (character === '"') return { text, end: at };
    if (character === "\\" && at + 1 < line.length && '$`"\\'.includes(line[at + 1]!)) text += line[++at]!;
    else text += character;
  }
  return undefined;
}
