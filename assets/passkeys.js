// Passkeys: the browser's own ceremonies, between the server's options and the credential that goes back to it.
import { post } from "./api.js";

/** Whether this browser can do it. */
export const hasPasskeys = typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;

/** The person turned back, or their authenticator did. */
export class Abandoned extends Error {}

/** @typedef {{ceremony_id: string, options: any}} Ceremony */

/**
 * @param {() => Promise<Credential | null>} ceremony
 * @returns {Promise<any>} the credential in the form that goes over the wire
 */
async function ask(ceremony) {
  const credential = await ceremony().catch(() => null);
  if (!credential) throw new Abandoned();
  return /** @type {PublicKeyCredential} */ (credential).toJSON();
}

/**
 * Makes a passkey for whoever is signed in.
 * @param {string} name
 */
export async function createPasskey(name) {
  /** @type {Ceremony} */
  const { ceremony_id, options } = await post("/me/passkeys/begin");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await ask(() => navigator.credentials.create({ publicKey }));
  return post("/me/passkeys", { ceremony_id, credential, name });
}

/**
 * Proves with a passkey who is there; `path` is where the ceremony begins (`…/begin`) and ends.
 * @param {string} path
 * @param {object} [more] goes along with the credential
 */
export async function usePasskey(path, more = {}) {
  /** @type {Ceremony} */
  const { ceremony_id, options } = await post(`${path}/begin`);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await ask(() => navigator.credentials.get({ publicKey }));
  return post(path, { ceremony_id, credential, ...more });
}
