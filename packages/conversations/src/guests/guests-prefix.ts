/** Where marks say which conversation is shared by which guest log: its id, a slash, and that of the log. */
export const GUESTS_PREFIX = '/guests/'
