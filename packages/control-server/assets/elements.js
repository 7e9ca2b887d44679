// Small tools of the page: elements, words for figures, rows that stay the same.

/** Returns the element of the page with this id. */
export const byId = id => document.getElementById(id)

/** Sets a text only when it changed, so that a selection in it survives. */
export function setText (element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** Creates an element with attributes and children. */
export function create (name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

/**
 * Makes the children of `parent` follow `items`: those whose key is still there
 * are updated where they are, so that focus and selection stay.
 */
export function follow (parent, items, keyOf, build, update) {
  const old = new Map([...parent.children].map(child => [child.dataset.key, child]))
  items.forEach((item, index) => {
    const key = keyOf(item)
    const child = old.get(key) ?? build(item)
    old.delete(key)
    child.dataset.key = key
    update(child, item)
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null)
  })
  for (const child of old.values()) child.remove()
}

/** 65 seconds are 1:05. */
export function clockTime (durationMs) {
  const seconds = Math.floor(durationMs / 1000)
  const minutes = Math.floor(seconds / 60)
  const two = value => String(value).padStart(2, '0')
  return minutes < 60 ? `${minutes}:${two(seconds % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
}

/** 65 seconds are "1 minute", in words for a long time. */
export function inWords (durationMs) {
  const units = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000]]
  const parts = []
  let rest = durationMs
  for (const [unit, unitMs] of units) {
    const count = Math.floor(rest / unitMs)
    rest -= count * unitMs
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`)
  }
  return parts.length === 0 ? 'less than a minute' : parts.slice(0, 2).join(' ')
}

/** 1,500,000 bytes are 1.5 MB. */
export function inBytes (bytes) {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
