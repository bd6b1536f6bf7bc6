/** References that one push may change. */
export const COMMANDS_MAX = 100_000;
/** Bytes of all lines that say what a push shall change. */
export const COMMAND_BYTES_MAX = 32 * 1024 * 1024;
/** Bytes of a reference's name: more than any file system takes, and little enough to be reported in a line. */
export const NAME_BYTES_MAX = 32 * 1024;
/** Commits that a client has without their parents and says so. */
export const SHALLOW_LINES_MAX = 100_000;
/** Options for hooks in one push, and bytes of all of them. */
export const PUSH_OPTIONS_MAX = 256;
export const PUSH_OPTION_BYTES_MAX = 64 * 1024;
