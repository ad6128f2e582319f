// A whole AT Protocol network on free ports of loopback: PLC, PDS and AppView, and a second PDS with real rate limits.
// Speaks lines: prints one JSON line when it is ready; `sync` on stdin is answered with `synced` once the AppView has
// everything that the PDS has. The end of stdin ends this process and those of STOP_WITH_US (process ids with commas),
// so that nothing outlives the tests, however they end.
import './loopback.mjs'
import readline from 'node:readline'
import { TestNetwork, TestPds, mockMailer } from '@atproto/dev-env'

const network = await TestNetwork.create({
  dbPostgresSchema: 'care',
  pds: { hostname: 'localhost', enableDidDocWithSession: true },
  bsky: {},
  plc: {},
  ozone: {},
})
mockMailer(network.pds)
const limited = await TestPds.create({
  didPlcUrl: network.plc.url,
  hostname: 'localhost',
  inviteRequired: false,
  rateLimitsEnabled: true,
})
mockMailer(limited)

const loopback = (server) => `http://127.0.0.1:${server.port}`
console.log(
  JSON.stringify({
    pds: loopback(network.pds),
    appview: loopback(network.bsky),
    appview_did: network.bsky.serverDid,
    limited_pds: loopback(limited),
  }),
)

for await (const line of readline.createInterface({ input: process.stdin })) {
  if (line === 'sync') {
    await network.processAll(20_000)
    console.log('synced')
  }
}
const patience = new Promise((resolve) => setTimeout(resolve, 5000))
await Promise.race([patience, Promise.allSettled([limited.close(), network.close()])])
for (const pid of (process.env.STOP_WITH_US ?? '').split(',').filter(Boolean)) {
  try {
    process.kill(Number(pid), 'SIGINT')
  } catch {
    // It has ended already.
  }
}
process.exit(0)
