/** Version of every Parley package; they are released together. */
export const version = '0.1.0'
