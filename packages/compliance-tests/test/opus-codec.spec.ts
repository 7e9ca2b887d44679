import { createOpusCodec } from '@parley/media'
import { opusCodecSuite } from '../src/index.ts'

opusCodecSuite('of Node', createOpusCodec)
