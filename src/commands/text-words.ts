import type { CommandHost } from "./command-host.ts";

/**
 * The value of an option that is a text of several words. ssh(1) joins its arguments with spaces, so that quotes typed on the client
 * do not arrive: there such an option takes all words up to the next option.
 */
export const wordsValue = ({ place }: CommandHost): string => (place === "ssh" ? "<text...>" : "<text>");

/** The text that such an option was given. */
export const textOfWords = (words: string | readonly string[]): string =>
  typeof words === "string" ? words : words.join(" ");
