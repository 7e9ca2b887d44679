export { CannotListenError, InvalidStatusError } from './errors.ts'
export { createStatusServer, type StatusServer, type StatusServerComponents, type StatusServerInit } from './status-server.ts'
export { nodeStatusSchema, type CaptureStatus, type NodeStatus, type PeerStatus, type Readiness, type StatusSource } from './status.ts'
export { type Problem } from './problem.ts'
