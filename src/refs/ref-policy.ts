import type { GitBackend, RepositoryView } from "../backend/backend.ts";
import type { ProtectionRecord } from "../contract/identity.ts";
import type { Caller } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { OperationError } from "../domain/errors.ts";
import { REFS_HOLDFAST } from "../domain/hidden-refs.ts";
import { isZeroOid } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";
import { compileRefRules, type RefMatcher } from "./ref-rules.ts";
import type { HookChange } from "./hooks.ts";

/** Who proposes a change of which repository. */
export interface RefPolicyRequest {
  readonly caller: Caller;
  readonly repository: RepositoryRef;
  readonly git: GitBackend;
  /** Sees the new objects, where there are any. */
  readonly view: RepositoryView;
}

/** Decides which references a caller may change. The ref door asks it about every proposal, whatever door it came through, before hooks. */
export interface RefPolicy {
  /** Is there anything to decide? Where not, nothing is asked, and nothing is read. */
  applies(request: Pick<RefPolicyRequest, "caller" | "repository">): boolean | Promise<boolean>;
  /** Those of the changes that are refused, each with the reason; what is not in the map is allowed. */
  refusals(request: RefPolicyRequest, changes: readonly HookChange[]): Promise<ReadonlyMap<RefName, OperationError>>;
}

/** Allows everything. */
export const NO_REF_POLICY: RefPolicy = { applies: () => false, refusals: async () => new Map() };

export interface ProtectedRefsServices {
  /** Rules of a repository; at once where they are in memory. */
  readonly rulesOf: (repository: RepositoryRef) => readonly ProtectionRecord[] | Promise<readonly ProtectionRecord[]>;
}

interface CompiledRule {
  readonly rule: ProtectionRecord;
  readonly matches: RefMatcher;
}

/** How many symbolic references are followed one after the other, as in git. */
const SYMBOLIC_DEPTH_MAX = 5;

/** Protected references, and the references that a token is for. */
export class ProtectedRefs implements RefPolicy {
  readonly #services: ProtectedRefsServices;
  readonly #compiled = new WeakMap<readonly ProtectionRecord[], readonly CompiledRule[]>();
  readonly #tokens = new WeakMap<readonly string[], RefMatcher>();

  constructor(services: ProtectedRefsServices) {
    this.#services = services;
  }

  applies({ caller, repository }: Pick<RefPolicyRequest, "caller" | "repository">): boolean | Promise<boolean> {
    if (caller.principal.token?.refs !== undefined) return true;
    const rules = this.#services.rulesOf(repository);
    return rules instanceof Promise ? rules.then((rules) => rules.length > 0) : rules.length > 0;
  }

  async refusals(
    request: RefPolicyRequest,
    changes: readonly HookChange[],
  ): Promise<ReadonlyMap<RefName, OperationError>> {
    const rules = await this.#rulesFor(request);
    const tokenRefs = this.#tokenRefs(request.caller);
    const refused = new Map<RefName, OperationError>();
    if (rules.length === 0 && tokenRefs === undefined) return refused;
    const targetOf = await symbolicTargets(request, changes);
    for (const change of changes) {
      // The server's own: whoever may have a session may have what keeps its objects.
      if (change.name.startsWith(REFS_HOLDFAST)) continue;
      const names = await namesOf(targetOf, change.name);
      const problem = await problemOf(request, change, names, rules, tokenRefs);
      if (problem !== undefined)
        refused.set(change.name, new OperationError("reference_protected", { reference: change.name, problem }));
    }
    return refused;
  }

  async #rulesFor({ caller, repository }: RefPolicyRequest): Promise<readonly CompiledRule[]> {
    const rules = await this.#services.rulesOf(repository);
    let compiled = this.#compiled.get(rules);
    if (compiled === undefined) {
      compiled = rules.map((rule) => ({ rule, matches: compileRefRules([rule.pattern]) }));
      this.#compiled.set(rules, compiled);
    }
    if (caller.principal.kind !== "service") return compiled;
    return compiled.filter(({ rule }) => rule.appliesToService);
  }

  #tokenRefs({ principal }: Caller): RefMatcher | undefined {
    const refs = principal.token?.refs;
    if (refs === undefined) return undefined;
    let matcher = this.#tokens.get(refs);
    if (matcher === undefined) {
      matcher = compileRefRules(refs);
      this.#tokens.set(refs, matcher);
    }
    return matcher;
  }
}

async function problemOf(
  request: RefPolicyRequest,
  change: HookChange,
  names: readonly RefName[],
  rules: readonly CompiledRule[],
  tokenRefs: RefMatcher | undefined,
): Promise<string | undefined> {
  if (tokenRefs !== undefined && !names.every(tokenRefs)) return "the token is not for this reference";
  for (const { rule, matches } of rules) {
    if (!names.some(matches)) continue;
    if (rule.users !== undefined && !rule.users.includes(userOf(request.caller)))
      return "only some users may change this reference";
    if (rule.noDelete && isZeroOid(change.newOid)) return "this reference may not be deleted";
    if (rule.noForce && !(await isFastForward(request, change))) return "this reference may only be fast-forwarded";
  }
  return undefined;
}

/** Who is behind a change: over the Gitaly protocol the user whom the other program names. */
function userOf({ principal, actor }: Caller): string {
  if (principal.kind === "user") return principal.name;
  return principal.kind === "service" ? (actor?.username ?? "") : "";
}

type TargetOf = (name: RefName) => RefName | undefined | Promise<RefName | undefined>;

/** From so many changes on all references are read at once: that is cheaper than one by one. */
const LISTED_MIN = 16;

/** How what a symbolic reference points at is found out. */
async function symbolicTargets({ git, view }: RefPolicyRequest, changes: readonly HookChange[]): Promise<TargetOf> {
  const ofHead = async () => (await git.refs.head(view)).target;
  if (changes.length < LISTED_MIN)
    return async (name) => (name === "HEAD" ? ofHead() : (await git.refs.read(view, name))?.symbolicTarget);
  const targets = new Map<RefName, RefName>();
  for await (const batch of git.refs.list(view, { prefixes: [], peel: false })) {
    for (const { name, symbolicTarget } of batch) if (symbolicTarget !== undefined) targets.set(name, symbolicTarget);
  }
  return (name) => (name === "HEAD" ? ofHead() : targets.get(name));
}

/** The reference and those that it leads to: whoever changes a symbolic reference changes another one. */
async function namesOf(targetOf: TargetOf, name: RefName): Promise<RefName[]> {
  const names = [name];
  while (names.length <= SYMBOLIC_DEPTH_MAX) {
    const target = await targetOf(names.at(-1) ?? name);
    if (target === undefined || names.includes(target)) return names;
    names.push(target);
  }
  return names;
}

/** Does nothing get lost? What is made or deleted is not forced; what is no commit, such as a tag, has nothing that could go on. */
export async function isFastForward(
  { git, view }: Pick<RefPolicyRequest, "git" | "view">,
  { oldOid, newOid }: HookChange,
): Promise<boolean> {
  if (isZeroOid(oldOid) || isZeroOid(newOid) || oldOid === newOid) return true;
  const infos = await Promise.all([git.objects.info(view, oldOid), git.objects.info(view, newOid)]);
  if (infos.some((info) => info?.type !== "commit")) return false;
  return git.history.isAncestor(view, oldOid, newOid);
}
