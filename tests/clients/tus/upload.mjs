// Uploads a file to a URL that `uploadBegin` gave, or creates one first; can cut itself off and go on in a new process.
// usage: node upload.mjs '{"path", "token", "url"|"endpoint", "metadata", "chunkSize", "cutAfter"}'
import { createReadStream, statSync } from 'node:fs'
import * as tus from 'tus-js-client'

const asked = JSON.parse(process.argv[2])
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n')

const upload = new tus.Upload(createReadStream(asked.path), {
  endpoint: asked.endpoint,
  uploadUrl: asked.url,
  uploadSize: statSync(asked.path).size,
  metadata: asked.metadata ?? {},
  headers: { Authorization: `Bearer ${asked.token}` },
  chunkSize: asked.chunkSize ?? Infinity,
  retryDelays: [50, 100, 500, 1000, 2000, 2000],
  onProgress: (sent) => {
    if (asked.cutAfter && sent >= asked.cutAfter) process.kill(process.pid, 'SIGKILL')
  },
  onError: (error) => {
    say({ error: error.originalResponse?.getBody() ?? error.message, status: error.originalResponse?.getStatus() })
    process.exit(1)
  },
  onSuccess: () => say({ url: upload.url }),
})
upload.start()
