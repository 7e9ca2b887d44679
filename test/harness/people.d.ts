import { type ParleyProcess } from './parley-process.ts';
/** A person with a device folder and a proxy of their own in another. */
export interface TestPerson {
    name: string;
    did: string;
    /** Data folder of the device. */
    device: string;
    /** Data folder of the proxy. */
    proxyFolder: string;
    proxy: ParleyProcess;
    contactUrl: string;
    statusUrl: string;
    /** Starts the proxy again in the same folder, after it was stopped or killed. */
    restartProxy(): Promise<void>;
}
/** A folder that is removed when the scenario is over. */
export declare function scenarioFolder(): Promise<{
    path: string;
    remove(): Promise<void>;
}>;
/** Makes an identity, starts a proxy that nobody owns, and lets the device take it. */
export declare function createPerson(root: string, name: string, { proxyArgs }?: {
    proxyArgs?: string[];
}): Promise<TestPerson>;
/** Lets `who` know `whom` by the card that whom's proxy prints. */
export declare function introduce(who: TestPerson, whom: TestPerson): Promise<void>;
//# sourceMappingURL=people.d.ts.map