// A certified OpenID provider (npm oidc-provider) on loopback, for the browser journeys.
//
//   node server.mjs PORT REDIRECT_URI [CLIENT_ID] [CLIENT_SECRET]
//
// PORT 0 takes a free one. Client id and secret may also come from OIDC_CLIENT_ID and OIDC_CLIENT_SECRET. Prints one
// line of JSON once it listens. Anybody signs in as whoever they type; "unverified+…" addresses are not verified.

import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port = '0', redirectUri, idArgument, secretArgument] = process.argv.slice(2);
if (!redirectUri) {
  console.error('usage: node server.mjs PORT REDIRECT_URI [CLIENT_ID] [CLIENT_SECRET]');
  process.exit(64);
}
const clientId = idArgument ?? process.env.OIDC_CLIENT_ID ?? 'milton';
const clientSecret = secretArgument ?? process.env.OIDC_CLIENT_SECRET ?? 'milton-test-secret';

// The issuer contains the port, so the port must be known before the provider is made.
const server = createServer((request, response) => handle(request, response));
await new Promise((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  // By the specification (Core, 5.4) the e-mail is then at the user-info endpoint alone: the stricter case.
  conformIdTokenClaims: true,
  pkce: { required: () => true },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 3600, IdToken: 3600, Interaction: 600, Session: 3600 },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  findAccount: (_, email) => ({
    accountId: email,
    claims: () => ({
      sub: email,
      email,
      email_verified: !email.startsWith('unverified+'),
      name: email.split('@')[0].split(/[.+]/).map((word) => word[0]?.toUpperCase() + word.slice(1)).join(' '),
    }),
  }),
});
const authorize = provider.callback();

async function handle(request, response) {
  try {
    if (!request.url.startsWith('/sign-in/')) return await authorize(request, response);
    const interaction = await provider.interactionDetails(request, response);
    if (request.method !== 'POST') return page(response, interaction.uid);
    await finish(request, response, interaction, new URLSearchParams(await body(request)));
  } catch (error) {
    response.writeHead(error.statusCode ?? 500, { 'Content-Type': 'text/plain' }).end(error.message);
  }
}

// Signing in and consenting are one step here.
async function finish(request, response, { params, uid }, form) {
  const email = (form.get('email') ?? '').trim().toLowerCase();
  if (form.get('answer') === 'cancel') {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) return page(response, uid, 'Type an e-mail address.');
  const grant = new provider.Grant({ accountId: email, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const result = { login: { accountId: email }, consent: { grantId: await grant.save() } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

function page(response, uid, problem = '') {
  response.writeHead(problem ? 422 : 200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`<!doctype html>
<html lang="en">
<link rel="icon" href="data:,"><title>Test provider</title>
<h1>Test provider</h1>
<p role="alert">${problem}</p>
<form method="post" action="/sign-in/${uid}">
  <label>E-mail <input name="email" autocomplete="off" autofocus></label>
  <button name="answer" value="sign-in">Sign in</button>
  <button name="answer" value="cancel">Cancel</button>
</form>
</html>`);
}

async function body(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw Object.assign(new Error('too long'), { statusCode: 413 });
  }
  return text;
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
console.log(JSON.stringify({ issuer, client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri }));
