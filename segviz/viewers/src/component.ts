/** The life of a viewer inside a Streamlit component: mounted, updated, parked, brought back. */
import theme from './theme.css?inline'

/** What Streamlit hands to a component each time its data change. */
export interface Component<Props> {
  data: Props
  parentElement: HTMLElement | ShadowRoot
  setTriggerValue(name: string, value: unknown): void
}

export type Emit = (name: string, value: unknown) => void

export interface Viewer<Props> {
  readonly root: HTMLElement
  update(props: Props): void
  /** Called when the viewer is back on the page after it was parked. */
  resume?(): void
  destroy(): void
}

interface Slot<Props> {
  key: string
  viewer: Viewer<Props>
  emit: Emit
}

/**
 * Make a component's default export.
 *
 * Streamlit calls it again, without cleaning up, when the data change; it takes the DOM away when
 * the page changes. A viewer is therefore kept by its key: the last `keep` of them wait off the page
 * with their picture loaded and are put back when the same key is asked for.
 */
export function component<Props>(
  keyOf: (props: Props) => string,
  create: (props: Props, emit: Emit) => Viewer<Props>,
  keep = 0,
): (component: Component<Props>) => () => void {
  const shown = new WeakMap<Node, Slot<Props>>()
  const parked = new Map<string, Slot<Props>>()

  function open(props: Props): Slot<Props> {
    const key = keyOf(props)
    const waiting = parked.get(key)
    if (waiting) {
      parked.delete(key)
      return waiting
    }
    const slot: Slot<Props> = { key, emit: () => undefined, viewer: undefined as never }
    slot.viewer = create(props, (name, value) => slot.emit(name, value))
    // The way in for browser tests: root.querySelector('.sv').viewer
    Object.assign(slot.viewer.root, { viewer: slot.viewer })
    return slot
  }

  function park(parent: Node): void {
    const slot = shown.get(parent)
    if (!slot) return
    shown.delete(parent)
    slot.viewer.root.remove()
    slot.emit = () => undefined
    parked.set(slot.key, slot)
    for (const [key, old] of parked) {
      if (parked.size <= keep) break
      parked.delete(key)
      old.viewer.destroy()
    }
  }

  return ({ data, parentElement, setTriggerValue }) => {
    let slot = shown.get(parentElement)
    if (slot && slot.key !== keyOf(data)) {
      park(parentElement)
      slot = undefined
    }
    const arriving = !slot
    slot ??= open(data)
    slot.emit = setTriggerValue
    if (arriving) {
      shown.set(parentElement, slot)
      dress(parentElement)
      parentElement.append(slot.viewer.root)
      slot.viewer.resume?.()
    }
    slot.viewer.update(data)
    return () => park(parentElement)
  }
}

function dress(parent: HTMLElement | ShadowRoot): void {
  if (parent.querySelector('style[data-segviz]')) return
  const style = document.createElement('style')
  style.dataset['segviz'] = ''
  style.textContent = theme
  parent.append(style)
}
