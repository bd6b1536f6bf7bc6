import ssh2, { type AuthContext, type AuthenticationType, type PublicKeyAuthContext } from "ssh2";
import type { Authenticator } from "../../../contract/authenticator.ts";
import type { Principal } from "../../../contract/principal.ts";

/** Who a client has turned out to be. */
export interface Identified {
  readonly principal: Principal;
  /** The key that it has shown to hold, registered or not. */
  readonly publicKey: Uint8Array | undefined;
}

/** The name that asks to be let in without a credential, for clients that never get to the methods that need one. */
const ANONYMOUS = "anonymous";

/**
 * Authenticates one connection (RFC 4252). A registered key makes its user, whatever name the client gives. Others are anonymous, where
 * such callers are let in at all.
 */
export class Authentication {
  readonly #authenticator: Authenticator;
  readonly #rotatesKeys: boolean;
  /** The first unregistered key that the client has offered. */
  #firstUnknown: string | undefined;
  #identified: Identified | undefined;

  /** `software` is what the client calls itself (RFC 4253, 4.2). */
  constructor(authenticator: Authenticator, software: string) {
    this.#authenticator = authenticator;
    this.#rotatesKeys = software.startsWith("OpenSSH");
  }

  /** Set once the client is let in. */
  get identified(): Identified | undefined {
    return this.#identified;
  }

  /** Answers one attempt. */
  async attempt(context: AuthContext): Promise<void> {
    switch (context.method) {
      case "publickey":
        return this.#publicKey(context);
      // No question is asked: the method is only the way in that clients have left when they have no key for us.
      case "keyboard-interactive":
        return this.#anonymous(context, undefined);
      case "none":
        return context.username === ANONYMOUS ? this.#anonymous(context, undefined) : this.#reject(context);
      default:
        return this.#reject(context);
    }
  }

  async #publicKey(context: PublicKeyAuthContext): Promise<void> {
    const { algo, data } = context.key;
    // "ssh-rsa" without a hash of RFC 8332 signs with SHA-1.
    const key = algo === "ssh-rsa" && context.hashAlgo === undefined ? undefined : ssh2.utils.parseKey(data);
    if (key === undefined || key instanceof Error || key.type === "ssh-dss") return this.#reject(context);
    const registered = await this.#authenticator.publicKey(data);
    const principal = registered ?? this.#anonymousPrincipal();
    if (principal === undefined) return this.#reject(context);
    if (registered === undefined && !this.#isLastOffer(context, data)) return;
    if (context.signature === undefined || context.blob === undefined) return context.accept();
    if (key.verify(context.blob, context.signature, context.hashAlgo) !== true) return this.#reject(context);
    this.#identified = { principal, publicKey: data };
    context.accept();
  }

  /**
   * An unregistered key is refused as long as the client may have a better one: nobody shall be anonymous because the wrong one of his keys
   * came first. OpenSSH's client starts again with its first key when it is told of a partial success, after all others: then there is
   * none better, and the key will do. Other clients go on to "keyboard-interactive".
   */
  #isLastOffer(context: PublicKeyAuthContext, blob: Buffer): boolean {
    const name = blob.toString("latin1");
    if (this.#firstUnknown === name) return true;
    this.#firstUnknown ??= name;
    context.reject(this.#methods(), this.#rotatesKeys);
    return false;
  }

  #anonymous(context: AuthContext, publicKey: Uint8Array | undefined): void {
    const principal = this.#anonymousPrincipal();
    if (principal === undefined) return this.#reject(context);
    this.#identified = { principal, publicKey };
    context.accept();
  }

  #anonymousPrincipal(): Principal | undefined {
    try {
      return this.#authenticator.anonymous();
    } catch {
      return undefined;
    }
  }

  #reject(context: AuthContext): void {
    context.reject(this.#methods());
  }

  #methods(): AuthenticationType[] {
    return this.#anonymousPrincipal() === undefined ? ["publickey"] : ["publickey", "keyboard-interactive"];
  }
}
