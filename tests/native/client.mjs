// Signs a program in to Milton: opens a way for the browser, waits on a port of its own, exchanges the code (RFC 8252).
//
//   NODE_EXTRA_CA_CERTS=milton-data/ca.pem node client.mjs https://localhost:8443 google
//
// Prints the session as JSON. Its token goes into `Authorization: Bearer …`; keep it like a password.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { hostname, platform } from "node:os";

const [server, provider] = process.argv.slice(2);
const verifier = randomBytes(32).toString("base64url");
const state = randomBytes(32).toString("base64url");

const listener = createServer().listen(0, "127.0.0.1");
await once(listener, "listening");
const redirect_uri = `http://127.0.0.1:${listener.address().port}/done`;

const code_challenge = createHash("sha256").update(verifier).digest("base64url");
const query = new URLSearchParams({ redirect_uri, state, code_challenge, code_challenge_method: "S256" });
console.error(`Open this in your browser: ${server}/auth/login/${provider}?${query}`);

const answer = await new Promise((resolve) => listener.on("request", (request, response) => {
  const { pathname, searchParams } = new URL(request.url, redirect_uri);
  const ours = pathname === "/done" && searchParams.get("state") === state;
  response.writeHead(ours ? 200 : 404, { connection: "close" }).end(ours ? "You may close this window." : "");
  if (ours) resolve(searchParams);
}));
listener.close();
if (!answer.has("code")) throw new Error(`not signed in: ${answer.get("error_description")}`);

const body = JSON.stringify({ code: answer.get("code"), code_verifier: verifier, device: { name: hostname(), platform: platform() } });
const headers = { "Content-Type": "application/json" };
const exchanged = await fetch(`${server}/api/v1/auth/exchange`, { method: "POST", headers, body });
if (!exchanged.ok) throw new Error((await exchanged.json()).detail);
console.log(JSON.stringify(await exchanged.json()));
