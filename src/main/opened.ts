/** Something that was opened, and is closed in the reverse order. */
export interface Opened {
  close(): void | Promise<void>;
}

/** Takes down what was opened. */
export type AddOpened = (one: Opened) => void;
