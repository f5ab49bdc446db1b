/** Every key of both viewers, in one table: it drives them and is what the help shows. */

export type World = 'volume' | 'map'

export type Action =
  | 'navigate' | 'window' | 'brush' | 'eraser' | 'polygon'
  | 'undo' | 'redo' | 'smaller' | 'larger' | 'fit'
  | 'mask' | 'fainter' | 'stronger' | 'outline' | 'uncertainty' | 'side'
  | 'next' | 'previous' | 'close' | 'drop' | 'cancel' | 'help' | 'label' // prettier-ignore

export interface Key {
  action: Action
  /** As in KeyboardEvent.key, lower case; `ctrl+` also stands for Cmd. */
  keys: readonly string[]
  title: string
  worlds?: readonly World[]
  /** For people, where it differs from `keys`. */
  shown?: string
  /** Of no use where the mask cannot be changed. */
  edits?: true
}

export const KEYS: readonly Key[] = [
  { action: 'navigate', keys: ['v'], title: 'Crosshair', worlds: ['volume'] },
  { action: 'navigate', keys: ['v'], title: 'Move the map', worlds: ['map'] },
  { action: 'window', keys: ['w'], title: 'Window and level by dragging', worlds: ['volume'] },
  { action: 'brush', keys: ['b'], title: 'Brush (hold Ctrl to erase)', edits: true },
  { action: 'eraser', keys: ['e'], title: 'Eraser', edits: true },
  { action: 'polygon', keys: ['p'], title: 'Polygon: click points, double-click closes', worlds: ['map'], edits: true },
  { action: 'label', keys: '123456789'.split(''), title: 'Choose the label', shown: '1 – 9', edits: true },
  { action: 'smaller', keys: ['['], title: 'Smaller brush', edits: true },
  { action: 'larger', keys: [']'], title: 'Larger brush', edits: true },
  { action: 'undo', keys: ['ctrl+z'], title: 'Undo', edits: true },
  { action: 'redo', keys: ['ctrl+y', 'ctrl+shift+z'], title: 'Redo', shown: 'Ctrl+Y', edits: true },
  { action: 'mask', keys: ['s'], title: 'Show or hide the mask' },
  { action: 'fainter', keys: ['a'], title: 'Fainter mask' },
  { action: 'stronger', keys: ['d'], title: 'Stronger mask' },
  { action: 'outline', keys: ['o'], title: 'Outline or filled', worlds: ['volume'] },
  { action: 'uncertainty', keys: ['u'], title: 'How unsure the model was, where it says so', worlds: ['volume'] },
  { action: 'side', keys: ['x'], title: 'Radiological or neurological side', worlds: ['volume'] },
  { action: 'next', keys: ['pageup', 'arrowup'], title: 'Next slice', worlds: ['volume'], shown: 'PgUp ↑' },
  { action: 'previous', keys: ['pagedown', 'arrowdown'], title: 'Previous slice', worlds: ['volume'], shown: 'PgDn ↓' },
  { action: 'fit', keys: ['f'], title: 'Fit into the window' },
  { action: 'close', keys: ['enter'], title: 'Close the polygon', worlds: ['map'], shown: 'Enter', edits: true },
  { action: 'drop', keys: ['backspace'], title: 'Take back the last point of a polygon', worlds: ['map'], shown: 'Backspace', edits: true },
  { action: 'cancel', keys: ['escape'], title: 'Back to the crosshair', worlds: ['volume'], shown: 'Esc' },
  { action: 'cancel', keys: ['escape'], title: 'Give up the polygon; back to moving', worlds: ['map'], shown: 'Esc', edits: true },
  { action: 'help', keys: ['?'], title: 'This list' },
]

/** Mouse and touch, for the help. */
export const GESTURES: Record<World, readonly (readonly [gesture: string, title: string])[]> = {
  volume: [
    ['Wheel', 'Next and previous slice'],
    ['Ctrl + wheel', 'Zoom'],
    ['Right drag', 'Window and level'],
    ['Shift + drag', 'Move the picture'],
    ['Double-click', 'One plane large, or all three'],
  ],
  map: [
    ['Wheel', 'Zoom'],
    ['Drag', 'Move the map'],
    ['Shift + drag', 'Move the map with any tool'],
  ],
}

export interface KeyPress {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  shiftKey: boolean
  altKey: boolean
}

/** The action of a key press in a viewer, with the label number for 1 to 9. */
export function actionOf(press: KeyPress, world: World): { action: Action; label: number } | null {
  if (press.altKey) return null
  const key = press.key.toLowerCase()
  const ctrl = press.ctrlKey || press.metaKey
  const name = ctrl ? `ctrl+${press.shiftKey ? 'shift+' : ''}${key}` : key
  const row = KEYS.find((row) => row.keys.includes(name) && (row.worlds?.includes(world) ?? true))
  return row ? { action: row.action, label: Number(key) || 0 } : null
}

/** How a key is written in tooltips and in the help. */
export function shown(action: Action): string {
  const row = KEYS.find((row) => row.action === action)
  return row?.shown ?? (row?.keys[0] ?? '').replace(/(^|\+)([a-z])/g, (_, plus, letter) => plus + letter.toUpperCase())
}

const SILENT_INPUTS = new Set(['button', 'checkbox', 'color', 'radio', 'range', 'submit'])

/** Whether somebody is typing: keys then belong to the text field, also inside other shadow roots. */
export function isTyping(path: readonly EventTarget[]): boolean {
  const target = path[0]
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !SILENT_INPUTS.has(target.type)
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

/**
 * Listen to the whole page while the viewer is on it; `act` says whether it used the key.
 * Returns what stops listening.
 */
export function listen(root: HTMLElement, world: World, act: (action: Action, label: number) => boolean): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (!root.isConnected || event.defaultPrevented || isTyping(event.composedPath())) return
    const arrowInSlider = event.key.startsWith('Arrow') && event.composedPath()[0] instanceof HTMLInputElement
    const found = arrowInSlider ? null : actionOf(event, world)
    if (!found || !act(found.action, found.label)) return
    event.preventDefault()
    event.stopPropagation()
  }
  document.addEventListener('keydown', onKey, true)
  return () => document.removeEventListener('keydown', onKey, true)
}
