// Run by the doctor in a process of its own: prints what the addon was built against, or fails.
import { loadAddon } from "../../backend/libgit2/addon.ts";

const { libgit2Version } = loadAddon();
process.stdout.write(`libgit2 ${libgit2Version}\n`);
