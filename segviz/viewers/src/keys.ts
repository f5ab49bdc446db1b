/** Every key of both viewers, in one table: it drives them and is what the help shows. */
import { TOOLS, type ToolName, type World } from './tools'

export type { World } from './tools'

export type Action =
  | ToolName
  | 'undo' | 'redo' | 'smaller' | 'larger' | 'ball' | 'swap' | 'values' | 'lock' | 'fit'
  | 'label' | 'nextLabel' | 'previousLabel'
  | 'mask' | 'fainter' | 'stronger' | 'outline' | 'uncertainty' | 'side'
  | 'next' | 'previous' | 'enter' | 'drop' | 'cancel' | 'help' // prettier-ignore

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

const TOOL_KEYS: readonly Key[] = TOOLS.flatMap(({ name, key, title, group, worlds }) =>
  key ? [{ action: name, keys: [key], title, ...(worlds && { worlds }), ...(group !== 'look' && { edits: true as const }) }] : [],
)

export const KEYS: readonly Key[] = [
  ...TOOL_KEYS,
  { action: 'swap', keys: [' '], title: 'The tool before, and back', shown: 'Space', edits: true },
  { action: 'label', keys: '123456789'.split(''), title: 'Choose the label', shown: '1 – 9', edits: true },
  { action: 'previousLabel', keys: [','], title: 'Label before', edits: true },
  { action: 'nextLabel', keys: ['.'], title: 'Next label', edits: true },
  { action: 'lock', keys: ['k'], title: 'Lock the label', edits: true },
  { action: 'smaller', keys: ['['], title: 'Smaller brush', edits: true },
  { action: 'larger', keys: [']'], title: 'Larger brush', edits: true },
  { action: 'ball', keys: ['r'], title: 'Brush in this slice, or a ball through all', worlds: ['volume'], edits: true },
  { action: 'values', keys: ['i'], title: 'Change only a range of values', edits: true },
  { action: 'enter', keys: ['enter'], title: 'Close the polygon; apply what is shown', shown: 'Enter', edits: true },
  { action: 'drop', keys: ['backspace'], title: 'Take back the last corner', shown: 'Backspace', edits: true },
  { action: 'cancel', keys: ['escape'], title: 'Give up; no tool', shown: 'Esc' },
  { action: 'undo', keys: ['ctrl+z'], title: 'Undo', edits: true },
  { action: 'redo', keys: ['ctrl+y', 'ctrl+shift+z'], title: 'Redo', shown: 'Ctrl+Y', edits: true },
  { action: 'mask', keys: ['s'], title: 'Show or hide the mask' },
  { action: 'fainter', keys: ['a'], title: 'Fainter mask' },
  { action: 'stronger', keys: ['d'], title: 'Stronger mask' },
  { action: 'outline', keys: ['o'], title: 'Outline or filled' },
  { action: 'uncertainty', keys: ['u'], title: 'How unsure the model was, where it says so', worlds: ['volume'] },
  { action: 'side', keys: ['x'], title: 'Radiological or neurological side', worlds: ['volume'] },
  { action: 'next', keys: ['pageup', 'arrowup'], title: 'Next slice', worlds: ['volume'], shown: 'PgUp ↑' },
  { action: 'previous', keys: ['pagedown', 'arrowdown'], title: 'Previous slice', worlds: ['volume'], shown: 'PgDn ↓' },
  { action: 'fit', keys: ['=', 'home'], title: 'Fit into the window' },
  { action: 'help', keys: ['?'], title: 'This list' },
]

/** Mouse and touch, for the help. */
export const GESTURES: Record<World, readonly (readonly [gesture: string, title: string])[]> = {
  volume: [
    ['Hold Ctrl', 'Erase with the brush, cut with polygon and lasso'],
    ['Wheel', 'Next and previous slice'],
    ['Shift + wheel', 'Size of the brush'],
    ['Ctrl + wheel', 'Zoom'],
    ['Shift + move', 'Crosshair follows the pointer'],
    ['Right drag', 'Window and level'],
    ['Shift + drag', 'Move the picture'],
    ['Two fingers', 'Zoom and move the picture'],
    ['Double-click', 'One plane large, or all three'],
  ],
  map: [
    ['Hold Ctrl', 'Erase with the brush, cut with polygon and lasso'],
    ['Wheel', 'Zoom'],
    ['Shift + wheel', 'Size of the brush'],
    ['Drag', 'Move the map'],
    ['Shift + drag', 'Move the map with any tool'],
    ['Two fingers', 'Zoom and move the map'],
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

/** How a key is written in tooltips and in the help; empty where there is none. */
export function shown(action: Action): string {
  const row = KEYS.find((row) => row.action === action)
  return row?.shown ?? (row?.keys[0] ?? '').replace(/(^|\+)([a-z])/g, (_, plus, letter) => plus + letter.toUpperCase())
}

/** `Brush (B)` */
export function titled(title: string, action: Action): string {
  const key = shown(action)
  return key ? `${title} (${key})` : title
}

const SILENT_INPUTS = new Set(['button', 'checkbox', 'color', 'radio', 'range', 'submit'])

/** Whether somebody is typing: keys then belong to the text field, also inside other shadow roots. */
export function isTyping(path: readonly EventTarget[]): boolean {
  const target = path[0]
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !SILENT_INPUTS.has(target.type)
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

/** Whether the control that has the focus uses the key itself. */
function isFor(target: EventTarget | undefined, key: string): boolean {
  if (target instanceof HTMLInputElement) return key.startsWith('Arrow') || key === 'Home'
  if (!(target instanceof HTMLButtonElement)) return false
  return key === ' ' || key === 'Enter' || target.closest('[data-open=true]') !== null
}

/**
 * Listen to the whole page while the viewer is on it; `act` says whether it used the key.
 * Returns what stops listening.
 */
export function listen(root: HTMLElement, world: World, act: (action: Action, label: number) => boolean): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (!root.isConnected || event.defaultPrevented || isTyping(event.composedPath())) return
    if (root.querySelector('[aria-modal=true]')) return
    const found = isFor(event.composedPath()[0], event.key) ? null : actionOf(event, world)
    if (!found || !act(found.action, found.label)) return
    event.preventDefault()
    event.stopPropagation()
  }
  document.addEventListener('keydown', onKey, true)
  return () => document.removeEventListener('keydown', onKey, true)
}
