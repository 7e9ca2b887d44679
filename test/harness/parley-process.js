import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
const BIN = fileURLToPath(new URL('../../packages/cli/bin/parley.mjs', import.meta.url));
const running = new Set();
/** Starts the built `parley` command, always with `--json`. */
export function startParley(args, { env = {}, execArgv = [] } = {}) {
    const child = spawn(process.execPath, [...execArgv, BIN, ...args, '--json'], { env: { ...cleanEnvironment(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const events = [];
    const waiting = new Set();
    let out = '';
    let err = '';
    let rest = '';
    let ended = false;
    const wake = () => { for (const check of [...waiting])
        check(); };
    child.stdout.setEncoding('utf8').on('data', (text) => {
        out += text;
        rest += text;
        const lines = rest.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
            try {
                events.push({ ...JSON.parse(line), seenAtMs: performance.now() });
            }
            catch {
                events.push({ event: 'not-json', line, seenAtMs: performance.now() });
            }
        }
        wake();
    });
    child.stderr.setEncoding('utf8').on('data', (text) => { err += text; });
    const exit = new Promise(resolve => {
        child.on('close', (code, signal) => {
            ended = true;
            running.delete(self);
            resolve(code ?? signal ?? 'unknown');
            wake();
        });
    });
    const self = {
        child,
        events,
        stdout: () => out,
        stderr: () => err,
        exit,
        async event(fits) {
            const test = typeof fits === 'string' ? (event) => event.event === fits : fits;
            return await new Promise((resolve, reject) => {
                const check = () => {
                    const found = events.find(test);
                    if (found === undefined && !ended)
                        return;
                    waiting.delete(check);
                    if (found !== undefined)
                        resolve(found);
                    else
                        reject(new Error(`parley ${args.join(' ')} ended without the event ${String(fits)}\n${out}\n${err}`));
                };
                waiting.add(check);
                check();
            });
        },
        async stop() {
            child.kill('SIGTERM');
            return await exit;
        },
        async kill() {
            child.kill('SIGKILL');
            await exit;
        }
    };
    running.add(self);
    return self;
}
/** Runs a command to its end and returns its one JSON result; a failing command throws with all it said. */
export async function parley(args, options = {}) {
    const process = startParley(args, options);
    process.child.stdin.end();
    const code = await process.exit;
    if (code !== 0)
        throw new Error(`parley ${args.join(' ')} ended with ${code}\n${process.stdout()}\n${process.stderr()}`);
    return process.events.at(-1) ?? { seenAtMs: performance.now() };
}
/** Ends every process that a failed test left behind. */
export async function killAll() {
    await Promise.all([...running].map(async (process) => { await process.kill(); }));
}
/** The environment without what would point a command at somebody's real data. */
function cleanEnvironment() {
    const { PARLEY_DATA: _data, PARLEY_PASSPHRASE: _passphrase, XDG_DATA_HOME: _home, NODE_OPTIONS: _options, ...rest } = process.env;
    return { ...rest, NODE_NO_WARNINGS: '1' };
}
//# sourceMappingURL=parley-process.js.map