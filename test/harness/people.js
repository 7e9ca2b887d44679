import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parley, startParley } from './parley-process.js';
const LOOPBACK = ['--host', '127.0.0.1', '--no-qr'];
/** A folder that is removed when the scenario is over. */
export async function scenarioFolder() {
    const path = await mkdtemp(join(tmpdir(), 'parley-scenario-'));
    return { path, remove: async () => { await rm(path, { recursive: true, force: true, maxRetries: 5 }); } };
}
/** Makes an identity, starts a proxy that nobody owns, and lets the device take it. */
export async function createPerson(root, name, { proxyArgs = [] } = {}) {
    const device = join(root, `${name}-device`);
    const proxyFolder = join(root, `${name}-proxy`);
    const identity = await parley(['id', 'create', '--name', name, '--data', device]);
    const start = () => startParley(['proxy', 'start', '--unclaimed', '--data', proxyFolder, ...LOOPBACK, ...proxyArgs]);
    const proxy = start();
    const { claimUrl } = await proxy.event(event => event.event === 'ready' && event['claimUrl'] !== undefined);
    await parley(['proxy', 'add', String(claimUrl), '--data', device]);
    const ready = await proxy.event(event => event.event === 'ready' && event['contactUrl'] !== undefined);
    const person = {
        name,
        did: String(identity['person']),
        device,
        proxyFolder,
        proxy,
        contactUrl: String(ready['contactUrl']),
        statusUrl: String(ready['statusUrl']),
        async restartProxy() {
            person.proxy = start();
            const again = await person.proxy.event('ready');
            person.statusUrl = String(again['statusUrl']);
        }
    };
    return person;
}
/** Lets `who` know `whom` by the card that whom's proxy prints. */
export async function introduce(who, whom) {
    await parley(['contact', 'add', whom.contactUrl, '--data', who.device]);
}
//# sourceMappingURL=people.js.map