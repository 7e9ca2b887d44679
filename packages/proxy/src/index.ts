export { createProxy, type ProxyComponents, type ProxyInit } from './create-proxy.ts'
export type { FileLimits } from './file-keeping.ts'
export type { CaptureStatus, Proxy, ProxyEvents, ProxyStatus } from './types.ts'
export { NotServedError } from './errors.ts'
