/** Few lines that make DOM nodes readable. */

type Child = Node | string | null | undefined | false

type Attributes = Record<string, string | number | boolean | ((event: never) => void) | undefined>

/** An element with attributes, `on…` listeners and children; `false` leaves an attribute out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name.slice(2), value as EventListener)
    else if (value === true) node.setAttribute(name, '')
    else if (value !== false && value !== undefined) node.setAttribute(name, String(value))
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false))
  return node
}

/** Call `work` at most once per frame, however often it is asked for. */
export function eachFrame(work: () => void): () => void {
  let waiting = false
  return () => {
    if (waiting) return
    waiting = true
    requestAnimationFrame(() => {
      waiting = false
      work()
    })
  }
}

/** Call `work` with the last arguments once nothing has been asked for during `ms`. */
export function whenQuiet<A extends unknown[]>(ms: number, work: (...args: A) => void): (...args: A) => void {
  let timer = 0
  return (...args) => {
    clearTimeout(timer)
    timer = window.setTimeout(() => work(...args), ms)
  }
}
