import type { ServerSettings, ServerSettingsControl } from "../contract/identity.ts";
import type { Database } from "../database/database.ts";
import { OperationError } from "../domain/errors.ts";
import { levelOf } from "./repository-facts.ts";
import type { Revocations } from "./revocations.ts";

/** What holds where neither the configuration nor anybody at run time has said something else. */
const DEFAULTS: ServerSettings = { anonAccess: "read-only", allowKeyless: true };

export type ConfiguredSettings = { readonly [N in keyof ServerSettings]: ServerSettings[N] | undefined };

/** Settings in the database: they win over the defaults, and the configuration wins over them. */
export class StoredSettings implements ServerSettingsControl {
  readonly #database: Database;
  readonly #revocations: Revocations;
  readonly #configured: ConfiguredSettings;
  #stored: Partial<ServerSettings> = {};
  #current: ServerSettings = DEFAULTS;

  private constructor(database: Database, configured: ConfiguredSettings, revocations: Revocations) {
    this.#database = database;
    this.#configured = configured;
    this.#revocations = revocations;
  }

  static async open(
    database: Database,
    configured: ConfiguredSettings,
    revocations: Revocations,
  ): Promise<StoredSettings> {
    const settings = new StoredSettings(database, configured, revocations);
    const rows = await database.run((db) => db.selectFrom("settings").selectAll().execute());
    for (const { name, value } of rows) {
      if (name === "anonAccess") settings.#store({ anonAccess: levelOf(value) });
      if (name === "allowKeyless") settings.#store({ allowKeyless: value === "true" });
    }
    settings.#store({});
    return settings;
  }

  current(): ServerSettings {
    return this.#current;
  }

  configured(): readonly (keyof ServerSettings)[] {
    return (Object.keys(DEFAULTS) as (keyof ServerSettings)[]).filter((name) => this.#configured[name] !== undefined);
  }

  async change(settings: Partial<ServerSettings>): Promise<void> {
    const decided = this.configured().find((name) => settings[name] !== undefined);
    if (decided !== undefined) throw new OperationError("setting_configured", { setting: decided });
    const changed = Object.entries(settings).filter(([, value]) => value !== undefined);
    await this.#database.transaction(async (db) => {
      for (const [name, value] of changed) {
        const row = { name, value: String(value) };
        const replace = { value: row.value };
        await db
          .insertInto("settings")
          .values(row)
          .onConflict((conflict) => conflict.column("name").doUpdateSet(replace))
          .execute();
      }
    });
    this.#store(Object.fromEntries(changed));
    if (!this.#current.allowKeyless) this.#revocations.revoke({ anonymous: true });
  }

  #store(settings: Partial<ServerSettings>): void {
    this.#stored = { ...this.#stored, ...settings };
    const wanted = { ...DEFAULTS, ...this.#stored };
    this.#current = {
      anonAccess: this.#configured.anonAccess ?? wanted.anonAccess,
      allowKeyless: this.#configured.allowKeyless ?? wanted.allowKeyless,
    };
  }
}
