// The browser that tests look at pages with. Debian's own; where there is none it is installed.
import { existsSync } from "node:fs";
import { aptInstall } from "./apt.mjs";

/** Where tests read its path. */
export const CHROMIUM_VARIABLE = "TEST_CHROMIUM";

const PACKAGE = "chromium";
const PROGRAM = "/usr/bin/chromium";

/** The browser's path. Throws an Error that says what to do. */
export function findChromium() {
  if (!existsSync(PROGRAM)) aptInstall([PACKAGE]);
  if (existsSync(PROGRAM)) return PROGRAM;
  throw new Error(`a browser is missing; on Debian: sudo apt-get install -y ${PACKAGE}`);
}
