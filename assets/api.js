// The one place that calls fetch: the console speaks to the public API and to nothing else.

/** @typedef {{id: string, name: string}} Person */
/** @typedef {{id: string, name: string, role: string}} Membership */
/** @typedef {{id: string, kind: string, method: string, auth_time: string, expires_at: string}} Session */
/** @typedef {{id: string, name: string, email?: string, instance_role?: string, state?: string, teams: Membership[], session: Session}} Me */

/** A problem answer (RFC 9457), or a request that got no answer at all (status 0). */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{type?: string, title?: string, detail?: string, instance?: string, errors?: {pointer: string, detail: string}[], permission?: string}} body
   * @param {Headers} [headers]
   */
  constructor(status, body, headers = new Headers()) {
    super(body.title ?? "");
    this.status = status;
    this.slug = body.type?.split("/").pop() ?? "";
    this.detail = body.detail ?? "";
    this.requestId = body.instance ?? headers.get("x-request-id") ?? "";
    this.errors = body.errors ?? [];
    /** What was missing, when the matrix said no. */
    this.permission = body.permission ?? "";
    /** Seconds to wait, when the server says so. */
    this.retryAfter = Number(headers.get("retry-after") ?? 0);
  }
}

/** Asks the person to prove anew who they are; false when they do not. Set where the dialog is. */
let proveAnew = async () => false;

/** @param {() => Promise<boolean>} ask */
export function onStepUp(ask) {
  proveAnew = ask;
}

/**
 * One request; when it wants a fresh proof of who is asking, that is asked for, and the request sent once more.
 * @param {string} method
 * @param {string} path below `/api/v1`
 * @param {unknown} [body]
 * @param {Record<string, string>} [extra] more headers
 */
async function call(method, path, body, extra = {}) {
  try {
    return await send(method, path, body, extra);
  } catch (error) {
    if (!(error instanceof Problem) || error.slug !== "step-up-required" || !await proveAnew()) throw error;
    return send(method, path, body, extra);
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Record<string, string>} extra
 */
async function send(method, path, body, extra) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", ...extra };
  if (method !== "GET") Object.assign(headers, { "Milton-Console": "1", "Content-Type": "application/json" });
  const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  const answer = await fetch(`/api/v1${path}`, request).catch(() => null);
  if (!answer) throw new Problem(0, {});
  const content = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (answer.ok) return content;
  const problem = new Problem(answer.status, content, answer.headers);
  // "Who is here?" may well be answered with "nobody"; anywhere else it means that the session has ended.
  if (problem.status === 401 && problem.slug !== "step-up-required" && path !== "/me") dispatchEvent(new CustomEvent("milton:signed-out"));
  throw problem;
}

/**
 * @param {string} path
 * @param {Record<string, string>} [extra] more headers
 */
export const get = (path, extra) => call("GET", path, undefined, extra);

/**
 * @param {string} path
 * @param {unknown} [body]
 */
export const post = (path, body = {}) => call("POST", path, body);

/**
 * A create that may be sent twice: the same key makes the server give the first answer again.
 * @param {string} path
 * @param {unknown} body
 * @param {string} key
 */
export const create = (path, body, key) => call("POST", path, body, { "Idempotency-Key": key });

/**
 * An edit; of what was read with `etag`, where there is one: refused with 412 when somebody else was faster.
 * @param {string} path
 * @param {string | null} etag
 * @param {unknown} body
 */
export const patch = (path, etag, body) => call("PATCH", path, body, etag ? { "If-Match": etag } : {});

/**
 * @param {string} path
 * @param {string} [etag] of what was read, where the server wants to know
 */
export const remove = (path, etag) => call("DELETE", path, undefined, etag ? { "If-Match": etag } : {});
