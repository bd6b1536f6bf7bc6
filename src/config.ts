import { join, resolve } from "node:path";
import { nearest } from "./domain/nearest.ts";
import { fileKey, flag, type ParseBase, type Setting, variable } from "./config/setting.ts";
import { type Config, type SettingName, SETTINGS } from "./config/settings.ts";

export type { Port } from "./config/parsers.ts";
export type { Config, SettingName };

/** The name of the configuration file in the data directory. */
export const CONFIG_FILE = "holdfast.toml";

/** Where settings come from. */
export interface ConfigSources {
  /** Flags of the command line, by the setting's name. */
  readonly flags?: Readonly<Partial<Record<SettingName, string>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** `--config FILE`; without it the file in the data directory is read when there is one. */
  readonly configFile?: string | undefined;
  /** Answers undefined when there is no such file. */
  readFile(path: string): string | undefined;
}

export interface LoadedConfig {
  readonly config: Config;
  /** What a user should know, one line each. */
  readonly warnings: readonly string[];
}

/** All that is wrong with the configuration, one line each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join("\n"));
    this.mistakes = mistakes;
  }
}

interface Found {
  readonly value: string;
  /** Where it was found, as a user would look for it. */
  readonly source: string;
}

const NAMES = Object.keys(SETTINGS) as SettingName[];
const NAME_OF_KEY = new Map(NAMES.map((name) => [fileKey(name), name]));
/** Variables that are ours but no settings. */
const OTHER_VARIABLES = new Set(["HOLDFAST_CONFIG", "HOLDFAST_TOKEN", "HOLDFAST_URL"]);
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Reads the configuration: flag, else environment, else file, else default. Throws one ConfigError for all mistakes. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  return new Loader(sources).load();
}

class Loader {
  readonly #sources: ConfigSources;
  readonly #mistakes: string[] = [];
  readonly #warnings: string[] = [];
  #file = new Map<SettingName, Found>();

  constructor(sources: ConfigSources) {
    this.#sources = sources;
  }

  load(): LoadedConfig {
    const { cwd } = this.#sources;
    const named = this.#sources.configFile ?? this.#sources.env["HOLDFAST_CONFIG"];
    if (named !== undefined) this.#file = this.#readFile(resolve(cwd, named), true);
    const data = this.#parse("data", { cwd, data: "" }) ?? resolve(cwd, SETTINGS.data.default);
    if (named === undefined) this.#file = this.#readFile(join(data, CONFIG_FILE), false);
    if (named === undefined && this.#file.has("data")) {
      this.#mistakes.push(
        `${this.#file.get("data")?.source}: the file in the data directory cannot name the data directory`,
      );
    }
    const values: Partial<Record<SettingName, unknown>> = { data };
    for (const name of NAMES) if (name !== "data") values[name] = this.#parse(name, { cwd, data });
    this.#warnOfUnknownVariables();
    const config = values as Config;
    this.#checkTogether(config);
    if (this.#mistakes.length > 0) throw new ConfigError(this.#mistakes);
    return { config, warnings: this.#warnings };
  }

  #parse<N extends SettingName>(name: N, base: ParseBase): Config[N] | undefined {
    const setting: Setting<unknown> = SETTINGS[name];
    const found = this.#find(name, setting);
    try {
      if (found !== undefined) this.#checkWorking(found, setting);
      return setting.parse(found?.value ?? setting.default.replaceAll("<data>", base.data), base) as Config[N];
    } catch (error) {
      this.#mistakes.push(`${found?.source ?? fileKey(name)}: ${(error as Error).message}`);
      return undefined;
    }
  }

  #find(name: SettingName, setting: Setting<unknown>): Found | undefined {
    const given = this.#sources.flags?.[name];
    if (given !== undefined) return { value: given, source: flag(name) };
    for (const key of [...(setting.aliases ?? []), variable(name)]) {
      // An empty variable is an unset one, as everywhere in a shell's world.
      const value = this.#sources.env[key];
      if (value) return { value, source: key };
    }
    return this.#file.get(name);
  }

  #checkWorking({ value, source }: Found, setting: Setting<unknown>): void {
    if (setting.later === undefined || value === setting.default || value === "") return;
    if (setting.later === "refused") throw new Error("is not supported yet");
    this.#warnings.push(`${source}: has no effect yet`);
  }

  #readFile(file: string, mustExist: boolean): Map<SettingName, Found> {
    const content = this.#sources.readFile(file);
    const found = new Map<SettingName, Found>();
    if (content === undefined) {
      if (mustExist) this.#mistakes.push(`${file}: no such file`);
      return found;
    }
    for (const [key, value] of Object.entries(this.#parseToml(file, content))) {
      const source = `${file}: ${key}`;
      const name = NAME_OF_KEY.get(key);
      if (name === undefined)
        this.#mistakes.push(`${source}: unknown key; did you mean ${nearest(key, NAME_OF_KEY.keys())}?`);
      else if (asText(value) === undefined) this.#mistakes.push(`${source}: is not a single value`);
      else found.set(name, { value: asText(value) ?? "", source });
    }
    return found;
  }

  #parseToml(file: string, content: string): object {
    try {
      return Bun.TOML.parse(content);
    } catch (error) {
      this.#mistakes.push(`${file}: is not valid TOML: ${(error as Error).message}`);
      return {};
    }
  }

  /** Only a warning: container platforms put variables of their own making under the service's name. */
  #warnOfUnknownVariables(): void {
    const known = new Set(NAMES.map(variable));
    for (const key of Object.keys(this.#sources.env)) {
      if (!key.startsWith("HOLDFAST_") || known.has(key) || OTHER_VARIABLES.has(key)) continue;
      this.#warnings.push(`${key}: unknown setting; did you mean ${nearest(key, known)}?`);
    }
  }

  /** What is wrong with settings together. One that is wrong by itself is undefined here, and has been told. */
  #checkTogether(config: Config | Partial<Config>): void {
    const { host } = config;
    if (config.grpcToken === "" && config.grpcPort !== "off" && host !== undefined && !LOOPBACK.test(host)) {
      this.#mistakes.push(`grpc_token: must be set because host ${host} is not a loopback address`);
    }
    if (config.grpcToken === "" && config.grpcTokenPrevious !== "") {
      this.#mistakes.push("grpc_token_previous: is set without grpc_token");
    }
    if ((config.tlsCert === undefined) !== (config.tlsKey === undefined)) {
      this.#mistakes.push("tls_cert, tls_key: one is set without the other");
    }
    if (config.metricsPort === "http" && config.httpPort === "off") {
      this.#warnings.push("metrics_port: metrics are not served because http_port is off");
    }
  }
}

/** A TOML value as the text that a variable would hold; a table of strings is the long form of storages. */
function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const items = Object.entries(value);
  if (!items.every(([, item]) => typeof item === "string")) return undefined;
  return items.map(([key, item]) => `${key}=${item}`).join(",");
}
