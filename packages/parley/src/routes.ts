export { devicesWith, type DeviceRoute } from '@parley/conversations'
