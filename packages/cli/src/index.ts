export { run, type Owner } from './run.ts'
export { EXIT, type Io } from './io.ts'
export { exitCodeOf } from './exit-code.ts'
export { FileError, ProxyNotRunningError, UsageError } from './errors.ts'
