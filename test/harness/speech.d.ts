export declare const SAMPLE_RATE_HZ = 48000;
/** Writes a WAV file of speech-like sound and returns its samples. */
export declare function speechFile(path: string, { durationMs, seed }: {
    durationMs: number;
    seed: number;
}): Promise<Float32Array>;
/** Samples as raw 16-bit little-endian PCM, as a microphone gives them. */
export declare function pcm16(samples: Float32Array): Buffer;
/** Decodes a whole audio file to mono samples at 48 kHz. */
export declare function decodeFile(path: string): Promise<Float32Array>;
/** How alike a recording is to what was spoken, and how much longer it is. */
export declare function compareAudio(heard: Float32Array, spoken: Float32Array): {
    correlation: number;
    lagMs: number;
    longerMs: number;
};
//# sourceMappingURL=speech.d.ts.map