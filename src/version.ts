import packageFile from "../package.json" with { type: "json" };

/** The version of Holdfast. */
export const VERSION: string = packageFile.version;
