export { InvalidWindowError, UnknownActionError } from './errors.ts'
export { windowFrameCodec, type WindowFrame } from './frames.ts'
export { MAX_WINDOW, WINDOW_PROTOCOL } from './limits.ts'
export { createWindows, type Window, type WindowComponents, type WindowOptions, type Windows } from './window.ts'
