import type { GitBackend, MaintenanceFacet, RepositoryView } from "../backend/backend.ts";
import type { Pin, Pins } from "../storage/pins.ts";

/** Pins of the operations that run, by their views: maintenance does not wait for its own. */
export type OwnPins = WeakMap<RepositoryView, { readonly pin: Pin; readonly key: string }>;

/** The backend, but for maintenance that takes files away: that waits for those who may still read them. */
export function withPatientMaintenance(git: GitBackend, pins: Pins, ownPins: OwnPins): GitBackend {
  const maintenance: MaintenanceFacet = {
    async *collectGarbage(view) {
      const own = ownPins.get(view);
      if (own !== undefined) await pins.settle(own.key, { own: own.pin, signal: view.signal });
      yield* git.maintenance.collectGarbage(view);
    },
    check: (view) => git.maintenance.check(view),
    importFrom: (view, sourceDir) => git.maintenance.importFrom(view, sourceDir),
  };
  return {
    get name() {
      return git.name;
    },
    get objects() {
      return git.objects;
    },
    get quarantine() {
      return git.quarantine;
    },
    get refs() {
      return git.refs;
    },
    get history() {
      return git.history;
    },
    get diff() {
      return git.diff;
    },
    get merge() {
      return git.merge;
    },
    get pack() {
      return git.pack;
    },
    get supports() {
      return git.supports;
    },
    maintenance,
    forget: (gitDir) => git.forget(gitDir),
    close: () => git.close(),
  };
}
