// Follows a subscription with graphql-ws: URL, token, query, number of events. Prints one JSON line for each thing.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, query, count] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));

const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: token ? { token } : {},
  retryAttempts: 0,
  lazyCloseTimeout: 60_000, // one socket for all three operations
  on: {
    closed: (event) => say({ closed: event.code, reason: event.reason }),
  },
});

const once = client.iterate({ query: '{ viewer { handle } }' });
say({ viewer: (await once.next()).value.data.viewer });

try {
  for await (const wrong of client.iterate({ query: '{ nothing }' })) say({ unexpected: wrong });
} catch (errors) {
  say({ errors: errors.map((error) => error.message) });
}

const events = client.iterate({ query });
say({ listening: true });
let seen = 0;
try {
  for (let event = await events.next(); !event.done; event = await events.next()) {
    say({ event: event.value.data });
    if (++seen === Number(count)) await events.return();
  }
  say({ ended: true });
} catch (reason) {
  say({ failed: reason.code ?? String(reason) });
}
await client.dispose();
