/** A variable of a repository's configuration that may be changed through an API (git-config(1)). */
export interface ConfigVariable {
  /** As git writes it; git itself does not heed its case. */
  readonly key: string;
  readonly type: "boolean" | "integer" | "size";
  readonly minimum?: number;
  readonly maximum?: number;
  readonly meaning: string;
}

const boolean = (key: string, meaning: string): ConfigVariable => ({ key, type: "boolean", meaning });
const integer = (key: string, minimum: number, maximum: number, meaning: string): ConfigVariable => ({
  key,
  type: "integer",
  minimum,
  maximum,
  meaning,
});

/**
 * All that may be changed, sorted. Each has an effect here: on pushes, or on garbage collection. None names a program, a path, an address or
 * another repository, weakens what the server checks, or decides who may do what.
 */
export const CONFIG_VARIABLES: readonly ConfigVariable[] = [
  integer("core.compression", 0, 9, "How hard objects are compressed"),
  integer("gc.aggressiveDepth", 1, 250, "Longest chain of deltas that gc --aggressive makes"),
  integer("gc.aggressiveWindow", 1, 250, "Objects that gc --aggressive compares each with"),
  {
    key: "gc.bigPackThreshold",
    type: "size",
    meaning: "Packs of this size and more are kept as they are when garbage is collected",
  },
  boolean("gc.cruftPacks", "Collect what nothing reaches in a pack of its own"),
  boolean("gc.packRefs", "Pack references when garbage is collected"),
  boolean("gc.writeCommitGraph", "Write the commit-graph when garbage is collected"),
  integer("pack.compression", 0, 9, "How hard objects in packs are compressed"),
  integer("pack.depth", 0, 250, "Longest chain of deltas in packs"),
  integer("pack.window", 0, 250, "Objects that each is compared with when packs are made"),
  { key: "pack.windowMemory", type: "size", meaning: "Memory for comparing objects, by thread" },
  boolean("receive.denyDeletes", "Refuse to delete branches, by pushes and over the management API"),
  boolean(
    "receive.denyNonFastForwards",
    "Refuse changes of branches that are no fast-forwards, by pushes and over the management API",
  ),
  boolean("repack.packKeptObjects", "Repack what is in kept packs, too"),
  boolean("repack.writeBitmaps", "Write bitmaps when garbage is collected"),
];

const BY_KEY = new Map(CONFIG_VARIABLES.map((variable) => [variable.key.toLowerCase(), variable]));

/** The variable of this name, in any case; undefined where it may not be changed. */
export const configVariable = (key: string): ConfigVariable | undefined => BY_KEY.get(key.toLowerCase());

const WORDS: Readonly<Record<string, string>> = {
  true: "true",
  yes: "true",
  on: "true",
  false: "false",
  no: "false",
  off: "false",
};

/** A value as git is to have it; undefined for one that does not fit. */
export function configValue({ type, minimum, maximum }: ConfigVariable, value: string): string | undefined {
  switch (type) {
    case "boolean":
      return WORDS[value.toLowerCase()];
    case "size":
      return /^\d{1,9}[kmg]?$/i.test(value) ? value.toLowerCase() : undefined;
    case "integer": {
      const number = /^\d{1,9}$/.test(value) ? Number(value) : undefined;
      const fits = number !== undefined && number >= minimum! && number <= maximum!;
      return fits ? String(number) : undefined;
    }
  }
}

/** What a value has to be, behind "is". */
export function configValueWanted({ type, minimum, maximum }: ConfigVariable): string {
  if (type === "boolean") return "true or false";
  return type === "size" ? "a number of bytes such as 512m" : `a number from ${minimum} to ${maximum}`;
}
