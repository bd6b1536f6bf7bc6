const LF = 0x0a;
const CR = 0x0d;

/**
 * Turns CRLF into LF in text, as servers do on writing (`core.autocrlf=input`), and leaves alone what Git takes for binary
 * (gitattributes(5), "text=auto"). Always a copy.
 */
export function normalizedLineEndings(content: Uint8Array): Uint8Array {
  const bytes = Buffer.from(content);
  if (!bytes.includes("\r\n") || looksBinary(bytes)) return bytes;
  return bytes.filter((byte, index) => byte !== CR || bytes[index + 1] !== LF);
}

/** Git's guess for conversion: a NUL, a lone CR, or more than one control character in 128 printable ones. */
function looksBinary(bytes: Uint8Array): boolean {
  let printable = 0;
  let nonPrintable = 0;
  for (const [index, byte] of bytes.entries()) {
    if (byte === 0) return true;
    if (byte === CR) {
      if (bytes[index + 1] !== LF) return true;
    } else if (byte === LF) continue;
    else if (byte === 127) nonPrintable++;
    else if (byte >= 32 || byte === 0x08 || byte === 0x09 || byte === 0x1b || byte === 0x0c) printable++;
    else nonPrintable++;
  }
  // A final Ctrl-Z is how old systems ended text files.
  if (bytes.at(-1) === 0x1a) nonPrintable--;
  return printable >> 7 < nonPrintable;
}
