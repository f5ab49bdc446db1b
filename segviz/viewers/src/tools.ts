/** Every tool of the editor in one table: toolbar, options, keys and help are made from it. */
import type { Icon } from './icons'

export type World = 'volume' | 'map'

export type ToolName =
  | 'navigate' | 'window'
  | 'brush' | 'eraser' | 'polygon' | 'lasso' | 'fill'
  | 'pick' | 'erase-piece' | 'relabel-piece' | 'relabel-inside'
  | 'grow' | 'seeds'
  | 'between' | 'largest' | 'small' | 'split' | 'holes' | 'smooth' | 'margin'
  | 'union' | 'intersect' | 'subtract' | 'copy' // prettier-ignore

/** Tools of a group share a button. */
export type Group = 'look' | 'paint' | 'shape' | 'piece' | 'grow' | 'whole'

/**
 * What the hand does: nothing to the mask, pull a stroke, click corners, pull a loop, click a place,
 * or press Apply for the whole mask.
 */
export type Use = 'look' | 'stroke' | 'corners' | 'loop' | 'click' | 'whole'

export type Value = number | string | boolean | null

/** An option of a tool; `param` is its name in the request. */
export type Field =
  | {
      kind: 'range'
      param: string
      label: string
      unit: string
      min: number
      max: number
      step: number
      value: number
      logarithmic?: boolean
    }
  | { kind: 'choice'; param: string; label: string; options: readonly { value: Value; text: string }[] }
  /** A label of the mask that `source` names, or of this one. */
  | { kind: 'label'; param: string; label: string }
  /** This mask, or another layer, version or date. */
  | { kind: 'source'; param: string; label: string; other?: true }

export interface ToolRow {
  name: ToolName
  group: Group
  icon: Icon
  title: string
  /** What to do with it, for the option bar. */
  hint: string
  use: Use
  key?: string
  worlds?: readonly World[]
  fields?: (world: World) => readonly Field[]
  /** Shown before it is applied. */
  preview?: true
}

/** A length: millimetres in a volume, metres in a scene. */
function length(param: string, label: string, mm: number, m: number) {
  return (world: World): Field =>
    world === 'volume'
      ? { kind: 'range', param: `${param}_mm`, label, unit: 'mm', min: 0.5, max: 100, step: 0.5, value: mm, logarithmic: true }
      : { kind: 'range', param: `${param}_m`, label, unit: 'm', min: 1, max: 10000, step: 1, value: m, logarithmic: true }
}

const size = (world: World): Field =>
  world === 'volume'
    ? { kind: 'range', param: 'size_ml', label: 'Below', unit: 'ml', min: 0.01, max: 100, step: 0.01, value: 0.1, logarithmic: true }
    : { kind: 'range', param: 'area_ha', label: 'Below', unit: 'ha', min: 0.01, max: 1000, step: 0.01, value: 0.5, logarithmic: true }

/** `here` is the plane of the click. */
const through: Field = {
  kind: 'choice', param: 'plane', label: 'In',
  options: [{ value: 'here', text: 'this slice' }, { value: null, text: 'all slices' }],
} // prettier-ignore
const PLANES = [{ value: 2, text: 'axial' }, { value: 1, text: 'coronal' }, { value: 0, text: 'sagittal' }] // prettier-ignore
const slices: Field = { kind: 'choice', param: 'plane', label: 'Slices', options: PLANES }
const solid: Field = { kind: 'choice', param: 'plane', label: 'In', options: [{ value: null, text: '3-D' }, ...PLANES] }
/** What small pieces become. */
const into: Field = { kind: 'choice', param: 'into', label: 'Become', options: [{ value: null, text: 'what is around' }, { value: 0, text: 'unlabelled' }] }
const source: Field = { kind: 'source', param: 'source', label: 'Of' }
const other: Field = { kind: 'label', param: 'other_label', label: 'With' }
const radius = length('radius', 'Radius', 2, 30)
const reach = length('radius', 'Within', 30, 1000)
const distance = length('distance', 'By', 2, 30)
const inVolumes = (...fields: Field[]) => (world: World) => (world === 'volume' ? fields : [])

