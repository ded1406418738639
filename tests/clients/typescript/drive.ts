// Drives a fresh server through the generated TypeScript client: claim, team, delegation, pages, lost updates, problems.
import { strict as assert } from "node:assert";
import { client } from "./milton/client.gen";
import {
  createDelegation,
  createTeam,
  deleteDelegation,
  getDelegation,
  getMe,
  listDelegations,
  offerDelegation,
  signInByLink,
  signOut,
  updateDelegation,
} from "./milton";

async function drive(baseUrl: string, claimUrl: string) {
  client.setConfig({ baseUrl });

  const stranger = await getMe();
  assert.equal(stranger.response?.status, 401);
  assert.equal(stranger.error?.type, "/problems/missing-token");

  const claimed = await signInByLink({ body: { token: new URL(claimUrl).hash.slice(1), name: "Tess" } });
  assert(claimed.data, JSON.stringify(claimed.error));
  client.setConfig({ baseUrl, auth: claimed.data.token });
  const me = await getMe({ throwOnError: true });
  assert.equal(me.data.name, "Tess");

  const team = (await createTeam({ body: { name: "Ops" }, throwOnError: true })).data.id;
  const work = {
    path: { team },
    headers: { "Idempotency-Key": crypto.randomUUID() },
    body: { title: "Renew the lease", assignee_id: me.data.id, priority: "high" as const, due_at: "2030-01-31T12:00:00Z" },
  };
  const made = await createDelegation({ ...work, throwOnError: true });
  const again = await createDelegation({ ...work, throwOnError: true });
  assert.deepEqual(again.data, made.data, "a repeated request is done once");
  assert.equal(made.response.headers.get("location"), `/api/v1/teams/${team}/delegations/${made.data.id}`);
  for (let nth = 2; nth <= 3; nth += 1) {
    await createDelegation({ path: { team }, body: { title: `Work ${nth}` }, throwOnError: true });
  }

  const titles: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listDelegations({ path: { team }, query: { limit: 2, cursor }, throwOnError: true });
    titles.push(...page.data.items.map((delegation) => delegation.title));
    cursor = page.data.next_cursor;
  } while (cursor);
  assert.deepEqual(titles, ["Work 3", "Work 2", "Renew the lease"]);

  const path = { team, delegation: made.data.id };
  const edited = await updateDelegation({
    path,
    headers: { "If-Match": made.data.etag },
    body: { priority: "urgent" },
    throwOnError: true,
  });
  const stale = await updateDelegation({ path, headers: { "If-Match": made.data.etag }, body: { title: "Lost" } });
  assert.equal(stale.error?.status, 412);
  const offered = await offerDelegation({ path, headers: { "If-Match": edited.data.etag }, throwOnError: true });
  assert.deepEqual([offered.data.state, offered.data.priority], ["offered", "urgent"]);

  const wrong = await createDelegation({ path: { team }, body: { title: "" } });
  assert.equal(wrong.error?.errors?.[0]?.pointer, "/title");
  await deleteDelegation({ path, throwOnError: true });
  assert.equal((await getDelegation({ path })).error?.status, 404);
  await signOut({ throwOnError: true });
  assert.equal((await getMe()).error?.type, "/problems/revoked-token");
  console.log("the TypeScript client drives the server");
}

drive(process.env.MILTON_URL!, process.env.MILTON_CLAIM_URL!);
