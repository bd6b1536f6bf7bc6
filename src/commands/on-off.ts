import { InvalidArgumentError } from "commander";

/** Reads `true` or `false`. */
export function onOff(value: string): boolean {
  if (value === "true") return true;
  if (value === "false") return false;
  throw new InvalidArgumentError("It is neither true nor false.");
}
