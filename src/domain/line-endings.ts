const LF = 0x0a;
const CR = 0x0d;

/**
 * Turns CRLF into LF where git would with `core.autocrlf=input`: in text, not in what git takes for binary
 * (gitattributes(5), "text=auto"). Returns the same array when there is nothing to do.
 */
export function normalizeLineEndings(content: Uint8Array): Uint8Array {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.indexOf("\r\n") < 0 || looksBinary(bytes)) return content;
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === CR && bytes[i + 1] === LF) continue;
    out[length++] = bytes[i]!;
  }
  return out.subarray(0, length);
}

/** Git's guess for conversion: a NUL, a lone CR, or more than one control character in 128 printable ones. */
function looksBinary(bytes: Uint8Array): boolean {
  let printable = 0;
  let nonPrintable = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === CR) {
      if (bytes[i + 1] !== LF) return true;
      i++;
    } else if (byte === 0) return true;
    else if (byte === LF) continue;
    else if (byte === 127) nonPrintable++;
    else if (byte >= 32) printable++;
    else if (byte === 0x08 || byte === 0x09 || byte === 0x1b || byte === 0x0c) printable++;
    else nonPrintable++;
  }
  // A final Ctrl-Z is how old systems ended text files.
  if (bytes[bytes.length - 1] === 0x1a) nonPrintable--;
  return printable >> 7 < nonPrintable;
}

/** A text that ends with a line feed, as git has messages; an empty one stays empty. */
export function withNewline(text: Uint8Array): Uint8Array {
  return text.length === 0 || text.at(-1) === 0x0a ? text : Buffer.concat([text, Buffer.from("\n")]);
}
