// Run by the doctor in a process of its own: prints what the addon was built against, or fails.
import { loadAddon } from "../../backend/libgit2/addon.ts";

const version = loadAddon().libgit2Version();
process.stdout.write(`libgit2 ${version}\n`);
