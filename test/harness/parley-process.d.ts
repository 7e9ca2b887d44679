import { type ChildProcessWithoutNullStreams } from 'node:child_process';
/** One event of a command's `--json` output. */
export type JsonEvent = Record<string, unknown> & {
    event?: string;
    /** When this process read it, by performance.now(). */
    readonly seenAtMs: number;
};
/** A running `parley` command. */
export interface ParleyProcess {
    readonly child: ChildProcessWithoutNullStreams;
    /** Every JSON line so far. */
    readonly events: JsonEvent[];
    stdout(): string;
    stderr(): string;
    /** Resolves with the first event, seen or to come, that fits; rejects when the process ends without one. */
    event(fits: string | ((event: JsonEvent) => boolean)): Promise<JsonEvent>;
    /** Resolves with the exit code, or the signal's name. */
    readonly exit: Promise<number | string>;
    /** Asks the process to end and waits. */
    stop(): Promise<number | string>;
    /** Ends it as a power cut would. */
    kill(): Promise<void>;
}
export interface StartInit {
    env?: Record<string, string>;
    /** Arguments for Node itself. */
    execArgv?: string[];
}
/** Starts the built `parley` command, always with `--json`. */
export declare function startParley(args: string[], { env, execArgv }?: StartInit): ParleyProcess;
/** Runs a command to its end and returns its one JSON result; a failing command throws with all it said. */
export declare function parley(args: string[], options?: StartInit): Promise<JsonEvent>;
/** Ends every process that a failed test left behind. */
export declare function killAll(): Promise<void>;
//# sourceMappingURL=parley-process.d.ts.map