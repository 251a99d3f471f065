// Follows a subscription with graphql-sse in distinct connections: URL, token, query, number of events.
import { createClient } from 'graphql-sse';

const [url, token, query, count] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));

const client = createClient({
  url,
  headers: token ? { authorization: `Bearer ${token}` } : {},
  retryAttempts: 0,
  onMessage: () => {},
});

const once = client.iterate({ query: '{ viewer { handle } }' });
say({ viewer: (await once.next()).value.data.viewer });

try {
  for await (const wrong of client.iterate({ query: '{ nothing }' })) say({ unexpected: wrong });
} catch (error) {
  say({ errors: error.response ? error.response.status : String(error) });
}

const events = client.iterate({ query });
let seen = 0;
say({ listening: true });
for (let event = await events.next(); !event.done; event = await events.next()) {
  say({ event: event.value.data });
  if (++seen === Number(count)) await events.return();
}
say({ ended: true });
client.dispose();
