#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 13)) {
  console.error(`parley needs Node 22.13 or newer, this is ${process.version}. Install a newer Node, or run it as "npx -p node@24 -p @parley/cli parley".`)
  process.exit(2)
}
const { main } = await import('@parley/cli/main')
await main()
