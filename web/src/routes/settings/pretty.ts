/** A body to be read: JSON with an indent, each line of several; anything else as it came. */
export function pretty(body: string): string {
  const one = indented(body);
  if (one !== undefined) return one;
  const lines = body.split("\n").map((line) => (line.trim() ? indented(line) : ""));
  return lines.every((line) => line !== undefined) ? lines.join("\n") : body;
}

function indented(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}
