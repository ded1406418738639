// The rules of a delegation as the console needs them: who may move it where, and for whom it waits.

/** @typedef {import("./api.js").Person} Person */
/**
 * @typedef {object} Delegation
 * @property {string} id
 * @property {string} team_id
 * @property {string} title
 * @property {string} [body]
 * @property {string} state
 * @property {string} priority
 * @property {string[]} labels
 * @property {string} [due_at]
 * @property {Person} delegator
 * @property {Person} [assignee]
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string} etag
 */
/** @typedef {"delegator" | "assignee"} Side */
/** @typedef {"offer" | "accept" | "decline" | "start" | "done" | "confirm" | "reopen" | "reassign" | "cancel"} Verb */

/** The way of a delegation that goes well. */
export const road = ["draft", "offered", "accepted", "in_progress", "done", "confirmed"];

/** Every state, for filters. */
export const states = [...road, "declined", "cancelled"];

/** What urgency there is, lowest first. */
export const priorities = ["low", "normal", "high", "urgent"];

/** Moves by state and side; the first is the one that moves things on. @type {Record<string, Partial<Record<Side, Verb[]>>>} */
const moves = {
  draft: { delegator: ["offer", "cancel"] },
  offered: { assignee: ["accept", "decline", "reassign"], delegator: ["reassign", "cancel"] },
  accepted: { assignee: ["start", "reassign"], delegator: ["reassign", "cancel"] },
  in_progress: { assignee: ["done", "reassign"], delegator: ["reassign", "cancel"] },
  done: { delegator: ["confirm", "reopen"] },
  confirmed: { delegator: ["reopen"] },
  declined: { delegator: ["reassign", "cancel"] },
};

/** On whose side the next step forward is. @type {Record<string, Side>} */
const turn = { draft: "delegator", offered: "assignee", accepted: "assignee", in_progress: "assignee", done: "delegator", declined: "delegator" };

/** Moves that hand the work to somebody and so need to know to whom. @param {Verb} verb */
export const needsAssignee = (verb) => verb === "offer" || verb === "reassign";

/** Moves that take something away. @param {Verb} verb */
export const isRefusal = (verb) => verb === "decline" || verb === "cancel";

/**
 * The sides on which `user` stands; both, when somebody handed work to themself.
 * @param {Delegation} delegation
 * @param {string} user
 * @returns {Side[]}
 */
function sides(delegation, user) {
  /** @type {Side[]} */
  const found = [];
  if (delegation.assignee?.id === user) found.push("assignee");
  if (delegation.delegator.id === user) found.push("delegator");
  return found;
}

/**
 * What `user` may do next, the step forward first.
 * @param {Delegation} delegation
 * @param {string} user
 */
export function movesFor(delegation, user) {
  return [...new Set(sides(delegation, user).flatMap((side) => moves[delegation.state]?.[side] ?? []))];
}

/**
 * Whether the next step forward is up to `user`.
 * @param {Delegation} delegation
 * @param {string} user
 */
export function waitsFor(delegation, user) {
  return sides(delegation, user).includes(turn[delegation.state]);
}

/** @param {Delegation} delegation */
export const isClosed = (delegation) => delegation.state === "confirmed" || delegation.state === "cancelled";