export const TOOLS: readonly ToolRow[] = [
  { name: 'navigate', group: 'look', icon: 'crosshair', title: 'Crosshair', hint: '', use: 'look', key: 'v', worlds: ['volume'] },
  { name: 'navigate', group: 'look', icon: 'pan', title: 'Move the map', hint: '', use: 'look', key: 'v', worlds: ['map'] },
  { name: 'window', group: 'look', icon: 'window', title: 'Window and level by dragging', hint: '', use: 'look', key: 'w', worlds: ['volume'] },
  { name: 'brush', group: 'paint', icon: 'brush', title: 'Brush', hint: 'Ctrl erases', use: 'stroke', key: 'b' },
  { name: 'eraser', group: 'paint', icon: 'eraser', title: 'Eraser', hint: 'Ctrl paints', use: 'stroke', key: 'e' },
  { name: 'polygon', group: 'shape', icon: 'polygon', title: 'Polygon', hint: 'Click corners, Enter closes; Ctrl cuts', use: 'corners', key: 'p' },
  { name: 'lasso', group: 'shape', icon: 'lasso', title: 'Lasso', hint: 'Pull around; Ctrl cuts', use: 'loop', key: 'l' },
  { name: 'fill', group: 'shape', icon: 'bucket', title: 'Fill', hint: 'Click into what is enclosed', use: 'click', key: 'f', fields: inVolumes(through) },
  { name: 'relabel-inside', group: 'shape', icon: 'relabelInside', title: 'Relabel inside a polygon', hint: 'Click corners, Enter closes', use: 'corners' },
  { name: 'pick', group: 'piece', icon: 'pick', title: 'Pick the label under the pointer', hint: 'Click a label', use: 'click', key: 'c' },
  { name: 'erase-piece', group: 'piece', icon: 'erasePiece', title: 'Erase a piece', hint: 'Click a piece', use: 'click' },
  { name: 'relabel-piece', group: 'piece', icon: 'relabelPiece', title: 'Relabel a piece', hint: 'Click a piece', use: 'click' },
  {
    name: 'grow', group: 'grow', icon: 'wand', title: 'Grow from a click', hint: 'Click a place', use: 'click', key: 'g', preview: true,
    fields: (world) => [
      { kind: 'range', param: 'tolerance', label: 'Tolerance', unit: '%', min: 1, max: 100, step: 1, value: 15 },
      reach(world),
    ],
  },
  { name: 'seeds', group: 'grow', icon: 'seeds', title: 'Grow from strokes of several labels', hint: 'Paint a little of each label first', use: 'whole', preview: true, fields: (world) => [reach(world)] },
  { name: 'between', group: 'whole', icon: 'between', title: 'Fill between slices', hint: 'Of the plane that the label was drawn in', use: 'whole', key: 'n', worlds: ['volume'], preview: true,
    fields: () => [slices] },
  { name: 'smooth', group: 'whole', icon: 'smooth', title: 'Smooth all labels', hint: '', use: 'whole', preview: true, fields: (world) => [radius(world)] },
  { name: 'margin', group: 'whole', icon: 'margin', title: 'Margin', hint: '', use: 'whole', preview: true,
    fields: (world) => [{ kind: 'choice', param: 'way', label: 'Margin', options: [{ value: 'grow', text: 'grow' }, { value: 'shrink', text: 'shrink' }] }, distance(world)] },
  { name: 'holes', group: 'whole', icon: 'holes', title: 'Fill holes', hint: '', use: 'whole', preview: true, fields: inVolumes(solid) },
  { name: 'small', group: 'whole', icon: 'small', title: 'Remove small pieces', hint: '', use: 'whole', preview: true, fields: (world) => (world === 'map' ? [size(world), into] : [size(world)]) },
  { name: 'largest', group: 'whole', icon: 'largest', title: 'Keep the largest pieces', hint: '', use: 'whole', preview: true,
    fields: () => [{ kind: 'range', param: 'count', label: 'Keep', unit: '', min: 1, max: 20, step: 1, value: 1 }] },
  { name: 'split', group: 'whole', icon: 'split', title: 'Split into pieces', hint: 'Each piece gets a label of its own', use: 'whole' },
  { name: 'union', group: 'whole', icon: 'union', title: 'Add another label', hint: '', use: 'whole', preview: true, fields: () => [other, source] },
  { name: 'intersect', group: 'whole', icon: 'intersect', title: 'Keep the overlap', hint: '', use: 'whole', preview: true, fields: () => [other, source] },
  { name: 'subtract', group: 'whole', icon: 'subtract', title: 'Take another label away', hint: '', use: 'whole', preview: true, fields: () => [other, source] },
  { name: 'copy', group: 'whole', icon: 'copy', title: 'Copy from another mask', hint: '', use: 'whole', preview: true, fields: () => [{ kind: 'source', param: 'source', label: 'From', other: true }, other] },
] // prettier-ignore

export function toolsOf(world: World): readonly ToolRow[] {
  return TOOLS.filter((row) => row.worlds?.includes(world) ?? true)
}

/** Throws a RangeError where the world has no such tool. */
export function toolOf(world: World, name: ToolName): ToolRow {
  const row = toolsOf(world).find((row) => row.name === name)
  if (!row) throw new RangeError(`a ${world} has no tool ${name}`)
  return row
}

const NAMES: ReadonlySet<string> = new Set(TOOLS.map(({ name }) => name))

export function isTool(action: string): action is ToolName {
  return NAMES.has(action)
}

/** The tool while Ctrl is held: brush and eraser change places. */
export function inverse(tool: ToolName): ToolName {
  if (tool === 'brush') return 'eraser'
  return tool === 'eraser' ? 'brush' : tool
}
