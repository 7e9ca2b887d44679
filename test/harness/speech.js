import { readFile, writeFile } from 'node:fs/promises';
import { correlate, decodeOpus, openAudio, syntheticSpeech, wavBytes } from '@parley/media';
export const SAMPLE_RATE_HZ = 48_000;
/** Writes a WAV file of speech-like sound and returns its samples. */
export async function speechFile(path, { durationMs, seed }) {
    const pcm = syntheticSpeech({ durationMs, seed, sampleRateHz: SAMPLE_RATE_HZ });
    await writeFile(path, wavBytes(pcm, { sampleRateHz: SAMPLE_RATE_HZ, channels: 1 }));
    return pcm;
}
/** Samples as raw 16-bit little-endian PCM, as a microphone gives them. */
export function pcm16(samples) {
    const bytes = Buffer.alloc(samples.length * 2);
    samples.forEach((sample, index) => bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32767), index * 2));
    return bytes;
}
/** Decodes a whole audio file to mono samples at 48 kHz. */
export async function decodeFile(path) {
    return await samplesOf(await openAudio(await readFile(path)));
}
async function samplesOf(source) {
    const chunks = [];
    if ('packets' in source)
        for await (const pcm of decodeOpus(source.packets()))
            chunks.push(pcm);
    else
        for await (const pcm of source.read())
            chunks.push(pcm);
    const all = new Float32Array(chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of chunks) {
        all.set(chunk, at);
        at += chunk.length;
    }
    return all;
}
/** How alike a recording is to what was spoken, and how much longer it is. */
export function compareAudio(heard, spoken) {
    return { ...correlate(heard, spoken, { maxLagMs: 100 }), longerMs: (heard.length - spoken.length) / SAMPLE_RATE_HZ * 1000 };
}
//# sourceMappingURL=speech.js.map